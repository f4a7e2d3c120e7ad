/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the profile of the first process comes from (RP-01 to RP-03), and the
 * line about its ledger at its end (18.3). What each limit does is shown by
 * limits.c and by the exhaustion scenarios.
 */
#include "abi/limits.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

static struct capos_manifest_seed_account accounts[3];
static struct capos_manifest_resource_profile profiles[3];

static struct capos_manifest_seed_account account(const char *name, const char *principal, enum capos_principal_kind kind)
{
    return (struct capos_manifest_seed_account){
        .name = capn_text_of(name), .principal_id = { (const uint8_t *)principal, 32 }, .kind = kind,
        .resource_profile = capn_text_of("wrong") };
}

static void seed(struct capos_system_manifest *manifest)
{
    profiles[0] = (struct capos_manifest_resource_profile){ .name = capn_text_of("wrong"), .thread_limit = 1 };
    profiles[1] = (struct capos_manifest_resource_profile){
        .name = capn_text_of("small"), .process_limit = 2, .thread_limit = 3, .cap_limit = 20, .memory_commit_limit_bytes = 1u << 20,
        .frame_grant_limit_pages = 9, .endpoint_queue_limit = 4, .in_flight_call_limit = 2, .ring_scratch_limit_bytes = 4096,
        .reply_scratch_limit_bytes = 512, .timer_waiter_limit = 5, .log_quota_bytes_per_window = 700 };
    profiles[2] = (struct capos_manifest_resource_profile){ .name = capn_text_of("zeros"), .cap_limit = 1000 };
    accounts[0] = account("guest", "gggggggggggggggggggggggggggggggg", CAPOS_PRINCIPAL_KIND_GUEST);
    accounts[1] = account("other", "oooooooooooooooooooooooooooooooo", CAPOS_PRINCIPAL_KIND_SERVICE);
    accounts[1].service_binary = capn_text_of("firs");
    accounts[2] = account("mine", "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm", CAPOS_PRINCIPAL_KIND_SERVICE);
    accounts[2].service_binary = capn_text_of("first");
    accounts[2].resource_profile = capn_text_of("small");
    manifest->has_kernel_params = true;
    manifest->kernel_params.seed_accounts = capn_list_over(accounts, 3, sizeof accounts[0]);
    manifest->kernel_params.resource_profiles = capn_list_over(profiles, 3, sizeof profiles[0]);
}

/* Every field that a profile has, and what of it the ledger keeps. */
static void is_small(void)
{
    const struct process *init = process_find(1);
    const struct resource_profile *profile = &init->profile;
    CHECK_EQ(profile->process_limit, 2);
    CHECK_EQ(profile->threads, 3);
    CHECK_EQ(profile->cap_limit, 20);
    CHECK_EQ(profile->memory_commit_bytes, 1u << 20);
    CHECK_EQ(profile->frame_grant_pages, 9);
    CHECK_EQ(profile->endpoint_queue, 4);
    CHECK_EQ(profile->in_flight, 2);
    CHECK_EQ(profile->ring_scratch, 4096);
    CHECK_EQ(profile->reply_scratch, 512);
    CHECK_EQ(profile->timer_waiters, 5);
    CHECK_EQ(profile->log_bytes, 700);
    CHECK_EQ(init->table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max, 20);
    CHECK_EQ(init->table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max, 9);
}

static void seed_zeros(struct capos_system_manifest *manifest)
{
    seed(manifest);
    accounts[2].resource_profile = capn_text_of("zeros");
}

/* RP-01, RP-02: not stated is no limit, or the default; above the number of the ABI is that number. */
static void is_default(void)
{
    const struct process *init = process_find(1);
    const struct resource_profile built_in = resource_profile_default(), *profile = &init->profile;
    CHECK(profile->process_limit == PROFILE_UNLIMITED && profile->memory_commit_bytes == PROFILE_UNLIMITED);
    CHECK(profile->threads == built_in.threads && profile->endpoint_queue == built_in.endpoint_queue);
    CHECK(profile->in_flight == built_in.in_flight && profile->ring_scratch == built_in.ring_scratch);
    CHECK(profile->reply_scratch == built_in.reply_scratch && profile->timer_waiters == built_in.timer_waiters);
    CHECK_EQ(profile->log_bytes, 0);
    CHECK_EQ(init->table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max, CAP_SLOTS_MAX);
    CHECK_EQ(init->table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max, FRAME_GRANT_PAGES_MAX);
}

/* A program that needs more than the profile commits is not started, the first one too. */
static void seed_little_memory(struct capos_system_manifest *manifest)
{
    seed(manifest);
    profiles[1].memory_commit_limit_bytes = 4095;
}

/* An account of another kind with that binary would not be a manifest; one of another binary does not count. */
static void seed_others(struct capos_system_manifest *manifest)
{
    seed(manifest);
    accounts[2].service_binary = capn_text_of("first2");
}

PROGRAM(nothing)
{
    kit_ring_works();
}

#define QUOTA_LINE "\n[quota] pid=1 exit ledger caps=0 calls=0 scratch=0 frames=0 vres=0\n"

PROGRAM(uses_some)
{
    struct capos_client memory = kit_memory(3);
    (void)kit_map(&memory, 3, PROT_READ_BIT);
}

/* Other binaries that accounts name: one whose name begins that of init's, one that begins with it. */
#define OTHERS .programs = { { "firs", nothing }, { "first2", nothing } }

static const struct sim_test tests[] = {
    { .name = "init-of-service-account", .init = nothing, .change = seed, .after_boot = is_small, OTHERS },
    { .name = "init-zeros", .init = nothing, .change = seed_zeros, .after_boot = is_default, OTHERS },
    { .name = "init-without-account", .init = nothing, .change = seed_others, .after_boot = is_default, OTHERS },
    { .name = "init-memory-limit", .init = nothing, .change = seed_little_memory, .never_exits = true, OTHERS,
      .verdict = "refused elf process memory limit exceeded" },
    { .name = "quota-line", .init = uses_some, .grants = { { "frame_allocator", NULL } }, .cmdline = "capos.quota=1", .console = QUOTA_LINE },
    { .name = "no-quota-line", .init = uses_some, .grants = { { "frame_allocator", NULL } }, .cmdline = "capos.quota=10",
      .not_console = "[quota]" },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
