/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Completions that found no room. Each waits in the record of its own
 * operation, in the order in which it arose, and goes out before any new
 * submission is consumed. Source: docs/abi.md, "Index protocol", CQ full.
 *
 * The queue belongs to the ring (same serialisation); the records belong to the
 * operations' owner and must stay until ring_flush_one() or ring_unpark_one()
 * returns them. Nothing allocates.
 */
#pragma once

#include "core/ring/index.h"

struct ring_parked {
    struct ring_parked *next;
    struct ring_cqe cqe;
};

struct ring_parked_queue {
    struct ring_parked *head;
    struct ring_parked *tail;
    uint32_t count;
};

/* A ring's three parts, as the functions below need them together. */
struct ring_view {
    struct ring_state *state;
    struct ring_page *page;
    struct ring_parked_queue *parked;
};

void ring_parked_init(struct ring_parked_queue *queue);

/*
 * Posts `cqe`, or copies it into `record` and parks that. True when posted, in
 * which case the record is free at once. Parks behind older parked completions
 * whatever the room, so flush first. Each parking counts once into cq_overflow.
 */
bool ring_post_or_park(const struct ring_view *ring, struct ring_parked *record,
                       const struct ring_cqe *cqe);

/*
 * Posts the oldest parked completion and returns its record, now the caller's
 * again; NULL when none is parked or no room is left. Call until NULL.
 */
struct ring_parked *ring_flush_one(const struct ring_view *ring);

/* Takes the oldest parked completion without posting it: teardown of the ring. NULL when none. */
struct ring_parked *ring_unpark_one(struct ring_parked_queue *queue);

/* May another submission be consumed? Needs a free completion slot and no parked completion. */
bool ring_may_consume(const struct ring_view *ring);
