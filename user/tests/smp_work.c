/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * All processors at work: children that compute, map and unmap memory, sleep
 * and call, more of them than processors. With more than one processor the
 * work spreads. Nothing is left over.
 */
#include "check.h"

#include "abi/layout.h"

#define CHILDREN 8u
#define ROUNDS 25u

static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdull;
    return x ^ x >> 29;
}

/* Writes a pattern into fresh memory, is away for a while, and reads it again. */
static bool round_of_work(struct capos_client *vm, struct capos_client *timer, uint64_t seed)
{
    struct capos_virtual_memory_map_params in = { .size = 8 * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_map_results got;
    if (capos_virtual_memory_map(vm, &in, &got) != CAPOS_OK)
        return false;
    uint64_t *words = (uint64_t *)got.addr;
    size_t count = 8 * PAGE_SIZE / 8;
    for (size_t i = 0; i < count; i++) {
        if (words[i] != 0)
            return false;
        words[i] = mix(seed + i);
    }
    if (seed % 3 == 0)
        sleep_ns(timer, 1000000);
    for (size_t i = 0; i < count; i++) {
        if (words[i] != mix(seed + i))
            return false;
    }
    struct capos_virtual_memory_unmap_params out = { .addr = got.addr, .size = 8 * PAGE_SIZE };
    return capos_virtual_memory_unmap(vm, &out, NULL) == CAPOS_OK;
}

static int child(void)
{
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    for (uint64_t i = 0; i < ROUNDS; i++) {
        if (!round_of_work(&vm, &timer, capos_pid() * 1000 + i))
            return 1;
    }
    return 33;
}

static uint32_t busy_processors(struct capos_client *monitor, uint32_t *online)
{
    struct capos_system_monitor_cpus_results got = { 0 };
    uint32_t busy = 0;
    *online = 0;
    check_ok(capos_system_monitor_cpus(monitor, NULL, &got), monitor, "cpus");
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_cpu_record row = { 0 };
        check(capos_cpu_record_list_get(&got.records, i, &row) == CAPN_OK, "cpu");
        *online += row.online;
        busy += row.current_pid != 0;
    }
    return busy;
}

/* Spinners enough for every processor: sooner or later all are seen at work at once. */
static void check_spreading(struct capos_client *monitor)
{
    static struct capos_process spinners[CHILDREN];
    uint32_t online, busy = 0;
    for (uint32_t i = 0; i < CHILDREN; i++)
        spawn_task("smp_work", "spin", NULL, 0, &spinners[i]);
    do
        busy = busy_processors(monitor, &online);
    while (busy < online);
    capos_print("%u of %u processors at work\n", busy, online);
    for (uint32_t i = 0; i < CHILDREN; i++) {
        check(capos_process_terminate(&spinners[i]) == CAPOS_OK, "terminate");
        check(exit_code_of(&spinners[i]) == EXIT_CODE_TERMINATED, "its code");
    }
}

static void check_work(void)
{
    static struct capos_process children[CHILDREN];
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
    };
    for (uint32_t i = 0; i < CHILDREN; i++)
        spawn_task("smp_work", "work", grants, 2, &children[i]);
    for (uint32_t i = 0; i < CHILDREN; i++) {
        int64_t code = exit_code_of(&children[i]);
        check(code == 33, "child %u ended with %ld", i, code);
    }
}

int main(void)
{
    if (task_is("work"))
        return child();
    if (task_is("spin"))
        for (;;)
            __asm__ volatile("pause");
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    check_work();
    capos_print("work done once\n");
    uint64_t before = free_frames(&monitor);
    check_work();
    capos_print("work done twice\n");
    check_spreading(&monitor);
    check(free_frames(&monitor) == before, "frames are back");
    return finish("smp_work");
}
