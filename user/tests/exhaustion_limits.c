/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every other limit of one process, driven until it answers: memory, time,
 * threads, processes, sessions, diagnostics. What passes through endpoints and
 * pipes is in exhaustion_ipc.c.
 */
#include "exhaustion.h"

#define BINARY "exhaustion_limits"
#define RW (PROT_READ_BIT | PROT_WRITE_BIT)
#define GIB (1ull << 30)
#define SECOND 1000000000ull

static struct capos_client memory, allocator, spawner, timer, monitor;

/* What was driven, how far, what answered; then the console; then `recovered` when everything since held. */
static unsigned failures_before;

static void answered(const char *what, uint64_t driven, const char *refused)
{
    failures_before = check_failures;
    say("%s driven=%lu refused=%s", what, driven, refused);
    say_held(what);
}

static void recovered(const char *what)
{
    if (check_failures == failures_before)
        say("%s recovered", what);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static enum capos_status reserve(uint64_t pages, uint64_t *addr)
{
    struct capos_virtual_memory_reserve_params in = { .size = pages * PAGE_SIZE };
    struct capos_virtual_memory_reserve_results got = { 0 };
    enum capos_status status = capos_virtual_memory_reserve(&memory, &in, &got);
    *addr = got.addr;
    return status;
}

static enum capos_status commit(uint64_t addr, uint64_t pages)
{
    struct capos_virtual_memory_commit_params in = { .addr = addr, .size = pages * PAGE_SIZE, .prot = RW };
    return capos_virtual_memory_commit(&memory, &in, NULL);
}

static void unmap(uint64_t addr, uint64_t pages)
{
    struct capos_virtual_memory_unmap_params in = { .addr = addr, .size = pages * PAGE_SIZE };
    check_ok(capos_virtual_memory_unmap(&memory, &in, NULL), &memory, "unmap");
}

static void reservations(void)
{
    enum { PIECE = VIRTUAL_RESERVATION_PAGES_MAX / 8 };
    uint64_t at[9], count = 0, none;
    enum capos_status status = CAPOS_OK;
    while (count < 9 && (status = reserve(PIECE, &at[count])) == CAPOS_OK)
        count++;
    answered("virtual-reservations", count * PIECE, refusal(status, &memory));
    check(reserve(1, &none) == CAPOS_EXCEPTION, "one page more");
    unmap(at[3], PIECE);
    check_ok(reserve(PIECE, &at[3]), &memory, "in the place of what was given back");
    for (uint64_t i = 0; i < count; i++)
        unmap(at[i], PIECE);
    recovered("virtual-reservations");
}

static void anonymous_pages(void)
{
    enum { PIECE = 512 };
    uint64_t at, count = 0;
    enum capos_status status = CAPOS_OK;
    check_ok(reserve(FRAME_GRANT_PAGES_MAX + PIECE, &at), &memory, "reserve");
    while (count <= FRAME_GRANT_PAGES_MAX && (status = commit(at + count * PAGE_SIZE, PIECE)) == CAPOS_OK)
        count += PIECE;
    answered("anonymous-pages", count, refusal(status, &memory));
    struct capos_virtual_memory_decommit_params in = { .addr = at, .size = PAGE_SIZE };
    check_ok(capos_virtual_memory_decommit(&memory, &in, NULL), &memory, "decommit");
    check_ok(commit(at, 1), &memory, "in the place of what was given back");
    check(commit(at + count * PAGE_SIZE, 1) == CAPOS_EXCEPTION, "one page more");
    unmap(at, FRAME_GRANT_PAGES_MAX + PIECE);
    recovered("anonymous-pages");
}

/* Each reservation is a range of its own. */
static void ranges(void)
{
    static uint64_t at[300];
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < 300 && (status = reserve(1, &at[count])) == CAPOS_OK)
        count++;
    answered("address-ranges", count, refusal(status, &memory));
    unmap(at[0], 1);
    check_ok(reserve(1, &at[0]), &memory, "in the place of what was given back");
    for (uint32_t i = 0; i < count; i++)
        unmap(at[i], 1);
    recovered("address-ranges");
}

