/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot manifest's root, binaries and init: see manifest.h. Rows M1 to M17 and M30 to M35 of docs/kernel-semantics.md,
 * "Manifest error table". Trusts nothing in the bytes. */
#include "core/manifest/manifest.h"

#include "core/base/bytes.h"
#include "core/manifest/internal.h"

#define SCHEMA_VERSION 1u
#define READS_OF_A_WORD 1024u
#define READS_AT_LEAST 65536u

/* Pointer slots of the root, for what must be judged before the whole root is decoded. */
enum { SLOT_BINARIES, SLOT_INIT_CONFIG, SLOT_KERNEL_PARAMS, SLOT_EXTENSIONS };

void manifest_renew_budget(struct manifest *manifest)
{
    manifest->message.words_left = manifest->words;
}

/*
 * Words that one pass may read: many times what the message has, since records are searched again for each field, but no
 * more than that, since a list of empty elements says any number in one word.
 */
static uint64_t budget_of(size_t len)
{
    uint64_t words = len / 8 * READS_OF_A_WORD + READS_AT_LEAST;
    return words < CAPN_LIMITS_MANIFEST.max_traversal_words ? words : CAPN_LIMITS_MANIFEST.max_traversal_words;
}

static enum manifest_error open_root(const uint8_t *bytes, size_t len, struct manifest *out, struct capn_struct *root,
                                     struct manifest_report *report)
{
    if (len == 0)
        return manifest_value(report, &manifest_root_path, "the manifest is empty");
    if (len > MANIFEST_BYTES_MAX)
        return manifest_value_limit(report, &manifest_root_path, "size", len, MANIFEST_BYTES_MAX);
    struct capn_limits limits = CAPN_LIMITS_MANIFEST;
    out->words = limits.max_traversal_words = budget_of(len);
    MANIFEST_READ(capn_message_open(&out->message, bytes, len, limits, NULL));
    MANIFEST_READ(capn_root(&out->message, root));
    return MANIFEST_OK;
}

static enum manifest_error decode_version(const struct capn_struct *root, struct manifest_report *report)
{
    uint32_t version = capn_get_u32(root, 0);
    if (version == SCHEMA_VERSION)
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(report, &MANIFEST_STEP(&manifest_root_path, "schemaVersion"));
    text_buf_append_str(&text, "found ");
    text_buf_append_u64(&text, version);
    text_buf_append_str(&text, ", expected 1");
    return manifest_value_end(report, &text);
}

static enum manifest_error decode_binaries(const struct capn_struct *root, struct manifest *out,
                                           struct manifest_report *report)
{
    struct capn_list list;
    MANIFEST_READ(capn_get_list(root, SLOT_BINARIES, CAPN_ELEMENT_STRUCT, &list));
    out->binary_count = capn_list_len(&list);
    /* A list of half a thousand million empty structs takes no space: what is too many is counted, not read. */
    for (uint32_t b = 0; b < out->binary_count && b < MANIFEST_BINARIES_MAX; b++) {
        struct capos_named_blob blob;
        MANIFEST_READ(capos_named_blob_list_get(&list, b, &blob));
        out->binaries[b] = (struct manifest_binary){ .name = blob.name, .data = blob.data };
    }
    return MANIFEST_OK;
}

static enum manifest_error decode_init_caps(const struct cue_record *init, enum manifest_stage stage, struct manifest *out)
{
    struct capos_cue_value caps, element;
    MANIFEST_TRY(cue_field(init, "caps", CAPOS_CUE_VALUE_LIST, CUE_OPTIONAL, &caps));
    uint32_t count = capn_list_len(&caps.list);
    if (count > MANIFEST_CAPS_MAX)
        return manifest_value_limit(init->report, &MANIFEST_STEP(init->path, "caps"), "caps:", count, MANIFEST_CAPS_MAX);
    for (uint32_t k = 0; k < count; k++) {
        struct manifest_path path = MANIFEST_ITEM(init->path, "caps", k);
        struct cue_record record = { &path, { 0 }, init->report };
        MANIFEST_TRY(cue_element(&caps.list, k, CAPOS_CUE_VALUE_FIELDS, &path, &element, init->report));
        record.fields = element.fields;
        MANIFEST_TRY(manifest_decode_cap(&record, stage, false, &out->init_caps[k]));
    }
    out->init_cap_count = count;
    return MANIFEST_OK;
}

