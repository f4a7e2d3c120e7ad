/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads that wake each other, threads and processes from their beginning to their end. */
#include "bench.h"

#include "abi/atomic.h"

static uint32_t space, ping, pong, stop;

static int64_t answers(void *argument)
{
    (void)argument;
    for (uint32_t turn = 0; load_acquire_u32(&stop) == 0; turn++) {
        while (load_acquire_u32(&ping) == turn && load_acquire_u32(&stop) == 0)
            capos_park(space, &ping, turn, CAP_ENTER_WAIT_FOREVER);
        store_release_u32(&pong, turn + 1);
        capos_unpark(space, &pong, 1);
    }
    return 0;
}

static void ping_pong(void *argument)
{
    (void)argument;
    uint32_t turn = load_own_u32(&ping);
    store_release_u32(&ping, turn + 1);
    capos_unpark(space, &ping, 1);
    while (load_acquire_u32(&pong) != turn + 1)
        capos_park(space, &pong, turn, CAP_ENTER_WAIT_FOREVER);
}

static int64_t returns_at_once(void *argument)
{
    (void)argument;
    return 0;
}

static void thread_life(void *argument)
{
    struct capos_thread thread;
    int64_t code = 1;
    (void)argument;
    must(capos_thread_start(&thread, returns_at_once, NULL, NULL) == CAPOS_OK, "starting a thread", 0);
    must(capos_thread_join(&thread, &code) == CAPOS_OK && code == 0, "joining a thread", code);
}

static struct capos_client spawner;

static void process_life(void *argument)
{
    static struct capos_process child;
    int64_t code = 0;
    (void)argument;
    must(capos_process_spawn(&spawner, "quick_exit", NULL, 0, &child) == CAPOS_OK, "spawning", 0);
    must(capos_process_wait(&child, CAP_ENTER_WAIT_FOREVER, &code) == CAPOS_OK && code == 42, "the child's code", code);
    capos_process_close(&child);
}

void bench_threads(void)
{
    struct capos_thread other;
    int64_t code = 0;
    space = bench_open("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id;
    spawner = bench_open("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    must(capos_thread_start(&other, answers, NULL, NULL) == CAPOS_OK, "starting a thread", 0);
    bench_row("park_ping_pong", ping_pong, NULL, 1);
    store_release_u32(&stop, 1);
    store_release_u32(&ping, load_own_u32(&ping) + 1);
    capos_unpark(space, &ping, 1);
    must(capos_thread_join(&other, &code) == CAPOS_OK, "joining the other thread", code);
    bench_row("thread_create_join", thread_life, NULL, 1);
    bench_row("spawn_exit_wait", process_life, NULL, 1);
}
