/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Spawning, mapping, parking, sleeping, threads, pipes and log lines with
 * arguments and in numbers that must be refused (hostile inputs H55, H56,
 * H58, H60 to H65, H67, H72, H73).
 */
#include "hostile.h"

#include "abi/limits.h"

#define BINARY "hostile_limits"
#define CHILD "no_authority" /* needs nothing, ends with 0 */
#define RW (PROT_READ_BIT | PROT_WRITE_BIT)
#define WX (PROT_WRITE_BIT | PROT_EXEC_BIT)

static struct capos_client spawner, memory, timer;

static struct capos_process nobody;

static void refused(const char *row, const char *binary, const struct capos_cap_grant *grants, uint32_t count,
                    enum cap_exception_type type, const char *text)
{
    expect_exception(row, capos_process_spawn(&spawner, binary, grants, count, &nobody), &spawner, type, text);
}

/* ---- spawn ------------------------------------------------------------------------------------------- */

static void check_names_and_sources(void)
{
    struct capos_client object = new_object();
    struct capos_cap_grant twice[] = { CONSOLE_GRANT, CONSOLE_GRANT };
    struct capos_cap_grant moves[] = { capos_grant_held("m", object.cap_id, object.interface_id), CONSOLE_GRANT, CONSOLE_GRANT };
    moves[0].mode = CAPOS_CAP_GRANT_MODE_MOVE;
    refused("H58", "no such program", NULL, 0, CAP_EXCEPTION_FAILED, NULL);
    refused("H58", "", NULL, 0, CAP_EXCEPTION_FAILED, NULL);
    refused("H58", "a name of a program that has more than the sixty-four bytes that it may have", NULL, 0, CAP_EXCEPTION_FAILED, NULL);
    refused("H58", "no such program", moves, 1, CAP_EXCEPTION_FAILED, NULL);
    refused("H60", CHILD, twice, 2, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
    refused("H60", CHILD, moves, 3, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
    struct capos_memory_object_info_results info = { 0 };
    check_ok(capos_memory_object_info(&object, NULL, &info), &object, "what would have moved");
    expect("H60", capos_release(object.cap_id), 0, "the source of the refused move is not locked");
    const struct capset_entry *held = capos_capset_find("frame_allocator");
    struct capos_cap_grant grant = capos_grant_held("m", held->cap_id, held->interface_id);
    refused("H61", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, "capability hold is not transferable");
    grant.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    refused("H61", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, "capability hold is not transferable");
    held = capos_capset_find("console");
    grant = capos_grant_held("m", held->cap_id, CAPOS_TIMER_INTERFACE_ID);
    refused("H62", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, NULL);
    grant = capos_grant_held("m", 0x00fffff0, CAPOS_CONSOLE_INTERFACE_ID);
    refused("H61", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, "capability not found");
}

/* The parent's facet of a child's endpoint: it may be passed on as it is, not with another cookie or interface. */
static void check_facets(void)
{
    struct capos_client facet;
    struct capos_cap_grant owner = capos_grant_kernel("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    struct capos_process child;
    if (!spawn_task(BINARY, "sleep", &owner, 1, &child))
        return;
    check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &facet) == CAPOS_OK, "the parent's facet");
    struct capos_cap_grant grant = capos_grant_held("f", facet.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
    grant.mode = CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
    grant.badge = 0x51c0000001000001;
    refused("H62", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, NULL);
    grant.mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    refused("H62", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, NULL);
    grant.badge = UINT64_MAX;
    grant.interface_id = CAPOS_TIMER_INTERFACE_ID;
    refused("H62", CHILD, &grant, 1, CAP_EXCEPTION_FAILED, NULL);
    check(capos_process_terminate(&child) == CAPOS_OK && exit_code_of(&child) == EXIT_CODE_TERMINATED, "the child's end");
    capos_client_close(&facet);
}

static void check_full_table(void)
{
    static struct capos_client objects[CAP_SLOTS_MAX];
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_frame_allocator_alloc_frame_results got;
    uint32_t count = 0;
    while (count < CAP_SLOTS_MAX && capos_frame_allocator_alloc_frame(&allocator, NULL, &got) == CAPOS_OK)
        check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &objects[count++]) == CAPOS_OK, "take");
    refused("H63", CHILD, NULL, 0, CAP_EXCEPTION_OVERLOADED, NULL);
    capos_client_close(&objects[0]);
    refused("H63", CHILD, NULL, 0, CAP_EXCEPTION_OVERLOADED, NULL);
    for (uint32_t i = 1; i < count; i++)
        capos_client_close(&objects[i]);
    static struct capos_process child;
    check_ok(capos_process_spawn(&spawner, CHILD, NULL, 0, &child), &spawner, "spawn");
    expect("H56", exit_code_of(&child), 0, "a process with an empty CapSet finds nothing that works but exit and cap_enter");
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static enum capos_status vm_map(uint64_t hint, uint64_t size, uint32_t prot)
{
    struct capos_virtual_memory_map_params in = { .hint = hint, .size = size, .prot = prot };
    return capos_virtual_memory_map(&memory, &in, &(struct capos_virtual_memory_map_results){ 0 });
}

static enum capos_status vm_unmap(uint64_t addr, uint64_t size)
{
    return capos_virtual_memory_unmap(&memory, &(struct capos_virtual_memory_unmap_params){ .addr = addr, .size = size }, NULL);
}

static enum capos_status vm_protect(uint64_t addr, uint32_t prot)
{
    struct capos_virtual_memory_protect_params in = { .addr = addr, .size = PAGE_SIZE, .prot = prot };
    return capos_virtual_memory_protect(&memory, &in, NULL);
}

static void invalid(const char *row, enum capos_status status)
{
    expect_exception(row, status, &memory, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
}

static void check_write_and_execute(void)
{
    uint64_t page = map_pages(0, 1, RW);
    struct capos_client object = new_object();
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = WX };
    static const uint32_t bad[] = { WX, PROT_ALL_BITS, 8, 0x80000001, UINT32_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        in.prot = bad[i];
        invalid("H64", vm_map(0, PAGE_SIZE, bad[i]));
        invalid("H64", vm_protect(page, bad[i]));
        expect_exception("H64", capos_memory_object_map(&object, &in, &(struct capos_memory_object_map_results){ 0 }), &object,
                         CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
    }
    *(volatile uint32_t *)page = 7;
    expect("H64", *(volatile uint32_t *)page, 7, "the page is as it was");
    check_ok(vm_unmap(page, PAGE_SIZE), &memory, "unmap");
    capos_client_close(&object);
}

static void check_own_memory(void)
{
    static const uint64_t own[] = { USER_IMAGE_BASE, USER_STACK_TOP - PAGE_SIZE, USER_STACK_BASE, USER_RING_BASE, USER_CAPSET_BASE,
                                    USER_TLS_BASE, 0, USER_MAP_LIMIT, KERNEL_ADDRESS & ~(PAGE_SIZE - 1), 1ull << 47 };
    struct capos_client object = new_object();
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        struct capos_virtual_memory_decommit_params out = { .addr = own[i], .size = PAGE_SIZE };
        struct capos_memory_object_unmap_params in = { .addr = own[i], .size = PAGE_SIZE };
        invalid("H65", vm_unmap(own[i], PAGE_SIZE));
        invalid("H65", vm_protect(own[i], RW));
        invalid("H65", capos_virtual_memory_decommit(&memory, &out, NULL));
        expect_exception("H65", capos_memory_object_unmap(&object, &in, NULL), &object, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
        if (own[i] != 0)
            expect_true("H65", vm_map(own[i], PAGE_SIZE, RW) != CAPOS_OK, "no mapping over it");
    }
    static const uint64_t sizes[] = { 0, 1, PAGE_SIZE + 1, UINT64_MAX, UINT64_MAX - PAGE_SIZE + 1, 1ull << 63 };
    uint64_t page = map_pages(0, 1, RW);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        expect_true("H65", vm_unmap(page, sizes[i]) != CAPOS_OK, "no unmapping of a size that wraps or is none");
        expect_true("H65", vm_map(0, sizes[i], RW) != CAPOS_OK, "no mapping of it");
    }
    check_ok(vm_unmap(page, PAGE_SIZE), &memory, "unmap");
    capos_client_close(&object);
}

/* ---- waiting ----------------------------------------------------------------------------------------------- */

static void check_park(void)
{
    static uint32_t words[3];
    uint32_t space = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id;
    static const uint64_t bad[] = { UNMAPPED, 0, 8, KERNEL_ADDRESS, NO_KERNEL_ADDRESS, USER_HALF_LIMIT, UINT64_MAX - 3,
                                    0x8000000000000000, USER_MAP_LIMIT, USER_STACK_BASE - 4 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        expect("H67", run_entry((struct ring_sqe){ .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1, .cap_id = space,
                                                   .addr = bad[i], .pipeline_dep = UINT64_MAX }),
               CAP_ERR_INVALID_PARAMS_BUFFER, "PARK on no word");
        expect("H67", run_entry((struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = space, .addr = bad[i], .len = 1 }),
               CAP_ERR_INVALID_PARAMS_BUFFER, "UNPARK of no word");
    }
    expect_true("H67", capos_park(space, (const uint32_t *)((uintptr_t)words + 1), 0, 0) < 0, "PARK on an odd address");
}

static uint64_t start_sleep(uint64_t ns, uint8_t *reply)
{
    static uint64_t params[3];
    uint64_t ticket = 0;
    params[0] = 2ull << 32;
    params[1] = 1ull << 32;
    params[2] = ns;
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = timer.cap_id, .method_id = CAPOS_TIMER_SLEEP_METHOD,
                            .addr = (uintptr_t)params, .len = sizeof params, .result_addr = (uintptr_t)reply, .result_len = 64 };
    check(capos_ring_submit(capos_ring(), &sqe, &ticket) == CAPOS_OK, "submit");
    capos_cap_enter(0, 0);
    return ticket;
}

