/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Allocations of the kernel that no other scenario with injected faults comes
 * to: a server whose first bytes of all are those of an answer, and the timer
 * of the authority graph. tools/sim-faults asks for every such place.
 */
#include "tests/sim/endpoint_kit.h"

/* It never calls anything: the buffer for what it sends comes with its RETURN. */
PROGRAM(answers_only)
{
    struct ring_cqe got = ep_recv(guest_open("own").cap_id);
    EXPECT(got.result == 56);
    EXPECT(ep_return(guest_open("own").cap_id, got.call_id, "the answer, and the first bytes that this program sends") == 0);
    (void)guest_enter(1, 1000000);
}

PROGRAM(asks_it)
{
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    struct kit_child child = kit_spawn("answers_only", &own, 1);
    struct capos_client facet = guest_take_cap(2);
    struct ring_cqe got = run_unless_failed(ep_call_sqe(facet.cap_id, 7, "", 0));
    if (got.result > 0)
        ep_expect_bytes(CALL_BUFFER, "the answer, and");
    CHECK(got.result > 0 || harness_faulting());
    EXPECT(kit_wait(&child) == 0);
}

PROGRAM(lives_on)
{
    (void)guest_enter(1, 3000000);
}

static const struct sim_test tests[] = {
    { .name = "first-bytes-of-an-answer", .init = asks_it, .grants = { { "process_spawner", NULL } },
      .programs = { { "answers_only", answers_only } }, .every_fault = true },
    { .name = "graph-without-timer", .init = lives_on, .cmdline = "quiet capos.graph=1", .verdict = "graph end processes=1 holds=0\n",
      .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
