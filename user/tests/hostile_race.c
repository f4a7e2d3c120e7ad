/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One thread works, another takes away or rewrites what the kernel is reading
 * for it: pages, parameters, descriptors, result buffers, capabilities, the
 * ring itself (hostile inputs H47, H66; R rows of docs/security/hostile-input.md).
 * Which outcome a round has depends on who comes first; each must be one of
 * those that a single thread could have seen.
 */
#include "hostile.h"

#define BINARY "hostile_race"
#define RW (PROT_READ_BIT | PROT_WRITE_BIT)
#define SHARED_PAGE 0x50000000ull
#define GOOD 44

static uint32_t stop, started, finished;
static struct capos_client memory, package, timer;
static uint32_t ep;

static uint32_t random_u32(void)
{
    static _Thread_local uint64_t state = 0x9e3779b97f4a7c15;
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(state >> 33);
}

/* `works` runs here while `disturbs` runs beside it, and ends with how many rounds had an outcome that must not be. */
static void race(const char *row, const char *what, uint32_t (*works)(void), capos_thread_fn *disturbs)
{
    struct capos_thread thread;
    int64_t rounds = -1;
    store_release_u32(&stop, 0);
    store_release_u32(&started, 0);
    check(capos_thread_start(&thread, disturbs, NULL, NULL) == CAPOS_OK, "start");
    while (load_acquire_u32(&started) == 0)
        capos_cap_enter(0, 0);
    uint32_t wrong = works();
    store_release_u32(&stop, 1);
    check(capos_thread_join(&thread, &rounds) == CAPOS_OK && rounds > 0, "%s: the other thread made %ld rounds", what, rounds);
    expect(row, wrong, 0, what);
}

static bool goes_on(void)
{
    store_release_u32(&started, 1);
    return load_acquire_u32(&stop) == 0;
}

/* ---- a page that comes and goes --------------------------------------------------------------------------- */

static const uint64_t read_params[] = { 3ull << 32, 2ull << 32, 0, 512 }; /* the first 512 bytes of the manifest */

static int64_t takes_page_away(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    struct capos_client vm = memory;
    for (; goes_on(); rounds++) {
        struct capos_virtual_memory_map_params in = { .hint = SHARED_PAGE, .size = PAGE_SIZE, .prot = RW };
        struct capos_virtual_memory_unmap_params out = { .addr = SHARED_PAGE, .size = PAGE_SIZE };
        if (capos_virtual_memory_map(&vm, &in, &(struct capos_virtual_memory_map_results){ 0 }) != CAPOS_OK)
            return -1;
        memcpy((void *)SHARED_PAGE, read_params, sizeof read_params);
        for (uint32_t i = random_u32() % 64; i > 0; i--)
            __asm__ volatile("pause");
        if (capos_virtual_memory_unmap(&vm, &out, NULL) != CAPOS_OK)
            return -1;
    }
    return rounds;
}

static uint32_t params_on_it(void)
{
    static _Alignas(8) uint8_t reply[1024];
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 600; i++) {
        int32_t code = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = package.cap_id, .len = sizeof read_params,
            .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD, .addr = SHARED_PAGE, .result_addr = (uintptr_t)reply,
            .result_len = sizeof reply });
        wrong += code != CAP_ERR_INVALID_PARAMS_BUFFER && code != CAP_ERR_APPLICATION_EXCEPTION && code <= 0;
    }
    return wrong;
}

static uint32_t results_on_it(void)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 600; i++) {
        int32_t code = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = package.cap_id, .len = sizeof read_params,
            .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD, .addr = (uintptr_t)read_params, .result_addr = SHARED_PAGE + 64,
            .result_len = 2048 });
        wrong += code != CAP_ERR_INVALID_RESULT_BUFFER && code <= 0;
    }
    return wrong;
}

/* ---- a page whose rights change ------------------------------------------------------------------------------ */

