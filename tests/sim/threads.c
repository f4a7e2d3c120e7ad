/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads: how they start, their limits, joining, the ways they end, what
 * happens to what they have under way, and ends of the process under them.
 */
#include "kernel/state.h"
#include "tests/sim/thread_kit.h"

#define DONE (GUEST_SPARE + 0)    /* words of the programs */
#define READY (GUEST_SPARE + 4)
#define RING_OF(slot) (USER_RING_BASE + (slot) * USER_RING_STRIDE)

static const struct thread *record_of(uint32_t pid, uint32_t tid)
{
    const struct thread *thread = process_find(pid)->threads;
    while (thread != NULL && thread->tid != tid)
        thread = thread->next_in_process;
    return thread;
}

static bool has_exited(struct capos_client *handle, int64_t *code)
{
    struct capos_thread_handle_exit_code_results got = { .exit_code = THREAD_NO_CODE };
    EXPECT(capos_thread_handle_exit_code(handle, NULL, &got) == CAPOS_OK);
    *code = got.exit_code;
    return got.exited;
}

static uint64_t fs_base(void)
{
    struct capos_client control = guest_open("thread_control");
    struct capos_thread_control_get_fs_base_results got = { .fs_base = 1 };
    EXPECT(capos_thread_control_get_fs_base(&control, NULL, &got) == CAPOS_OK);
    return got.fs_base;
}

static void wait_until(uint64_t va, uint32_t value)
{
    while (*kit_word(va) != value)
        sim_pause();
}

/* ---- start --------------------------------------------------------------------------- */

static int64_t looks_around(uint64_t arg, uint64_t tid, uint64_t ring)
{
    struct guest guest;
    CHECK_EQ(arg, 0xfedcba9876543210);
    CHECK_EQ(tid, 2);
    CHECK_EQ(ring, RING_OF(1));
    guest_thread_start(&guest, tid, ring);
    const struct ring_header *h = &guest.page->header;
    CHECK(h->sq_entries == 16 && h->cq_entries == 32 && h->sq_head == 0 && h->cq_tail == 0);
    CHECK_EQ(fs_base(), 0x123456789);
    CHECK_EQ(record_of(1, 2)->context.stack, 0x2ffffe8);
    kit_ring_works();
    kit_exit_thread(-77);
}

PROGRAM(start_registers)
{
    kit_map_thread_area();
    struct capos_client spawner = guest_open("thread_spawner");
    struct capos_thread_spawner_create_results got;
    struct capos_thread_spawner_create_params in = { .entry = sim_entry(looks_around), .stack_top = 0x2ffffff,
                                                     .arg = 0xfedcba9876543210, .fs_base = 0x123456789 };
    EXPECT(capos_thread_spawner_create(&spawner, &in, &got) == CAPOS_OK);
    CHECK_EQ(got.handle_index, 0);
    struct capos_client handle = guest_take_cap(0);
    CHECK_EQ(handle.interface_id, CAPOS_THREAD_HANDLE_INTERFACE_ID);
    CHECK_EQ(fs_base(), 0);
    struct capos_thread_handle_join_results end;
    for (int i = 0; i < 2; i++) {
        EXPECT(capos_thread_handle_join(&handle, NULL, &end) == CAPOS_OK);
        CHECK_EQ((uint64_t)end.exit_code, (uint64_t)-77);
    }
    int64_t code;
    CHECK(has_exited(&handle, &code) && code == -77);
    CHECK(sim_user(RING_OF(1), 1, false) == NULL);
    CHECK_EQ(guest_release(handle.cap_id), 0);
}

static enum capos_status create_with(struct capos_client *spawner, struct capos_thread_spawner_create_params in)
{
    struct capos_thread_spawner_create_results got;
    return capos_thread_spawner_create(spawner, &in, &got);
}

