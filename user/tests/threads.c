/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads of one program: own variables, registers and floating point state,
 * typed calls side by side, the limit, every way to end, memory that one
 * thread unmaps while others use it.
 */
#include "check.h"

#include "abi/atomic.h"
#include "abi/layout.h"
#include "abi/limits.h"

static _Thread_local uint32_t initialised = 0x1234;
static _Thread_local uint64_t zero;
static _Thread_local _Alignas(64) uint8_t aligned[64] = { 9 };

static uint32_t go, arrived;

static void wait_for(const uint32_t *word, uint32_t value)
{
    while (load_acquire_u32(word) != value)
        __asm__ volatile("pause");
}

static struct capos_thread start(capos_thread_fn *fn, void *argument)
{
    struct capos_thread thread;
    enum capos_status status = capos_thread_start(&thread, fn, argument, NULL);
    check(status == CAPOS_OK, "start: %s", capos_status_text(status));
    return thread;
}

static int64_t end_of(struct capos_thread *thread)
{
    int64_t code = INT64_MIN;
    enum capos_status status = capos_thread_join(thread, &code);
    check(status == CAPOS_OK, "join: %s", capos_status_text(status));
    return code;
}

/* ---- what is a thread's own ------------------------------------------------------------- */

static int64_t own_variables(void *argument)
{
    uintptr_t n = (uintptr_t)argument;
    bool fresh = initialised == 0x1234 && zero == 0 && aligned[0] == 9 && aligned[63] == 0 && (uintptr_t)aligned % 64 == 0;
    initialised = (uint32_t)n;
    zero = n;
    uint64_t seed = n * 0x9e3779b97f4a7c15ull;
    double sum = (double)n;
    bool kept = true;
    for (uint32_t i = 0; i < 1000000; i++) { /* long enough to be taken off the processor */
        sum += (double)n * 0.5;
        seed = seed * 6364136223846793005ull + n;
        kept = kept && initialised == n && zero == n;
    }
    kept = kept && sum == (double)n + 500000.0 * (double)n;
    return fresh && kept && capos_thread_id() > 1 ? (int64_t)n : -1;
}

static void check_own(void)
{
    struct capos_thread threads[4];
    for (uintptr_t i = 0; i < 4; i++)
        threads[i] = start(own_variables, (void *)(i + 1));
    for (uint32_t i = 0; i < 4; i++)
        check(end_of(&threads[i]) == i + 1, "thread %u sees and keeps its own", i);
    check(initialised == 0x1234 && zero == 0 && capos_thread_id() == 1, "the first thread's are untouched");
}

/* ---- calls side by side -------------------------------------------------------------------- */

static int64_t calls(void *argument)
{
    struct capos_client timer = capos_client_for((uint32_t)(uintptr_t)argument, CAPOS_TIMER_INTERFACE_ID);
    uint64_t last = 0;
    for (uint32_t i = 0; i < 200; i++) {
        struct capos_timer_now_results now = { 0 };
        if (capos_timer_now(&timer, NULL, &now) != CAPOS_OK || now.monotonic_ns < last)
            return 1;
        last = now.monotonic_ns;
        if (i % 50 == 0 && capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 100000 }, NULL) != CAPOS_OK)
            return 2;
        void *piece = capos_alloc(16 + i);
        if (piece == NULL)
            return 3;
        memset(piece, (int)i, 16 + i);
        capos_free(piece);
    }
    return 0;
}

static void check_calls(void)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_thread threads[4];
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = start(calls, (void *)(uintptr_t)timer.cap_id);
    for (uint32_t i = 0; i < 4; i++)
        check(end_of(&threads[i]) == 0, "calls of thread %u", i);
    check(capos_heap_used() == 0, "the heap has everything back: %zu", capos_heap_used());
}

/* ---- limit and ends ---------------------------------------------------------------------------- */

static int64_t stays(void *argument)
{
    (void)argument;
    fetch_add_u32(&arrived, 1);
    wait_for(&go, 1);
    return 5;
}

static void check_limit(void)
{
    static uint8_t stacks[THREADS_PER_PROCESS_MAX][4096];
    struct capos_thread threads[THREADS_PER_PROCESS_MAX];
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    uint64_t before = ledger_sum(&monitor);
    for (uint32_t round = 0; round < 2; round++) {
        go = arrived = 0;
        for (uint32_t i = 1; i < THREADS_PER_PROCESS_MAX; i++) {
            struct capos_thread_options options = { stacks[i], sizeof stacks[i] };
            enum capos_status status = capos_thread_start(&threads[i], stays, NULL, &options);
            check(status == CAPOS_OK, "thread %u: %s", i, capos_status_text(status));
        }
        wait_for(&arrived, THREADS_PER_PROCESS_MAX - 1);
        check(capos_thread_start(&threads[0], stays, NULL, &(struct capos_thread_options){ stacks[0], sizeof stacks[0] }) ==
              CAPOS_EXCEPTION, "one more is refused");
        store_release_u32(&go, 1);
        for (uint32_t i = 1; i < THREADS_PER_PROCESS_MAX; i++)
            check(end_of(&threads[i]) == 5, "code of thread %u", i);
    }
    check(ledger_sum(&monitor) == before, "the ledger is as before");
    check(capos_thread_id() == 1, "own id");
}