static int64_t changes_rights(void *argument)
{
    (void)argument;
    static const uint32_t rights[] = { RW, PROT_NONE_BITS, PROT_READ_BIT, RW, PROT_READ_BIT | PROT_EXEC_BIT };
    int64_t rounds = 0;
    struct capos_client vm = memory;
    for (; goes_on(); rounds++) {
        struct capos_virtual_memory_protect_params in = { .addr = SHARED_PAGE, .size = PAGE_SIZE, .prot = rights[random_u32() % 5] };
        if (capos_virtual_memory_protect(&vm, &in, NULL) != CAPOS_OK)
            return -1;
    }
    return rounds;
}

static uint32_t both_on_it(void)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 600; i++) {
        int32_t code = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = package.cap_id, .len = sizeof read_params,
            .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD, .addr = SHARED_PAGE, .result_addr = SHARED_PAGE + 64,
            .result_len = 2048 });
        wrong += code != CAP_ERR_INVALID_PARAMS_BUFFER && code != CAP_ERR_INVALID_RESULT_BUFFER && code <= 0;
    }
    return wrong;
}

/* ---- parameters and descriptors that change --------------------------------------------------------------------- */

static uint64_t shared_params[4];

static int64_t rewrites_params(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    for (; goes_on(); rounds++) {
        uint32_t at = random_u32() % 4;
        *(volatile uint64_t *)&shared_params[at] = random_u32() % 2 == 0 ? read_params[at] : (uint64_t)random_u32() << (random_u32() % 40);
    }
    return rounds;
}

static uint32_t changing_params(void)
{
    static _Alignas(8) uint8_t reply[8192];
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        int32_t code = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = package.cap_id, .len = sizeof shared_params,
            .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD, .addr = (uintptr_t)shared_params, .result_addr = (uintptr_t)reply,
            .result_len = sizeof reply });
        wrong += code != CAP_ERR_APPLICATION_EXCEPTION && (code <= 0 || code > (int32_t)sizeof reply);
    }
    return wrong;
}

static struct {
    uint32_t word;
    struct ring_transfer_descriptor caps[2];
} carried;

static uint32_t object_id;

static int64_t rewrites_descriptors(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    for (; goes_on(); rounds++) {
        volatile struct ring_transfer_descriptor *d = &carried.caps[random_u32() % 2];
        d->transfer_mode = (uint16_t)(random_u32() % 4);
        d->reserved = random_u32() % 8 == 0;
        d->cap_id = random_u32() % 8 == 0 ? random_u32() : load_acquire_u32(&object_id);
    }
    return rounds;
}

/* The object stays ours by whatever id it has: the old one, or that under which it came when it was moved. */
static void take_over(const uint8_t *buffer, uint32_t bytes, const struct capos_completion *got)
{
    struct capos_received message;
    struct capos_memory_object_info_results info = { 0 };
    if (capos_endpoint_read(buffer, bytes, got, &message) != CAPOS_OK)
        return;
    for (uint16_t i = 0; i < message.cap_count; i++) {
        uint32_t id;
        uint64_t interface_id;
        capos_received_cap(&message, i, &id, &interface_id);
        struct capos_client old = capos_client_for(object_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
        if (capos_memory_object_info(&old, NULL, &info) == CAPOS_OK)
            check(capos_release(id) == CAPOS_OK, "release of a copy");
        else
            store_release_u32(&object_id, id);
    }
}

static uint32_t changing_descriptors(void)
{
    static _Alignas(8) uint8_t received[256], reply[64];
    uint32_t wrong = 0, delivered = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = ep, .addr = (uintptr_t)&carried, .len = 4, .xfer_cap_count = 2,
                                 .result_addr = (uintptr_t)reply, .result_len = sizeof reply };
        struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received, .result_len = sizeof received };
        struct capos_completion done, got;
        uint64_t ticket;
        check(capos_ring_submit(capos_ring(), &call, &ticket) == CAPOS_OK, "submit");
        capos_cap_enter(0, 0);
        if (capos_ring_wait(capos_ring(), ticket, 0, &done) == CAPOS_OK) {
            wrong += done.result < CAP_ERR_TRANSFER_ABORTED || done.result > CAP_ERR_TRANSFER_NOT_SUPPORTED;
            continue;
        }
        wrong += capos_ring_run(capos_ring(), &recv, &got) != CAPOS_OK || got.cap_count != 2;
        delivered++;
        take_over(received, sizeof received, &got);
        wrong += run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = ep, .call_id = got.call_id }) != 0;
        wrong += capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &done) != CAPOS_OK || done.result != 0;
    }
    check(delivered < 2000, "some were refused");
    return wrong;
}