PROGRAM(refused_starts)
{
    struct capos_client spawner = guest_open("thread_spawner"), control = guest_open("thread_control");
    const struct capos_thread_spawner_create_params bad[] = {
        { .entry = USER_HALF_LIMIT }, { .entry = UINT64_MAX }, { .stack_top = USER_HALF_LIMIT },
        { .fs_base = USER_HALF_LIMIT }, { .fs_base = 0xffff800000000000 }, { .flags = 1 }, { .flags = 1ull << 63 },
    };
    uint64_t pages = process_find(1)->table.ledger.pairs[CAP_RESOURCE_IMAGE_PAGES].used;
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CHECK_EQ(create_with(&spawner, bad[i]), CAPOS_EXCEPTION);
        CHECK_EQ(spawner.exception.type, CAP_EXCEPTION_INVALID_ARGUMENT);
    }
    const uint64_t bases[] = { USER_HALF_LIMIT, 0x8000000000000000, UINT64_MAX };
    for (uint32_t i = 0; i < 3; i++) {
        struct capos_thread_control_set_fs_base_params in = { .fs_base = bases[i] };
        CHECK_EQ(capos_thread_control_set_fs_base(&control, &in, NULL), CAPOS_EXCEPTION);
        CHECK_EQ(control.exception.type, CAP_EXCEPTION_INVALID_ARGUMENT);
    }
    CHECK_EQ(fs_base(), 0);
    struct capos_thread_control_set_fs_base_params in = { .fs_base = USER_HALF_LIMIT - 8 };
    CHECK_EQ(capos_thread_control_set_fs_base(&control, &in, NULL), CAPOS_OK);
    CHECK_EQ(fs_base(), USER_HALF_LIMIT - 8);
    /* A reply that does not fit starts nothing. */
    struct capos_thread_spawner_create_params good = { .entry = sim_entry(looks_around) };
    struct ring_sqe small = guest_call_sqe(spawner.cap_id, CAPOS_THREAD_SPAWNER_CREATE_METHOD,
                                           guest_encode(&capos_thread_spawner_create_method, &good));
    small.result_len = 39;
    CHECK_EQ(guest_run(small).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    CHECK_EQ(process_find(1)->thread_count, 1);
    CHECK_EQ(process_find(1)->table.ledger.pairs[CAP_RESOURCE_IMAGE_PAGES].used, pages);
}

/* ---- limits ---------------------------------------------------------------------------- */

THREAD(waits_for_word)
{
    wait_until(DONE, (uint32_t)arg);
}

THREAD(sleeps_for_ever)
{
    (void)arg;
    *kit_word(READY) += 1;
    while (guest_enter(1, CAP_ENTER_WAIT_FOREVER) <= RING_CQ_ENTRIES)
        continue;
}

PROGRAM(thread_limit)
{
    struct capos_client spawner = guest_open("thread_spawner"), threads[16];
    kit_map_thread_area();
    for (uint32_t i = 1; i < 16; i++)
        threads[i] = kit_thread(i == 7 ? waits_for_word : sleeps_for_ever, 1);
    CHECK(sim_user(RING_OF(15), PAGE_SIZE, true) != NULL);
    for (int round = 0; round < 3; round++) {
        CHECK_EQ(kit_try_thread(&spawner, sleeps_for_ever, 0, &threads[0]), CAPOS_EXCEPTION);
        CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "thread limit reached"));
    }
    *kit_word(DONE) = 1;
    CHECK_EQ(kit_join(&threads[7]), 0);
    CHECK(sim_user(RING_OF(7), 1, false) == NULL);
    *kit_word(DONE) = 0;
    kit_thread(sleeps_for_ever, 0);
    CHECK_EQ(record_of(1, 17)->ring_slot, 7); /* the slot is used again, the id is not */
    CHECK(sim_user(RING_OF(7), PAGE_SIZE, true) != NULL);
    CHECK_EQ(kit_try_thread(&spawner, sleeps_for_ever, 0, &threads[0]), CAPOS_EXCEPTION);
}

PROGRAM(small_limit)
{
    struct capos_client spawner = guest_open("thread_spawner"), thread;
    kit_map_thread_area();
    CHECK_EQ(kit_try_thread(&spawner, sleeps_for_ever, 0, &thread), CAPOS_OK);
    CHECK_EQ(kit_try_thread(&spawner, sleeps_for_ever, 0, &thread), CAPOS_OK);
    CHECK_EQ(kit_try_thread(&spawner, sleeps_for_ever, 0, &thread), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&spawner, CAP_EXCEPTION_OVERLOADED, "thread limit reached"));
}

static void limit_to_three(void)
{
    process_find(1)->profile.threads = 3;
}