/* On both sides of a boundary between two GiB that nothing else is in: that takes four tables. */
static uint64_t boundary(uint64_t i)
{
    return (2 * i + 9) * GIB - PAGE_SIZE;
}

static enum capos_status map_across(struct capos_client *object, uint64_t i)
{
    struct capos_memory_object_map_params in = { .hint = boundary(i), .size = 2 * PAGE_SIZE, .prot = PROT_READ_BIT };
    return capos_memory_object_map(object, &in, &(struct capos_memory_object_map_results){ 0 });
}

/* One committed page in each 2 MiB of one GiB, then an object across boundaries. */
static void page_tables(void)
{
    struct capos_client object;
    uint64_t at, count = 0, far = 0;
    enum capos_status status = CAPOS_OK;
    check_ok(try_frames(&allocator, 2, &object), &allocator, "two frames");
    check_ok(reserve(VIRTUAL_RESERVATION_PAGES_MAX, &at), &memory, "reserve");
    while (count < 512 && commit(at + count * 512 * PAGE_SIZE, 1) == CAPOS_OK)
        count++;
    while (far < 200 && (status = map_across(&object, far)) == CAPOS_OK)
        far++;
    answered("page-tables", count + 4 * far, refusal(status, &object));
    unmap(at, VIRTUAL_RESERVATION_PAGES_MAX);
    check_ok(map_across(&object, far), &object, "with the tables that were given back");
    for (uint64_t i = 0; i <= far; i++) {
        struct capos_memory_object_unmap_params in = { .addr = boundary(i), .size = 2 * PAGE_SIZE };
        check_ok(capos_memory_object_unmap(&object, &in, NULL), &object, "unmap");
    }
    capos_client_close(&object);
    recovered("page-tables");
}

/* FG-04: what is mapped and not held any more stays charged. */
static void mapped_only(void)
{
    struct capos_client object;
    uint32_t count = 0;
    const uint32_t pages = 1024;
    enum capos_status status = CAPOS_OK;
    uint64_t at[6];
    while (count < 6 && (status = try_frames(&allocator, pages, &object)) == CAPOS_OK) {
        struct capos_memory_object_map_params in = { .size = pages * PAGE_SIZE, .prot = RW };
        struct capos_memory_object_map_results got = { 0 };
        check_ok(capos_memory_object_map(&object, &in, &got), &object, "map");
        at[count++] = got.addr;
        capos_client_close(&object);
    }
    answered("mapped-only-pages", count * pages, refusal(status, &allocator));
    *(volatile uint32_t *)at[0] = 1; /* still there */
    recovered("mapped-only-pages"); /* given back at the process's end: nobody can name them any more */
}

/* ---- time and diagnostics ------------------------------------------------------------------------ */

static void sleepers(void)
{
    static struct waiting_call calls[TIMER_SLEEP_WAITERS_MAX + 2];
    const uint64_t half = SECOND / 2, tick = 1000000;
    uint32_t count = 0;
    for (; count <= TIMER_SLEEP_WAITERS_MAX; count++) {
        start_call(&calls[count], timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, &half, 1);
        if (has_ended(&calls[count], 0))
            break;
    }
    answered("timer-waiters", count, call_refusal(&calls[count]));
    for (uint32_t i = 0; i < count; i++)
        check(has_ended(&calls[i], CAP_ENTER_WAIT_FOREVER) && calls[i].done.result == 0, "sleeper %u", i);
    start_call(&calls[0], timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, &tick, 1);
    check(has_ended(&calls[0], CAP_ENTER_WAIT_FOREVER) && calls[0].done.result == 0, "a sleep afterwards");
    recovered("timer-waiters");
}

