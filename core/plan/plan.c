/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Decoding of the services and the order of init's checks (rows M19 to M25, M36, M37 and M49): see plan.h. */
#include "core/plan/plan.h"

#include "core/base/bytes.h"
#include "core/plan/plan_internal.h"

const struct manifest_path manifest_config_path = { &manifest_root_path, "initConfig", -1 };

enum manifest_error manifest_plan_cap(const struct manifest_plan *plan, uint32_t s, uint32_t k, struct manifest_cap *out,
                                      struct manifest_report *report)
{
    struct manifest_path service = MANIFEST_SERVICE(s), path = MANIFEST_ITEM(&service, "caps", k);
    struct cue_record record = { &path, { 0 }, report };
    struct capos_cue_value element;
    MANIFEST_TRY(cue_element(&plan->services[s].caps, k, CAPOS_CUE_VALUE_FIELDS, &path, &element, report));
    record.fields = element.fields;
    return manifest_decode_cap(&record, MANIFEST_STAGE_PLAN, true, out);
}

enum manifest_error manifest_plan_export(const struct manifest_plan *plan, uint32_t s, uint32_t e, struct capn_text *out,
                                         struct manifest_report *report)
{
    struct manifest_path service = MANIFEST_SERVICE(s), path = MANIFEST_ITEM(&service, "exports", e);
    struct capos_cue_value element;
    MANIFEST_TRY(cue_element(&plan->services[s].exports, e, CAPOS_CUE_VALUE_TEXT, &path, &element, report));
    *out = element.text;
    return MANIFEST_OK;
}

int manifest_plan_find(const struct manifest_plan *plan, struct capn_text name)
{
    for (uint32_t s = 0; s < plan->service_count; s++) {
        if (capn_text_equal(plan->services[s].name, name))
            return (int)s;
    }
    return -1;
}

static enum manifest_error decode_restart(const struct cue_record *record, enum manifest_restart *out)
{
    static const char *const words[] = { "never", "on-failure", "always" };
    struct capos_cue_value value;
    *out = MANIFEST_RESTART_NEVER;
    MANIFEST_TRY(cue_field(record, "restart", CAPOS_CUE_VALUE_TEXT, CUE_OPTIONAL, &value));
    if (value.which != CAPOS_CUE_VALUE_TEXT)
        return MANIFEST_OK;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (capn_text_equal(value.text, capn_text_of(words[i]))) {
            *out = (enum manifest_restart)i;
            return MANIFEST_OK;
        }
    }
    return manifest_value_name(record->report, &MANIFEST_STEP(record->path, "restart"),
                               "expected never, on-failure or always, found", value.text);
}

/* A list of at most MANIFEST_CAPS_MAX elements, empty when absent. */
static enum manifest_error decode_bounded_list(const struct cue_record *record, const char *field, struct capn_list *out)
{
    struct capos_cue_value value;
    MANIFEST_TRY(cue_field(record, field, CAPOS_CUE_VALUE_LIST, CUE_OPTIONAL, &value));
    *out = value.list;
    if (capn_list_len(out) > MANIFEST_CAPS_MAX)
        return manifest_value_limit(record->report, &MANIFEST_STEP(record->path, field), "elements:", capn_list_len(out),
                                    MANIFEST_CAPS_MAX);
    return MANIFEST_OK;
}

