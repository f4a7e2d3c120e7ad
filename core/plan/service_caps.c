/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What services may hold, measured against what init holds (rows M57 to M67). */
#include "core/plan/plan_internal.h"

struct service_cap_check {
    const struct manifest_plan *plan;
    struct manifest_report *report;
    bool terminal_taken; /* by the service cap of these indices */
    uint32_t terminal_service, terminal_cap;
};

/* The cap of init that stands behind a service's: same source and name, else the only one of the source, else NULL. */
static const struct manifest_cap *init_counterpart(const struct manifest *manifest, const struct manifest_cap *cap)
{
    const struct manifest_cap *only = NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; i < manifest->init_cap_count; i++) {
        const struct manifest_cap *held = &manifest->init_caps[i];
        if (held->source != cap->source)
            continue;
        if (capn_text_equal(held->name, cap->name))
            return held;
        only = held;
        count++;
    }
    return count == 1 ? only : NULL;
}

static enum manifest_error check_held_by_init(const struct service_cap_check *check, const struct manifest_cap *cap,
                                              const struct manifest_path *at)
{
    struct manifest_path source = MANIFEST_STEP(at, "source");
    const struct manifest_cap *held = init_counterpart(&check->plan->base, cap);
    if (held == NULL)
        return manifest_value(check->report, &MANIFEST_STEP(&source, "kernel"), "init does not hold this source");
    if (held->badge != cap->badge)
        return manifest_value_number(check->report, &MANIFEST_STEP(at, "badge"), "init holds it with badge", held->badge);
    return MANIFEST_OK;
}

static enum manifest_error check_terminal(struct service_cap_check *check, uint32_t s, uint32_t k,
                                          const struct manifest_path *at)
{
    struct manifest_path source = MANIFEST_STEP(at, "source");
    if (!check->terminal_taken) {
        check->terminal_taken = true;
        check->terminal_service = s;
        check->terminal_cap = k;
        return MANIFEST_OK;
    }
    struct manifest_path service = MANIFEST_SERVICE(check->terminal_service);
    struct text_buf text = manifest_value_begin(check->report, &MANIFEST_STEP(&source, "kernel"));
    text_buf_append_str(&text, "terminal_session has one holder, which is ");
    manifest_path_append(&text, &MANIFEST_ITEM(&service, "caps", check->terminal_cap));
    return manifest_value_end(check->report, &text);
}

static enum manifest_error check_kernel_cap(struct service_cap_check *check, uint32_t s, uint32_t k,
                                            const struct manifest_cap *cap)
{
    struct manifest_path service = MANIFEST_SERVICE(s), at = MANIFEST_ITEM(&service, "caps", k);
    MANIFEST_TRY(manifest_check_section(&check->plan->base, cap, &at, check->report));
    MANIFEST_TRY(manifest_check_port(cap, &at, check->report));
    switch (cap->source->rule) {
    case MANIFEST_SOURCE_SSH_KEY:
    case MANIFEST_SOURCE_BY_INIT:
    case MANIFEST_SOURCE_TCP_LISTEN:
        MANIFEST_TRY(check_held_by_init(check, cap, &at));
        break;
    case MANIFEST_SOURCE_SESSION:
        MANIFEST_TRY(check_terminal(check, s, k, &at));
        break;
    case MANIFEST_SOURCE_PLAIN:
    case MANIFEST_SOURCE_MEASUREMENT:
    case MANIFEST_SOURCE_ADDRESS_SPACE:
    case MANIFEST_SOURCE_BLOCK_TARGET:
        break;
    }
    return manifest_check_interface(cap, &at, check->report);
}

/* An endpoint speaks whatever its server does, so only other caps have a fixed interface. */
static enum manifest_error check_import(const struct service_cap_check *check, uint32_t s, uint32_t k,
                                        const struct manifest_cap *import)
{
    struct manifest_path service = MANIFEST_SERVICE(s), at = MANIFEST_ITEM(&service, "caps", k);
    struct manifest_cap cap;
    uint32_t exporter, index;
    MANIFEST_TRY(manifest_resolve_import(check->plan, import, &at, &exporter, &index, check->report));
    MANIFEST_TRY(manifest_plan_cap(check->plan, exporter, index, &cap, check->report));
    uint64_t exported = cap.source->interface_id;
    if (exported == CAPOS_ENDPOINT_INTERFACE_ID || import->interface_id == 0 || import->interface_id == exported)
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(check->report, &MANIFEST_STEP(&at, "expectedInterfaceId"));
    text_buf_append_str(&text, "the export has interface ");
    text_buf_append_hex(&text, exported);
    text_buf_append_str(&text, ", not ");
    text_buf_append_hex(&text, import->interface_id);
    return manifest_value_end(check->report, &text);
}

enum manifest_error manifest_check_service_caps(const struct manifest_plan *plan, struct manifest_report *report)
{
    struct service_cap_check check = { .plan = plan, .report = report };
    for (uint32_t s = 0; s < plan->service_count; s++) {
        for (uint32_t k = 0; k < capn_list_len(&plan->services[s].caps); k++) {
            struct manifest_cap cap;
            MANIFEST_TRY(manifest_plan_cap(plan, s, k, &cap, report));
            MANIFEST_TRY(cap.source != NULL ? check_kernel_cap(&check, s, k, &cap) : check_import(&check, s, k, &cap));
        }
    }
    return MANIFEST_OK;
}