/* ---- capabilities that come and go -------------------------------------------------------------------------------- */

static int64_t takes_and_releases(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    for (; goes_on() && rounds < 15000; rounds++) { /* a slot has 256 lives; there are others */
        struct capos_client object = new_object();
        store_release_u32(&object_id, object.cap_id);
        if (capos_release(object.cap_id) != CAPOS_OK)
            return -1;
    }
    while (goes_on())
        capos_cap_enter(0, 0);
    return rounds;
}

static uint32_t calls_what_goes(void)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        struct capos_client object = capos_client_for(load_acquire_u32(&object_id), CAPOS_MEMORY_OBJECT_INTERFACE_ID);
        struct capos_memory_object_info_results info = { 0 };
        enum capos_status status = capos_memory_object_info(&object, NULL, &info);
        wrong += !(status == CAPOS_OK && info.page_count == 1) && status != CAPOS_NO_SUCH_CAP;
    }
    return wrong;
}

/* ---- the ring --------------------------------------------------------------------------------------------------------- */

static struct ring_page *volatile victim;

static int64_t rewrites_header(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    for (; goes_on(); rounds++) {
        struct ring_page *page = victim;
        if (page == NULL)
            continue;
        volatile uint32_t *word = (volatile uint32_t *)&page->header + random_u32() % (sizeof page->header / 4);
        *word = random_u32() % 2 == 0 ? random_u32() << (random_u32() % 32) : *word + random_u32() % 40 - 20;
    }
    store_release_u32(&finished, 1);
    return rounds;
}

/* Entries that change while they are read. No RELEASE: what would be released is not known. */
static int64_t rewrites_entries(void *argument)
{
    (void)argument;
    int64_t rounds = 0;
    for (; goes_on(); rounds++) {
        struct ring_page *page = victim;
        if (page == NULL)
            continue;
        volatile uint8_t *byte = (volatile uint8_t *)page->sqes + random_u32() % sizeof page->sqes;
        uint8_t value = (uint8_t)random_u32();
        if (((uintptr_t)byte & 63) == 0)
            value = value % 2 == 0 ? RING_OP_NOP : RING_OP_UNPARK;
        *byte = value;
    }
    store_release_u32(&finished, 1);
    return rounds;
}

/* Stores valid indices: nothing is queued, nothing is unread. */
static bool repair(struct ring_page *page)
{
    struct ring_header *h = &page->header;
    for (uint32_t i = 0; i < 100; i++) {
        capos_cap_enter(RING_CQ_ENTRIES, 300000); /* for sleeps that still go on */
        store_release_u32(&h->cq_head, load_acquire_u32(&h->cq_tail));
        store_release_u32(&h->sq_tail, load_acquire_u32(&h->sq_head));
        if (capos_cap_enter(0, 0) == 0 && h->sq_head == h->sq_tail && h->cq_head == h->cq_tail)
            return true;
    }
    return false;
}

