/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's side of the ring indices, for every page a user can write and
 * every kernel state that the invariant allows: two proofs without a bound,
 * one operation on one arbitrary state each.
 */
#include "core/base/base_proof.h"
#include "core/ring/index.c"

/* What holds of a state between two kernel entries: the drain's end is at most 16 entries ahead. */
static bool state_is_sound(const struct ring_state *state)
{
    return state->drain_tail - state->sq_head <= RING_SQ_ENTRIES;
}

static struct ring_page page;
static struct ring_page before;

/* PROOF drain_recovers_indices
 * of: ring_begin_drain
 * bound: none: every state, every page
 */
void drain_recovers_indices(void)
{
    struct ring_state state = {nondet_u32(), nondet_u32(), nondet_u32(), nondet_u32(), nondet_u32(), nondet_u32()};
    const struct ring_state old = state;
    page.header.sq_head = nondet_u32();
    page.header.sq_tail = nondet_u32();
    page.header.cq_head = nondet_u32();
    page.header.cq_tail = nondet_u32();
    before = page;
    bool accepted = ring_begin_drain(&state, &page);
    bool sound = before.header.sq_head == old.sq_head && before.header.sq_tail - old.sq_head <= RING_SQ_ENTRIES;
    assert(accepted == sound);
    assert(state_is_sound(&state));
    assert(state.drain_tail == before.header.sq_tail);
    assert(page.header.sq_tail == before.header.sq_tail && page.header.cq_head == before.header.cq_head);
    assert(page.header.cq_tail == old.cq_tail && state.cq_tail == old.cq_tail);
    if (accepted) {
        probe(1);
        assert(state.sq_head == old.sq_head && page.header.sq_head == before.header.sq_head);
        assert(state.corruptions == old.corruptions);
    } else {
        probe(2);
        assert(state.sq_head == before.header.sq_tail && page.header.sq_head == before.header.sq_tail);
        assert(state.corruptions == old.corruptions + 1 || old.corruptions == UINT32_MAX);
        assert(state.corruptions >= old.corruptions);
    }
}

/* PROOF post_overwrites_nothing
 * of: ring_post
 * bound: none: every state, every cq_head
 */
void post_overwrites_nothing(void)
{
    struct ring_state state = {.cq_tail = nondet_u32()};
    const struct ring_state old = state;
    const struct ring_cqe cqe = {.user_data = nondet_u64(), .result = nondet_i32()};
    page.header.cq_head = nondet_u32();
    page.header.cq_tail = nondet_u32();
    uint32_t other = nondet_u32();
    assume(other < RING_CQ_ENTRIES);
    page.cqes[other].user_data = nondet_u64();
    before = page;
    uint32_t unconsumed = old.cq_tail - before.header.cq_head;
    bool posted = ring_post(&state, &page, &cqe);
    assert(posted == (unconsumed < RING_CQ_ENTRIES));
    uint32_t slot = old.cq_tail & RING_CQ_MASK;
    if (posted) {
        probe(1);
        assert(page.cqes[slot].user_data == cqe.user_data && page.cqes[slot].result == cqe.result);
        assert(state.cq_tail == old.cq_tail + 1 && page.header.cq_tail == state.cq_tail);
    } else {
        probe(2);
        assert(state.cq_tail == old.cq_tail && page.header.cq_tail == before.header.cq_tail);
    }
    /* An entry that the user has not consumed stays what it was. */
    if (!posted || other != slot) {
        probe(3);
        assert(page.cqes[other].user_data == before.cqes[other].user_data);
    }
    assert(page.header.cq_head == before.header.cq_head);
}

/* PROOF what_the_page_claims
 * of: ring_available, ring_has_new_work, ring_cq_is_corrupted, ring_cq_room
 * bound: none: every index of the kernel and of the page
 */
void what_the_page_claims(void)
{
    static struct ring_page claimed;
    struct ring_state own = {.sq_head = nondet_u32(), .cq_tail = nondet_u32()};
    claimed.header.sq_tail = nondet_u32();
    claimed.header.cq_head = nondet_u32();
    uint32_t span = own.cq_tail - claimed.header.cq_head;
    assert(ring_has_new_work(&own, &claimed) == (claimed.header.sq_tail != own.sq_head));
    assert(ring_cq_is_corrupted(&own, &claimed) == (span > RING_CQ_ENTRIES));
    if (span > RING_CQ_ENTRIES) {
        probe(1);
        assert(ring_available(&own, &claimed) == RING_CQ_ENTRIES && ring_cq_room(&own, &claimed) == 0);
    } else {
        probe(2);
        assert(ring_available(&own, &claimed) == span && ring_cq_room(&own, &claimed) == RING_CQ_ENTRIES - span);
    }
}
