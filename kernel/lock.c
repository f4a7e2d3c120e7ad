/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ticket lock: see lock.h. */
#include "kernel/lock.h"

#include "kernel/state.h"

void lock_init(struct lock *lock, const char *name, enum lock_rank rank)
{
    *lock = (struct lock){.name = name, .rank = rank};
}

void lock_acquire(struct lock *lock)
{
    struct cpu_state *cpu = cpu_state();
#ifdef CAPOS_DEBUG
    if (cpu->lock_rank >= (uint32_t)lock->rank)
        kernel_panic("lock taken out of order", (uint64_t)lock->rank);
#endif
    uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);
    while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
        machine_relax();
    cpu->lock_rank = (uint32_t)lock->rank;
}

void lock_release(struct lock *lock)
{
    cpu_state()->lock_rank = 0;
    __atomic_store_n(&lock->serving, lock->serving + 1, __ATOMIC_RELEASE);
}
