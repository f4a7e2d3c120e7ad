/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoints at their edges: a caller's thread that ends together with its
 * server, a receiver without page quota, capabilities revoked while they wait,
 * pipes in undone messages, transfers to oneself near a limit.
 */
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

static uint32_t reached; /* told by one program to the others */

static uint64_t used(uint32_t pid, enum cap_resource resource)
{
    return cap_ledger_used(process_ledger(process_find(pid)), resource);
}

static struct kit_child start_server(const char *program, const struct capos_cap_grant *more, uint32_t count, struct capos_client *facet)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[4] = { ENDPOINT_GRANT("own") };
    for (uint32_t i = 0; i < count; i++)
        grants[1 + i] = more[i];
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(program), .binary_name = capn_text_of(program),
                                                     .grants = capn_list_over(grants, 1 + count, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    *facet = guest_take_cap(2);
    return (struct kit_child){ guest_take_cap(0), guest_take_cap(1) };
}

static void wait_for(uint32_t mark)
{
    while (reached < mark)
        sim_pause();
}

/* ---- a thread that ends together with its server (EN-17) ---------------------------------------- */

static uint32_t facet_id, server_handle;

PROGRAM(takes_one)
{
    (void)ep_recv(guest_open("own").cap_id);
    reached = 1;
    (void)ep_recv(guest_open("own").cap_id);
}

/* In one kernel entry it ends the server, which has its call, and itself. */
THREAD(ends_both)
{
    (void)arg;
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = facet_id, .result_addr = GUEST_SPARE, .result_len = 0x200 };
    (void)ep_start(call);
    wait_for(1);
    guest_submit(guest_call_sqe(server_handle, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0));
    kit_exit_thread(0);
}

PROGRAM(server_and_thread_end)
{
    struct capos_client facet;
    struct kit_child server = start_server("takes_one", NULL, 0, &facet);
    kit_map_thread_area();
    facet_id = facet.cap_id;
    server_handle = server.handle.cap_id;
    for (uint32_t i = 0; i < 0x200; i++)
        *kit_byte(GUEST_SPARE + i) = 0xee;
    struct capos_client thread = kit_thread(ends_both, 0);
    (void)kit_join(&thread);
    CHECK_EQ(kit_wait(&server), EXIT_CODE_TERMINATED);
    for (uint32_t i = 0; i < 0x200; i++)
        CHECK_EQ(*kit_byte(GUEST_SPARE + i), 0xee); /* nobody waits for that exception */
    CHECK_EQ(used(1, CAP_RESOURCE_OUTSTANDING_CALLS), 0);
}

/* ---- page quota at delivery --------------------------------------------------------------------- */

#define SOME_PAGES 8u

static uint32_t held[256], held_count;

/* All pages but a few. */
static void fill_pages(void)
{
    while (used((uint32_t)((struct guest *)*sim_local())->pid, CAP_RESOURCE_FRAME_GRANT_PAGES) + 256 < FRAME_GRANT_PAGES_MAX)
        held[held_count++] = kit_memory(256).cap_id;
    while (used((uint32_t)((struct guest *)*sim_local())->pid, CAP_RESOURCE_FRAME_GRANT_PAGES) + SOME_PAGES <= FRAME_GRANT_PAGES_MAX)
        held[held_count++] = kit_memory(SOME_PAGES).cap_id;
}

