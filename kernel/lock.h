/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Spin lock with a name and a rank. A CPU may take a lock only when all locks
 * it holds have a lower rank; debug builds (CAPOS_DEBUG) assert it. Interrupts
 * are off wherever a lock is taken. Waiting serves translation flushes
 * (machine_relax), so a waiting CPU holds nobody up.
 *
 * Whoever comes first takes a free lock, in no order: under a host with fewer
 * processors than simulated ones an order would wait for processors that do not
 * run. A CPU that has waited long makes newcomers stand back until it got in, so
 * nobody waits for ever.
 */
#pragma once

#include <stdint.h>

enum lock_rank {
    LOCK_RANK_KERNEL = 1, /* the one big lock */
};

#define LOCK_PATIENCE 20000u /* spins before a waiting CPU makes others stand back */

struct lock {
    const char *name;
    enum lock_rank rank;
    uint32_t taken;     /* 0 or 1; atomic */
    uint32_t impatient; /* CPUs that have waited long; atomic */
};

void lock_init(struct lock *lock, const char *name, enum lock_rank rank);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
