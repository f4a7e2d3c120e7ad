/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The service graph: names, exports and imports (rows M40 to M48). The lists are bounded by plan.c, so comparing them with
 * each other is bounded work. */
#include "core/plan/plan_internal.h"

enum manifest_error manifest_service_find_cap(const struct manifest_plan *plan, uint32_t s, struct capn_text name,
                                              uint32_t count, int64_t *found, struct manifest_report *report)
{
    *found = -1;
    for (uint32_t k = 0; k < count && *found < 0; k++) {
        struct manifest_cap cap;
        MANIFEST_TRY(manifest_plan_cap(plan, s, k, &cap, report));
        if (capn_text_equal(cap.name, name))
            *found = k;
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_service_find_export(const struct manifest_plan *plan, uint32_t s, struct capn_text name,
                                                 uint32_t count, int64_t *found, struct manifest_report *report)
{
    *found = -1;
    for (uint32_t e = 0; e < count && *found < 0; e++) {
        struct capn_text export;
        MANIFEST_TRY(manifest_plan_export(plan, s, e, &export, report));
        if (capn_text_equal(export, name))
            *found = e;
    }
    return MANIFEST_OK;
}

static enum manifest_error check_export(const struct manifest_plan *plan, uint32_t s, uint32_t e,
                                        struct manifest_report *report)
{
    struct manifest_path service = MANIFEST_SERVICE(s), path = MANIFEST_ITEM(&service, "exports", e);
    struct capn_text name;
    struct manifest_cap cap;
    int64_t found;
    MANIFEST_TRY(manifest_plan_export(plan, s, e, &name, report));
    MANIFEST_TRY(manifest_service_find_export(plan, s, name, e, &found, report));
    if (found >= 0)
        return manifest_value_name(report, &path, "duplicate export", name);
    MANIFEST_TRY(manifest_service_find_cap(plan, s, name, capn_list_len(&plan->services[s].caps), &found, report));
    if (found < 0)
        return manifest_value_name(report, &path, "the service has no cap", name);
    MANIFEST_TRY(manifest_plan_cap(plan, s, (uint32_t)found, &cap, report));
    if (cap.source == NULL)
        return manifest_value_name(report, &path, "a cap from a service is not exported again:", name);
    if (cap.source->rule == MANIFEST_SOURCE_SESSION)
        return manifest_value_name(report, &path, "a session-scoped cap cannot be exported:", name);
    if (cap.source->rule == MANIFEST_SOURCE_ADDRESS_SPACE)
        return manifest_value_name(report, &path, "a cap bound to an address-space cannot be exported:", name);
    return MANIFEST_OK;
}

static enum manifest_error check_service(const struct manifest_plan *plan, uint32_t s, struct manifest_report *report)
{
    struct manifest_path path = MANIFEST_SERVICE(s);
    int first = manifest_plan_find(plan, plan->services[s].name);
    if ((uint32_t)first < s)
        return manifest_value_name(report, &MANIFEST_STEP(&path, "name"), "duplicate service", plan->services[s].name);
    for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
        struct manifest_path cap_path = MANIFEST_ITEM(&path, "caps", k);
        struct manifest_cap cap;
        int64_t found;
        MANIFEST_TRY(manifest_plan_cap(plan, s, k, &cap, report));
        MANIFEST_TRY(manifest_service_find_cap(plan, s, cap.name, k, &found, report));
        if (found >= 0)
            return manifest_value_name(report, &MANIFEST_STEP(&cap_path, "name"), "duplicate cap name", cap.name);
    }
    for (uint32_t e = 0; e < capn_list_len(&plan->services[s].exports); e++)
        MANIFEST_TRY(check_export(plan, s, e, report));
    return MANIFEST_OK;
}

enum manifest_error manifest_check_graph(const struct manifest_plan *plan, struct manifest_report *report)
{
    for (uint32_t s = 0; s < plan->service_count; s++)
        MANIFEST_TRY(check_service(plan, s, report));
    return MANIFEST_OK;
}

enum manifest_error manifest_resolve_import(const struct manifest_plan *plan, const struct manifest_cap *import,
                                            const struct manifest_path *at, uint32_t *service, uint32_t *cap,
                                            struct manifest_report *report)
{
    struct manifest_path source = MANIFEST_STEP(at, "source");
    int s = manifest_plan_find(plan, import->service);
    int64_t found;
    if (s < 0)
        return manifest_value_name(report, &MANIFEST_STEP(&source, "service"), "unknown service", import->service);
    *service = (uint32_t)s;
    MANIFEST_TRY(manifest_service_find_export(plan, *service, import->export,
                                              capn_list_len(&plan->services[s].exports), &found, report));
    if (found < 0)
        return manifest_value_name(report, &MANIFEST_STEP(&source, "export"), "the service does not export", import->export);
    MANIFEST_TRY(manifest_service_find_cap(plan, *service, import->export, capn_list_len(&plan->services[s].caps), &found,
                                           report));
    if (found < 0)
        return manifest_value_name(report, &MANIFEST_STEP(&source, "export"), "the service has no cap", import->export);
    *cap = (uint32_t)found;
    return MANIFEST_OK;
}

enum manifest_error manifest_check_imports(const struct manifest_plan *plan, struct manifest_report *report)
{
    for (uint32_t s = 0; s < plan->service_count; s++) {
        struct manifest_path path = MANIFEST_SERVICE(s);
        for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
            struct manifest_cap cap;
            uint32_t service, index;
            MANIFEST_TRY(manifest_plan_cap(plan, s, k, &cap, report));
            if (cap.source == NULL)
                MANIFEST_TRY(manifest_resolve_import(plan, &cap, &MANIFEST_ITEM(&path, "caps", k), &service, &index, report));
        }
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_plan_import(const struct manifest_plan *plan, const struct manifest_cap *import, uint32_t *service,
                                         struct manifest_cap *out, struct manifest_report *report)
{
    uint32_t cap;
    MANIFEST_TRY(manifest_resolve_import(plan, import, &manifest_config_path, service, &cap, report));
    return manifest_plan_cap(plan, *service, cap, out, report);
}
