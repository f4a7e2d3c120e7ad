/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads that are woken while somebody else is taken apart, threads that
 * outlive what they wait for, and what a program holds on to by sending it.
 */
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"
#include "tests/sim/thread_kit.h"

/* Told by one program to the others; all share the host's memory. */
static uint32_t reached;

static void wait_for(uint32_t mark)
{
    while (reached < mark)
        sim_pause();
}

/* ---- a delivery while a process is taken apart --------------------------------------- */

/* Fills what may be in flight, then waits for more. */
PROGRAM(full_server)
{
    uint32_t own = guest_open("own").cap_id;
    for (int i = 0; i < 16; i++)
        (void)ep_recv(own);
    reached = 1;
    (void)ep_recv(own);
    reached = 3;
    for (;;)
        sim_pause();
}

PROGRAM(doomed)
{
    (void)ep_start_call(guest_open("ep").cap_id, 1, "doomed");
    wait_for(2);
}

static bool is_blocked(uint32_t pid)
{
    const struct process *process = process_find(pid);
    return process != NULL && process->threads->state == THREAD_BLOCKED;
}

/* What a CPU hands over is queued before it runs anything else: nobody else's CPU would know of it. */
static void nothing_is_in_hand(void)
{
    for (uint32_t cpu = 0; cpu < MACHINE_CPUS_MAX; cpu++)
        CHECK(kernel.cpus[cpu].handed == NULL);
}

/* The end of a caller makes room in flight, so the next call goes to a server that waits; then the server is killed. */
PROGRAM(woken_at_reap)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT("own") };
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("server"), .binary_name = capn_text_of("full_server"),
                                                     .grants = capn_list_over(grants, 1, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct kit_child server = { guest_take_cap(0), guest_take_cap(1) };
    struct capos_client facet = guest_take_cap(2);
    struct kit_child doomed_child = kit_spawn("doomed", (struct capos_cap_grant[]){ FACET("ep", facet, UINT64_MAX) }, 1);
    while (kernel.processes.live[2]->calls.records[0].state == CALL_FREE)
        sim_pause();
    for (int i = 0; i < 16; i++)
        (void)ep_start_call(facet.cap_id, 1, "x");
    while (reached < 1 || !is_blocked(2))
        sim_pause();
    reached = 2;
    while (process_find(3) != NULL && process_find(3)->state == PROCESS_LIVE)
        sim_pause();
    while (is_blocked(2))
        sim_pause();
    nothing_is_in_hand();
    CHECK_EQ(ep_run(guest_call_sqe(server.handle.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0)).result, 0);
    CHECK(ep_run(guest_call_sqe(server.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0)).result > 0);
    CHECK(ep_run(guest_call_sqe(doomed_child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0)).result > 0);
}

/* ---- a thread that joins itself ------------------------------------------------------------ */

static uint32_t own_handle;

/* Its call is the last to hold its own handle, and ends with it. */
THREAD(joins_itself)
{
    (void)arg;
    wait_for(1);
    uint32_t len = guest_encode(&capos_thread_handle_join_method, NULL);
    (void)ep_start(guest_call_sqe(own_handle, CAPOS_THREAD_HANDLE_JOIN_METHOD, len));
    CHECK_EQ(guest_release(own_handle), 0);
    reached = 2;
}

PROGRAM(self_join)
{
    kit_map_thread_area();
    own_handle = kit_thread(joins_itself, 0).cap_id;
    uint32_t objects = object_live_count();
    reached = 1;
    wait_for(2);
    while (process_find(1)->thread_count > 1)
        sim_pause();
    CHECK_EQ(object_live_count(), objects - 1);
    kit_ring_works();
}

/* ---- a thread whose handle goes first --------------------------------------------------- */

THREAD(ends_when_told)
{
    wait_for((uint32_t)arg);
}

/* Its end is told to nobody, not to the handle that has taken the place of its own. */
PROGRAM(let_go)
{
    kit_map_thread_area();
    struct capos_client first = kit_thread(ends_when_told, 1);
    CHECK_EQ(guest_release(first.cap_id), 0);
    struct capos_client second = kit_thread(ends_when_told, 2);
    struct capos_thread_handle_exit_code_results got = { .exited = true };
    reached = 1;
    while (process_find(1)->thread_count > 2)
        sim_pause();
    EXPECT(capos_thread_handle_exit_code(&second, NULL, &got) == CAPOS_OK);
    CHECK(!got.exited);
    reached = 2;
    CHECK_EQ(kit_join(&second), 0);
}

