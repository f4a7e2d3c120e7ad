/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Capabilities of init and of services: decoding one, and the checks of init's (docs/kernel-semantics.md, rows M12 to M18,
 * M22 to M24 and M50 to M56). Trusts nothing in the message. */
#include "core/manifest/internal.h"

static const struct {
    const char *name;
    uint8_t bit;
} disclosures[] = {
    { "principal_kind", MANIFEST_DISCLOSE_PRINCIPAL_KIND },
    { "auth_strength", MANIFEST_DISCLOSE_AUTH_STRENGTH },
    { "profile_class", MANIFEST_DISCLOSE_PROFILE_CLASS },
};

static enum manifest_error unknown_source(struct manifest_report *report, const struct manifest_path *at,
                                          struct capn_text name)
{
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, "unknown kernel source ");
    manifest_append_name(&text, name);
    for (size_t i = 0; i < manifest_source_count(); i++) {
        text_buf_append_str(&text, i == 0 ? ", expected one of " : ", ");
        text_buf_append_str(&text, manifest_source_at(i)->name);
    }
    return manifest_value_end(report, &text);
}

static enum manifest_error decode_kernel_source(const struct cue_record *source, struct manifest_cap *out)
{
    struct capos_cue_value kernel;
    MANIFEST_TRY(cue_field(source, "kernel", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &kernel));
    out->source = manifest_source_by_name(kernel.text.bytes, kernel.text.len);
    if (out->source == NULL)
        return unknown_source(source->report, &MANIFEST_STEP(source->path, "kernel"), kernel.text);
    return MANIFEST_OK;
}

