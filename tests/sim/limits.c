/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ceilings: message buffers and their ledger under a small profile, pending
 * calls, sleepers, children. The profile is put into the first process before
 * it runs, because no manifest field names one for it.
 */
#include "abi/limits.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

static struct resource_profile *first_profile(void)
{
    return &process_find(1)->profile;
}

static void small_scratch(void)
{
    first_profile()->ring_scratch = 4096;
    first_profile()->reply_scratch = 512;
}

static uint64_t used(const char *resource)
{
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_ledgers_results got;
    struct capos_ledger_record record;
    EXPECT(capos_system_monitor_ledgers(&monitor, &(struct capos_system_monitor_ledgers_params){ .pid = 1 }, &got) == CAPOS_OK);
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        CHECK_EQ(capos_ledger_record_list_get(&got.records, i, &record), CAPN_OK);
        if (capn_text_equal(record.resource, capn_text_of(resource)))
            return record.used;
    }
    harness_fail(__FILE__, __LINE__, resource);
}

static struct ring_sqe write_of(uint32_t len)
{
    struct ring_sqe sqe = guest_call_sqe(guest_open("console").cap_id, CAPOS_CONSOLE_WRITE_METHOD, 0);
    uint8_t *at = sim_user(GUEST_PARAMS, 4096, true);
    CHECK(at != NULL);
    /* A message that says it is shorter than the buffer: what follows it is ignored. */
    struct capos_console_write_params one = { .data = { (const uint8_t *)".", 1 } };
    (void)guest_encode(&capos_console_write_method, &one);
    sqe.len = len;
    sqe.result_len = 64;
    return sqe;
}

