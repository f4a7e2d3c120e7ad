/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For the tests of core/manifest: boot manifests from a line of text. A
 * config is written as a record in a small JSON: {name: value, ...},
 * [value, ...], 'text', 12 (unsigned), +12 and -12 (signed), true, false,
 * null. `manifest_bytes` encodes it with binaries and kernelParams. All state
 * is in the struct fixture that the test owns, and in the arena of this file.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/capn/build.h"
#include "core/plan/plan.h"

#define ARENA_BYTES (1u << 20)
#define MESSAGE_BYTES (1u << 20)

struct fixture {
    uint32_t version;
    bool no_config;
    const char *config;
    struct capos_named_blob binaries[70];
    uint32_t binary_count;
    bool has_params;
    struct capos_system_config params;
    bool has_extensions;
    struct capos_manifest_extension_points extensions;
};

struct row {
    const char *id;
    const char *config;
    enum manifest_error error;
    const char *path;
    const char *tokens[3];
};

static uint8_t arena[ARENA_BYTES];
static size_t arena_used;
static uint8_t message_bytes[MESSAGE_BYTES];
static size_t message_len;
static struct manifest_plan plan;
static struct manifest kernel_view;
static struct manifest_report report;

static inline void *arena_take(size_t bytes)
{
    void *taken = arena + arena_used;
    arena_used += (bytes + 15) & ~(size_t)15;
    assert_true(arena_used <= ARENA_BYTES);
    return taken;
}

static inline void skip_blanks(const char **at)
{
    while (**at == ' ' || **at == ',' || **at == '\n')
        (*at)++;
}

static inline struct capn_text parse_word(const char **at, const char *ends)
{
    size_t len = strcspn(*at, ends);
    struct capn_text word = { *at, (uint32_t)len };
    *at += len;
    return word;
}

/* NOLINTNEXTLINE: recursion follows the test's own text */
static inline struct capos_cue_value parse_value(const char **at)
{
    struct capos_cue_value value = { 0 };
    skip_blanks(at);
    if (**at == '\'') {
        (*at)++;
        value.which = CAPOS_CUE_VALUE_TEXT;
        value.text = parse_word(at, "'");
        (*at)++;
    } else if (**at == '+' || **at == '-') {
        value.which = CAPOS_CUE_VALUE_INT_VALUE;
        value.int_value = strtoll(*at, (char **)(uintptr_t)at, 0);
    } else if (**at >= '0' && **at <= '9') {
        value.which = CAPOS_CUE_VALUE_UINT_VALUE;
        value.uint_value = strtoull(*at, (char **)(uintptr_t)at, 0);
    } else if (**at == '[') {
        struct capos_cue_value *items = arena_take(100 * sizeof *items);
        uint32_t count = 0;
        for ((*at)++, skip_blanks(at); **at != ']'; skip_blanks(at))
            items[count++] = parse_value(at);
        assert_true(count <= 100);
        (*at)++;
        value.which = CAPOS_CUE_VALUE_LIST;
        value.list = capn_list_of_array(items, count);
    } else if (**at == '{') {
        struct capos_cue_field *fields = arena_take(16 * sizeof *fields);
        uint32_t count = 0;
        for ((*at)++, skip_blanks(at); **at != '}'; skip_blanks(at)) {
            struct capn_text name = parse_word(at, ":");
            (*at)++;
            fields[count++] = (struct capos_cue_field){ .name = name, .has_value = true, .value = parse_value(at) };
        }
        assert_true(count <= 16);
        (*at)++;
        value.which = CAPOS_CUE_VALUE_FIELDS;
        value.fields = capn_list_of_array(fields, count);
    } else {
        struct capn_text word = parse_word(at, ",]} ");
        value.boolean = capn_text_equal(word, capn_text_of("true"));
        value.which = capn_text_equal(word, capn_text_of("null")) ? CAPOS_CUE_VALUE_NULL : CAPOS_CUE_VALUE_BOOLEAN;
    }
    return value;
}

