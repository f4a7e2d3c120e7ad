/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as a boot package, for init: every name of an accepted plan leads somewhere. */
#include "core/base/base_fuzz.h"

#include "core/plan/plan.h"

static void check_service(const struct manifest_plan *plan, uint32_t s)
{
    static struct manifest_report report;
    const struct manifest_service *service = &plan->services[s];
    for (uint32_t k = 0; k < capn_list_len(&service->caps); k++) {
        struct manifest_cap cap, behind;
        uint32_t exporter;
        FUZZ_CHECK(manifest_plan_cap(plan, s, k, &cap, &report) == MANIFEST_OK);
        if (cap.source != NULL)
            continue;
        FUZZ_CHECK(manifest_plan_import(plan, &cap, &exporter, &behind, &report) == MANIFEST_OK);
        FUZZ_CHECK(exporter < plan->service_count && exporter != s);
    }
    for (uint32_t e = 0; e < capn_list_len(&service->exports); e++) {
        struct capn_text name;
        FUZZ_CHECK(manifest_plan_export(plan, s, e, &name, &report) == MANIFEST_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct manifest_plan plan;
    static struct manifest_report report;
    if (manifest_decode_plan(bytes, len, &plan, &report) != MANIFEST_OK)
        return 0;
    FUZZ_CHECK(plan.service_count <= MANIFEST_SERVICES_MAX);
    for (uint32_t s = 0; s < plan.service_count; s++) {
        FUZZ_CHECK(manifest_plan_find(&plan, plan.services[s].name) == (int)s);
        check_service(&plan, s);
    }
    return 0;
}
