/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Can a program learn where the kernel has memory? Addresses in the kernel's
 * half, with something behind them and without, must get the same answer after
 * the same number of instructions, whether they stand in an entry of the ring,
 * in parameters, or are touched directly. Run with QEMU's instruction counter
 * as clock (-icount shift=0), so that RDTSC counts instructions; what a real
 * processor's caches tell is another matter (CAVEATS.md).
 */
#include "hostile.h"

#define BINARY "hostile_probe"
#define SAMPLES 6u /* of each address */
#define FIRST 100u /* more before them, so that all process ids have three digits */
#define QUIET_NS 200000000u /* until the console has nothing left to send; time is cheap here */
#define MORE 60u /* at most, for a place that has not shown the usual number */

static const struct {
    const char *what;
    uint64_t address;
} places[] = {
    { "entry code, which user code's own tables show", 0xffffffff80201000 },
    { "kernel code", KERNEL_ADDRESS }, { "kernel constants", 0xffffffff80235000 }, { "kernel data", 0xffffffff80240000 },
    { "physical memory", 0xffff800000200000 }, { "physical memory of the last table", 0xffff800000001000 },
    { "nothing in the kernel's region", NO_KERNEL_ADDRESS }, { "nothing at the end", 0xffffffffff000000 },
    { "nothing in the direct map's region", 0xffff8f0000000000 }, { "nothing anywhere", 0xffffc00000000000 },
};

#define PLACES (sizeof places / sizeof places[0])

static struct ring_page *page;

