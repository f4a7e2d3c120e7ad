/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's timers against a list that is searched from end to end: random
 * starts, stops and moments, a full heap, and equal deadlines. Calls the
 * functions directly; no machine runs.
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness.h"
#include "kernel/state.h"

#define STEPS 200000

struct expectation {
    uint32_t id;       /* 0 = not running */
    uint64_t deadline;
    uint64_t order;    /* of the start */
};

#define SHARED (PROCESSES_MIN * TIMERS_PER_PROCESS)

static struct timer items[SHARED + TIMERS_RESERVED];
static uint32_t heap[SHARED + TIMERS_RESERVED];
static struct expectation expected[SHARED];
static uint64_t started;
static uint64_t now;
static uint64_t generator;
static uint64_t times_full;

static uint64_t draw(uint64_t below)
{
    generator = generator * 6364136223846793005u + 1442695040888963407u;
    return (generator >> 33) % below;
}

/* The one that must fire next, NULL without. */
static struct expectation *earliest(void)
{
    struct expectation *best = NULL;
    for (uint32_t i = 0; i < SHARED; i++) {
        struct expectation *e = &expected[i];
        if (e->id != 0 && (best == NULL || e->deadline < best->deadline ||
                           (e->deadline == best->deadline && e->order < best->order)))
            best = e;
    }
    return best;
}

static void fired(void *context)
{
    struct expectation *e = context;
    CHECK(e == earliest());
    CHECK(e->deadline <= now);
    e->id = 0;
}

static void start_one(void)
{
    uint32_t place = 0;
    while (place < SHARED && expected[place].id != 0)
        place++;
    uint64_t deadline = now + draw(50);
    uint32_t id = timer_start(deadline, fired, expected + place);
    if (place == SHARED) {
        CHECK_EQ(id, TIMER_NONE);
        times_full++;
        return;
    }
    CHECK(id != TIMER_NONE);
    expected[place] = (struct expectation){ .id = id, .deadline = deadline, .order = started++ };
}

static void stop_one(void)
{
    struct expectation *e = &expected[draw(SHARED)];
    timer_stop(e->id);
    e->id = 0;
}

int main(void)
{
    const char *seed = getenv("SEED");
    generator = seed != NULL ? strtoull(seed, NULL, 10) : 1;
    timers_init(&kernel.timers, items, heap, SHARED);
    for (int step = 0; step < STEPS; step++) {
        uint64_t starts = step / 5000 % 2 == 0 ? 8 : 3; /* tides, so that the heap is full and empty now and then */
        if (draw(10) < starts)
            start_one();
        else
            stop_one();
        if (draw(400) == 0) {
            now += draw(10);
            timers_fire(now);
            const struct expectation *next = earliest();
            CHECK(next == NULL || next->deadline > now);
            CHECK_EQ(timers_next(), next != NULL ? next->deadline : MACHINE_NO_DEADLINE);
        }
    }
    now = UINT64_MAX;
    timers_fire(now);
    CHECK(earliest() == NULL && kernel.timers.count == 0);
    CHECK(started > SHARED * 10 && times_full > 0);
    printf("ok sim.timers 0\n");
    return 0;
}