/* Whatever others hold, a process gets its sixteen. */
PROGRAM(takes_all)
{
    for (uint32_t i = 1; i < 16; i++)
        kit_thread(sleeps_for_ever, 0);
    guest_enter(1, CAP_ENTER_WAIT_FOREVER);
}

PROGRAM(everybody_takes_all)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[] = {
        KERNEL("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
        KERNEL("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),
        KERNEL("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID),
    };
    struct kit_child child;
    uint32_t children = 0;
    while (kit_try_spawn(&spawner, "takes-all", grants, 3, &child) == CAPOS_OK)
        children++;
    CHECK_EQ(children, kernel.processes.capacity - 1);
    while (kernel.processes.threads.in_use < children * 16 + 1)
        sim_pause();
    for (uint32_t i = 1; i < 16; i++)
        kit_thread(sleeps_for_ever, 0);
    CHECK_EQ(kernel.processes.threads.in_use, kernel.processes.capacity * THREADS_PER_PROCESS_MAX);
}

/* ---- joining ----------------------------------------------------------------------------- */

PROGRAM(joins)
{
    kit_map_thread_area();
    struct capos_client thread = kit_thread(waits_for_word, 5);
    int64_t code;
    CHECK(!has_exited(&thread, &code) && code == 0);
    struct ring_sqe join = guest_call_sqe(thread.cap_id, CAPOS_THREAD_HANDLE_JOIN_METHOD, 0);
    join.result_addr = GUEST_SPARE + 64;
    join.result_len = 64;
    uint64_t first = guest_submit(join);
    struct capos_thread_handle_join_results got;
    CHECK_EQ(capos_thread_handle_join(&thread, NULL, &got), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&thread, CAP_EXCEPTION_OVERLOADED, "thread join already registered"));
    CHECK_EQ(guest_release(thread.cap_id), 0); /* the join under way still gets its answer */
    *kit_word(DONE) = 5;
    struct ring_cqe cqe = guest_wait();
    CHECK(cqe.user_data == first && cqe.result == 24);
    /* Detached before its end, and after it. */
    for (uint32_t i = 0; i < 2; i++) {
        *kit_word(DONE) = 0;
        thread = kit_thread(waits_for_word, 6);
        if (i == 0)
            CHECK_EQ(guest_release(thread.cap_id), 0);
        *kit_word(DONE) = 6;
        while (process_find(1)->thread_count > 1)
            sim_pause();
        if (i == 1)
            CHECK_EQ(guest_release(thread.cap_id), 0);
    }
}

THREAD(joins_itself)
{
    wait_until(DONE, 1);
    guest_submit(guest_call_sqe(*kit_word(arg), CAPOS_THREAD_HANDLE_JOIN_METHOD, 0));
    guest_enter(0, 0);
    EXPECT(process_find(1)->table.ledger.pairs[CAP_RESOURCE_OUTSTANDING_CALLS].used == 2);
}

THREAD(joins_another)
{
    struct capos_thread_handle_join_results got = { 0 };
    struct capos_client other = { .cap_id = (uint32_t)arg, .interface_id = CAPOS_THREAD_HANDLE_INTERFACE_ID };
    *kit_word(READY) = 1;
    EXPECT(capos_thread_handle_join(&other, NULL, &got) == CAPOS_OK);
    CHECK_EQ((uint64_t)got.exit_code, 0);
}

PROGRAM(joins_among_threads)
{
    kit_map_thread_area();
    struct capos_client self = kit_thread(joins_itself, READY + 4);
    struct capos_client idle = kit_thread(waits_for_word, 2), other = kit_thread(joins_another, idle.cap_id);
    *kit_word(READY + 4) = self.cap_id;
    while (process_find(1)->table.ledger.pairs[CAP_RESOURCE_OUTSTANDING_CALLS].used != 1)
        sim_pause();
    *kit_word(DONE) = 1;
    int64_t code;
    while (!has_exited(&self, &code))
        sim_pause();
    CHECK_EQ(code, 0); /* its own join went with it */
    *kit_word(DONE) = 2;
    CHECK_EQ(kit_join(&other), 0);
}

/* ---- ends ------------------------------------------------------------------------------------ */

THREAD(leaves_work_behind)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_sleep_params in = { .duration_ns = arg };
    for (int i = 0; i < 3; i++) {
        uint32_t len = guest_encode(&capos_timer_sleep_method, &in);
        guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
        guest_enter(0, 0);
    }
    EXPECT(process_find(1)->sleepers == 3);
    struct ring_header *h = &((struct guest *)*sim_local())->page->header;
    uint32_t consumed = h->sq_head, posted = h->cq_tail;
    struct capos_client control = guest_open("thread_control");
    struct capos_thread_control_exit_thread_params end = { .code = 9 };
    guest_submit(guest_call_sqe(control.cap_id, CAPOS_THREAD_CONTROL_EXIT_THREAD_METHOD,
                                guest_encode(&capos_thread_control_exit_thread_method, &end)));
    guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = timer.cap_id });
    CHECK(consumed == 3 && posted == 0);
    guest_enter(0, 0);
    harness_expect(__FILE__, __LINE__, "exitThread returned");
}

