/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ring client. The page is shared with the kernel: indices go through the
 * atomics, the entry is written before the tail is published, and the fence
 * orders the tail before the read of sq_flags (abi, "Wake protocol").
 */
#include "capos/ring.h"

#include "abi/atomic.h"
#include "capos/syscall.h"
#include "core/base/bytes.h"

enum capos_status capos_ring_init(struct capos_ring *ring, struct ring_page *page)
{
    const struct ring_header *h = &page->header;
    if (h->sq_entries != RING_SQ_ENTRIES || h->cq_entries != RING_CQ_ENTRIES || h->sq_mask != RING_SQ_MASK ||
        h->cq_mask != RING_CQ_MASK || h->sqe_offset != RING_SQE_OFFSET || h->cqe_offset != RING_CQE_OFFSET)
        return CAPOS_RING_BROKEN;
    *ring = (struct capos_ring){ .page = page, .next_user_data = 1 };
    return CAPOS_OK;
}

enum capos_status capos_ring_submit(struct capos_ring *ring, const struct ring_sqe *sqe, uint64_t *ticket)
{
    struct ring_header *h = &ring->page->header;
    uint32_t tail = load_own_u32(&h->sq_tail);
    if (tail - load_acquire_u32(&h->sq_head) >= RING_SQ_ENTRIES)
        return CAPOS_RING_FULL;
    struct ring_sqe *slot = &ring->page->sqes[tail & RING_SQ_MASK];
    *slot = *sqe;
    slot->user_data = ring->next_user_data;
    *ticket = ring->next_user_data++;
    store_release_u32(&h->sq_tail, tail + 1);
    fence_seq_cst();
    if ((load_relaxed_u32(&h->sq_flags) & RING_SQ_NEED_WAKEUP) != 0)
        capos_cap_enter(0, 0);
    return CAPOS_OK;
}

/* Takes the oldest completion off the queue. */
static bool take_one(struct capos_ring *ring, struct capos_completion *out)
{
    struct ring_header *h = &ring->page->header;
    uint32_t head = load_own_u32(&h->cq_head);
    if (load_acquire_u32(&h->cq_tail) == head)
        return false;
    const struct ring_cqe *cqe = &ring->page->cqes[head & RING_CQ_MASK];
    *out = (struct capos_completion){ .user_data = cqe->user_data, .result = cqe->result, .flags = cqe->flags,
                                      .cap_count = cqe->cap_count, .badge = cqe->badge, .call_id = cqe->call_id };
    store_release_u32(&h->cq_head, head + 1);
    return true;
}

static bool take_early(struct capos_ring *ring, uint64_t ticket, struct capos_completion *out)
{
    for (uint32_t i = 0; i < ring->early_count; i++) {
        if (ring->early[i].user_data != ticket)
            continue;
        *out = ring->early[i];
        ring->early[i] = ring->early[--ring->early_count];
        return true;
    }
    return false;
}

/* Until the queue in the page holds a completion. */
static enum capos_status enter(uint64_t timeout_ns)
{
    for (;;) {
        uint64_t entered = capos_cap_enter(1, timeout_ns);
        if (entered == CAP_ENTER_THREAD_OWNED_HEAD || entered == CAP_ENTER_CONSUMER_BUSY)
            continue;
        if (entered > UINT32_MAX)
            return CAPOS_RING_BROKEN;
        if (entered > 0)
            return CAPOS_OK;
        if (timeout_ns != CAP_ENTER_WAIT_FOREVER)
            return CAPOS_TIMED_OUT;
    }
}

enum capos_status capos_ring_wait(struct capos_ring *ring, uint64_t ticket, uint64_t timeout_ns,
                                  struct capos_completion *out)
{
    if (take_early(ring, ticket, out))
        return CAPOS_OK;
    for (;;) {
        while (take_one(ring, out)) {
            if (out->user_data == ticket)
                return CAPOS_OK;
            if (ring->early_count == CAPOS_RING_WAITERS)
                return CAPOS_RING_BROKEN;
            ring->early[ring->early_count++] = *out;
        }
        enum capos_status status = enter(timeout_ns);
        if (status != CAPOS_OK)
            return status;
    }
}

enum capos_status capos_ring_wait_any(struct capos_ring *ring, uint64_t timeout_ns)
{
    return ring->early_count > 0 ? CAPOS_OK : enter(timeout_ns);
}

enum capos_status capos_ring_run(struct capos_ring *ring, const struct ring_sqe *sqe, struct capos_completion *out)
{
    uint64_t ticket;
    enum capos_status status = capos_ring_submit(ring, sqe, &ticket);
    return status == CAPOS_OK ? capos_ring_wait(ring, ticket, CAP_ENTER_WAIT_FOREVER, out) : status;
}
