/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's side of one ring page. The kernel keeps its own submission head
 * and completion tail; of the page it reads only sq_head (to notice that
 * someone changed it), sq_tail and cq_head, and it never writes the last two.
 * Source: docs/abi.md, "Index protocol".
 *
 * One ring_state per ring, owned by the ring's thread in the kernel; the
 * caller serialises all calls on it, and holds the consumer role
 * (core/ring/consumer.h) for the submission side. `page` is the kernel's own
 * mapping of a page that the user can write at any moment: every word is read
 * at most once per decision. Completions are never lost: nothing overwrites an
 * entry that the user has not consumed.
 */
#pragma once

#include "abi/ring.h"

#include <stdbool.h>
#include <stdint.h>

struct ring_state {
    uint32_t sq_head;     /* next submission entry to consume */
    uint32_t drain_tail;  /* sq_tail as read at the start of the drain; at most sq_head + 16 */
    uint32_t cq_tail;     /* next completion slot to write */
    uint32_t sq_flags;    /* RING_SQ_NEED_WAKEUP or 0 */
    uint32_t cq_overflow; /* completions that ever had to be parked; stays at its maximum */
    uint32_t corruptions; /* drains that began with a discard; stays at its maximum */
};

/* Zeroes page and state and writes sizes, masks and offsets. The page is not shared yet. */
void ring_init_page(struct ring_page *page, struct ring_state *state);

/*
 * Starts a drain: reads sq_tail once. When the page's sq_head is not ours or
 * more than 16 entries are pending, everything pending is discarded, the head
 * becomes the tail, is published, and the answer is false.
 */
bool ring_begin_drain(struct ring_state *state, struct ring_page *page);

/*
 * Copies the entry at the head, once, into *out. False when the drain has
 * reached its end. Does not consume: the head entry can stay queued.
 */
bool ring_next_sqe(const struct ring_state *state, const struct ring_page *page,
                   struct ring_sqe *out);

/* Consumes the entry at the head and publishes the new head. After ring_next_sqe() only. */
void ring_consume(struct ring_state *state, struct ring_page *page);

/* Free completion slots now, 0..32. 0 when the user's cq_head makes no sense. */
uint32_t ring_cq_room(const struct ring_state *state, const struct ring_page *page);

/* Did the user set cq_head so that more than 32 completions would be unconsumed? */
bool ring_cq_is_corrupted(const struct ring_state *state, const struct ring_page *page);

/* Writes the whole completion, then publishes the tail. False, and nothing written, without room. */
bool ring_post(struct ring_state *state, struct ring_page *page, const struct ring_cqe *cqe);

/* Unconsumed completions, 0..32: 32 when cq_head makes no sense, so that its owner comes to look. */
uint32_t ring_available(const struct ring_state *state, const struct ring_page *page);

/* Adds one to cq_overflow, which saturates, and publishes it. */
void ring_count_overflow(struct ring_state *state, struct ring_page *page);

/* Sets or clears the poller's NEED_WAKEUP bit; fully fenced, so that a following read of sq_tail is later. */
void ring_set_need_wakeup(struct ring_state *state, struct ring_page *page, bool needed);

/* Is there an entry that this side has not consumed? The poller's check before it sleeps. */
bool ring_has_new_work(const struct ring_state *state, const struct ring_page *page);
