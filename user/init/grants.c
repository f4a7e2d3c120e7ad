/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From the caps of a service in the manifest to the grants of its spawn.
 * Every cap comes fresh from its kernel source, save imports (imports.c), the
 * terminal session, which has one holder, and endpoints that init holds for
 * their service: those are forwarded.
 */
#include "init.h"

/* Init's own hold of a terminal session, or NULL. */
static const struct capset_entry *own_terminal(const struct manifest_plan *plan)
{
    for (uint32_t i = 0; i < plan->base.init_cap_count; i++) {
        const struct manifest_cap *cap = &plan->base.init_caps[i];
        if (cap->source == NULL || cap->source->rule != MANIFEST_SOURCE_SESSION)
            continue;
        for (uint32_t k = 0; k < capos_capset_count(); k++) {
            const struct capset_entry *entry = capos_capset_entry(k);
            if (text_equal(entry->name, entry->name_len, cap->name.bytes, cap->name.len))
                return entry;
        }
    }
    return NULL;
}

static struct capos_cap_grant grant_of(const struct manifest_plan *plan, uint32_t s, const struct manifest_cap *cap)
{
    struct capos_cap_grant grant;
    if (cap->source == NULL)
        return init_grant_import(plan, cap);
    const struct capset_entry *held =
        cap->source->rule == MANIFEST_SOURCE_SESSION ? own_terminal(plan) : init_held_export(plan, s, cap);
    if (held != NULL)
        grant = capos_grant_held("", held->cap_id, held->interface_id);
    else
        grant = capos_grant_kernel("", (enum capos_kernel_cap_source)cap->source->ordinal, cap->interface_id);
    grant.name = cap->name;
    grant.badge = cap->badge;
    return grant;
}

bool init_grants_of(const struct manifest_plan *plan, uint32_t s, struct capos_cap_grant *grants, uint32_t *count)
{
    static struct manifest_report report;
    *count = capn_list_len(&plan->services[s].caps);
    for (uint32_t k = 0; k < *count; k++) {
        struct manifest_cap cap;
        if (manifest_plan_cap(plan, s, k, &cap, &report) != MANIFEST_OK) {
            capos_print("init: %.*s\n", (int)report.text_len, report.text);
            return false;
        }
        grants[k] = grant_of(plan, s, &cap);
        grants[k].disclosure_scope = cap.disclosure != 0 ? cap.disclosure : CAPOS_DISCLOSE_NOTHING;
    }
    return true;
}
