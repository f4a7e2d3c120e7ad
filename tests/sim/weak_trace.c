/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Trace events say what happened (docs/trace-events.md): one of each kind that a program can cause, with both values. */
#include "core/cap/table.h"
#include "kernel/proc/process.h"
#include "kernel/state.h"
#include "kernel/trace.h"
#include "tests/sim/thread_kit.h"

#define WORD (GUEST_SPARE + 0)
#define ANY UINT64_MAX

static uint64_t since; /* the first event that counts */

static void begin(void)
{
    since = kernel.trace.next_sequence;
}

/* How many events of `id` with these values; ANY fits everything. */
static uint32_t count(enum trace_id id, uint64_t a, uint64_t b)
{
    uint32_t found = 0;
    struct trace_record record;
    for (uint64_t at = since; at < kernel.trace.next_sequence; at++) {
        CHECK(trace_read(at, &record) && record.sequence == at && record.cpu < machine_cpu_count());
        found += record.id == id && (a == ANY || record.a == a) && (b == ANY || record.b == b);
    }
    return found;
}

static uint64_t object_of(uint32_t cap_id)
{
    const struct cap_slot *slot;
    CHECK_EQ(cap_table_lookup_raw(&process_find(1)->table, cap_id, &slot), CAP_OK);
    return slot->hold.object_id;
}

static void entries_and_calls(void)
{
    struct capos_client timer = guest_open("timer");
    struct ring_sqe sqe = guest_call_sqe(timer.cap_id, CAPOS_TIMER_NOW_METHOD, guest_encode(&capos_timer_now_method, NULL));
    sqe.user_data = 4711;
    begin();
    int32_t result = guest_run(sqe).result;
    CHECK(result >= 0);
    CHECK_EQ(count(TRACE_SQE_CONSUMED, RING_OP_CALL | CAPOS_TIMER_NOW_METHOD << 16, 4711), 1);
    CHECK_EQ(count(TRACE_CQE_POSTED, (uint64_t)result, 4711), 1);
    CHECK_EQ(count(TRACE_SYSCALL_ENTER, 1, SYSCALL_CAP_ENTER), 1);
    CHECK_EQ(count(TRACE_SYSCALL_EXIT, 1, ANY), 1);
    struct capos_timer_sleep_params in = { .duration_ns = 1000000 };
    sqe = guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &in));
    sqe.user_data = 4712;
    begin();
    result = guest_run(sqe).result;
    CHECK(result >= 0);
    CHECK_EQ(count(TRACE_CALL_PEND, object_of(timer.cap_id), 4712), 1);
    CHECK_EQ(count(TRACE_BLOCK, 1, ANY), 1);
    CHECK_EQ(count(TRACE_WAKE, 1, ANY), 1);
    CHECK_EQ(count(TRACE_CALL_FINISH, object_of(timer.cap_id), (uint64_t)result), 1);
    CHECK_EQ(count(TRACE_CQE_POSTED, (uint64_t)result, 4712), 1);
    CHECK_EQ(count(TRACE_SYSCALL_EXIT, 1, 1), 1); /* one completion is there */
    CHECK(count(TRACE_SWITCH, 0, 0) > 0 && count(TRACE_SWITCH, 1, 1) > 0);
}

static void capabilities_and_frames(void)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    begin();
    CHECK_EQ(capos_frame_allocator_alloc_contiguous(
                 &allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 3 }, &got), CAPOS_OK);
    struct capos_client object = guest_take_cap(got.handle_index);
    uint64_t id = object_of(object.cap_id);
    CHECK_EQ(count(TRACE_CAP_INSERT, object.cap_id, id), 1);
    CHECK_EQ(count(TRACE_FRAME_ALLOC, ANY, 3 | (uint64_t)FRAME_OBJECT << 32), 1);
    begin();
    CHECK_EQ(guest_release(object.cap_id), 0);
    CHECK_EQ(count(TRACE_CAP_REMOVE, object.cap_id, id), 1);
    CHECK_EQ(count(TRACE_FRAME_FREE, ANY, 1 | (uint64_t)FRAME_OBJECT << 32), 3);
}

THREAD(waits)
{
    (void)arg;
    CHECK_EQ(kit_park(WORD, 0, UINT64_MAX), 0);
    kit_exit_thread(7);
}

static void threads_and_words(void)
{
    begin();
    struct capos_client handle = kit_thread(waits, 0);
    while (kernel.parks.count != 1)
        sim_pause();
    CHECK_EQ(kit_unpark(WORD, 5), 1);
    CHECK_EQ(kit_join(&handle), 7);
    struct trace_record record = { 0 };
    for (uint64_t at = since; record.id != TRACE_THREAD_START; at++)
        CHECK(trace_read(at, &record));
    CHECK(record.a != 1 && record.b == 1);
    CHECK_EQ(count(TRACE_PARK, record.a, WORD), 1);
    CHECK_EQ(count(TRACE_UNPARK, WORD, 1), 1);
    CHECK_EQ(count(TRACE_WAKE, record.a, ANY), 1);
    CHECK_EQ(count(TRACE_THREAD_END, record.a, 7), 1);
}

PROGRAM(faults)
{
    sim_fault(0x77000, false);
}

static void processes(void)
{
    begin();
    struct kit_child child = kit_spawn("faults", NULL, 0);
    CHECK_EQ(kit_wait(&child), EXIT_CODE_FAULT);
    CHECK_EQ(count(TRACE_SPAWN, 2, 1), 1);
    CHECK_EQ(count(TRACE_FAULT, 2, 0x77000), 1);
    CHECK_EQ(count(TRACE_EXIT, 2, (uint64_t)(int64_t)EXIT_CODE_FAULT), 1);
    struct trace_record record = { 0 };
    for (uint64_t at = since; record.id != TRACE_FAULT; at++)
        CHECK(trace_read(at, &record));
    CHECK_EQ(record.pid, 2); /* who runs there */
}

PROGRAM(traced)
{
    kit_map_thread_area();
    entries_and_calls();
    capabilities_and_frames();
    threads_and_words();
    processes();
    struct trace_record record;
    CHECK(!trace_read(0, &record) && !trace_read(kernel.trace.next_sequence, &record));
}

static const struct sim_test tests[] = {
    { .name = "trace-events", .init = traced,
      .grants = { { "timer", NULL }, { "frame_allocator", NULL }, { "park_space", NULL }, { "process_spawner", NULL }, THREAD_GRANTS },
      .programs = { { "faults", faults } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