/* RP-01, 18.2 C5 and C6: refused before dispatch with -1, a long reply with an exception, and all works afterwards. */
PROGRAM(small_profile)
{
    struct capos_client package = guest_open("boot_package");
    CHECK_EQ(guest_run(write_of(4097)).result, CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(guest_run(write_of(4096)).result, 0);
    struct ring_sqe long_result = write_of(40);
    long_result.result_len = 4097;
    CHECK_EQ(guest_run(long_result).result, CAP_ERR_INVALID_REQUEST);
    struct capos_boot_package_read_manifest_params in = { .max_bytes = 600 };
    struct ring_sqe read = guest_call_sqe(package.cap_id, CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD,
                                          guest_encode(&capos_boot_package_read_manifest_method, &in));
    read.result_len = 4096;
    int32_t result = guest_run(read).result;
    CHECK(result == CAP_ERR_APPLICATION_EXCEPTION || (result > 0 && result <= 512)); /* a shorter read is an answer as well */
    in.max_bytes = 100;
    read.len = guest_encode(&capos_boot_package_read_manifest_method, &in);
    CHECK(guest_run(read).result > 100);
    CHECK_EQ(guest_run(write_of(40)).result, 0);
}

/* The reply that needs more than the reply scratch: its text names what it would need. */
PROGRAM(long_reply)
{
    struct capos_client source = guest_open("entropy_source");
    struct ring_sqe sqe = guest_call_sqe(source.cap_id, CAPOS_ENTROPY_SOURCE_FILL_METHOD,
        guest_encode(&capos_entropy_source_fill_method, &(struct capos_entropy_source_fill_params){ .bytes = 1000 }));
    sqe.result_len = 4096;
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION);
    struct capn_message message;
    struct capn_struct root;
    struct capn_text text;
    CHECK(capn_message_open(&message, sim_user(GUEST_RESULTS, 4096, false), 4096, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
          capn_root(&message, &root) == CAPN_OK && capn_get_text(&root, 0, &text) == CAPN_OK);
    CHECK(text.len > 31 && memcmp(text.bytes, "reply scratch capacity exceeded", 31) == 0 && capn_get_u16(&root, 0) == CAP_EXCEPTION_FAILED);
    sqe.result_len = 40; /* the exception does not fit: nothing is written */
    memset(sim_user(GUEST_RESULTS, 64, true), 0xee, 64);
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    CHECK_EQ(*(uint8_t *)sim_user(GUEST_RESULTS, 1, false), 0xee);
    sqe.len = guest_encode(&capos_entropy_source_fill_method, &(struct capos_entropy_source_fill_params){ .bytes = 256 });
    sqe.result_len = 512;
    CHECK(guest_run(sqe).result > 256);
}

/* SC-01, IN-18: grows with the largest request in steps of 8, never shrinks, and both buffers are charged. */
PROGRAM(scratch_ledger)
{
    uint64_t base = used("scratch bytes"), grown;
    CHECK(base > 0 && base % 8 == 0);
    CHECK_EQ(guest_run(write_of(12001)).result, 0);
    grown = used("scratch bytes");
    CHECK(grown > base && grown % 8 == 0 && grown >= 12008);
    CHECK_EQ(guest_run(write_of(100)).result, 0);
    CHECK_EQ(used("scratch bytes"), grown);
    CHECK_EQ(guest_run(write_of(12008)).result, 0);
    CHECK_EQ(used("scratch bytes"), grown); /* the rounding had made room */
    CHECK_EQ(guest_run(write_of(12009)).result, 0);
    CHECK_EQ(used("scratch bytes"), grown + 8);
}

/* The ledger's own ceiling, lowered: growth is refused as overloaded, what had been grown still serves. */
static void tiny_ledger(void)
{
    process_ledger(process_find(1))->pairs[CAP_RESOURCE_SCRATCH_BYTES].max = 4000;
}

PROGRAM(scratch_exhausted)
{
    CHECK_EQ(guest_run(write_of(200)).result, 0);
    struct ring_sqe large = write_of(5000);
    large.result_len = 256;
    CHECK_EQ(guest_run(large).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(guest_run(write_of(200)).result, 0);
    large.len = 200;
    large.result_len = 8000;
    CHECK_EQ(guest_run(large).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(guest_run(write_of(200)).result, 0);
}

static void many_sleepers(void)
{
    first_profile()->timer_waiters = 1000; /* so that the ledger of pending calls is what ends it */
}

/* OC-03, A17: 64 pending calls; the next is refused, and each end makes room. */
PROGRAM(pending_calls)
{
    struct capos_client timer = guest_open("timer");
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 1000000000 });
    struct ring_sqe sleep = guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len);
    for (int i = 0; i < 64; i++) {
        guest_submit(sleep);
        CHECK_EQ(guest_enter(0, 0), 0);
    }
    for (int i = 0; i < 3; i++)
        CHECK_EQ(guest_run(sleep).result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK_EQ(used("outstanding calls"), 64);
    /* All 64 end while only 32 find room; the others stay charged until they are posted. */
    CHECK_EQ(guest_enter(33, 2000000000), 32);
    CHECK_EQ(guest_enter(0, 0), 32);
    struct ring_cqe cqe;
    uint32_t count = 0;
    do {
        while (guest_take(&cqe)) {
            CHECK_EQ(cqe.result, 0);
            count++;
        }
    } while (guest_enter(0, 1) > 0 || (count < 64 && guest_enter(1, 2000000000) > 0));
    CHECK_EQ(count, 64);
    CHECK_EQ(used("outstanding calls"), 0);
}

static void three_children(void)
{
    first_profile()->process_limit = 3;
}

PROGRAM(idle)
{
    while (guest_enter(1, CAP_ENTER_WAIT_FOREVER) != SYSCALL_REJECTED)
        continue;
}

PROGRAM(process_limit)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child children[3], extra;
    for (int i = 0; i < 3; i++)
        children[i] = kit_spawn("idle", NULL, 0);
    CHECK_EQ(kit_try_spawn(&spawner, "idle", NULL, 0, &extra), CAPOS_EXCEPTION);
    CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_OVERLOADED);
    kit_forget(&children[0]); /* forgotten, but alive: it counts */
    CHECK_EQ(kit_try_spawn(&spawner, "idle", NULL, 0, &extra), CAPOS_EXCEPTION);
    CHECK_EQ(capos_process_handle_terminate(&children[1].handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&children[1]), (uint64_t)EXIT_CODE_TERMINATED);
    CHECK_EQ(kit_try_spawn(&spawner, "idle", NULL, 0, &extra), CAPOS_OK);
    CHECK_EQ(kit_try_spawn(&spawner, "idle", NULL, 0, &extra), CAPOS_EXCEPTION);
}

