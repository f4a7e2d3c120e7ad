/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Deadlines: one binary heap of fixed size for the time-outs of cap_enter and
 * for sleepers. Starting, stopping and firing allocate nothing and take
 * logarithmic time. Equal deadlines fire in the order of their starting.
 *
 * State: kernel.timers, under the kernel lock. Deadlines are monotonic
 * nanoseconds (machine_now_ns).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"

/* Two for each thread (cap_enter, PARK) and the sleepers of a process: as many as can be running at once. */
#define TIMERS_PER_PROCESS (2u * THREADS_PER_PROCESS_MAX + TIMER_SLEEP_WAITERS_MAX)
/* And those that the kernel cannot do without: the console's output, diagnostics. */
#define TIMERS_RESERVED 2u

/* Runs in kernel_on_timer with the lock held; the timer is no longer running. May start timers. */
typedef void timer_fire_fn(void *context);

struct timer {
    uint64_t deadline;
    uint64_t sequence;
    timer_fire_fn *fire;
    void *context;
    uint32_t place;     /* index in the heap + 1; 0 = not running */
    uint32_t next_free;
};

struct timers {
    struct timer *items;
    uint32_t *heap;
    uint32_t shared;     /* for everybody; the others are reserved */
    uint32_t count;
    uint32_t free_head; /* index + 1; 0 = all are running */
    uint64_t next_sequence;
};

#define TIMER_NONE 0u

/* `shared` + TIMERS_RESERVED zeroed items and places in the heap, which stay the timers'. */
void timers_init(struct timers *timers, struct timer *items, uint32_t *heap, uint32_t shared);
/* A timer id, or TIMER_NONE when all but the reserved ones are in use. */
uint32_t timer_start(uint64_t deadline, timer_fire_fn *fire, void *context);
/* The same for the owner of a reserved one, who has one at a time: never TIMER_NONE. */
uint32_t timer_start_reserved(uint64_t deadline, timer_fire_fn *fire, void *context);
/* Stops a running timer; TIMER_NONE is ignored. The id is free afterwards. */
void timer_stop(uint32_t id);
/* Fires every timer whose deadline is not after `now`. */
void timers_fire(uint64_t now);
/* The earliest deadline, MACHINE_NO_DEADLINE without timers. */
uint64_t timers_next(void);