PROGRAM(work_left_behind)
{
    kit_map_thread_area();
    struct capos_client thread = kit_thread(leaves_work_behind, 1000000000);
    CHECK_EQ(kit_join(&thread), 9);
    CHECK_EQ(process_find(1)->sleepers, 0);
    CHECK_EQ(process_find(1)->table.ledger.pairs[CAP_RESOURCE_OUTSTANDING_CALLS].used, 0);
    CHECK(kit_is_held(guest_find("timer")->cap_id)); /* what stood behind exitThread was not consumed */
}

THREAD(is_the_last)
{
    (void)arg;
    while (process_find(1)->thread_count > 1)
        sim_pause();
    kit_exit_thread(44);
}

PROGRAM(first_thread_leaves)
{
    kit_map_thread_area();
    kit_thread(is_the_last, 0);
    kit_exit_thread(3);
}

PROGRAM(only_thread_leaves)
{
    kit_exit_thread(45);
}

THREAD(leaves_at_once)
{
    while (arg-- > 0)
        sim_pause();
}

PROGRAM(all_leave)
{
    kit_map_thread_area();
    for (uint64_t i = 0; i < 10; i++)
        kit_thread(leaves_at_once, sim_random() % 20);
    for (uint64_t i = sim_random() % 20; i > 0; i--)
        sim_pause();
    kit_exit_thread(0);
}

THREAD(spins)
{
    while (arg == 0)
        sim_pause();
}

THREAD(faults)
{
    wait_until(DONE, 1);
    sim_fault(arg, true);
}

static void fill_with_threads(void)
{
    kit_map_thread_area();
    struct capos_client spinner = kit_thread(spins, 0);
    kit_thread(sleeps_for_ever, 0);
    kit_thread(joins_another, spinner.cap_id);
    for (int i = 0; i < 20; i++)
        sim_pause();
}

PROGRAM(exit_ends_all)
{
    fill_with_threads();
    kit_thread(spins, 0);
    guest_exit(21);
}

PROGRAM(fault_ends_all)
{
    fill_with_threads();
    kit_thread(faults, 0xbad000);
    *kit_word(DONE) = 1;
    for (;;)
        sim_pause();
}

PROGRAM(terminated)
{
    fill_with_threads();
    for (;;)
        sim_pause();
}