/* Has no pages left; then some. Its waiting RECV outlasts what could not be delivered. */
PROGRAM(server_without_pages)
{
    uint32_t own = guest_open("own").cap_id;
    fill_pages();
    uint64_t pages = used(2, CAP_RESOURCE_FRAME_GRANT_PAGES), slots = used(2, CAP_RESOURCE_CAP_SLOTS);
    uint64_t recv = ep_start(ep_recv_sqe(own));
    reached = 1;
    wait_for(2);
    CHECK(ep_is_pending(recv));
    CHECK(used(2, CAP_RESOURCE_FRAME_GRANT_PAGES) == pages && used(2, CAP_RESOURCE_CAP_SLOTS) == slots);
    CHECK_EQ(guest_release(held[--held_count]), 0);
    reached = 3;
    struct ring_cqe got = ep_await(recv);
    CHECK_EQ(got.cap_count, 1);
    CHECK_EQ(used(2, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
    CHECK_EQ(ep_return(own, got.call_id, ""), 0);
}

PROGRAM(receiver_pages)
{
    struct capos_client facet;
    struct capos_cap_grant frames = KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct kit_child server = start_server("server_without_pages", &frames, 1, &facet);
    uint32_t a = kit_memory(SOME_PAGES).cap_id, small = kit_memory(1).cap_id;
    wait_for(1);
    uint64_t pages = used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), slots = used(1, CAP_RESOURCE_CAP_SLOTS);
    struct ring_transfer_descriptor moved = MOVE_OF(a), copied = COPY_OF(a), both[] = { MOVE_OF(small), COPY_OF(a) };
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet.cap_id, 1, "", 0), &moved, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet.cap_id, 1, "", 0), &copied, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet.cap_id, 1, "", 0), both, 2)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(kit_is_held(a) && kit_is_held(small));
    CHECK(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES) == pages && used(1, CAP_RESOURCE_CAP_SLOTS) == slots);
    reached = 2;
    wait_for(3);
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(facet.cap_id, 1, "", 0), &moved, 1)).result, 0);
    CHECK(!kit_is_held(a));
    CHECK_EQ(used(1, CAP_RESOURCE_FRAME_GRANT_PAGES), pages - SOME_PAGES);
    CHECK_EQ(kit_wait(&server), 0);
}

PROGRAM(client_without_pages)
{
    fill_pages();
    uint64_t pages = used(2, CAP_RESOURCE_FRAME_GRANT_PAGES);
    CHECK_EQ(ep_run(ep_call_sqe(guest_open("srv").cap_id, 1, "", 0)).result, 5);
    CHECK_EQ(used(2, CAP_RESOURCE_FRAME_GRANT_PAGES), pages);
}

/* The same for an answer: the call stays with the server, which answers without. */
PROGRAM(caller_pages)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = kit_spawn("client_without_pages", grants, 2);
    uint32_t a = kit_memory(SOME_PAGES).cap_id;
    uint64_t pages = used(1, CAP_RESOURCE_FRAME_GRANT_PAGES);
    struct ring_cqe got = ep_recv(own.cap_id);
    struct ring_transfer_descriptor moved = MOVE_OF(a);
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(own.cap_id, got.call_id, "abcd", 4), &moved, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(kit_is_held(a) && used(1, CAP_RESOURCE_FRAME_GRANT_PAGES) == pages);
    CHECK_EQ(ep_return(own.cap_id, got.call_id, "plain"), 0);
    CHECK_EQ(kit_wait(&child), 0);
}

/* ---- to oneself near a limit (docs/service-endpoint.md, "Near a limit") ------------------------------ */

/* For a moment there are two of what is moved, so a full table cannot send to itself; nothing is lost. */
PROGRAM(self_near_limit)
{
    uint32_t own = guest_open("ep").cap_id, a = kit_memory(1).cap_id;
    struct ring_transfer_descriptor copied = COPY_OF(a), moved = MOVE_OF(a);
    while (used(1, CAP_RESOURCE_CAP_SLOTS) < CAP_SLOTS_MAX) {
        uint64_t call = ep_start(ep_with_caps(ep_call_sqe(own, 1, "", 0), &copied, 1));
        CHECK_EQ(ep_return(own, ep_recv(own).call_id, ""), 0);
        CHECK_EQ(ep_await(call).result, 0);
    }
    uint64_t recv = ep_start(ep_recv_sqe(own));
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(own, 1, "", 0), &moved, 1)).result, CAP_ERR_TRANSFER_ABORTED);
    CHECK(kit_is_held(a) && ep_is_pending(recv));
    CHECK_EQ(used(1, CAP_RESOURCE_CAP_SLOTS), CAP_SLOTS_MAX);
}

/* ---- revoked while it waits ------------------------------------------------------------------------------ */