/* ---- a thread without a slot for its handle ---------------------------------------------- */

THREAD(never_runs)
{
    (void)arg;
    reached = 1;
}

/* What is refused has not begun. */
PROGRAM(no_slot)
{
    struct capos_client frames = guest_open("frame_allocator"), spawner = guest_open("thread_spawner"), none;
    struct capos_frame_allocator_alloc_frame_results got;
    kit_map_thread_area();
    while (capos_frame_allocator_alloc_frame(&frames, NULL, &got) == CAPOS_OK)
        (void)guest_take_cap(got.handle_index);
    CHECK_EQ(kit_try_thread(&spawner, never_runs, 0, &none), CAPOS_EXCEPTION);
    for (int i = 0; i < 1000; i++)
        sim_pause();
    CHECK(reached == 0 && process_find(1)->thread_count == 1);
}

/* ---- memory on its way ------------------------------------------------------------------------- */

/* A program may send away copies of what it holds, but not hold more memory than it may have by leaving it in a queue. */
PROGRAM(parked_in_a_queue)
{
    uint32_t own = guest_open("ep").cap_id;
    const struct cap_ledger_pair *grants = &process_find(1)->table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES];
    uint64_t before = frames_free_count(), used = grants->used;
    uint64_t sent[8];
    for (int i = 0; i < 8; i++) {
        struct capos_client memory = kit_memory(64);
        struct ring_transfer_descriptor copy = COPY_OF(memory.cap_id);
        sent[i] = ep_start(ep_with_caps(ep_call_sqe(own, 1, "", 0), &copy, 1));
        CHECK_EQ(guest_release(memory.cap_id), 0);
    }
    CHECK(before - frames_free_count() >= 512);
    CHECK_EQ(grants->used - used, 512);
    struct ring_cqe got = ep_recv(own);
    CHECK_EQ(got.cap_count, 1);
    CHECK_EQ(grants->used - used, 512);
    CHECK_EQ(guest_release(ep_record(RECV_BUFFER, &got, 0).cap_id), 0);
    CHECK_EQ(grants->used - used, 448);
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = own }).result, 0);
    for (int i = 0; i < 8; i++)
        CHECK_EQ(ep_await(sent[i]).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(grants->used, used);
    CHECK(before - frames_free_count() < 64);
}

/* ---- a chain of threads ---------------------------------------------------------------------------- */

static uint64_t links, links_at_start, turns;

/* Works for most of a quantum, then leaves it to a successor. */
THREAD(chain_link)
{
    uint64_t start = machine_now_ns();
    if (arg == 0)
        return;
    while (machine_now_ns() - start < SCHED_TICK_NS / 2)
        sim_pause();
    struct capos_client next = kit_thread(chain_link, reached < 2);
    CHECK_EQ(guest_release(next.cap_id), 0);
    links++;
}

PROGRAM(bystander)
{
    reached = 1;
    for (links_at_start = links; links < links_at_start + 100;) {
        turns++;
        sim_pause();
    }
}

/* One runnable thread at a time is one share, however often it is a new one. */
PROGRAM(chains)
{
    kit_map_thread_area();
    struct kit_child child = kit_spawn("bystander", NULL, 0);
    struct capos_client first = kit_thread(chain_link, 1);
    CHECK_EQ(guest_release(first.cap_id), 0);
    (void)kit_wait(&child);
    reached = 2;
    while (process_find(1)->thread_count > 1)
        sim_pause();
}

static const struct sim_test tests[] = {
    { .name = "woken-at-reap", .init = woken_at_reap, .grants = { { "process_spawner", NULL } }, .seeds = 20,
      .programs = { { "full_server", full_server }, { "doomed", doomed } } },
    { .name = "self-join", .init = self_join, .grants = { THREAD_GRANTS } },
    { .name = "let-go-thread", .init = let_go, .grants = { THREAD_GRANTS } },
    { .name = "thread-without-slot", .init = no_slot, .grants = { THREAD_GRANTS, { "frame_allocator", NULL } } },
    { .name = "parked-in-a-queue", .init = parked_in_a_queue, .grants = { { "ep", "endpoint" }, { "frame_allocator", NULL } } },
    { .name = "chains", .init = chains, .grants = { THREAD_GRANTS, { "process_spawner", NULL } },
      .programs = { { "bystander", bystander } }, .only_cpus = 1 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
