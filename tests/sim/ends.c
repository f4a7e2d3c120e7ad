/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ends: a child killed at each of its steps while it has everything open that
 * a process can have open, a program that faults or exits at each of its
 * kernel entries, parents that go first, waits and kills that race.
 */
#include "abi/limits.h"
#include "tests/sim/kit.h"

static uint64_t pages_free(void)
{
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_memory_results memory;
    EXPECT(capos_system_monitor_memory(&monitor, NULL, &memory) == CAPOS_OK);
    return memory.free_frames;
}

static void sleep_ns(uint64_t ns)
{
    (void)guest_enter(1, ns);
}

static void submit_sleep(struct capos_client *timer, uint64_t ns)
{
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = ns });
    guest_submit(guest_call_sqe(timer->cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
}

/* ---- a child with many things open ------------------------------------------------------ */

PROGRAM(waits)
{
    while (guest_enter(1, CAP_ENTER_WAIT_FOREVER) != SYSCALL_REJECTED)
        continue;
}

PROGRAM(naps)
{
    (void)guest_enter(1, 500000);
}

/* Memory held, mapped, mapped and released; anonymous memory; sleeps pending; a grandchild awaited. */
PROGRAM(busy)
{
    struct capos_client vm = guest_open("virtual_memory"), timer = guest_open("timer");
    struct capos_client mapped = kit_memory(2);
    (void)kit_memory(3);
    uint64_t at = kit_map(&mapped, 2, 3);
    *kit_byte(at) = 9;
    CHECK_EQ(guest_release(mapped.cap_id), 0);
    struct capos_virtual_memory_map_results area;
    EXPECT(capos_virtual_memory_map(&vm, &(struct capos_virtual_memory_map_params){ .size = 5 * PAGE_SIZE, .prot = 3 }, &area) == CAPOS_OK);
    *kit_byte(area.addr + PAGE_SIZE) = 1;
    struct kit_child child = kit_spawn("naps", NULL, 0);
    guest_submit(guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0));
    submit_sleep(&timer, 300000);
    submit_sleep(&timer, 1ull << 40);
    for (int i = 0; i < 12; i++)
        guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    (void)guest_enter(0, 0);
    for (int i = 0; i < 20; i++)
        sim_pause();
    (void)guest_enter(16, 2000000);
}

static const struct capos_cap_grant busy_grants[] = {
    { .name = { "virtual_memory", 14 }, .interface_id = CAPOS_VIRTUAL_MEMORY_INTERFACE_ID, .has_source = true,
      .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY } },
    { .name = { "timer", 5 }, .interface_id = CAPOS_TIMER_INTERFACE_ID, .has_source = true,
      .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = CAPOS_KERNEL_CAP_SOURCE_TIMER } },
    { .name = { "frame_allocator", 15 }, .interface_id = CAPOS_FRAME_ALLOCATOR_INTERFACE_ID, .has_source = true,
      .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR } },
    { .name = { "process_spawner", 15 }, .interface_id = CAPOS_PROCESS_SPAWNER_INTERFACE_ID, .has_source = true,
      .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER } },
};
#define BUSY_GRANTS (sizeof busy_grants / sizeof busy_grants[0])

PROGRAM(kill_sweep)
{
    struct kit_child child = kit_spawn("busy", busy_grants, BUSY_GRANTS);
    CHECK_EQ(kit_wait(&child), 0); /* this process's own buffers have grown by now */
    kit_forget(&child);
    sleep_ns(2000000);
    uint64_t killed = 0, before = pages_free();
    for (uint64_t k = 0; k < 200; k++) {
        child = kit_spawn("busy", busy_grants, BUSY_GRANTS);
        sleep_ns(1 + k * 12000);
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
        int64_t code = kit_wait(&child);
        CHECK(code == EXIT_CODE_TERMINATED || code == 0);
        killed += code == EXIT_CODE_TERMINATED;
        kit_forget(&child);
        sleep_ns(2000000); /* for the grandchild's end */
        CHECK_EQ(pages_free(), before);
    }
    CHECK(killed > 50);
}

/* ---- ends chosen by a counter that the programs share (they are one host process) --------------- */

static int die_after, entries;
static enum { DIE_EXIT, DIE_FAULT, DIE_HOW_MANY } die_how;

static void maybe_die(void)
{
    if (entries++ != die_after)
        return;
    if (die_how == DIE_EXIT)
        guest_exit(33);
    sim_fault(0x1000 * (uint64_t)die_after, die_after % 2 == 0);
}

static void forget_completions(void)
{
    struct ring_cqe cqe;
    while (guest_take(&cqe))
        continue;
}