/* Reads service s and, once, its caps and exports. */
static enum manifest_error decode_service(const struct cue_record *record, uint32_t s, struct manifest_plan *out)
{
    struct manifest_service *service = &out->services[s];
    struct capos_cue_value value;
    struct manifest_cap cap;
    struct capn_text export;
    MANIFEST_TRY(cue_field(record, "name", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    service->name = value.text;
    MANIFEST_TRY(cue_field(record, "binary", CAPOS_CUE_VALUE_TEXT, CUE_REQUIRED, &value));
    service->binary = value.text;
    MANIFEST_TRY(decode_bounded_list(record, "caps", &service->caps));
    for (uint32_t k = 0; k < capn_list_len(&service->caps); k++)
        MANIFEST_TRY(manifest_plan_cap(out, s, k, &cap, record->report));
    MANIFEST_TRY(decode_restart(record, &service->restart));
    MANIFEST_TRY(decode_bounded_list(record, "exports", &service->exports));
    for (uint32_t e = 0; e < capn_list_len(&service->exports); e++)
        MANIFEST_TRY(manifest_plan_export(out, s, e, &export, record->report));
    return MANIFEST_OK;
}

static enum manifest_error decode_services(struct manifest_plan *out, struct manifest_report *report)
{
    struct cue_record config = { &manifest_config_path, out->base.init_config, report };
    struct capos_cue_value services, element;
    MANIFEST_TRY(cue_field(&config, "services", CAPOS_CUE_VALUE_LIST, CUE_OPTIONAL, &services));
    uint32_t count = capn_list_len(&services.list);
    if (count > MANIFEST_SERVICES_MAX)
        return manifest_value_limit(report, &MANIFEST_STEP(&manifest_config_path, "services"), "services:", count,
                                    MANIFEST_SERVICES_MAX);
    for (uint32_t s = 0; s < count; s++) {
        struct manifest_path path = MANIFEST_SERVICE(s);
        struct cue_record record = { &path, { 0 }, report };
        MANIFEST_TRY(cue_element(&services.list, s, CAPOS_CUE_VALUE_FIELDS, &path, &element, report));
        record.fields = element.fields;
        MANIFEST_TRY(decode_service(&record, s, out));
    }
    out->service_count = count;
    MANIFEST_TRY(cue_field(&config, "exitWhenServiceExits", CAPOS_CUE_VALUE_TEXT, CUE_OPTIONAL, &element));
    out->has_exit_service = element.which == CAPOS_CUE_VALUE_TEXT;
    out->exit_service = element.text;
    return MANIFEST_OK;
}

static enum manifest_error check_exit_service(const struct manifest_plan *plan, struct manifest_report *report)
{
    if (plan->has_exit_service && manifest_plan_find(plan, plan->exit_service) < 0)
        return manifest_value_name(report, &MANIFEST_STEP(&manifest_config_path, "exitWhenServiceExits"),
                                   "unknown service", plan->exit_service);
    return MANIFEST_OK;
}

static enum manifest_error check_service_binaries(const struct manifest_plan *plan, struct manifest_report *report)
{
    for (uint32_t s = 0; s < plan->service_count; s++) {
        struct manifest_path path = MANIFEST_SERVICE(s);
        MANIFEST_TRY(manifest_check_binary(&plan->base, plan->services[s].binary, "service",
                                           &MANIFEST_STEP(&path, "binary"), report));
    }
    return MANIFEST_OK;
}

static enum manifest_error check_account_binaries(const struct manifest_plan *plan, struct manifest_report *report)
{
    const struct capn_list *accounts = &plan->base.params.seed_accounts;
    for (uint32_t a = 0; a < capn_list_len(accounts); a++) {
        struct manifest_path path = MANIFEST_ITEM(&manifest_params_path, "seedAccounts", a);
        struct capos_manifest_seed_account account;
        MANIFEST_READ(capos_manifest_seed_account_list_get(accounts, a, &account));
        if (account.service_binary.len != 0 && account.kind == CAPOS_PRINCIPAL_KIND_SERVICE)
            MANIFEST_TRY(manifest_check_binary(&plan->base, account.service_binary, "service account",
                                               &MANIFEST_STEP(&path, "serviceBinary"), report));
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_decode_plan(const uint8_t *bytes, size_t len, struct manifest_plan *out,
                                         struct manifest_report *report)
{
    memset(out, 0, sizeof *out);
    MANIFEST_TRY(manifest_decode(bytes, len, MANIFEST_STAGE_PLAN, &out->base, report));
    MANIFEST_TRY(decode_services(out, report));
    manifest_renew_budget(&out->base);
    MANIFEST_TRY(manifest_check_graph(out, report));
    manifest_renew_budget(&out->base);
    MANIFEST_TRY(manifest_check_imports(out, report));
    MANIFEST_TRY(check_exit_service(out, report));
    MANIFEST_TRY(manifest_check_binaries(&out->base, report));
    MANIFEST_TRY(manifest_check_init_binary(&out->base, report));
    MANIFEST_TRY(check_service_binaries(out, report));
    manifest_renew_budget(&out->base);
    MANIFEST_TRY(check_account_binaries(out, report));
    MANIFEST_TRY(manifest_check_init_caps(&out->base, report));
    manifest_renew_budget(&out->base);
    MANIFEST_TRY(manifest_check_service_caps(out, report));
    MANIFEST_TRY(manifest_check_params(&out->base, report));
    manifest_renew_budget(&out->base);
    return MANIFEST_OK;
}