static void check_sleeps(void)
{
    static _Alignas(8) uint8_t replies[12][64];
    uint64_t tickets[12];
    uint32_t refusals = 0, ends = 0;
    for (uint32_t i = 0; i < 12; i++)
        tickets[i] = start_sleep(i < 10 ? 300000000 : UINT64_MAX, replies[i]);
    for (uint32_t i = 0; i < 12; i++) {
        struct capos_completion done = { 0 };
        check(capos_ring_wait(capos_ring(), tickets[i], CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK, "sleep");
        refusals += done.result == CAP_ERR_APPLICATION_EXCEPTION && replies[i][16] == CAP_EXCEPTION_OVERLOADED;
        ends += done.result == 0;
    }
    expect("H73", refusals, 12 - TIMER_SLEEP_WAITERS_MAX, "sleeps beyond the limit, each overloaded");
    expect("H73", ends, TIMER_SLEEP_WAITERS_MAX, "sleeps that end");
}

/* Time-outs so long that the end of the wait is no number: what wakes it still does. */
static void check_long_waits(void)
{
    static const uint64_t long_ns[] = { UINT64_MAX - 1, UINT64_MAX - 1000000, 1ull << 63, (1ull << 63) - 1, 1ull << 62 };
    static _Alignas(8) uint8_t replies[2][64];
    static uint32_t word;
    uint32_t space = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id;
    struct capos_completion done = { 0 };
    for (size_t i = 0; i < sizeof long_ns / sizeof long_ns[0]; i++) {
        uint64_t sleeping = start_sleep(3000000, replies[0]), parked = 0;
        expect("N2", (int64_t)capos_cap_enter(1, long_ns[i]), 1, "cap_enter for centuries, until a sleep ends");
        check(capos_ring_wait(capos_ring(), sleeping, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK && done.result == 0, "the sleep");
        struct ring_sqe park = { .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1, .cap_id = space,
                                 .addr = (uintptr_t)&word, .pipeline_dep = long_ns[i] };
        check(capos_ring_submit(capos_ring(), &park, &parked) == CAPOS_OK, "submit");
        expect_true("N2", capos_ring_wait(capos_ring(), parked, 1000000, &done) == CAPOS_TIMED_OUT, "a PARK for centuries waits");
        expect("N2", capos_unpark(space, &word, 1), 1, "UNPARK");
        check(capos_ring_wait(capos_ring(), parked, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK && done.result == 0, "the PARK");
    }
    for (size_t i = 0; i < sizeof long_ns / sizeof long_ns[0]; i++) { /* they end with the process */
        uint64_t sleeping = start_sleep(long_ns[i], replies[1]);
        expect_true("N2", capos_ring_wait(capos_ring(), sleeping, 1000000, &done) == CAPOS_TIMED_OUT, "a sleep for centuries goes on");
    }
}

static uint32_t go;

static int64_t waits(void *argument)
{
    (void)argument;
    while (load_acquire_u32(&go) == 0)
        capos_cap_enter(0, 0);
    return 5;
}

static void check_threads(void)
{
    static uint8_t stacks[THREADS_PER_PROCESS_MAX][4096];
    struct capos_thread threads[THREADS_PER_PROCESS_MAX];
    struct capos_client creator = granted("thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID);
    for (uint32_t i = 1; i < THREADS_PER_PROCESS_MAX; i++) {
        struct capos_thread_options options = { stacks[i], sizeof stacks[i] };
        check(capos_thread_start(&threads[i], waits, NULL, &options) == CAPOS_OK, "thread %u", i);
    }
    struct capos_thread_spawner_create_params in = { .entry = USER_IMAGE_BASE, .stack_top = USER_STACK_TOP };
    struct capos_thread_spawner_create_results got;
    expect_exception("H73", capos_thread_spawner_create(&creator, &in, &got), &creator, CAP_EXCEPTION_OVERLOADED, NULL);
    store_release_u32(&go, 1);
    for (uint32_t i = 1; i < THREADS_PER_PROCESS_MAX; i++) {
        int64_t code = 0;
        check(capos_thread_join(&threads[i], &code) == CAPOS_OK && code == 5, "thread %u ends with %ld", i, code);
    }
    static const uint64_t bad[] = { KERNEL_ADDRESS, NO_KERNEL_ADDRESS, USER_HALF_LIMIT, UINT64_MAX };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct capos_thread_spawner_create_params entry = { .entry = bad[i], .stack_top = USER_STACK_TOP };
        struct capos_thread_spawner_create_params stack = { .entry = USER_IMAGE_BASE, .stack_top = bad[i] };
        struct capos_thread_spawner_create_params base = { .entry = USER_IMAGE_BASE, .stack_top = USER_STACK_TOP, .fs_base = bad[i] };
        struct capos_thread_spawner_create_params flags = { .entry = USER_IMAGE_BASE, .stack_top = USER_STACK_TOP, .flags = 1ull << (8 * i) };
        expect_exception("H73", capos_thread_spawner_create(&creator, &entry, &got), &creator, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
        expect_exception("H73", capos_thread_spawner_create(&creator, &stack, &got), &creator, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
        expect_exception("H73", capos_thread_spawner_create(&creator, &base, &got), &creator, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
        expect_exception("H73", capos_thread_spawner_create(&creator, &flags, &got), &creator, CAP_EXCEPTION_INVALID_ARGUMENT, NULL);
    }
}

/* Two reads of one end at once: the second is refused, the first is answered. */
static void check_pipe(void)
{
    static _Alignas(8) uint8_t replies[2][128];
    static const uint64_t params[] = { 2ull << 32, 1ull << 32, 64 };
    struct capos_process_spawner_create_pipe_params in = { .buffer_bytes = UINT32_MAX };
    struct capos_process_spawner_create_pipe_results got;
    struct capos_client reader, writer;
    uint64_t tickets[2];
    struct capos_completion done[2] = { { 0 } };
    check_ok(capos_process_spawner_create_pipe(&spawner, &in, &got), &spawner, "createPipe");
    check(capos_reply_take(got.read_index, CAPOS_PIPE_INTERFACE_ID, &reader) == CAPOS_OK &&
          capos_reply_take(got.write_index, CAPOS_PIPE_INTERFACE_ID, &writer) == CAPOS_OK, "both ends");
    for (uint32_t i = 0; i < 2; i++) {
        struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = reader.cap_id, .method_id = CAPOS_PIPE_READ_METHOD,
                                .addr = (uintptr_t)params, .len = sizeof params, .result_addr = (uintptr_t)replies[i], .result_len = 128 };
        check(capos_ring_submit(capos_ring(), &sqe, &tickets[i]) == CAPOS_OK, "read");
    }
    check(capos_ring_wait(capos_ring(), tickets[1], CAP_ENTER_WAIT_FOREVER, &done[1]) == CAPOS_OK, "the second read");
    expect("H73", done[1].result, CAP_ERR_APPLICATION_EXCEPTION, "a second waiting read");
    expect("H73", replies[1][16], CAP_EXCEPTION_OVERLOADED, "its exception: overloaded");
    struct capos_pipe_write_params bytes = { .data = { (const uint8_t *)"xyz", 3 } };
    check_ok(capos_pipe_write(&writer, &bytes, &(struct capos_pipe_write_results){ 0 }), &writer, "write");
    check(capos_ring_wait(capos_ring(), tickets[0], CAP_ENTER_WAIT_FOREVER, &done[0]) == CAPOS_OK, "the first read");
    expect_true("H73", done[0].result > 0, "the first read is answered");
    capos_client_close(&reader);
    capos_client_close(&writer);
}

static void check_system_calls(void)
{
    static const uint64_t numbers[] = { 0, 3, 4, 5, 255, 0xffffffff, 1ull << 32, (1ull << 32) + 1, (1ull << 32) + 2, 1ull << 63, UINT64_MAX };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        expect("H55", (int64_t)capos_syscall(numbers[i], 1, 1), -1, "a system call that does not exist");
}

/* ---- the log ------------------------------------------------------------------------------------------------- */

static void check_log(void)
{
    struct capos_client sink = granted("log_sink", CAPOS_LOG_SINK_INTERFACE_ID), reader = granted("log_reader", CAPOS_LOG_READER_INTERFACE_ID);
    struct capos_log_sink_write_params in = { .has_record = true, .record = { .level = CAPOS_LOG_LEVEL_INFO,
                                              .component = capn_text_of("flood"), .message = capn_text_of("x") } };
    struct capos_log_sink_write_results got = { 0 };
    bool all = true;
    for (uint32_t i = 0; i < 2000; i++)
        all = capos_log_sink_write(&sink, &in, &got) == CAPOS_OK && all;
    expect_true("H72", all, "2,000 records, each accepted or dropped");
    uint32_t kept = 0, count = 1;
    uint64_t cursor = 0;
    while (count > 0 && kept <= 2000) {
        struct capos_log_reader_read_params read = { .cursor = cursor, .max_records = 16 };
        struct capos_log_reader_read_results records = { 0 };
        check_ok(capos_log_reader_read(&reader, &read, &records), &reader, "read");
        count = capn_list_len(&records.records);
        cursor = records.next_cursor;
        kept += count;
    }
    expect_true("H72", kept <= LOG_RECORDS_MAX, "the ring is bounded");
}

int main(void)
{
    if (task() != NULL)
        for (;;)
            capos_cap_enter(RING_CQ_ENTRIES, CAP_ENTER_WAIT_FOREVER);
    hostile_begin();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    uint64_t ledgers = ledger_sum(&monitor);
    check_names_and_sources();
    check_facets();
    check_full_table();
    check_write_and_execute();
    check_own_memory();
    check_park();
    check_sleeps();
    check_threads();
    check_pipe();
    check_log();
    check_system_calls();
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    check_long_waits();
    return hostile_finish("hostile_limits");
}
