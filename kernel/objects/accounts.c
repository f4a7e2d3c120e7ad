/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The seeded accounts of the boot manifest: sessions.h. The manifest was
 * validated at boot, so every account names a resource profile that exists.
 * Source: docs/kernel-semantics.md, RP-01 to RP-03.
 */
#include "core/base/bytes.h"
#include "core/session/session.h"
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/sessions.h"

static uint64_t limit(uint64_t stated)
{
    return stated != 0 ? stated : PROFILE_UNLIMITED;
}

static uint32_t bounded(uint64_t stated, uint32_t built_in, uint32_t ceiling)
{
    uint64_t value = stated != 0 ? stated : built_in;
    return value < ceiling ? (uint32_t)value : ceiling;
}

/* A zero means "not stated" (RP-02). Two ceilings are what an endpoint's and a process's records can hold. */
static struct resource_profile convert(const struct capos_manifest_resource_profile *from)
{
    return (struct resource_profile){
        .process_limit = limit(from->process_limit),
        .cap_limit = limit(from->cap_limit),
        .frame_grant_pages = limit(from->frame_grant_limit_pages),
        .memory_commit_bytes = limit(from->memory_commit_limit_bytes),
        .threads = bounded(from->thread_limit, PROFILE_DEFAULT_THREADS, THREADS_PER_PROCESS_MAX),
        .endpoint_queue = bounded(from->endpoint_queue_limit, PROFILE_DEFAULT_ENDPOINT_QUEUE, OUTSTANDING_CALLS_MAX),
        .in_flight = bounded(from->in_flight_call_limit, PROFILE_DEFAULT_IN_FLIGHT, OUTSTANDING_CALLS_MAX),
        .ring_scratch = bounded(from->ring_scratch_limit_bytes, PROFILE_DEFAULT_RING_SCRATCH, RING_SCRATCH_MAX),
        .reply_scratch = bounded(from->reply_scratch_limit_bytes, PROFILE_DEFAULT_REPLY_SCRATCH, REPLY_SCRATCH_MAX),
        .timer_waiters = bounded(from->timer_waiter_limit, PROFILE_DEFAULT_TIMER_WAITERS, TIMER_SLEEP_WAITERS_MAX),
        .log_bytes = from->log_quota_bytes_per_window,
    };
}

static struct resource_profile profile_named(const struct capn_list *profiles, struct capn_text name)
{
    struct capos_manifest_resource_profile profile;
    for (uint32_t i = 0; i < capn_list_len(profiles); i++)
        if (capos_manifest_resource_profile_list_get(profiles, i, &profile) == CAPN_OK &&
            capn_text_equal(profile.name, name))
            return convert(&profile);
    return resource_profile_default();
}

/* The first account with that principal (when it is not NULL) or of that kind. */
static bool find(const struct capn_data *id, enum capos_principal_kind kind, struct account *out)
{
    struct boot_manifest manifest;
    if (!boot_manifest_open(&manifest))
        return false;
    const struct capos_system_config *params = &manifest.root.kernel_params;
    for (uint32_t i = 0; i < capn_list_len(&params->seed_accounts); i++) {
        if (capos_manifest_seed_account_list_get(&params->seed_accounts, i, &out->seed) != CAPN_OK)
            return false;
        const struct capn_data *mine = &out->seed.principal_id;
        if (id != NULL ? mine->len == id->len && memcmp(mine->bytes, id->bytes, id->len) == 0 : out->seed.kind == kind) {
            out->profile = profile_named(&params->resource_profiles, out->seed.resource_profile);
            return true;
        }
    }
    return false;
}

bool account_find(enum capos_principal_kind kind, struct account *out)
{
    return find(NULL, kind, out);
}

bool account_find_principal(struct capn_data id, struct account *out)
{
    return id.len == SESSION_PRINCIPAL_BYTES && find(&id, CAPOS_PRINCIPAL_KIND_HUMAN, out);
}

bool account_profile_of_binary(struct capn_text binary, struct resource_profile *out)
{
    struct boot_manifest manifest;
    struct capos_manifest_seed_account seed;
    if (!boot_manifest_open(&manifest))
        return false;
    const struct capos_system_config *params = &manifest.root.kernel_params;
    for (uint32_t i = 0; i < capn_list_len(&params->seed_accounts); i++) {
        if (capos_manifest_seed_account_list_get(&params->seed_accounts, i, &seed) != CAPN_OK ||
            seed.kind != CAPOS_PRINCIPAL_KIND_SERVICE || !capn_text_equal(seed.service_binary, binary))
            continue;
        *out = profile_named(&params->resource_profiles, seed.resource_profile);
        return true;
    }
    return false;
}

struct capos_session_lifetime_config account_session_lifetimes(void)
{
    struct boot_manifest manifest;
    if (!boot_manifest_open(&manifest) || !manifest.root.kernel_params.has_session_lifetimes)
        return (struct capos_session_lifetime_config){0};
    return manifest.root.kernel_params.session_lifetimes;
}
