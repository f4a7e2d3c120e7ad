/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What every processor shows of an address space while user code runs there:
 * memory that one thread maps far away is readable at once by threads that are
 * running elsewhere and enter the kernel no more; then the machine is switched
 * off under them, and the kernel examines each processor's tables as they are.
 */
#include "check.h"

#include "abi/layout.h"

#define THREADS 3u
#define PLACES 4u

/* Each in a top-level table entry of its own; the last is the highest page of all. */
static const uint64_t places[PLACES] = { 0x10000000000, 0x7f0000000000, 0x400000000000, USER_MAP_LIMIT - PAGE_SIZE };
static uint32_t mapped;          /* how many of the places */
static uint32_t read_by[PLACES]; /* how many threads have read each */

/* Never enters the kernel between two places: it sees what the tables show, or faults. */
static int64_t reader(void *argument)
{
    (void)argument;
    for (uint32_t i = 0; i < PLACES; i++) {
        while (__atomic_load_n(&mapped, __ATOMIC_ACQUIRE) <= i)
            __asm__ volatile("pause");
        if (__atomic_load_n((const uint64_t *)places[i], __ATOMIC_RELAXED) == places[i])
            __atomic_fetch_add(&read_by[i], 1, __ATOMIC_RELEASE);
    }
    while (capos_pid() != 0)
        __asm__ volatile("pause");
    return 0;
}

static void map(struct capos_client *vm, uint64_t place)
{
    struct capos_virtual_memory_map_params in = { .hint = place, .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_map_results got = { 0 };
    check_ok(capos_virtual_memory_map(vm, &in, &got), vm, "map");
    *(uint64_t *)place = place;
}

int main(void)
{
    struct capos_client vm = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_client power = granted("power_control", CAPOS_POWER_CONTROL_INTERFACE_ID);
    static struct capos_thread threads[THREADS];
    for (uint32_t i = 0; i < THREADS; i++)
        check(capos_thread_start(&threads[i], reader, NULL, NULL) == CAPOS_OK, "thread %u", i);
    for (uint32_t i = 0; i < PLACES; i++) {
        map(&vm, places[i]);
        __atomic_store_n(&mapped, i + 1, __ATOMIC_RELEASE);
        while (__atomic_load_n(&read_by[i], __ATOMIC_ACQUIRE) < THREADS)
            __asm__ volatile("pause");
    }
    finish("isolation_live");
    struct capos_power_control_power_off_params in = { .status = 0 };
    check_ok(capos_power_control_power_off(&power, &in, NULL), &power, "powerOff");
    return 1;
}