PROGRAM(terminates)
{
    struct capos_cap_grant grants[] = {
        KERNEL("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
        KERNEL("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),
        KERNEL("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID),
    };
    struct kit_child child = kit_spawn("terminated", grants, 3);
    for (uint64_t i = sim_random() % 200; i > 0; i--)
        sim_pause();
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
}

/* ---- thread-owned entries ------------------------------------------------------------------------ */

THREAD(owns_entries)
{
    struct capos_client timer = guest_open("timer");
    uint32_t tid = (uint32_t)((struct guest *)*sim_local())->pid;
    struct ring_sqe call = guest_call_sqe(timer.cap_id, CAPOS_TIMER_NOW_METHOD, 0);
    call.flags = SQE_FLAG_THREAD_OWNED;
    call.call_id = tid;
    CHECK_EQ(guest_run(call).result, 32);
    const uint32_t others[] = { 1, tid + 1, UINT32_MAX };
    for (uint32_t i = 0; i < 3; i++) {
        call.call_id = others[i];
        guest_submit(call);
        CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), CAP_ENTER_THREAD_OWNED_HEAD);
        CHECK_EQ(guest_enter(0, 0), CAP_ENTER_THREAD_OWNED_HEAD);
        struct ring_page *page = ((struct guest *)*sim_local())->page;
        page->sqes[page->header.sq_head & RING_SQ_MASK].call_id = tid; /* taken back */
        CHECK_EQ(guest_wait().result, 32);
    }
    CHECK_EQ(arg, 0);
}

PROGRAM(thread_owned)
{
    kit_map_thread_area();
    struct capos_client thread = kit_thread(owns_entries, 0);
    CHECK_EQ(kit_join(&thread), 0);
}

/* ---- many -------------------------------------------------------------------------------------------- */

THREAD(works)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_now_results now;
    for (uint64_t i = 0; i < arg % 5; i++) {
        EXPECT(capos_timer_now(&timer, NULL, &now) == CAPOS_OK);
        sim_pause();
    }
    kit_exit_thread((int64_t)arg);
}

PROGRAM(thousands)
{
    struct capos_client threads[15];
    kit_map_thread_area();
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t count = 1 + (uint32_t)(sim_random() % 15);
        for (uint32_t t = 0; t < count; t++)
            threads[t] = kit_thread(works, i * 100 + t);
        for (uint32_t t = count; t-- > 0;)
            CHECK_EQ(kit_join(&threads[t]), i * 100 + t);
    }
    CHECK_EQ(process_find(1)->thread_count, 1);
}

PROGRAM(a_few)
{
    struct capos_client threads[2];
    kit_map_thread_area();
    for (uint32_t t = 0; t < 2; t++)
        threads[t] = kit_thread(works, t);
    for (uint32_t t = 0; t < 2; t++)
        CHECK_EQ(kit_join(&threads[t]), t);
}

#define WITH_TIMER { THREAD_GRANTS, { "timer", NULL } }

static const struct sim_test tests[] = {
    { .name = "thread-start", .init = start_registers, .grants = { THREAD_GRANTS }, .every_fault = true },
    { .name = "thread-refused", .init = refused_starts, .grants = { THREAD_GRANTS } },
    { .name = "thread-limit", .init = thread_limit, .grants = { THREAD_GRANTS } },
    { .name = "thread-profile-limit", .init = small_limit, .grants = { THREAD_GRANTS }, .after_boot = limit_to_three },
    { .name = "thread-pool", .init = everybody_takes_all, .grants = { THREAD_GRANTS, { "process_spawner", NULL } },
      .programs = { { "takes-all", takes_all } }, .only_cpus = 2, .memory_bytes = 64ull << 20 },
    { .name = "thread-join", .init = joins, .grants = { THREAD_GRANTS }, .seeds = 4 },
    { .name = "thread-joins-thread", .init = joins_among_threads, .grants = { THREAD_GRANTS }, .seeds = 10 },
    { .name = "thread-work-left", .init = work_left_behind, .grants = WITH_TIMER },
    { .name = "thread-first-leaves", .init = first_thread_leaves, .grants = { THREAD_GRANTS }, .exit_code = 44, .seeds = 4 },
    { .name = "thread-only-leaves", .init = only_thread_leaves, .grants = { THREAD_GRANTS }, .exit_code = 45 },
    { .name = "thread-all-leave", .init = all_leave, .grants = { THREAD_GRANTS }, .seeds = 10 },
    { .name = "thread-exit", .init = exit_ends_all, .grants = { THREAD_GRANTS }, .exit_code = 21, .seeds = 4 },
    { .name = "thread-fault", .init = fault_ends_all, .grants = { THREAD_GRANTS }, .exit_code = EXIT_CODE_FAULT, .seeds = 4 },
    { .name = "thread-terminate", .init = terminates, .grants = { { "process_spawner", NULL } },
      .programs = { { "terminated", terminated } }, .seeds = 10 },
    { .name = "thread-owned", .init = thread_owned, .grants = WITH_TIMER },
    { .name = "thread-thousands", .init = thousands, .grants = WITH_TIMER, .seeds = 2 },
    { .name = "thread-faults", .init = a_few, .grants = WITH_TIMER, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