static inline struct capn_data data_of(const char *text)
{
    return (struct capn_data){ (const uint8_t *)text, (uint32_t)strlen(text) };
}

/* Some bytes that differ by `seed`. */
static inline struct capn_data data_filled(uint32_t len, int seed)
{
    uint8_t *bytes = arena_take(len);
    memset(bytes, seed, len);
    return (struct capn_data){ bytes, len };
}

static inline struct capn_text text_filled(uint32_t len, char c)
{
    struct capn_data data = data_filled(len, c);
    return (struct capn_text){ (const char *)data.bytes, len };
}

/* A manifest that is good: binaries `app` and `tool` with data, `empty` without, no kernelParams. */
static inline struct fixture fixture_good(void)
{
    struct fixture f = { .version = 1, .config = "{init:{binary:'app'}}", .binary_count = 3 };
    arena_used = 0;
    f.binaries[0] = (struct capos_named_blob){ capn_text_of("app"), data_of("ELF") };
    f.binaries[1] = (struct capos_named_blob){ capn_text_of("tool"), data_of("ELF") };
    f.binaries[2] = (struct capos_named_blob){ capn_text_of("empty"), { 0 } };
    return f;
}

static inline void manifest_bytes(const struct fixture *f)
{
    struct capos_system_manifest m = { .schema_version = f->version,
                                       .binaries = capn_list_of_array(f->binaries, f->binary_count),
                                       .has_init_config = !f->no_config,
                                       .has_kernel_params = f->has_params,
                                       .kernel_params = f->params,
                                       .has_extension_points = f->has_extensions,
                                       .extension_points = f->extensions };
    const char *at = f->config;
    m.init_config = parse_value(&at);
    assert_string_equal(at, "");
    struct capn_builder builder;
    capn_builder_init(&builder, message_bytes, sizeof message_bytes);
    struct capn_struct_builder root =
        capn_builder_root(&builder, CAPOS_SYSTEM_MANIFEST_DATA_WORDS, CAPOS_SYSTEM_MANIFEST_POINTER_WORDS);
    capos_system_manifest_encode(root, &m);
    assert_int_equal(capn_builder_finish(&builder, &message_len), CAPN_OK);
}

static inline enum manifest_error kernel_result(const struct fixture *f)
{
    manifest_bytes(f);
    return manifest_decode_kernel(message_bytes, message_len, &kernel_view, &report);
}

static inline enum manifest_error plan_result(const struct fixture *f)
{
    manifest_bytes(f);
    return manifest_decode_plan(message_bytes, message_len, &plan, &report);
}

/* The report has the kind, path and tokens of the row, and the form that the kind is printed in. */
static inline void assert_refused(const char *id, enum manifest_error got, const struct row *row)
{
    static const char *const forms[] = { "", "missing field `%s` at %s", "duplicate field `%s` at %s",
                                         "expected %s at %s, found ", "invalid value at %s: ", "capnp error: " };
    char text[MANIFEST_TEXT_MAX + 1] = { 0 }, form[512];
    memcpy(text, report.text, report.text_len);
    if (got != row->error)
        fail_msg("%s: got %d, wanted %d: %s", id, got, row->error, got == MANIFEST_OK ? "accepted" : text);
    if (got == MANIFEST_OK)
        return;
    assert_int_equal(report.error, got);
    if (strlen(row->path) != report.path_len || memcmp(row->path, report.path, report.path_len) != 0)
        fail_msg("%s: path %.*s, wanted %s", id, (int)report.path_len, report.path, row->path);
    if (got == MANIFEST_VALUE)
        snprintf(form, sizeof form, forms[got], row->path);
    else
        snprintf(form, sizeof form, forms[got], row->tokens[0], row->path);
    if (strncmp(text, form, strlen(form)) != 0)
        fail_msg("%s: `%s` does not begin with `%s`", id, text, form);
    for (int i = 0; i < 3 && row->tokens[i] != NULL; i++) {
        if (strstr(text, row->tokens[i]) == NULL)
            fail_msg("%s: `%s` has no `%s`", id, text, row->tokens[i]);
    }
}