static int64_t leaves(void *argument)
{
    capos_thread_exit((int64_t)(uintptr_t)argument);
}

static int64_t spins(void *argument)
{
    while (argument == NULL)
        __asm__ volatile("pause");
    return 0;
}

static int64_t last(void *argument)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    (void)argument;
    sleep_ns(&timer, 300000000); /* the first thread has long gone */
    capos_thread_exit(-3);
}

static int64_t faults(void *argument)
{
    *(volatile uint32_t *)argument = 1;
    return 0;
}

static int child(void)
{
    if (task_is("first leaves")) {
        start(last, NULL);
        capos_thread_exit(9);
    }
    for (uint32_t i = 0; i < 5; i++)
        start(spins, NULL);
    if (task_is("fault"))
        start(faults, (void *)8);
    if (task_is("exit"))
        return 17;
    return (int)spins(NULL);
}

static void check_ends(void)
{
    struct capos_cap_grant grants[] = {
        CONSOLE_GRANT,
        capos_grant_kernel("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
        capos_grant_kernel("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
    };
    struct capos_process process;
    struct capos_thread thread = start(leaves, (void *)33);
    check(end_of(&thread) == 33, "exit in the middle");
    check(run_task("threads", "first leaves", grants, 4) == -3, "the last thread's code is the process's");
    check(run_task("threads", "exit", grants, 4) == 17, "exit ends all threads");
    check(run_task("threads", "fault", grants, 4) == EXIT_CODE_FAULT, "a fault ends all threads");
    if (spawn_task("threads", "spin", grants, 4, &process)) {
        check(capos_process_terminate(&process) == CAPOS_OK, "terminate");
        check(exit_code_of(&process) == EXIT_CODE_TERMINATED, "terminated with all its threads");
    }
}

/* ---- one unmaps, others use ------------------------------------------------------------------------ */

#define TOUCHERS 3u
#define PAGES 4u
#define REMAPS 25u

static uint64_t shown;     /* address of the mapping of this round */
static uint32_t round_at;  /* round that may be touched; 0 = none */
static uint32_t touched;   /* touchers that have left it */

/* Each round fresh memory: it must read zero and keep what is written, on every processor. */
static int64_t touches(void *argument)
{
    uintptr_t self = (uintptr_t)argument;
    for (uint32_t round = 1; round <= REMAPS; round++) {
        wait_for(&round_at, round);
        volatile uint64_t *words = (volatile uint64_t *)shown;
        for (uint32_t page = 0; page < PAGES; page++) {
            volatile uint64_t *word = &words[page * PAGE_SIZE / 8 + self];
            if (*word != 0)
                return round;
            *word = round * 1000 + self;
        }
        for (uint32_t page = 0; page < PAGES; page++)
            if (words[page * PAGE_SIZE / 8 + self] != round * 1000 + self)
                return -(int64_t)round;
        fetch_add_u32(&touched, 1);
    }
    return 0;
}

static void check_shootdown(void)
{
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_map_params in = { .hint = 0x40000000, .size = PAGES * PAGE_SIZE,
                                                  .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_unmap_params out = { .addr = 0x40000000, .size = PAGES * PAGE_SIZE };
    struct capos_virtual_memory_map_results at = { 0 };
    struct capos_thread threads[TOUCHERS];
    for (uintptr_t i = 0; i < TOUCHERS; i++)
        threads[i] = start(touches, (void *)i);
    for (uint32_t round = 1; round <= REMAPS; round++) {
        check_ok(capos_virtual_memory_map(&vm, &in, &at), &vm, "map");
        shown = at.addr;
        store_relaxed_u32(&touched, 0);
        store_release_u32(&round_at, round);
        while (load_acquire_u32(&touched) != TOUCHERS)
            capos_cap_enter(0, 0);
        store_release_u32(&round_at, 0);
        check_ok(capos_virtual_memory_unmap(&vm, &out, NULL), &vm, "unmap");
    }
    for (uint32_t i = 0; i < TOUCHERS; i++) {
        int64_t code = end_of(&threads[i]);
        check(code == 0, "toucher %u: stale memory in round %ld", i, code);
    }
}

int main(void)
{
    if (task() != NULL)
        return child();
    check_own();
    check_calls();
    check_limit();
    check_ends();
    check_shootdown();
    return finish("threads");
}
