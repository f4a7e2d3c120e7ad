/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's side of a ring page: core/ring/index.h. All index arithmetic
 * wraps at 2^32 on purpose.
 */
#include "core/ring/index.h"

#include "abi/atomic.h"
#include "core/base/bytes.h"

void ring_init_page(struct ring_page *page, struct ring_state *state)
{
    memset(page, 0, sizeof(*page));
    page->header.sq_mask = RING_SQ_MASK;
    page->header.sq_entries = RING_SQ_ENTRIES;
    page->header.cq_mask = RING_CQ_MASK;
    page->header.cq_entries = RING_CQ_ENTRIES;
    page->header.sqe_offset = RING_SQE_OFFSET;
    page->header.cqe_offset = RING_CQE_OFFSET;
    *state = (struct ring_state){.sq_head = 0};
}

static uint32_t saturating_increment(uint32_t value)
{
    return value == UINT32_MAX ? value : value + 1;
}

bool ring_begin_drain(struct ring_state *state, struct ring_page *page)
{
    uint32_t tail = load_acquire_u32(&page->header.sq_tail);
    uint32_t published = load_relaxed_u32(&page->header.sq_head);
    state->drain_tail = tail;
    store_release_u32(&page->header.cq_tail, state->cq_tail); /* in case it was changed; a consumer repairs itself by it */
    if (published == state->sq_head && tail - state->sq_head <= RING_SQ_ENTRIES)
        return true;
    state->sq_head = tail;
    state->corruptions = saturating_increment(state->corruptions);
    store_release_u32(&page->header.sq_head, tail);
    return false;
}

bool ring_next_sqe(const struct ring_state *state, const struct ring_page *page,
                   struct ring_sqe *out)
{
    if (state->sq_head == state->drain_tail)
        return false;
    /* Volatile: the compiler may not go back to the shared entry after this copy. */
    const volatile struct ring_sqe *entry = &page->sqes[state->sq_head & RING_SQ_MASK];
    *out = *entry;
    return true;
}

void ring_consume(struct ring_state *state, struct ring_page *page)
{
    state->sq_head++;
    store_release_u32(&page->header.sq_head, state->sq_head);
}

/* Completions that the user has not consumed, as the page claims: any number. */
static uint32_t cq_span(const struct ring_state *state, const struct ring_page *page)
{
    return state->cq_tail - load_acquire_u32(&page->header.cq_head);
}

uint32_t ring_cq_room(const struct ring_state *state, const struct ring_page *page)
{
    uint32_t span = cq_span(state, page);
    return span > RING_CQ_ENTRIES ? 0 : RING_CQ_ENTRIES - span;
}

bool ring_cq_is_corrupted(const struct ring_state *state, const struct ring_page *page)
{
    return cq_span(state, page) > RING_CQ_ENTRIES;
}

bool ring_post(struct ring_state *state, struct ring_page *page, const struct ring_cqe *cqe)
{
    if (ring_cq_room(state, page) == 0)
        return false;
    page->cqes[state->cq_tail & RING_CQ_MASK] = *cqe;
    state->cq_tail++;
    store_release_u32(&page->header.cq_tail, state->cq_tail);
    return true;
}

uint32_t ring_available(const struct ring_state *state, const struct ring_page *page)
{
    uint32_t span = cq_span(state, page);
    return span > RING_CQ_ENTRIES ? RING_CQ_ENTRIES : span;
}

void ring_count_overflow(struct ring_state *state, struct ring_page *page)
{
    state->cq_overflow = saturating_increment(state->cq_overflow);
    store_relaxed_u32(&page->header.cq_overflow, state->cq_overflow);
}

void ring_set_need_wakeup(struct ring_state *state, struct ring_page *page, bool needed)
{
    state->sq_flags = needed ? RING_SQ_NEED_WAKEUP : 0;
    store_relaxed_u32(&page->header.sq_flags, state->sq_flags);
    fence_seq_cst();
}

bool ring_has_new_work(const struct ring_state *state, const struct ring_page *page)
{
    return load_acquire_u32(&page->header.sq_tail) != state->sq_head;
}