/* In a thread, and so on a ring, of its own. */
static int64_t rides_bad_ring(void *argument)
{
    struct ring_page *page = capos_ring()->page;
    struct ring_header *h = &page->header;
    const char *what = argument;
    uint64_t strange = 0;
    static const uint64_t sleep_params[] = { 2ull << 32, 1ull << 32, 200000 };
    struct ring_sqe sleep = { .opcode = RING_OP_CALL, .cap_id = timer.cap_id, .method_id = CAPOS_TIMER_SLEEP_METHOD,
                              .addr = (uintptr_t)sleep_params, .len = sizeof sleep_params };
    while (load_acquire_u32(&started) == 0)
        capos_cap_enter(0, 0);
    victim = page;
    for (uint32_t i = 0; i < 3000; i++) {
        uint32_t tail = load_acquire_u32(&h->sq_tail);
        page->sqes[tail & RING_SQ_MASK] = i % 5 == 0 ? sleep : (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = i };
        store_release_u32(&h->sq_tail, tail + 1);
        uint64_t answer = capos_cap_enter(i % 2, i % 8 == 0 ? 100000 : 0);
        strange += answer > RING_CQ_ENTRIES && answer != CAP_ENTER_THREAD_OWNED_HEAD;
        store_release_u32(&h->cq_head, load_acquire_u32(&h->cq_tail));
    }
    store_release_u32(&stop, 1);
    while (load_acquire_u32(&finished) == 0)
        capos_cap_enter(0, 0);
    memset(page->sqes, 0, sizeof page->sqes);
    check(strange == 0, "%s: %lu answers of cap_enter that do not exist", what, strange);
    bool whole = repair(page);
    capos_ring()->early_count = 0;
    expect_true("R4", whole && run_nop() == 0, what);
    return GOOD;
}

static void check_ring(capos_thread_fn *disturbs, const char *what)
{
    struct capos_thread threads[2];
    int64_t code = 0, rounds = 0;
    store_release_u32(&stop, 0);
    store_release_u32(&started, 0);
    store_release_u32(&finished, 0);
    check(capos_thread_start(&threads[0], disturbs, NULL, NULL) == CAPOS_OK, "start");
    check(capos_thread_start(&threads[1], rides_bad_ring, (void *)(uintptr_t)what, NULL) == CAPOS_OK, "start");
    check(capos_thread_join(&threads[1], &code) == CAPOS_OK && code == GOOD, "the ring's thread ends with %ld", code);
    check(capos_thread_join(&threads[0], &rounds) == CAPOS_OK && rounds > 0, "%ld rounds", rounds);
    victim = NULL;
}

/* ---- buffers of calls that wait -------------------------------------------------------------------------------------- */

static void unmap_shared(void)
{
    struct capos_virtual_memory_unmap_params out = { .addr = SHARED_PAGE, .size = PAGE_SIZE };
    check_ok(capos_virtual_memory_unmap(&memory, &out, NULL), &memory, "unmap");
}

static uint64_t start(struct ring_sqe sqe)
{
    uint64_t ticket = 0;
    check(capos_ring_submit(capos_ring(), &sqe, &ticket) == CAPOS_OK, "submit");
    capos_cap_enter(0, 0);
    return ticket;
}

static int32_t end_of(uint64_t ticket)
{
    struct capos_completion done = { 0 };
    check(capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK, "wait");
    return done.result;
}