/* Between any two kernel entries of a call's life. */
PROGRAM(dies)
{
    struct capos_client timer = guest_open("timer"), vm = guest_open("virtual_memory");
    maybe_die();
    submit_sleep(&timer, 1ull << 49);
    maybe_die();
    (void)guest_enter(0, 0);
    maybe_die();
    struct capos_client memory = kit_memory(4);
    maybe_die();
    uint64_t at = kit_map(&memory, 4, 3);
    maybe_die();
    *kit_byte(at) = 1;
    submit_sleep(&timer, 1ull << 50);
    guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = memory.cap_id });
    maybe_die();
    (void)guest_enter(0, 0);
    maybe_die();
    guest_submit(guest_call_sqe(vm.cap_id, CAPOS_VIRTUAL_MEMORY_RESERVE_METHOD,
        guest_encode(&capos_virtual_memory_reserve_method, &(struct capos_virtual_memory_reserve_params){ .size = 1 << 20 })));
    (void)guest_enter(1, 1000000);
    maybe_die();
    forget_completions();
    struct kit_child child = kit_spawn("waits", NULL, 0);
    maybe_die();
    guest_submit(guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0));
    guest_submit(guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0));
    maybe_die();
    (void)guest_enter(0, 0);
    maybe_die();
}

PROGRAM(die_sweep)
{
    for (die_how = DIE_EXIT; die_how < DIE_HOW_MANY; die_how++) {
        for (die_after = 0; die_after < 12; die_after++) {
            entries = 0;
            struct kit_child child = kit_spawn("dies", busy_grants, BUSY_GRANTS);
            int64_t code = kit_wait(&child);
            bool natural = entries <= die_after;
            CHECK_EQ((uint64_t)code, (uint64_t)(natural ? 0 : die_how == DIE_EXIT ? 33 : EXIT_CODE_FAULT));
            kit_forget(&child);
        }
    }
}

/* ---- handles ------------------------------------------------------------------------------------- */

PROGRAM(returns_early)
{
    sim_pause();
}

/* A handle given back does not end the child, and its pending wait goes away with the waiter's own end. */
PROGRAM(parent_goes_first)
{
    struct kit_child child = kit_spawn("waits", NULL, 0), second = kit_spawn("waits", NULL, 0);
    guest_submit(guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0));
    (void)guest_enter(0, 0);
    CHECK_EQ(guest_release(second.handle.cap_id), 0);
    /* The handle whose wait is pending: the call keeps it alive, the id is gone. */
    CHECK_EQ(guest_release(child.handle.cap_id), 0);
    CHECK_EQ(guest_enter(1, 3000000), 0);
}

PROGRAM(grandparent)
{
    struct kit_child parent = kit_spawn("parent_goes_first", busy_grants, BUSY_GRANTS);
    EXPECT(kit_wait(&parent) == 0);
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_processes_results list;
    EXPECT(capos_system_monitor_processes(&monitor, &(struct capos_system_monitor_processes_params){ .max_records = 64 }, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.records), 3);
}

/* A wait whose handle is released still completes. */
PROGRAM(released_wait)
{
    struct kit_child child = kit_spawn("returns_early", NULL, 0);
    struct ring_sqe wait = guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0);
    wait.result_addr = GUEST_SPARE;
    wait.result_len = 64;
    guest_submit(wait);
    guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = child.handle.cap_id });
    guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = child.handle.cap_id });
    int32_t sum = 0;
    for (int i = 0; i < 3; i++)
        sum += guest_wait().result;
    CHECK_EQ((uint64_t)(int64_t)sum, (uint64_t)(24 + 0 + CAP_ERR_INVALID_REQUEST));
}

/* Four children, terminated and awaited in an order of the run's own; each ends once, with one of two codes. */
PROGRAM(races)
{
    struct kit_child children[4];
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 4; i++)
            children[i] = kit_spawn(sim_random() % 2 == 0 ? "returns_early" : "waits", NULL, 0);
        struct ring_sqe wait[4];
        uint64_t waiting[4];
        for (unsigned i = 0; i < 4; i++) {
            wait[i] = guest_call_sqe(children[i].handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0);
            wait[i].result_addr = GUEST_SPARE + 256 * i;
            wait[i].result_len = 256;
            waiting[i] = guest_submit(wait[i]);
            if (sim_random() % 2 == 0)
                sleep_ns(sim_random() % 60000);
            guest_submit(guest_call_sqe(children[i].handle.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0));
        }
        int waited = 0, terminated = 0;
        while (waited + terminated < 8) {
            struct ring_cqe cqe = guest_wait();
            bool is_wait = false;
            for (int i = 0; i < 4; i++)
                is_wait |= cqe.user_data == waiting[i];
            CHECK_EQ(cqe.result, is_wait ? 24 : 0);
            waited += is_wait;
            terminated += !is_wait;
        }
        for (int i = 0; i < 4; i++) {
            int64_t code = kit_wait(&children[i]);
            CHECK(code == 0 || code == EXIT_CODE_TERMINATED);
            CHECK_EQ((uint64_t)kit_wait(&children[i]), (uint64_t)code);
            kit_forget(&children[i]);
        }
    }
}