static uint32_t lives(uint32_t pid)
{
    uint32_t sum = 0;
    const struct cap_table *table = &process_find(pid)->table;
    for (uint32_t i = 0; i < table->slot_count; i++)
        sum += table->slots[i].generation;
    return sum;
}

PROGRAM(sends_and_waits)
{
    uint32_t srv = guest_open("srv").cap_id, a = kit_memory(1).cap_id;
    struct ring_transfer_descriptor copied = COPY_OF(a);
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(srv, 1, "", 0), &copied, 1));
    reached = a;
    CHECK_EQ(ep_await(call).result, CAP_ERR_TRANSFER_ABORTED);
}

/* What cannot arrive uses up none of the receiver's slots. */
PROGRAM(revoked_wears_nothing)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0),
        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    reached = 0;
    struct kit_child child = kit_spawn("sends_and_waits", grants, 2);
    wait_for(1);
    EXPECT(ep_revoke(&child.manager, reached) == CAPOS_OK);
    uint32_t before = lives(1);
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    CHECK(ep_is_pending(recv));
    CHECK_EQ(lives(1), before);
    CHECK_EQ(kit_wait(&child), 0);
}

/* ---- pipes on their way ------------------------------------------------------------------------------------ */

/* Whose last hold goes while a copy waits in a queue is closed when the copy is undone, not before. */
PROGRAM(pipe_on_its_way)
{
    struct capos_client spawner = guest_open("process_spawner"), own = guest_open("ep");
    struct capos_process_spawner_create_pipe_results got = { 0 };
    EXPECT(capos_process_spawner_create_pipe(&spawner, &(struct capos_process_spawner_create_pipe_params){ .buffer_bytes = 4096 }, &got) == CAPOS_OK);
    struct capos_client reader = guest_take_cap(got.read_index), writer = guest_take_cap(got.write_index);
    struct ring_transfer_descriptor copied = COPY_OF(writer.cap_id);
    uint64_t call = ep_start(ep_with_caps(ep_call_sqe(own.cap_id, 1, "", 0), &copied, 1));
    CHECK_EQ(guest_release(writer.cap_id), 0);
    struct ring_sqe read = guest_call_sqe(reader.cap_id, CAPOS_PIPE_READ_METHOD,
                                          guest_encode(&capos_pipe_read_method, &(struct capos_pipe_read_params){ .max_len = 8 }));
    read.result_addr = GUEST_SPARE;
    read.result_len = 0x200;
    uint64_t reading = ep_start(read);
    CHECK(ep_is_pending(reading));
    CHECK_EQ(guest_release(own.cap_id), 0);
    CHECK_EQ(ep_await(call).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK(ep_await(reading).result > 0); /* the end of the stream */
}

#define SPAWNER { "process_spawner", NULL }
#define FRAMES { "frame_allocator", NULL }

static const struct sim_test tests[] = {
    { .name = "endpoint-thread-ends-with-server", .init = server_and_thread_end, .grants = { SPAWNER, THREAD_GRANTS }, .seeds = 2,
      .programs = { { "takes_one", takes_one } } },
    { .name = "transfer-receiver-without-pages", .init = receiver_pages, .grants = { SPAWNER, FRAMES }, .seeds = 2,
      .programs = { { "server_without_pages", server_without_pages } } },
    { .name = "transfer-caller-without-pages", .init = caller_pages, .grants = { { "ep", "endpoint" }, SPAWNER, FRAMES }, .seeds = 2,
      .programs = { { "client_without_pages", client_without_pages } } },
    { .name = "transfer-to-oneself-near-a-limit", .init = self_near_limit, .grants = { { "ep", "endpoint" }, FRAMES } },
    { .name = "transfer-pipe-undone", .init = pipe_on_its_way, .grants = { { "ep", "endpoint" }, SPAWNER } },
    { .name = "transfer-revoked-wears-no-slot", .init = revoked_wears_nothing, .grants = { { "ep", "endpoint" }, SPAWNER },
      .programs = { { "sends_and_waits", sends_and_waits } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