static void check_waiting_buffers(void)
{
    static _Alignas(8) uint8_t received[256];
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = ep, .result_addr = SHARED_PAGE, .result_len = 64 };
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = ep, .result_addr = (uintptr_t)received, .result_len = sizeof received };
    struct capos_completion got = { 0 };
    (void)map_pages(SHARED_PAGE, 1, RW);
    uint64_t waiting = start(call);
    check(capos_ring_run(capos_ring(), &recv, &got) == CAPOS_OK, "receive");
    unmap_shared();
    struct ring_sqe answer = { .opcode = RING_OP_RETURN, .cap_id = ep, .call_id = got.call_id, .addr = (uintptr_t)read_params, .len = 8 };
    expect("R6", run_entry(answer), CAP_ERR_INVALID_RESULT_BUFFER, "RETURN into a buffer that has gone");
    expect("R6", end_of(waiting), CAP_ERR_INVALID_RESULT_BUFFER, "the caller's completion");
    (void)map_pages(SHARED_PAGE, 1, RW);
    recv.result_addr = SHARED_PAGE;
    waiting = start(recv);
    unmap_shared();
    call.result_addr = (uintptr_t)received;
    uint64_t calling = start(call);
    expect("R6", end_of(waiting), CAP_ERR_INVALID_RESULT_BUFFER, "a receive whose buffer has gone when a call comes");
    recv.result_addr = (uintptr_t)received;
    check(capos_ring_run(capos_ring(), &recv, &got) == CAPOS_OK, "receive");
    expect("R6", got.result, 56, "the call is still there");
    answer.call_id = got.call_id;
    answer.len = 0;
    expect("R6", run_entry(answer), 0, "RETURN");
    expect("R6", end_of(calling), 0, "the caller's completion");
}

/* Calls that a kernel object keeps: what they wait for comes, and there is no place for the answer. */
static void check_kept_calls(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), reader, writer;
    struct capos_process_spawner_create_pipe_params pipe = { .buffer_bytes = 64 };
    struct capos_process_spawner_create_pipe_results got = { 0 };
    check_ok(capos_process_spawner_create_pipe(&spawner, &pipe, &got), &spawner, "createPipe");
    check(capos_reply_take(got.read_index, CAPOS_PIPE_INTERFACE_ID, &reader) == CAPOS_OK &&
          capos_reply_take(got.write_index, CAPOS_PIPE_INTERFACE_ID, &writer) == CAPOS_OK, "both ends");
    static const uint64_t read_some[] = { 2ull << 32, 1ull << 32, 64 };
    (void)map_pages(SHARED_PAGE, 1, RW);
    uint64_t reading = start((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = reader.cap_id, .method_id = CAPOS_PIPE_READ_METHOD,
        .addr = (uintptr_t)read_some, .len = sizeof read_some, .result_addr = SHARED_PAGE, .result_len = 128 });
    unmap_shared();
    struct capos_pipe_write_params bytes = { .data = { (const uint8_t *)"xyz", 3 } };
    check_ok(capos_pipe_write(&writer, &bytes, &(struct capos_pipe_write_results){ 0 }), &writer, "write");
    expect("R6", end_of(reading), CAP_ERR_INVALID_RESULT_BUFFER, "a read whose buffer has gone");
    struct capos_process child;
    if (!spawn_task(BINARY, "stay", NULL, 0, &child))
        return;
    (void)map_pages(SHARED_PAGE, 1, RW);
    uint64_t waiting = start((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = child.handle.cap_id,
        .method_id = CAPOS_PROCESS_HANDLE_WAIT_METHOD, .result_addr = SHARED_PAGE, .result_len = 128 });
    unmap_shared();
    check(capos_process_terminate(&child) == CAPOS_OK, "terminate");
    expect("R6", end_of(waiting), CAP_ERR_INVALID_RESULT_BUFFER, "a wait whose buffer has gone");
    expect("R6", exit_code_of(&child), EXIT_CODE_TERMINATED, "a second wait has its answer");
    capos_client_close(&reader);
    capos_client_close(&writer);
}

/* Answers that the kernel is told to write over the ring they are announced on. */
static void check_answer_over_ring(void)
{
    struct ring_page *page = capos_ring()->page;
    for (uint32_t at = 0; at < RING_CQE_OFFSET + 256; at += 24) {
        struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = package.cap_id, .method_id = CAPOS_BOOT_PACKAGE_READ_MANIFEST_METHOD,
                                .addr = (uintptr_t)read_params, .len = sizeof read_params, .result_addr = (uintptr_t)page + at, .result_len = 2048 };
        page->sqes[page->header.sq_tail & RING_SQ_MASK] = sqe;
        store_release_u32(&page->header.sq_tail, page->header.sq_tail + 1);
        capos_cap_enter(0, 0);
        memset(page->sqes, 0, sizeof page->sqes);
        if (!repair(page) || run_nop() != 0) {
            expect_true("R5", false, "the ring after an answer was written over it");
            return;
        }
    }
    expect_true("R5", true, "the ring after an answer was written over it, 59 times");
}

