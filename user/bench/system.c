/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Figures that are no counts of work: how late a sleep ends, and the memory of one more process. */
#include "bench.h"

#include "abi/layout.h"

#define ROUNDS 100u
#define SLEEP_NS 1000000u
#define CHILDREN 16u

static void sleeps(void)
{
    struct capos_client timer = bench_open("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_timer_sleep_params wanted = { .duration_ns = SLEEP_NS };
    struct capos_timer_now_results from, to;
    uint64_t most = 0, sum = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        must(capos_timer_now(&timer, NULL, &from) == CAPOS_OK && capos_timer_sleep(&timer, &wanted, NULL) == CAPOS_OK &&
             capos_timer_now(&timer, NULL, &to) == CAPOS_OK && to.monotonic_ns >= from.monotonic_ns + SLEEP_NS, "sleeping", 0);
        uint64_t late = to.monotonic_ns - from.monotonic_ns - SLEEP_NS;
        most = late > most ? late : most;
        sum += late;
    }
    capos_print("F late_mean_ns %lu\nF late_max_ns %lu\n", sum / ROUNDS, most);
}

static uint64_t free_frames(void)
{
    struct capos_client monitor = bench_open("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_system_monitor_memory_results memory = { 0 };
    must(capos_system_monitor_memory(&monitor, NULL, &memory) == CAPOS_OK, "memory", 0);
    capos_client_close(&monitor);
    return memory.free_frames;
}

/* The mean of several that wait, without what the kernel keeps for every possible process since boot. */
static void memory_of_process(void)
{
    static struct capos_process children[CHILDREN];
    struct capos_client spawner = bench_open("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    uint64_t before = free_frames();
    for (uint32_t i = 0; i < CHILDREN; i++)
        must(capos_process_spawn(&spawner, "waits", NULL, 0, &children[i]) == CAPOS_OK, "spawning", i);
    capos_print("F process_bytes %llu\n", (before - free_frames()) * PAGE_SIZE / CHILDREN);
    for (uint32_t i = 0; i < CHILDREN; i++)
        must(capos_process_terminate(&children[i]) == CAPOS_OK, "terminate", i);
}

void bench_system(void)
{
    sleeps();
    memory_of_process();
}