static void parks(void)
{
    static uint32_t word;
    uint64_t first = 0, second = 0;
    struct capos_completion done = { 0 };
    struct ring_sqe sqe = { .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .call_id = capos_thread_id(),
                            .cap_id = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id, .addr = (uintptr_t)&word,
                            .pipeline_dep = SECOND / 4 };
    check(capos_ring_submit(capos_ring(), &sqe, &first) == CAPOS_OK && capos_ring_submit(capos_ring(), &sqe, &second) == CAPOS_OK,
          "submit");
    check(capos_ring_wait(capos_ring(), second, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK, "the second PARK");
    answered("park-waiters", 1, done.result == CAP_ERR_INVALID_REQUEST ? "-1" : "another answer");
    check(capos_ring_wait(capos_ring(), first, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK &&
          done.result == CAPOS_PARK_TIMED_OUT, "the first PARK: %d", done.result);
    check(capos_park(sqe.cap_id, &word, 0, 1000) == CAPOS_PARK_TIMED_OUT, "a PARK afterwards");
    recovered("park-waiters");
}

/* The scenario adds up what was printed and what was counted. */
static void diagnostics(void)
{
    uint32_t errors = 0;
    const uint32_t count = 2000;
    for (uint32_t i = 0; i < count; i++)
        errors += run_entry((struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1 }) == CAP_ERR_INVALID_REQUEST;
    answered("log-volume", errors, "in summaries");
    check(errors == count && run_nop() == 0, "%u errors", errors);
    recovered("log-volume");
}

/* ---- threads, processes, sessions ------------------------------------------------------------------- */

static uint32_t go;

static int64_t waits(void *argument)
{
    (void)argument;
    struct capos_completion never;
    while (load_acquire_u32(&go) == 0)
        capos_ring_wait(capos_ring(), 0, 2000000, &never);
    return 5;
}

static void threads(void)
{
    static uint8_t stacks[THREADS_PER_PROCESS_MAX + 1][4096];
    static struct capos_thread started[THREADS_PER_PROCESS_MAX + 1];
    struct capos_client creator = granted("thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID);
    struct capos_thread_spawner_create_params in = { .entry = USER_IMAGE_BASE, .stack_top = USER_STACK_TOP };
    struct capos_thread_spawner_create_results got;
    uint32_t count = 1; /* this one */
    for (; count <= THREADS_PER_PROCESS_MAX; count++) {
        struct capos_thread_options options = { stacks[count], sizeof stacks[count] };
        if (capos_thread_start(&started[count], waits, NULL, &options) != CAPOS_OK)
            break;
    }
    enum capos_status status = capos_thread_spawner_create(&creator, &in, &got);
    answered("threads", count, refusal(status, &creator));
    store_release_u32(&go, 1);
    for (uint32_t i = 1; i < count; i++) {
        int64_t code = 0;
        check(capos_thread_join(&started[i], &code) == CAPOS_OK && code == 5, "thread %u", i);
    }
    struct capos_thread_options options = { stacks[0], sizeof stacks[0] };
    check(capos_thread_start(&started[0], waits, NULL, &options) == CAPOS_OK &&
          capos_thread_join(&started[0], &(int64_t){ 0 }) == CAPOS_OK, "a thread afterwards");
    recovered("threads");
}

static void processes(void)
{
    static struct capos_process children[80];
    struct capos_cap_grant grant = capos_grant_kernel("do:wait", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < 80 && (status = capos_process_spawn(&spawner, BINARY, &grant, 1, &children[count])) == CAPOS_OK)
        count++;
    answered("processes", count + 1, refusal(status, &spawner));
    check(capos_process_terminate(&children[0]) == CAPOS_OK && exit_code_of(&children[0]) == EXIT_CODE_TERMINATED, "one end");
    check_ok(capos_process_spawn(&spawner, BINARY, &grant, 1, &children[0]), &spawner, "in the place of the one that ended");
    for (uint32_t i = 0; i < count; i++)
        check(capos_process_terminate(&children[i]) == CAPOS_OK && exit_code_of(&children[i]) == EXIT_CODE_TERMINATED, "ends");
    recovered("processes");
}

static struct capos_cap_grant many[CAPSET_ENTRIES_MAX + 1];

/* One grant too many. It is also the largest message of all: the kernel's buffer has its size from then on. */
static enum capos_status spawn_with_many(struct capos_process *child)
{
    static char names[CAPSET_ENTRIES_MAX + 1][8];
    for (uint32_t i = 0; i <= CAPSET_ENTRIES_MAX; i++) {
        struct text_buf buf = text_buf_over(names[i], sizeof names[i] - 1);
        capos_format(&buf, "%s%u", i == 0 ? "do:" : "g", i);
        many[i] = capos_grant_kernel(names[i], CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    }
    return capos_process_spawn(&spawner, BINARY, many, CAPSET_ENTRIES_MAX + 1, child);
}

static void grants(void)
{
    struct capos_process child;
    enum capos_status status = spawn_with_many(&child);
    answered("grants", CAPSET_ENTRIES_MAX, refusal(status, &spawner));
    check_ok(capos_process_spawn(&spawner, BINARY, many, CAPSET_ENTRIES_MAX, &child), &spawner, "as many as there is room for");
    check(capos_process_terminate(&child) == CAPOS_OK && exit_code_of(&child) == EXIT_CODE_TERMINATED, "its end");
    recovered("grants");
}

/* A spawn answers with a facet of each endpoint that the child is to own, beside the handle and the manager. */
static void parent_endpoints(void)
{
    static struct capos_cap_grant owned[RESULT_CAPS_MAX];
    static char names[RESULT_CAPS_MAX][8];
    struct capos_process child;
    owned[0] = capos_grant_kernel("do:wait", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    for (uint32_t i = 1; i < RESULT_CAPS_MAX; i++) {
        struct text_buf buf = text_buf_over(names[i], sizeof names[i] - 1);
        capos_format(&buf, "e%u", i);
        owned[i] = capos_grant_kernel(names[i], CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    }
    enum capos_status status = capos_process_spawn(&spawner, BINARY, owned, RESULT_CAPS_MAX, &child);
    answered("result-capabilities", RESULT_CAPS_MAX, refusal(status, &spawner));
    check_ok(capos_process_spawn(&spawner, BINARY, owned, RESULT_CAPS_MAX - 1, &child), &spawner, "as many as there may be");
    check(capos_process_terminate(&child) == CAPOS_OK && exit_code_of(&child) == EXIT_CODE_TERMINATED, "its end");
    recovered("result-capabilities");
}

static enum capos_status new_session(struct capos_client *manager, struct capos_client *out)
{
    struct capos_session_manager_anonymous_results got = { 0 };
    enum capos_status status = capos_session_manager_anonymous(manager, NULL, &got);
    return status == CAPOS_OK ? capos_reply_take(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID, out) : status;
}

static void sessions(void)
{
    static struct capos_client held[20];
    struct capos_client manager = granted("session_manager", CAPOS_SESSION_MANAGER_INTERFACE_ID);
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < 20 && (status = new_session(&manager, &held[count])) == CAPOS_OK)
        count++;
    answered("sessions", count, refusal(status, &manager));
    capos_client_close(&held[0]);
    check_ok(new_session(&manager, &held[0]), &manager, "in the place of the one that was given back");
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&held[i]);
    recovered("sessions");
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

int main(void)
{
    struct capos_completion never;
    if (task() != NULL)
        for (;;)
            capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
    begin("exhaustion");
    memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    say("limits start profile=default caps=%u", capos_capset_count());
    check(spawn_with_many(&(struct capos_process){ 0 }) == CAPOS_EXCEPTION, "too many grants");
    static void (*const cases[])(void) = { reservations, anonymous_pages, ranges, page_tables, sleepers, parks, threads,
                                           processes, grants, parent_endpoints, sessions, diagnostics };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint64_t ledgers = ledger_sum(&monitor), frames = free_frames(&monitor);
        cases[i]();
        check(ledger_sum(&monitor) == ledgers, "case %zu: the ledgers are not back", i);
        check(free_frames(&monitor) == frames, "case %zu: %lu frames free before, %lu after", i, frames, free_frames(&monitor));
    }
    mapped_only();
    return end("limits");
}