/* ---- the end of a process whose threads are in the kernel --------------------------------------------------------------- */

static int64_t calls_for_ever(void *argument)
{
    struct capos_client clock = capos_client_for((uint32_t)(uintptr_t)argument, CAPOS_TIMER_INTERFACE_ID);
    struct capos_timer_now_results now = { 0 };
    while (capos_timer_now(&clock, NULL, &now) == CAPOS_OK)
        if (now.monotonic_ns % 16 == 0)
            sleep_ns(&clock, 50000);
    return 1;
}

static int end_among_threads(uint32_t way)
{
    struct capos_client clock = capos_client_for(capos_capset_entry(0)->cap_id, CAPOS_TIMER_INTERFACE_ID);
    struct capos_thread threads[4];
    for (uint32_t i = 0; i < 4; i++)
        check(capos_thread_start(&threads[i], calls_for_ever, (void *)(uintptr_t)clock.cap_id, NULL) == CAPOS_OK, "start");
    sleep_ns(&clock, 2000000);
    if (way == 0)
        *(volatile uint32_t *)(uintptr_t)KERNEL_ADDRESS = 0;
    return GOOD;
}

static int stay(void)
{
    while (capos_cap_enter(RING_CQ_ENTRIES, CAP_ENTER_WAIT_FOREVER) <= RING_CQ_ENTRIES)
        ;
    return 1;
}

static void check_ends(void)
{
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
        capos_grant_kernel("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),
    };
    for (uint32_t i = 0; i < 10; i++) {
        char name[8] = "0";
        name[0] = (char)('0' + i % 2);
        int64_t code = run_task(BINARY, name, grants, 2);
        expect_witnessed("R7", code, i % 2 == 0 ? DIES : GOOD, i % 2 == 0 ? "a fault while four threads call" : "an exit while four threads call");
    }
}

int main(void)
{
    if (task() != NULL)
        return task_is("witness") ? witness_run() : task_is("stay") ? stay() : end_among_threads(task_number());
    hostile_begin();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    package = granted("boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    ep = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    witness_start(BINARY);
    (void)map_pages(SHARED_PAGE, 1, RW); /* its page tables stay and stay charged */
    unmap_shared();
    uint64_t ledgers = ledger_sum(&monitor);
    race("H66", "params on a page that another thread unmaps", params_on_it, takes_page_away);
    race("H66", "result on a page that another thread unmaps", results_on_it, takes_page_away);
    uint64_t page = map_pages(SHARED_PAGE, 1, RW);
    memcpy((void *)page, read_params, sizeof read_params);
    race("R1", "params and result on a page whose rights change", both_on_it, changes_rights);
    unmap_shared();
    race("R2", "params that change", changing_params, rewrites_params);
    struct capos_client object = new_object();
    object_id = object.cap_id;
    carried.caps[0] = carried.caps[1] = (struct ring_transfer_descriptor){ object_id, TRANSFER_MODE_COPY, 0 };
    race("H47", "descriptors that change", changing_descriptors, rewrites_descriptors);
    check(capos_release(object_id) == CAPOS_OK, "the object is still ours");
    race("R3", "calls on a capability that another thread releases", calls_what_goes, takes_and_releases);
    check_ring(rewrites_header, "ring indices and constants that change");
    check_ring(rewrites_entries, "ring entries that change");
    check_waiting_buffers();
    check_kept_calls();
    check_answer_over_ring();
    check_ends();
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    witness_end();
    return hostile_finish("hostile_race");
}
