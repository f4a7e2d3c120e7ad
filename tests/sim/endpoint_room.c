/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Room that somebody's end makes in flight: what waits for it goes on without
 * another request. A server's thread that ends with all that may be in flight,
 * and one of two owners that does.
 */
#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

#define IN_FLIGHT 16

static uint32_t reached;

static void wait_for(uint32_t mark)
{
    while (reached < mark)
        sim_pause();
}

static void receive_all(uint32_t own, uint64_t buffer)
{
    struct ring_sqe recv = ep_recv_sqe(own);
    recv.result_addr = buffer;
    recv.result_len = 0x400;
    for (int i = 0; i < IN_FLIGHT; i++)
        EXPECT(ep_run(recv).result == 56);
}

/* Sixteen calls under way, a seventeenth and a receive that wait; whoever received the sixteen then goes. */
static void one_more_waits(uint32_t own)
{
    uint64_t calls[IN_FLIGHT];
    for (int i = 0; i < IN_FLIGHT; i++)
        calls[i] = ep_start_call(own, 1, "");
    wait_for(1);
    uint64_t more = ep_start_call(own, 2, "more"), recv = ep_start(ep_recv_sqe(own));
    CHECK(ep_is_pending(recv));
    reached = 2;
    struct ring_cqe got = ep_await(recv);
    ep_expect_message(&got, 2, "more");
    for (int i = 0; i < IN_FLIGHT; i++)
        CHECK_EQ(ep_await(calls[i]).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(ep_return(own, got.call_id, ""), 0);
    CHECK_EQ(ep_await(more).result, 0);
}

THREAD(receives_and_ends)
{
    receive_all((uint32_t)arg, GUEST_SPARE + 0x100);
    reached = 1;
    wait_for(2);
}

PROGRAM(thread_makes_room)
{
    uint32_t own = guest_open("ep").cap_id;
    kit_map_thread_area();
    struct capos_client handle = kit_thread(receives_and_ends, own);
    one_more_waits(own);
    (void)kit_join(&handle);
}

/* Ends, or lets go of the endpoint and lives on. */
PROGRAM(other_owner)
{
    uint32_t own = guest_open("own").cap_id;
    receive_all(own, RECV_BUFFER);
    reached = 1;
    wait_for(2);
    if (guest_find("releases") == NULL)
        return;
    CHECK_EQ(guest_release(own), 0);
    for (int i = 0; i < 20000 && reached < 3; i++)
        sim_pause();
    CHECK(reached == 3); /* or its end did what letting go should have done */
}

static void owner_goes(const char *how)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = {
        { .name = capn_text_of("own"), .cap_id = own.cap_id, .interface_id = CAPOS_ENDPOINT_INTERFACE_ID }, TIMER_GRANT(how) };
    reached = 0;
    struct kit_child child = kit_spawn("other_owner", grants, 2);
    one_more_waits(own.cap_id);
    reached = 3;
    EXPECT(kit_wait(&child) == 0);
    kit_forget(&child);
}

PROGRAM(owner_makes_room)
{
    owner_goes("ends");
    owner_goes("releases");
}

static const struct sim_test tests[] = {
    { .name = "endpoint-room-thread", .init = thread_makes_room, .seeds = 2, .grants = { { "ep", "endpoint" }, THREAD_GRANTS } },
    { .name = "endpoint-room-owner", .init = owner_makes_room, .seeds = 2, .programs = { { "other_owner", other_owner } },
      .grants = { { "ep", "endpoint" }, { "process_spawner", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