/* CT-07: a slot serves 256 lifetimes; the one that is used up is never given out again. */
PROGRAM(slot_lifetimes)
{
    uint32_t previous = 0;
    for (uint32_t i = 0; i < 600; i++) {
        struct capos_client memory = kit_memory(1);
        CHECK(i == 0 || memory.cap_id != previous);
        CHECK_EQ(memory.cap_id >> 24, i % 256);
        CHECK_EQ(guest_release(memory.cap_id), 0);
        CHECK_EQ(guest_release(memory.cap_id), CAP_ERR_INVALID_REQUEST);
        previous = memory.cap_id;
    }
}

static void refused_without_objects(void)
{
    struct capos_client allocator = { 0 }, spawner = guest_open("process_spawner");
    struct capos_cap_grant grant = TIMER_GRANT("timer");
    struct capos_process_spawner_create_pipe_params pipe = { .buffer_bytes = 1 };
    struct capos_process_spawner_create_pipe_results ends;
    struct kit_child child;
    CHECK(kit_try_memory(1, &allocator) == CAPOS_EXCEPTION &&
          guest_exception_is(&allocator, CAP_EXCEPTION_OVERLOADED, "failed to reserve MemoryObject cap slot"));
    CHECK(capos_process_spawner_create_pipe(&spawner, &pipe, &ends) == CAPOS_EXCEPTION &&
          guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "out of memory for a pipe"));
    CHECK(kit_try_spawn(&spawner, "idle", &grant, 1, &child) == CAPOS_EXCEPTION &&
          guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "out of kernel objects"));
    kit_ring_works();
}

/* The blocks of all objects in use: each refusal is in words and takes nothing, and everything works again afterwards. */
PROGRAM(no_objects)
{
    static struct object *taken[PROCESSES_MAX * OBJECTS_PER_PROCESS];
    struct capos_cap_grant grant = TIMER_GRANT("timer");
    uint32_t count = 0;
    while ((taken[count] = object_new(&null_ops)) != NULL)
        count++;
    CHECK(count + 10 > kernel.processes.capacity * OBJECTS_PER_PROCESS);
    refused_without_objects(); /* message buffers grow */
    uint64_t frames = frames_free_count();
    refused_without_objects();
    CHECK_EQ(frames_free_count(), frames);
    while (count > 0)
        object_drop(taken[--count]);
    CHECK_EQ(guest_release(kit_memory(1).cap_id), 0);
    struct kit_child child = kit_spawn("idle", &grant, 1);
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
}

static const struct sim_test tests[] = {
    { .name = "small-profile", .init = small_profile, .grants = { { "console", NULL }, { "boot_package", NULL } }, .after_boot = small_scratch },
    { .name = "long-reply", .init = long_reply, .grants = { { "entropy_source", NULL } }, .after_boot = small_scratch },
    { .name = "scratch-ledger", .init = scratch_ledger, .grants = { { "console", NULL }, { "system_monitor", NULL } } },
    { .name = "scratch-exhausted", .init = scratch_exhausted, .grants = { { "console", NULL } }, .after_boot = tiny_ledger },
    { .name = "pending-calls", .init = pending_calls, .grants = { { "timer", NULL }, { "system_monitor", NULL } }, .after_boot = many_sleepers },
    { .name = "process-limit", .init = process_limit, .grants = { { "process_spawner", NULL } }, .programs = { { "idle", idle } },
      .after_boot = three_children },
    { .name = "no-objects", .init = no_objects, .grants = { { "frame_allocator", NULL }, { "process_spawner", NULL } },
      .programs = { { "idle", idle } } },
    { .name = "slot-lifetimes", .init = slot_lifetimes, .grants = { { "frame_allocator", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
