/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Holds that end by themselves: callers whose session's time is up, though
 * nobody has logged out; an object that was moved away while it is mapped.
 */
#include "tests/sim/session_kit.h"

static int stage;

/* ---- time is up ----------------------------------------------------------------------------- */

/* Calls while its session lives, and again when its time, but nothing else, has passed. */
PROGRAM(calls_late)
{
    EXPECT(ep_run(asking_sqe("a", 1, 0)).result == 0);
    const struct session *session = self_process()->session;
    while (session_now_ms() < session->expires_ms)
        (void)guest_enter(1, 1000000);
    CHECK(!session->ended);
    struct ring_cqe got = ep_run(asking_sqe("a", 2, 0));
    ep_expect_exception(&got, CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
}

PROGRAM(serves_in_time)
{
    struct capos_client ep = guest_open("ep"), session = guest_session();
    struct capos_cap_grant grant = FACET("a", ep, 1);
    struct bundle bundle = bundle_of(&session, "guest");
    struct kit_child child = launch(&bundle, "calls_late", &grant, 1);
    uint16_t method;
    CHECK_EQ(serve_one("ep", &method).flags, CALLER_SESSION_LIVE);
    CHECK_EQ(method, 1);
    CHECK_EQ(kit_wait(&child), 0);
    struct capos_user_session_info_results info;
    struct kit_child late;
    REFUSED(session, capos_user_session_info(&session, NULL, &info), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    REFUSED(bundle.launcher, try_launch(&bundle.launcher, "calls_late", &grant, 1, &late), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
}

/* ---- moved away ----------------------------------------------------------------------------------- */

/* Its mapping goes on, and so does the charge. */
PROGRAM(moves_mapped)
{
    struct capos_client object = kit_memory(3);
    struct process *self = self_process();
    uint64_t at = kit_map(&object, 3, 3), held = cap_ledger_used(process_ledger(self), CAP_RESOURCE_FRAME_GRANT_PAGES);
    struct ring_transfer_descriptor move[] = { MOVE_OF(object.cap_id) };
    EXPECT(ep_run(ep_with_caps(ep_call_sqe(guest_open("a").cap_id, 1, "abcd", 4), move, 1)).result == 0);
    CHECK(!kit_is_held(object.cap_id) && sim_user(at, 3 * PAGE_SIZE, true) != NULL);
    CHECK_EQ(self->aspace.mapping_pages, 3);
    CHECK_EQ(cap_ledger_used(process_ledger(self), CAP_RESOURCE_FRAME_GRANT_PAGES), held);
    stage = 1;
}

PROGRAM(takes_moved)
{
    struct capos_client ep = guest_open("ep");
    struct capos_cap_grant grants[] = {
        FACET("a", ep, 1), KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = kit_spawn("moves_mapped", grants, 2);
    struct ring_cqe got = ep_recv(ep.cap_id);
    CHECK_EQ(got.cap_count, 1);
    CHECK_EQ(ep_return(ep.cap_id, got.call_id, ""), 0);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(stage, 1);
}

static const struct sim_test tests[] = {
    { .name = "holds-time-up", .init = serves_in_time, .grants = { MANAGER, BROKER, EP_ALL }, .programs = { { "calls_late", calls_late } },
      .change = seed_short },
    { .name = "holds-moved-away", .init = takes_moved, .grants = { EP, { "process_spawner", NULL, 0 } },
      .programs = { { "moves_mapped", moves_mapped } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
