/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Parked completions: one operation on a queue of any length up to two, with
 * every ring page and state. Completions leave in the order in which they
 * came, none is lost and none goes out twice.
 */
#include "core/base/base_proof.h"
#include "core/ring/index.c"
#include "core/ring/parked.c"

static struct ring_page page;
static struct ring_state state;
static struct ring_parked_queue queue;
static struct ring_parked first, second, fresh;
static const struct ring_view ring = {&state, &page, &queue};

/* A queue of 0, 1 or 2 records. */
static void any_queue(void)
{
    uint32_t length = nondet_u32();
    assume(length <= 2);
    state.cq_tail = nondet_u32();
    state.cq_overflow = nondet_u32();
    page.header.cq_head = nondet_u32();
    first.cqe.user_data = nondet_u64();
    second.cqe.user_data = nondet_u64();
    queue.count = length;
    queue.head = length > 0 ? &first : NULL;
    first.next = length == 2 ? &second : NULL;
    queue.tail = length == 2 ? &second : queue.head;
}

/* PROOF nothing_overtakes_a_parked_completion
 * of: ring_post_or_park
 * bound: queues of 0 to 2: the operation looks at whether there is one and at the last
 * next: 3: the same time
 */
void nothing_overtakes_a_parked_completion(void)
{
    any_queue();
    const struct ring_parked_queue old = queue;
    const struct ring_cqe cqe = {.user_data = nondet_u64(), .result = nondet_i32()};
    uint32_t tail = state.cq_tail, overflow = state.cq_overflow;
    bool room = tail - page.header.cq_head < RING_CQ_ENTRIES;
    bool posted = ring_post_or_park(&ring, &fresh, &cqe);
    assert(posted == (room && old.count == 0));
    if (posted) {
        probe(1);
        assert(queue.head == NULL && queue.count == 0 && state.cq_tail == tail + 1);
        assert(page.cqes[tail & RING_CQ_MASK].user_data == cqe.user_data && state.cq_overflow == overflow);
        return;
    }
    assert(state.cq_tail == tail && queue.count == old.count + 1 && queue.tail == &fresh && fresh.next == NULL);
    assert(fresh.cqe.user_data == cqe.user_data && fresh.cqe.result == cqe.result);
    if (old.count == 0) {
        probe(2);
        assert(queue.head == &fresh);
    } else {
        probe(3);
        assert(queue.head == &first && (old.count == 1 ? &first : &second)->next == &fresh);
    }
    assert(!ring_may_consume(&ring));
}

/* PROOF the_oldest_goes_out_once
 * of: ring_flush_one, ring_unpark_one, ring_may_consume
 * bound: queues of 0 to 2: the operation looks at the first and at whether it is the last
 * next: 3: the same time
 */
void the_oldest_goes_out_once(void)
{
    any_queue();
    const struct ring_parked_queue old = queue;
    uint32_t tail = state.cq_tail;
    bool room = tail - page.header.cq_head < RING_CQ_ENTRIES;
    struct ring_parked *out = ring_flush_one(&ring);
    if (out == NULL) {
        probe(1);
        assert(old.count == 0 || !room);
        assert(queue.head == old.head && queue.tail == old.tail && queue.count == old.count && state.cq_tail == tail);
    } else {
        probe(2);
        assert(out == &first && room && old.count > 0 && queue.count == old.count - 1 && out->next == NULL);
        assert(queue.head == (old.count == 2 ? &second : NULL) && queue.tail == queue.head);
        assert(state.cq_tail == tail + 1 && page.cqes[tail & RING_CQ_MASK].user_data == first.cqe.user_data);
    }
    assert(ring_may_consume(&ring) == (queue.count == 0 && state.cq_tail - page.header.cq_head < RING_CQ_ENTRIES));
}
