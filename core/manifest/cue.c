/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Records of initConfig: see cue.h. Trusts nothing in the message. */
#include "core/manifest/cue.h"

#include "core/base/text.h"

static const char *const kind_names[] = { "null", "bool", "int", "uint", "text", "bytes", "list", "struct" };

enum manifest_error cue_expect(const struct capos_cue_value *value, enum capos_cue_value_which kind,
                               const struct manifest_path *at, struct manifest_report *report)
{
    if (!capos_cue_value_which_known(value->which))
        return manifest_wire(report, CAPN_UNKNOWN_UNION);
    if (value->which != kind)
        return manifest_type(report, at, kind_names[kind], kind_names[value->which]);
    return MANIFEST_OK;
}

/* Finds the field without decoding the values of others. *found stays -1 when there is none. */
static enum manifest_error find(const struct cue_record *record, const char *name, int64_t *found)
{
    size_t name_len = text_len(name);
    *found = -1;
    for (uint32_t i = 0; i < capn_list_len(&record->fields); i++) {
        struct capn_struct field;
        struct capn_text text;
        enum capn_error error = capn_list_struct_at(&record->fields, i, &field);
        if (error == CAPN_OK)
            error = capn_get_text(&field, 0, &text);
        if (error != CAPN_OK)
            return manifest_wire(record->report, error);
        if (!text_equal(text.bytes, text.len, name, name_len))
            continue;
        if (*found >= 0)
            return manifest_duplicate(record->report, record->path, name);
        *found = i;
    }
    return MANIFEST_OK;
}

enum manifest_error cue_field(const struct cue_record *record, const char *name, enum capos_cue_value_which kind,
                              enum cue_need need, struct capos_cue_value *out)
{
    int64_t at;
    struct capos_cue_field field;
    enum manifest_error error = find(record, name, &at);
    if (error != MANIFEST_OK)
        return error;
    if (at < 0) {
        *out = (struct capos_cue_value){ 0 };
        return need == CUE_REQUIRED ? manifest_missing(record->report, record->path, name) : MANIFEST_OK;
    }
    enum capn_error wire = capos_cue_field_list_get(&record->fields, (uint32_t)at, &field);
    if (wire != CAPN_OK)
        return manifest_wire(record->report, wire);
    *out = field.value;
    return cue_expect(out, kind, &MANIFEST_STEP(record->path, name), record->report);
}

enum manifest_error cue_element(const struct capn_list *list, uint32_t i, enum capos_cue_value_which kind,
                                const struct manifest_path *at, struct capos_cue_value *out,
                                struct manifest_report *report)
{
    enum capn_error wire = capos_cue_value_list_get(list, i, out);
    return wire != CAPN_OK ? manifest_wire(report, wire) : cue_expect(out, kind, at, report);
}
