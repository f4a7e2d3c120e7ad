/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Locks between threads, and PARK itself: a counter under a mutex, threads
 * that pass a token through a condition variable, once, time-outs, words of a
 * memory object shared with another process, memory unmapped under a waiter.
 */
#include "check.h"

#include "abi/atomic.h"
#include "abi/layout.h"

#define THREADS 4u
#define COUNTS 2000u
#define TURNS 100u

static struct capos_mutex mutex;
static struct capos_condition condition;
static struct capos_once once;
static volatile uint32_t counter, runs;

static void in_threads(capos_thread_fn *fn, const char *what)
{
    struct capos_thread threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        check(capos_thread_start(&threads[i], fn, (void *)i, NULL) == CAPOS_OK, "start: %s", what);
    for (uint32_t i = 0; i < THREADS; i++) {
        int64_t code = -1;
        check(capos_thread_join(&threads[i], &code) == CAPOS_OK && code == 0, "%s: thread %u ends with %ld", what, i, code);
    }
}

static int64_t counts(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < COUNTS; i++) {
        capos_mutex_lock(&mutex);
        uint32_t value = counter;
        for (uint32_t n = 0; n < i % 32; n++)
            __asm__ volatile("pause");
        counter = value + 1;
        capos_mutex_unlock(&mutex);
    }
    return 0;
}

static int64_t passes_token(void *argument)
{
    uint32_t self = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < TURNS; i++) {
        capos_mutex_lock(&mutex);
        while (counter % THREADS != self)
            capos_condition_wait(&condition, &mutex);
        counter = counter + 1;
        capos_condition_broadcast(&condition);
        capos_mutex_unlock(&mutex);
    }
    return 0;
}

static void initialise(void)
{
    for (uint32_t i = 0; i < 200000; i++)
        __asm__ volatile("pause");
    runs++;
}

static int64_t runs_once(void *argument)
{
    (void)argument;
    capos_once(&once, initialise);
    return runs == 1 ? 0 : 1;
}

static void check_locks(void)
{
    in_threads(counts, "mutex");
    check(counter == THREADS * COUNTS, "counter: %u", counter);
    counter = 0;
    in_threads(passes_token, "condition");
    check(counter == THREADS * TURNS, "token: %u", counter);
    in_threads(runs_once, "once");
    check(mutex.word == 0 && runs == 1, "all unlocked");
}

static void check_time_outs(uint32_t space)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    static uint32_t word = 7;
    check(capos_park(space, &word, 6, CAPOS_WAIT_FOREVER) == CAPOS_PARK_DIFFERENT, "another value");
    check(capos_park(space, &word, 7, 0) == CAPOS_PARK_TIMED_OUT, "a look");
    uint64_t before = now_ns(&timer);
    check(capos_park(space, &word, 7, 3000000) == CAPOS_PARK_TIMED_OUT, "three milliseconds");
    check(now_ns(&timer) - before >= 3000000, "not less");
    capos_mutex_lock(&mutex);
    check(!capos_condition_wait_for(&condition, &mutex, 1000000), "no signal");
    check(!capos_mutex_try_lock(&mutex), "locked again");
    capos_mutex_unlock(&mutex);
    check(capos_unpark(space, &word, 1) == 0, "nobody waits");
    check(capos_unpark(space, &word, 0) == CAPOS_INVALID_REQUEST, "wake nobody");
    check(capos_unpark(space, (const uint32_t *)0x10, 1) == CAPOS_INVALID_PARAMS, "no such word");
    check(capos_unpark(9999, &word, 1) == CAPOS_NO_SUCH_CAP, "no such space");
}

static uint32_t *mapped;

static int64_t waits_on_page(void *argument)
{
    return capos_park((uint32_t)(uintptr_t)argument, mapped, 0, CAPOS_WAIT_FOREVER);
}

static void check_unmapping(uint32_t space)
{
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_virtual_memory_map_params in = { .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_map_results at = { 0 };
    struct capos_thread thread;
    int64_t result = -1;
    check_ok(capos_virtual_memory_map(&vm, &in, &at), &vm, "map");
    mapped = (uint32_t *)at.addr;
    check(capos_thread_start(&thread, waits_on_page, (void *)(uintptr_t)space, NULL) == CAPOS_OK, "start");
    sleep_ns(&timer, 20000000);
    struct capos_virtual_memory_unmap_params out = { .addr = at.addr, .size = PAGE_SIZE };
    check_ok(capos_virtual_memory_unmap(&vm, &out, NULL), &vm, "unmap");
    check(capos_thread_join(&thread, &result) == CAPOS_OK, "join");
    check(result == CAPOS_PARK_INTERRUPTED || result == CAPOS_INVALID_PARAMS, "interrupted: %ld", result);
}

/* ---- two processes, one word ------------------------------------------------------------- */

#define PINGS 200u

static uint32_t *map_shared(const struct capos_client *memory)
{
    struct capos_client client = *memory;
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_memory_object_map(&client, &in, &at), &client, "map the shared page");
    return (uint32_t *)at.addr;
}

/* The word counts up; `mine` is the parity on which this side has its turn. */
static bool play(uint32_t space, uint32_t *word, uint32_t mine)
{
    for (uint32_t i = 0; i < PINGS; i++) {
        uint32_t seen;
        while ((seen = load_acquire_u32(word)) % 2 != mine)
            if (capos_park(space, word, seen, CAPOS_WAIT_FOREVER) < 0)
                return false;
        store_release_u32(word, seen + 1);
        if (capos_unpark(space, word, 1) < 0)
            return false;
    }
    return true;
}

static int child(void)
{
    struct capos_client memory = granted("memory", CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    struct capos_client space = granted("shared", CAPOS_SHARED_PARK_SPACE_INTERFACE_ID);
    return play(space.cap_id, map_shared(&memory), 1) ? 44 : 1;
}

static void check_shared(void)
{
    struct capos_client space = granted("shared_park_space", CAPOS_SHARED_PARK_SPACE_INTERFACE_ID);
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID), memory;
    struct capos_frame_allocator_alloc_frame_results got;
    check_ok(capos_frame_allocator_alloc_frame(&allocator, NULL, &got), &allocator, "a frame");
    check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &memory) == CAPOS_OK, "its object");
    uint32_t *word = map_shared(&memory);
    check(capos_park(space.cap_id, &once.word, 0, 0) == CAPOS_INVALID_PARAMS, "a word of no object");
    struct capos_cap_grant grants[] = {
        CONSOLE_GRANT,
        capos_grant_held("memory", memory.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID),
        capos_grant_kernel("shared", CAPOS_KERNEL_CAP_SOURCE_SHARED_PARK_SPACE, CAPOS_SHARED_PARK_SPACE_INTERFACE_ID),
    };
    struct capos_process process;
    if (!spawn_task("park", "play", grants, 3, &process))
        return;
    check(play(space.cap_id, word, 0), "the parent's half");
    check(exit_code_of(&process) == 44, "the child's half");
    check(*word == 2 * PINGS, "all turns: %u", *word);
}

int main(void)
{
    if (task() != NULL)
        return child();
    struct capos_client space = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID);
    check_locks();
    check_time_outs(space.cap_id);
    check_unmapping(space.cap_id);
    check_shared();
    return finish("park");
}
