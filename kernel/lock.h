/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ticket lock with a name and a rank. A CPU may take a lock only when all locks
 * it holds have a lower rank; debug builds (CAPOS_DEBUG) assert it. Interrupts
 * are off wherever a lock is taken. Waiting serves translation flushes
 * (machine_relax), so a waiting CPU holds nobody up.
 */
#pragma once

#include <stdint.h>

enum lock_rank {
    LOCK_RANK_KERNEL = 1, /* the one big lock */
};

struct lock {
    const char *name;
    enum lock_rank rank;
    uint32_t next;    /* ticket to draw; atomic */
    uint32_t serving; /* ticket that holds the lock; atomic */
};

void lock_init(struct lock *lock, const char *name, enum lock_rank rank);
void lock_acquire(struct lock *lock);
void lock_release(struct lock *lock);
