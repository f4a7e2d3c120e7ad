/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Texts of manifest errors: see report.h. Pure save for the caller's report. */
#include "core/manifest/report.h"

/* Steps of the deepest path, $.initConfig.services[i].caps[k].source.service, and some to spare. */
#define STEPS_MAX 12u
/* Of a name in a message, bytes: leaves room for the list of all sources. */
#define NAME_SHOWN_MAX 96u

const struct manifest_path manifest_root_path = { NULL, "$", -1 };

void manifest_path_append(struct text_buf *out, const struct manifest_path *path)
{
    const struct manifest_path *steps[STEPS_MAX];
    size_t count = 0;
    for (; path != NULL && count < STEPS_MAX; path = path->up)
        steps[count++] = path;
    while (count > 0) {
        const struct manifest_path *step = steps[--count];
        if (step->up != NULL && step->name[0] != '\0')
            text_buf_append_str(out, ".");
        text_buf_append_str(out, step->name);
        if (step->index >= 0) {
            text_buf_append_str(out, "[");
            text_buf_append_i64(out, step->index);
            text_buf_append_str(out, "]");
        }
    }
}

void manifest_append_name(struct text_buf *out, struct capn_text name)
{
    text_buf_append_str(out, "`");
    text_buf_append(out, name.bytes, utf8_cut(name.bytes, name.len, NAME_SHOWN_MAX));
    text_buf_append_str(out, "`");
}

static struct text_buf begin(struct manifest_report *report, enum manifest_error error, const struct manifest_path *at)
{
    struct text_buf path = text_buf_over(report->path, sizeof report->path);
    report->error = error;
    if (at != NULL)
        manifest_path_append(&path, at);
    report->path_len = path.len;
    return text_buf_over(report->text, sizeof report->text);
}

static enum manifest_error end(struct manifest_report *report, const struct text_buf *text)
{
    report->text_len = text->len;
    return report->error;
}

static void append_path(struct text_buf *text, const struct manifest_report *report)
{
    text_buf_append_str(text, " at ");
    text_buf_append(text, report->path, report->path_len);
}

static enum manifest_error field_error(struct manifest_report *report, enum manifest_error error,
                                       const struct manifest_path *at, const char *field)
{
    struct text_buf text = begin(report, error, at);
    text_buf_append_str(&text, error == MANIFEST_MISSING ? "missing field `" : "duplicate field `");
    text_buf_append_str(&text, field);
    text_buf_append_str(&text, "`");
    append_path(&text, report);
    return end(report, &text);
}

enum manifest_error manifest_missing(struct manifest_report *report, const struct manifest_path *at, const char *field)
{
    return field_error(report, MANIFEST_MISSING, at, field);
}

enum manifest_error manifest_duplicate(struct manifest_report *report, const struct manifest_path *at, const char *field)
{
    return field_error(report, MANIFEST_DUPLICATE, at, field);
}

enum manifest_error manifest_type(struct manifest_report *report, const struct manifest_path *at, const char *expected,
                                  const char *found)
{
    struct text_buf text = begin(report, MANIFEST_TYPE, at);
    text_buf_append_str(&text, "expected ");
    text_buf_append_str(&text, expected);
    append_path(&text, report);
    text_buf_append_str(&text, ", found ");
    text_buf_append_str(&text, found);
    return end(report, &text);
}

struct text_buf manifest_value_begin(struct manifest_report *report, const struct manifest_path *at)
{
    struct text_buf text = begin(report, MANIFEST_VALUE, at);
    text_buf_append_str(&text, "invalid value");
    append_path(&text, report);
    text_buf_append_str(&text, ": ");
    return text;
}

enum manifest_error manifest_value_end(struct manifest_report *report, const struct text_buf *text)
{
    return end(report, text);
}

enum manifest_error manifest_value(struct manifest_report *report, const struct manifest_path *at, const char *why)
{
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, why);
    return end(report, &text);
}

enum manifest_error manifest_value_name(struct manifest_report *report, const struct manifest_path *at, const char *why,
                                        struct capn_text name)
{
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, why);
    text_buf_append_str(&text, " ");
    manifest_append_name(&text, name);
    return end(report, &text);
}

enum manifest_error manifest_value_number(struct manifest_report *report, const struct manifest_path *at, const char *why,
                                          uint64_t number)
{
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, why);
    text_buf_append_str(&text, " ");
    text_buf_append_u64(&text, number);
    return end(report, &text);
}

enum manifest_error manifest_value_limit(struct manifest_report *report, const struct manifest_path *at, const char *what,
                                         uint64_t number, uint64_t limit)
{
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, what);
    text_buf_append_str(&text, " ");
    text_buf_append_u64(&text, number);
    text_buf_append_str(&text, ", exceeds ");
    text_buf_append_u64(&text, limit);
    return end(report, &text);
}

enum manifest_error manifest_wire(struct manifest_report *report, enum capn_error error)
{
    struct text_buf text = begin(report, MANIFEST_WIRE, NULL);
    text_buf_append_str(&text, "capnp error: ");
    text_buf_append_str(&text, capn_error_text(error));
    return end(report, &text);
}