static enum manifest_error decode_import(const struct cue_record *source, const struct capos_cue_value *service,
                                         struct manifest_cap *out)
{
    struct manifest_path path = MANIFEST_STEP(source->path, "service");
    struct cue_record record = { &path, service->fields, source->report };
    struct capos_cue_value value;
    MANIFEST_TRY(cue_field(&record, "service", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    out->service = value.text;
    MANIFEST_TRY(cue_field(&record, "export", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    out->export = value.text;
    return MANIFEST_OK;
}

/* Exactly one of `kernel` and `service`. */
static enum manifest_error decode_either_source(const struct cue_record *source, struct manifest_cap *out)
{
    struct capos_cue_value kernel, service;
    MANIFEST_TRY(cue_field(source, "kernel", CAPOS_CUE_VALUE_TEXT, CUE_OPTIONAL, &kernel));
    MANIFEST_TRY(cue_field(source, "service", CAPOS_CUE_VALUE_FIELDS, CUE_OPTIONAL, &service));
    bool has_kernel = kernel.which == CAPOS_CUE_VALUE_TEXT, has_service = service.which == CAPOS_CUE_VALUE_FIELDS;
    if (has_kernel && has_service)
        return manifest_value(source->report, source->path, "exactly one of kernel and service is allowed");
    if (!has_kernel && !has_service)
        return manifest_missing(source->report, source->path, "kernel or service");
    return has_kernel ? decode_kernel_source(source, out) : decode_import(source, &service, out);
}

static enum manifest_error decode_disclosure(const struct cue_record *record, enum manifest_stage stage,
                                             struct manifest_cap *out)
{
    struct manifest_path list_path = MANIFEST_STEP(record->path, "disclosureScope");
    struct capos_cue_value list, name;
    MANIFEST_TRY(cue_field(record, "disclosureScope", CAPOS_CUE_VALUE_LIST, CUE_OPTIONAL, &list));
    for (uint32_t j = 0; j < capn_list_len(&list.list); j++) {
        struct manifest_path path = MANIFEST_ITEM(record->path, "disclosureScope", j);
        uint8_t bit = 0;
        MANIFEST_TRY(cue_element(&list.list, j, CAPOS_CUE_VALUE_TEXT, &path, &name, record->report));
        for (size_t i = 0; i < sizeof disclosures / sizeof *disclosures; i++) {
            if (capn_text_equal(name.text, capn_text_of(disclosures[i].name)))
                bit = disclosures[i].bit;
        }
        if (bit == 0)
            return manifest_value_name(record->report, stage == MANIFEST_STAGE_KERNEL ? &path : &list_path,
                                       "unknown disclosure scope", name.text);
        out->disclosure |= bit;
    }
    return MANIFEST_OK;
}

/* Order of the fields: source, expectedInterfaceId, badge, name, disclosureScope. */
static enum manifest_error decode_badge(const struct cue_record *record, struct manifest_cap *out)
{
    struct capos_cue_value value;
    MANIFEST_TRY(cue_field(record, "badge", CAPOS_CUE_VALUE_UINT_VALUE, CUE_OPTIONAL, &value));
    out->badge = value.uint_value;
    return MANIFEST_OK;
}

static enum manifest_error decode_name(const struct cue_record *record, struct manifest_cap *out)
{
    struct capos_cue_value value;
    MANIFEST_TRY(cue_field(record, "name", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    out->name = value.text;
    return MANIFEST_OK;
}

enum manifest_error manifest_decode_cap(const struct cue_record *record, enum manifest_stage stage, bool may_import,
                                        struct manifest_cap *out)
{
    struct manifest_path source_path = MANIFEST_STEP(record->path, "source");
    struct cue_record source = { &source_path, { 0 }, record->report };
    struct capos_cue_value value;
    *out = (struct manifest_cap){ 0 };
    MANIFEST_TRY(cue_field(record, "source", CAPOS_CUE_VALUE_FIELDS, CUE_REQUIRED, &value));
    source.fields = value.fields;
    MANIFEST_TRY(may_import ? decode_either_source(&source, out) : decode_kernel_source(&source, out));
    MANIFEST_TRY(cue_field(record, "expectedInterfaceId", CAPOS_CUE_VALUE_UINT_VALUE, CUE_OPTIONAL, &value));
    if (value.which == CAPOS_CUE_VALUE_UINT_VALUE)
        out->interface_id = value.uint_value;
    else
        out->interface_id = out->source != NULL ? out->source->interface_id : 0;
    if (stage == MANIFEST_STAGE_KERNEL) {
        MANIFEST_TRY(decode_badge(record, out));
        MANIFEST_TRY(decode_name(record, out));
    } else {
        MANIFEST_TRY(decode_name(record, out));
        MANIFEST_TRY(decode_badge(record, out));
    }
    return decode_disclosure(record, stage, out);
}

enum manifest_error manifest_check_section(const struct manifest *manifest, const struct manifest_cap *cap,
                                           const struct manifest_path *at, struct manifest_report *report)
{
    struct manifest_path source = MANIFEST_STEP(at, "source"), kernel = MANIFEST_STEP(&source, "kernel");
    if (cap->source->rule == MANIFEST_SOURCE_SSH_KEY && !manifest->params.has_ssh_development_host_key)
        return manifest_value(report, &kernel, "needs kernelParams.sshDevelopmentHostKey");
    if (cap->source->rule == MANIFEST_SOURCE_BLOCK_TARGET && !manifest->params.has_block_device_target)
        return manifest_value(report, &kernel, "needs kernelParams.blockDeviceTarget");
    return MANIFEST_OK;
}

enum manifest_error manifest_check_port(const struct manifest_cap *cap, const struct manifest_path *at,
                                        struct manifest_report *report)
{
    if (cap->source->rule == MANIFEST_SOURCE_TCP_LISTEN && (cap->badge == 0 || cap->badge > 65535))
        return manifest_value_number(report, &MANIFEST_STEP(at, "badge"), "not a port from 1 to 65535:", cap->badge);
    return MANIFEST_OK;
}

enum manifest_error manifest_check_interface(const struct manifest_cap *cap, const struct manifest_path *at,
                                             struct manifest_report *report)
{
    if (cap->interface_id == cap->source->interface_id)
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(report, &MANIFEST_STEP(at, "expectedInterfaceId"));
    text_buf_append_str(&text, cap->source->name);
    text_buf_append_str(&text, " has interface ");
    text_buf_append_hex(&text, cap->source->interface_id);
    text_buf_append_str(&text, ", not ");
    text_buf_append_hex(&text, cap->interface_id);
    return manifest_value_end(report, &text);
}

static enum manifest_error check_init_cap(const struct manifest *manifest, uint32_t k, const struct manifest_path *at,
                                          struct manifest_report *report)
{
    struct manifest_path source = MANIFEST_STEP(at, "source"), kernel = MANIFEST_STEP(&source, "kernel");
    const struct manifest_cap *cap = &manifest->init_caps[k];
    for (uint32_t i = 0; i < k; i++) {
        if (capn_text_equal(manifest->init_caps[i].name, cap->name))
            return manifest_value_name(report, &MANIFEST_STEP(at, "name"), "duplicate cap name", cap->name);
    }
    for (uint32_t i = 0; i < k; i++) {
        if (cap->source->rule == MANIFEST_SOURCE_SESSION && manifest->init_caps[i].source == cap->source)
            return manifest_value_number(report, &kernel, "terminal_session has one holder, which is init.caps entry", i);
    }
    if (cap->source->rule == MANIFEST_SOURCE_MEASUREMENT)
        return manifest_value(report, &kernel, "measurement-only source, not for init");
    MANIFEST_TRY(manifest_check_section(manifest, cap, at, report));
    MANIFEST_TRY(manifest_check_port(cap, at, report));
    MANIFEST_TRY(manifest_check_interface(cap, at, report));
    if (cap->name.len > CAPSET_NAME_BYTES)
        return manifest_value_limit(report, &MANIFEST_STEP(at, "name"), "bytes of a CapSet name:", cap->name.len,
                                    CAPSET_NAME_BYTES);
    return MANIFEST_OK;
}

enum manifest_error manifest_check_init_caps(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path config = MANIFEST_STEP(&manifest_root_path, "initConfig"), init = MANIFEST_STEP(&config, "init");
    for (uint32_t k = 0; k < manifest->init_cap_count; k++)
        MANIFEST_TRY(check_init_cap(manifest, k, &MANIFEST_ITEM(&init, "caps", k), report));
    return MANIFEST_OK;
}

enum manifest_error manifest_check_available(const struct manifest *manifest, manifest_source_available_fn available,
                                             struct manifest_report *report)
{
    struct manifest_path config = MANIFEST_STEP(&manifest_root_path, "initConfig"), init = MANIFEST_STEP(&config, "init");
    for (uint32_t k = 0; k < manifest->init_cap_count; k++) {
        const struct manifest_source *kernel = manifest->init_caps[k].source;
        if (available(kernel))
            continue;
        struct manifest_path cap = MANIFEST_ITEM(&init, "caps", k), source = MANIFEST_STEP(&cap, "source");
        struct text_buf text = manifest_value_begin(report, &MANIFEST_STEP(&source, "kernel"));
        text_buf_append_str(&text, "kernel source ");
        text_buf_append_str(&text, kernel->name);
        text_buf_append_str(&text, " is not available");
        return manifest_value_end(report, &text);
    }
    return MANIFEST_OK;
}