static enum manifest_error decode_init(const struct capn_struct *root, enum manifest_stage stage, struct manifest *out,
                                       struct manifest_report *report)
{
    struct manifest_path config_path = MANIFEST_STEP(&manifest_root_path, "initConfig");
    struct manifest_path init_path = MANIFEST_STEP(&config_path, "init");
    struct capn_struct from;
    struct capos_cue_value value;
    if (!capn_has(root, SLOT_INIT_CONFIG))
        return manifest_missing(report, &manifest_root_path, "initConfig");
    MANIFEST_READ(capn_get_struct(root, SLOT_INIT_CONFIG, &from));
    MANIFEST_READ(capos_cue_value_decode(from, &value));
    MANIFEST_TRY(cue_expect(&value, CAPOS_CUE_VALUE_FIELDS, &config_path, report));
    out->init_config = value.fields;
    struct cue_record config = { &config_path, value.fields, report };
    MANIFEST_TRY(cue_field(&config, "init", CAPOS_CUE_VALUE_FIELDS, CUE_REQUIRED, &value));
    struct cue_record init = { &init_path, value.fields, report };
    MANIFEST_TRY(cue_field(&init, "binary", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    out->init_binary = value.text;
    return decode_init_caps(&init, stage, out);
}

static enum manifest_error decode_extensions(const struct capn_struct *root, struct manifest *out,
                                             struct manifest_report *report)
{
    struct capn_struct from;
    MANIFEST_READ(capn_get_struct(root, SLOT_EXTENSIONS, &from));
    MANIFEST_READ(capos_manifest_extension_points_decode(from, &out->extensions));
    for (uint32_t i = 0; i < capn_list_len(&out->extensions.allowed_service_caps); i++) {
        if (capn_list_u16_at(&out->extensions.allowed_service_caps, i) >= CAPOS_KERNEL_CAP_SOURCE_COUNT)
            return manifest_wire(report, CAPN_UNKNOWN_ENUM);
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_decode(const uint8_t *bytes, size_t len, enum manifest_stage stage, struct manifest *out,
                                    struct manifest_report *report)
{
    struct capn_struct root, params;
    MANIFEST_TRY(open_root(bytes, len, out, &root, report));
    MANIFEST_TRY(decode_version(&root, report));
    MANIFEST_TRY(decode_binaries(&root, out, report));
    MANIFEST_TRY(decode_init(&root, stage, out, report));
    MANIFEST_READ(capn_get_struct(&root, SLOT_KERNEL_PARAMS, &params));
    MANIFEST_TRY(manifest_decode_params(params, out, report));
    return decode_extensions(&root, out, report);
}

int manifest_find_binary(const struct manifest *manifest, struct capn_text name)
{
    for (uint32_t b = 0; b < manifest->binary_count && b < MANIFEST_BINARIES_MAX; b++) {
        if (capn_text_equal(manifest->binaries[b].name, name))
            return (int)b;
    }
    return -1;
}

enum manifest_error manifest_check_binaries(const struct manifest *manifest, struct manifest_report *report)
{
    if (manifest->binary_count > MANIFEST_BINARIES_MAX)
        return manifest_value_limit(report, &MANIFEST_STEP(&manifest_root_path, "binaries"), "number of binaries",
                                    manifest->binary_count, MANIFEST_BINARIES_MAX);
    for (uint32_t b = 0; b < manifest->binary_count; b++) {
        struct capn_text name = manifest->binaries[b].name;
        struct manifest_path binary = MANIFEST_ITEM(&manifest_root_path, "binaries", b);
        struct manifest_path path = MANIFEST_STEP(&binary, "name");
        if (capn_text_equal(name, capn_text_of("init")))
            return manifest_value(report, &path, "the name `init` is reserved");
        if (name.len > BINARY_NAME_BYTES_MAX)
            return manifest_value_limit(report, &path, "bytes of a binary name:", name.len, BINARY_NAME_BYTES_MAX);
        int first = manifest_find_binary(manifest, name);
        if (first >= 0 && (uint32_t)first < b)
            return manifest_value_number(report, &path, "same name as binary", (uint64_t)first);
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_check_binary(const struct manifest *manifest, struct capn_text name, const char *what,
                                          const struct manifest_path *at, struct manifest_report *report)
{
    int index = manifest_find_binary(manifest, name);
    if (index >= 0 && (manifest->names_only || manifest->binaries[index].data.len != 0))
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, what);
    text_buf_append_str(&text, " names ");
    manifest_append_name(&text, name);
    if (index < 0) {
        text_buf_append_str(&text, ", which is not among the binaries");
    } else {
        text_buf_append_str(&text, ", which has empty data at index ");
        text_buf_append_i64(&text, index);
    }
    return manifest_value_end(report, &text);
}

enum manifest_error manifest_check_init_binary(struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path config = MANIFEST_STEP(&manifest_root_path, "initConfig"), init = MANIFEST_STEP(&config, "init");
    manifest->init_builtin = capn_text_equal(manifest->init_binary, capn_text_of("init"));
    if (manifest->init_builtin)
        return MANIFEST_OK;
    MANIFEST_TRY(manifest_check_binary(manifest, manifest->init_binary, "init", &MANIFEST_STEP(&init, "binary"), report));
    manifest->init_index = (uint32_t)manifest_find_binary(manifest, manifest->init_binary);
    return MANIFEST_OK;
}

static enum manifest_error decode_kernel(const uint8_t *bytes, size_t len, bool names_only, struct manifest *out,
                                         struct manifest_report *report)
{
    memset(out, 0, sizeof *out);
    out->names_only = names_only;
    MANIFEST_TRY(manifest_decode(bytes, len, MANIFEST_STAGE_KERNEL, out, report));
    MANIFEST_TRY(manifest_check_binaries(out, report));
    MANIFEST_TRY(manifest_check_init_binary(out, report));
    MANIFEST_TRY(manifest_check_init_caps(out, report));
    return manifest_check_params(out, report);
}

enum manifest_error manifest_decode_kernel(const uint8_t *bytes, size_t len, struct manifest *out,
                                           struct manifest_report *report)
{
    return decode_kernel(bytes, len, false, out, report);
}

enum manifest_error manifest_decode_kernel_names(const uint8_t *bytes, size_t len, struct manifest *out,
                                                 struct manifest_report *report)
{
    return decode_kernel(bytes, len, true, out, report);
}

enum manifest_error manifest_arguments(const struct manifest *manifest, struct capn_list *out,
                                       struct manifest_report *report)
{
    struct manifest_path path = MANIFEST_STEP(&manifest_root_path, "initConfig");
    struct cue_record config = { &path, manifest->init_config, report };
    struct capos_cue_value value;
    MANIFEST_TRY(cue_field(&config, "args", CAPOS_CUE_VALUE_LIST, CUE_OPTIONAL, &value));
    *out = value.list;
    return MANIFEST_OK;
}

enum manifest_error manifest_argument_at(const struct capn_list *arguments, uint32_t i, struct capn_text *out,
                                         struct manifest_report *report)
{
    struct manifest_path config = MANIFEST_STEP(&manifest_root_path, "initConfig");
    struct capos_cue_value value;
    MANIFEST_TRY(cue_element(arguments, i, CAPOS_CUE_VALUE_TEXT, &MANIFEST_ITEM(&config, "args", i), &value, report));
    *out = value.text;
    return MANIFEST_OK;
}