static inline uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("lfence; rdtsc; lfence" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* The entry's answer, and how long the system call took. */
static uint64_t time_entry(const struct ring_sqe *sqe, int32_t *code)
{
    struct ring_header *h = &page->header;
    page->sqes[h->sq_tail & RING_SQ_MASK] = *sqe;
    store_release_u32(&h->sq_tail, h->sq_tail + 1);
    uint64_t before = ticks();
    uint64_t there = capos_cap_enter(1, CAP_ENTER_WAIT_FOREVER);
    uint64_t after = ticks();
    *code = page->cqes[h->cq_head & RING_CQ_MASK].result;
    if (there != 1 || h->cq_tail - h->cq_head != 1)
        *code = 999;
    store_release_u32(&h->cq_head, h->cq_head + 1);
    return after - before;
}

enum kind {
    PARAMS, PARAMS_WITH_CAPS, RESULT, RECEIVE, RETURN_PARAMS, PARK, UNPARK, MAP, UNMAP, PROTECT, COMMIT, FS_BASE, THREAD_ENTRY, KINDS
};

static const struct {
    const char *what;
    const char *cap;
    uint8_t opcode;
    uint16_t method;
    int32_t code;
} kinds[KINDS] = {
    [PARAMS] = { "params", "console", RING_OP_CALL, CAPOS_CONSOLE_WRITE_METHOD, CAP_ERR_INVALID_PARAMS_BUFFER },
    [PARAMS_WITH_CAPS] = { "params and descriptors", "endpoint", RING_OP_CALL, 0, CAP_ERR_INVALID_PARAMS_BUFFER },
    [RESULT] = { "result", "timer", RING_OP_CALL, CAPOS_TIMER_NOW_METHOD, CAP_ERR_INVALID_RESULT_BUFFER },
    [RECEIVE] = { "receive buffer", "endpoint", RING_OP_RECV, 0, CAP_ERR_INVALID_RESULT_BUFFER },
    [RETURN_PARAMS] = { "answer", "endpoint", RING_OP_RETURN, 0, CAP_ERR_INVALID_PARAMS_BUFFER },
    [PARK] = { "park word", "park_space", RING_OP_PARK, 0, CAP_ERR_INVALID_PARAMS_BUFFER },
    [UNPARK] = { "unpark word", "park_space", RING_OP_UNPARK, 0, CAP_ERR_INVALID_PARAMS_BUFFER },
    [MAP] = { "address to map", "virtual_memory", RING_OP_CALL, CAPOS_VIRTUAL_MEMORY_MAP_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
    [UNMAP] = { "address to unmap", "virtual_memory", RING_OP_CALL, CAPOS_VIRTUAL_MEMORY_UNMAP_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
    [PROTECT] = { "address to protect", "virtual_memory", RING_OP_CALL, CAPOS_VIRTUAL_MEMORY_PROTECT_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
    [COMMIT] = { "address to commit", "virtual_memory", RING_OP_CALL, CAPOS_VIRTUAL_MEMORY_COMMIT_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
    [FS_BASE] = { "FS base", "thread_control", RING_OP_CALL, CAPOS_THREAD_CONTROL_SET_FS_BASE_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
    [THREAD_ENTRY] = { "thread entry", "thread_spawner", RING_OP_CALL, CAPOS_THREAD_SPAWNER_CREATE_METHOD, CAP_ERR_APPLICATION_EXCEPTION },
};

static _Alignas(8) uint8_t reply[256];

static struct ring_sqe entry_of(enum kind kind, uint64_t address)
{
    static uint64_t words[8];
    struct ring_sqe sqe = { .opcode = kinds[kind].opcode, .method_id = kinds[kind].method };
    sqe.cap_id = capos_capset_find(kinds[kind].cap)->cap_id;
    if (kind >= MAP) { /* a message of one struct: address, one page, readable */
        uint64_t count = kind == THREAD_ENTRY ? 5 : kind == FS_BASE ? 1 : kind == UNMAP ? 2 : 3;
        const uint64_t message[8] = { (count + 1) << 32, count << 32, address, PAGE_SIZE, PROT_READ_BIT };
        memcpy(words, message, sizeof words);
        sqe.addr = (uintptr_t)words;
        sqe.len = (uint32_t)(8 * (count + 2));
        sqe.result_addr = (uintptr_t)reply;
        sqe.result_len = sizeof reply;
        return sqe;
    }
    if (kind == RESULT || kind == RECEIVE) {
        sqe.result_addr = address;
        sqe.result_len = 128;
        return sqe;
    }
    sqe.addr = address;
    sqe.len = kind == PARK ? 0 : kind == UNPARK ? 1 : 64;
    sqe.xfer_cap_count = kind == PARAMS_WITH_CAPS ? 2 : 0;
    sqe.call_id = kind == PARK || kind == RETURN_PARAMS ? 1 : 0;
    sqe.flags = kind == PARK ? SQE_FLAG_THREAD_OWNED : 0;
    return sqe;
}

/* A little longer each time, so that what depends on the time is not always in the same samples. */
static void quiet(void)
{
    static uint32_t times;
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    times++;
    sleep_ns(&timer, QUIET_NS + times % 13 * 7654321);
}

static bool has(const uint64_t *took, uint64_t value)
{
    for (size_t i = 0; i < SAMPLES; i++)
        if (took[i] == value)
            return true;
    return false;
}

/* The most frequent of all numbers. Some have a timer's interrupt in them, or the end of a window of the log's. */
static uint64_t usual(const uint64_t took[PLACES][SAMPLES])
{
    uint64_t best = 0;
    uint32_t best_count = 0;
    for (size_t n = 0; n < PLACES * SAMPLES; n++) {
        uint64_t value = took[n / SAMPLES][n % SAMPLES];
        uint32_t count = 0;
        for (size_t k = 0; k < PLACES * SAMPLES; k++)
            count += took[k / SAMPLES][k % SAMPLES] == value;
        best = count > best_count ? value : best;
        best_count = count > best_count ? count : best_count;
    }
    return best;
}

/* That number must be among those of every place. */
static void same_time(const char *row, const uint64_t took[PLACES][SAMPLES], uint64_t all, const char *what)
{
    for (size_t i = 0; i < PLACES; i++) {
        bool same = has(took[i], all);
        check_count++;
        check_failures += !same;
        hostile_line("[hostile] %s %s %lu instructions: %s, %s", row, same ? "ok" : "FAILED", same ? all : took[i][0], what,
                     places[i].what);
    }
}

static void check_kind(enum kind kind)
{
    static uint64_t took[PLACES][SAMPLES];
    int32_t code[PLACES];
    quiet();
    for (uint32_t n = 0; n < (1 + SAMPLES) * PLACES; n++) { /* in turns, so that counters of refusals grow for all alike */
        uint32_t i = n % PLACES;
        struct ring_sqe sqe = entry_of(kind, places[i].address);
        uint64_t took_now = time_entry(&sqe, &code[i]);
        if (n >= PLACES) /* the first round finds other caches and counters */
            took[i][n / PLACES - 1] = took_now;
    }
    for (size_t i = 0; i < PLACES; i++)
        expect("K1", code[i], kinds[kind].code, kinds[kind].what);
    same_time("K2", took, usual(took), kinds[kind].what);
}

/* ---- direct access: the process ends ------------------------------------------------------------- */

struct moment {
    uint64_t before; /* the access */
};

static int touch(uint32_t n)
{
    static struct moment nowhere;
    volatile struct moment *moment = &nowhere;
    if (capos_capset_find("moment") != NULL) {
        struct capos_client object = granted("moment", CAPOS_MEMORY_OBJECT_INTERFACE_ID);
        moment = map_object(&object);
    }
    volatile uint64_t *address = (volatile uint64_t *)places[n / 3].address;
    uint64_t code = places[n / 3].address;
    void (*function)(void);
    memcpy(&function, &code, sizeof function);
    moment->before = ticks();
    if (n % 3 == 0)
        (void)*address;
    else if (n % 3 == 1)
        *address = 0;
    else
        function();
    return BACK;
}

static uint64_t time_access(uint32_t place, uint32_t way, const struct capos_cap_grant *grant, volatile struct moment *moment)
{
    quiet();
    int64_t code = run_numbered(BINARY, 3 * place + way, grant, 1);
    uint64_t took = ticks() - moment->before;
    check(code == DIES, "access %u of %s ended with %ld", way, places[place].what, code);
    return took;
}

static void check_access(uint32_t way, const char *what)
{
    static uint64_t took[PLACES][SAMPLES];
    struct capos_client object = new_object();
    volatile struct moment *moment = map_object(&object);
    struct capos_cap_grant grant = capos_grant_held("moment", object.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    for (uint32_t n = 0; n < (1 + SAMPLES) * PLACES; n++) {
        uint64_t took_now = time_access(n % PLACES, way, &grant, moment);
        if (n >= PLACES)
            took[n % PLACES][n / PLACES - 1] = took_now;
    }
    /* The way to the end of a process depends on timers and on what the log remembers: some places need more samples. */
    uint64_t all = usual(took);
    for (uint32_t i = 0; i < PLACES; i++)
        for (uint32_t more = 0; more < MORE && !has(took[i], all); more++)
            took[i][0] = time_access(i, way, &grant, moment);
    same_time("K3", took, all, what);
}

int main(void)
{
    if (task() != NULL)
        return touch(task_number());
    hostile_begin();
    page = capos_ring()->page;
    for (uint32_t kind = 0; kind < KINDS; kind++)
        check_kind((enum kind)kind);
    for (uint32_t i = 0; i < FIRST; i++)
        check(run_numbered(BINARY, 0, NULL, 0) == DIES, "a first process");
    check_access(0, "read");
    check_access(1, "write");
    check_access(2, "jump");
    return hostile_finish("hostile_probe");
}
