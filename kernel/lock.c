/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spin lock: see lock.h. */
#include "kernel/lock.h"

#include "kernel/state.h"

void lock_init(struct lock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct lock){.name = name, .rank = rank};
}

static bool try_take(struct lock *lock)
{
    return __atomic_load_n(&lock->taken, __ATOMIC_RELAXED) == 0 &&
           __atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE) == 0;
}

static void wait_for(struct lock *lock)
{
    uint32_t spins = 0;
    while (spins < LOCK_PATIENCE &&
           (__atomic_load_n(&lock->impatient, __ATOMIC_RELAXED) != 0 || !try_take(lock))) {
        spins++;
        machine_relax();
    }
    if (spins < LOCK_PATIENCE)
        return;
    __atomic_fetch_add(&lock->impatient, 1, __ATOMIC_RELAXED);
    while (!try_take(lock))
        machine_relax();
    __atomic_fetch_sub(&lock->impatient, 1, __ATOMIC_RELAXED);
}

void lock_acquire(struct lock *lock)
{
    struct cpu_state *cpu = cpu_state();
#ifdef CAPOS_DEBUG
    if (cpu->lock_rank >= (uint32_t)lock->rank)
        kernel_panic("lock taken out of order", (uint64_t)lock->rank);
#endif
    if (__atomic_load_n(&lock->impatient, __ATOMIC_RELAXED) != 0 || !try_take(lock))
        wait_for(lock);
    cpu->lock_rank = (uint32_t)lock->rank;
}

void lock_release(struct lock *lock)
{
    cpu_state()->lock_rank = 0;
    __atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}