/* A child that spins on another CPU and one that ends by itself at the very moment. */
PROGRAM(spins)
{
    for (uint64_t i = 0; i < 1u << 20; i++)
        sim_pause();
}

static uint64_t now(struct capos_client *timer)
{
    struct capos_timer_now_results got = { 0 };
    EXPECT(capos_timer_now(timer, NULL, &got) == CAPOS_OK);
    return got.monotonic_ns;
}

PROGRAM(kill_spinners)
{
    struct capos_client timer = guest_open("timer");
    for (int i = 0; i < 20; i++) {
        struct kit_child child = kit_spawn("spins", NULL, 0);
        for (uint64_t n = sim_random() % 40; n > 0; n--)
            sim_pause();
        uint64_t since = now(&timer);
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
        EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
        EXPECT(kit_wait(&child) == EXIT_CODE_TERMINATED);
        CHECK(now(&timer) < since + 4000000); /* its CPU is told, it does not wait for the tick */
        kit_forget(&child);
    }
}

/* A child whose handle is gone ends without touching what took the handle's place. */
PROGRAM(released_handle)
{
    for (int i = 0; i < 20; i++) {
        struct kit_child child = kit_spawn("naps", NULL, 0);
        kit_forget(&child);
        struct capos_client objects[3];
        for (int n = 0; n < 3; n++)
            objects[n] = kit_memory(1);
        (void)guest_enter(1, 2000000);
        for (int n = 0; n < 3; n++) {
            struct capos_memory_object_info_results info;
            EXPECT(capos_memory_object_info(&objects[n], NULL, &info) == CAPOS_OK && info.page_count == 1);
            CHECK_EQ(guest_release(objects[n].cap_id), 0);
        }
    }
}

/* 63 children fill the table of processes; the next is refused, and one that ends makes room. */
PROGRAM(process_table)
{
    static struct kit_child children[64];
    struct kit_child extra;
    struct capos_client spawner = guest_open("process_spawner");
    for (int i = 0; i < 63; i++)
        children[i] = kit_spawn("waits", NULL, 0);
    CHECK_EQ(kit_try_spawn(&spawner, "waits", NULL, 0, &extra), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "process table full"));
    CHECK_EQ(capos_process_handle_terminate(&children[5].handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&children[5]), (uint64_t)EXIT_CODE_TERMINATED);
    CHECK_EQ(kit_try_spawn(&spawner, "waits", NULL, 0, &extra), CAPOS_OK);
    CHECK_EQ(kit_try_spawn(&spawner, "waits", NULL, 0, &children[5]), CAPOS_EXCEPTION);
}

#define BASIC { "process_spawner", NULL }, { "system_monitor", NULL }

static const struct sim_test tests[] = {
    { .name = "kill-sweep", .init = kill_sweep, .grants = { BASIC }, .programs = { { "busy", busy }, { "naps", naps } }, .seeds = 2 },
    { .name = "die-sweep", .init = die_sweep, .grants = { BASIC }, .programs = { { "dies", dies }, { "waits", waits } } },
    { .name = "parent-goes-first", .init = grandparent, .grants = { BASIC },
      .programs = { { "parent_goes_first", parent_goes_first }, { "waits", waits } } },
    { .name = "released-wait", .init = released_wait, .grants = { BASIC }, .programs = { { "returns_early", returns_early } }, .seeds = 5 },
    { .name = "wait-terminate-races", .init = races, .grants = { BASIC },
      .programs = { { "returns_early", returns_early }, { "waits", waits } }, .seeds = 10 },
    { .name = "released-handle", .init = released_handle, .grants = { BASIC, { "frame_allocator", NULL } }, .programs = { { "naps", naps } } },
    { .name = "kill-spinners", .init = kill_spinners, .grants = { BASIC, { "timer", NULL } }, .programs = { { "spins", spins } }, .seeds = 5 },
    { .name = "process-table", .init = process_table, .grants = { BASIC }, .programs = { { "waits", waits } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
