/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waiting for other threads: a mutex, a condition variable, once, and the PARK
 * and UNPARK below them. All of them start zeroed and own nothing. The kernel
 * is entered only to wait and to wake somebody.
 *
 * Waiting needs a ParkSpace in the CapSet (kernel source park_space). Without
 * one everything here still works, by looking again and again.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capos/status.h"

#define CAPOS_WAIT_FOREVER UINT64_MAX

/* ---- words ------------------------------------------------------------------------------ */

enum capos_park_result {
    CAPOS_PARK_WOKEN = 0,
    CAPOS_PARK_DIFFERENT = 1,  /* the word did not hold `expected` */
    CAPOS_PARK_TIMED_OUT = 2,
    CAPOS_PARK_INTERRUPTED = 3, /* its memory was unmapped */
};

/*
 * Waits until capos_unpark on the same word, if the word holds `expected`; an enum capos_park_result, or a negative
 * enum capos_status. `space` is a ParkSpace for words of this process, a SharedParkSpace for words of a mapped memory
 * object. timeout_ns 0 only looks.
 */
int32_t capos_park(uint32_t space, const uint32_t *word, uint32_t expected, uint64_t timeout_ns);
/* Wakes up to `count` (at least 1) of those who wait longest; how many, or a negative enum capos_status. */
int32_t capos_unpark(uint32_t space, const uint32_t *word, uint32_t count);

/* ---- locks --------------------------------------------------------------------------------- */

/* Not recursive, no owner: whoever holds it may hand it on. */
struct capos_mutex {
    uint32_t word; /* 0 free, 1 held, 2 held and perhaps waited for */
};

void capos_mutex_lock(struct capos_mutex *mutex);
bool capos_mutex_try_lock(struct capos_mutex *mutex);
void capos_mutex_unlock(struct capos_mutex *mutex);

struct capos_condition {
    uint32_t sequence; /* signals so far */
};

/* Unlocks, waits for a signal that comes after the unlocking, locks. May also return without one: look again. */
void capos_condition_wait(struct capos_condition *condition, struct capos_mutex *mutex);
/* The same for at most timeout_ns; false when the time is over. The mutex is locked in either case. */
bool capos_condition_wait_for(struct capos_condition *condition, struct capos_mutex *mutex, uint64_t timeout_ns);
void capos_condition_signal(struct capos_condition *condition);
void capos_condition_broadcast(struct capos_condition *condition);

struct capos_once {
    uint32_t word; /* 0 not yet, 1 under way, 2 under way and waited for, 3 done */
};

/* Runs `fn` in the first caller; the others return when it has returned. */
void capos_once(struct capos_once *once, void (*fn)(void));
