/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Room that somebody's end makes in flight: what waits for it goes on without
 * another request. A server's thread that ends with all that may be in flight,
 * and one of two owners that does. And who has been ended but not yet taken
 * apart: nothing is delivered to it or for it any more.
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

/* Holds the endpoint twice: letting one of them go changes nothing. */
PROGRAM(holds_twice)
{
    uint32_t own = guest_open("own").cap_id;
    uint64_t recv = ep_start(ep_recv_sqe(own));
    CHECK_EQ(guest_release(guest_open("again").cap_id), 0);
    CHECK(ep_is_pending(recv));
    reached = 1;
    struct ring_cqe got = ep_await(recv);
    ep_expect_message(&got, 2, "still here?");
    CHECK_EQ(ep_return(own, got.call_id, "yes"), 0);
}

PROGRAM(one_hold_of_two)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[2];
    for (int i = 0; i < 2; i++)
        grants[i] = (struct capos_cap_grant){ .name = capn_text_of(i == 0 ? "own" : "again"), .cap_id = own.cap_id,
                                              .interface_id = CAPOS_ENDPOINT_INTERFACE_ID };
    struct kit_child child = kit_spawn("holds_twice", grants, 2);
    wait_for(1);
    uint64_t call = ep_start_call(own.cap_id, 2, "still here?");
    CHECK_EQ(ep_await(call).result, 3);
    EXPECT(kit_wait(&child) == 0);
}

/* ---- ended, but still there ------------------------------------------------------------- */

static uint64_t queue_terminate(struct kit_child *child)
{
    return guest_submit(guest_call_sqe(child->handle.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0));
}

static uint32_t keeps(uint32_t cap)
{
    return guest_release(cap) == 0;
}

PROGRAM(waits_for_calls)
{
    uint32_t own = guest_open("own").cap_id;
    uint64_t recv = ep_start(ep_recv_sqe(own));
    reached = 1;
    (void)ep_await(recv);
    harness_fail(__FILE__, __LINE__, "a call was delivered to the dead");
}

/* Its end and a call to it in one batch: the call is not delivered, and what it was to bring stays. */
PROGRAM(dead_server)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grant = ENDPOINT_GRANT("own");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("server"), .binary_name = capn_text_of("waits_for_calls"),
                                                     .grants = capn_list_over(&grant, 1, sizeof grant) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct kit_child child = { guest_take_cap(0), guest_take_cap(1) };
    uint32_t facet = guest_take_cap(2).cap_id, memory = kit_memory(1).cap_id;
    struct ring_transfer_descriptor move = MOVE_OF(memory);
    wait_for(1);
    uint64_t end = queue_terminate(&child), call = ep_start(ep_with_caps(ep_call_sqe(facet, 1, "", 0), &move, 1));
    CHECK_EQ(ep_await(end).result, 0);
    struct ring_cqe cqe = ep_await(call);
    ep_expect_exception(&cqe, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited");
    CHECK(keeps(memory));
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
}

PROGRAM(asks_twice)
{
    uint32_t facet = guest_open("ep").cap_id;
    (void)ep_start_call(facet, 1, "");
    (void)ep_start_call(facet, 2, "");
    reached = 1;
    for (;;)
        sim_pause();
}

/* A client's end in one batch with the answer to one of its calls and a receive that would have got the other. */
PROGRAM(dead_client)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grant = FACET("ep", own, 3);
    struct kit_child child = kit_spawn("asks_twice", &grant, 1);
    uint32_t memory = kit_memory(1).cap_id;
    struct ring_transfer_descriptor move = MOVE_OF(memory);
    struct ring_cqe got = ep_recv(own.cap_id);
    EXPECT(got.result == 56);
    wait_for(1);
    uint64_t end = queue_terminate(&child);
    uint64_t answer = guest_submit(ep_with_caps(ep_return_sqe(own.cap_id, got.call_id, "", 0), &move, 1));
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK_EQ(ep_await(end).result, 0);
    CHECK_EQ(ep_await(answer).result, CAP_ERR_INVOKE_FAILED);
    CHECK(keeps(memory));
    CHECK(ep_is_pending(recv));
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
    CHECK(ep_is_pending(recv));
}

static const struct sim_test tests[] = {
    { .name = "endpoint-one-hold-of-two", .init = one_hold_of_two, .programs = { { "holds_twice", holds_twice } },
      .grants = { { "ep", "endpoint" }, { "process_spawner", NULL } } },
    { .name = "endpoint-dead-server", .init = dead_server, .programs = { { "waits_for_calls", waits_for_calls } },
      .grants = { { "frame_allocator", NULL }, { "process_spawner", NULL } } },
    { .name = "endpoint-dead-client", .init = dead_client, .programs = { { "asks_twice", asks_twice } },
      .grants = { { "ep", "endpoint" }, { "frame_allocator", NULL }, { "process_spawner", NULL } } },
    { .name = "endpoint-room-thread", .init = thread_makes_room, .seeds = 2, .grants = { { "ep", "endpoint" }, THREAD_GRANTS } },
    { .name = "endpoint-room-owner", .init = owner_makes_room, .seeds = 2, .programs = { { "other_owner", other_owner } },
      .grants = { { "ep", "endpoint" }, { "process_spawner", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
