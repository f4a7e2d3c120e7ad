/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Parked completions: core/ring/parked.h.
 */
#include "core/ring/parked.h"

#include <stddef.h>

void ring_parked_init(struct ring_parked_queue *queue)
{
    *queue = (struct ring_parked_queue){.head = NULL};
}

bool ring_post_or_park(const struct ring_view *ring, struct ring_parked *record,
                       const struct ring_cqe *cqe)
{
    struct ring_parked_queue *queue = ring->parked;
    if (queue->head == NULL && ring_post(ring->state, ring->page, cqe))
        return true;
    *record = (struct ring_parked){.cqe = *cqe};
    if (queue->head == NULL)
        queue->head = record;
    else
        queue->tail->next = record;
    queue->tail = record;
    queue->count++;
    ring_count_overflow(ring->state, ring->page);
    return false;
}

struct ring_parked *ring_unpark_one(struct ring_parked_queue *queue)
{
    struct ring_parked *record = queue->head;
    if (record == NULL)
        return NULL;
    queue->head = record->next;
    if (queue->head == NULL)
        queue->tail = NULL;
    queue->count--;
    record->next = NULL;
    return record;
}

struct ring_parked *ring_flush_one(const struct ring_view *ring)
{
    struct ring_parked *record = ring->parked->head;
    if (record == NULL || !ring_post(ring->state, ring->page, &record->cqe))
        return NULL;
    return ring_unpark_one(ring->parked);
}

bool ring_may_consume(const struct ring_view *ring)
{
    return ring->parked->head == NULL && ring_cq_room(ring->state, ring->page) > 0;
}
