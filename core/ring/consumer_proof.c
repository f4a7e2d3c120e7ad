/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who consumes a ring: every operation on every valid state, with every
 * owner that may ask. By induction the state stays valid for ever, a refused
 * operation changes nothing, and nobody but the owner takes entries.
 */
#include "core/base/base_proof.h"
#include "core/ring/consumer.c"

static struct ring_consumer consumer;
static struct ring_consumer before;
static struct ring_owner asking;

static struct ring_owner any_owner(void)
{
    uint32_t kind = nondet_u32();
    assume(kind <= RING_OWNER_SQPOLL);
    return (struct ring_owner){(enum ring_owner_kind)kind, nondet_u64(), nondet_u64()};
}

/* What a valid state is, written a second time. */
static bool is_valid(const struct ring_consumer *c)
{
    if (c->max_batch < 1 || c->max_batch > 16)
        return false;
    if (c->owner.kind != RING_OWNER_NONE && c->next_owner_generation != 0 &&
        c->owner.generation >= c->next_owner_generation)
        return false;
    switch (c->mode) {
    case RING_MODE_SYSCALL:
        return c->owner.kind != RING_OWNER_SQPOLL && !c->start_pending;
    case RING_MODE_STARTING:
        return c->owner.kind != RING_OWNER_SQPOLL && c->start_pending && c->pending_batch >= 1 && c->pending_batch <= 16;
    case RING_MODE_RUNNING:
    case RING_MODE_SLEEPING:
    case RING_MODE_STOPPING:
        return c->owner.kind == RING_OWNER_SQPOLL && !c->start_pending;
    }
    return false;
}

static void any_state(void)
{
    uint32_t mode = nondet_u32();
    assume(mode <= RING_MODE_STOPPING);
    consumer = (struct ring_consumer){
        .owner = any_owner(), .next_owner_generation = nondet_u64(), .admission_generation = nondet_u64(),
        .max_batch = nondet_u32(), .mode = (enum ring_consumer_mode)mode, .start_pending = nondet_bool(),
        .pending_batch = nondet_u32(), .pending_id = nondet_u64()};
    assume(is_valid(&consumer));
    before = consumer;
    asking = any_owner();
}

static bool same_owner(const struct ring_owner *a, const struct ring_owner *b)
{
    return a->kind == b->kind && a->id == b->id && a->generation == b->generation;
}

static bool is_now(const struct ring_consumer *want)
{
    return same_owner(&consumer.owner, &want->owner) && consumer.next_owner_generation == want->next_owner_generation &&
           consumer.admission_generation == want->admission_generation && consumer.max_batch == want->max_batch &&
           consumer.mode == want->mode && consumer.start_pending == want->start_pending &&
           consumer.pending_batch == want->pending_batch && consumer.pending_id == want->pending_id;
}

/* The state before, but for mode and what a pending start had. */
static struct ring_consumer before_in(enum ring_consumer_mode mode)
{
    struct ring_consumer want = before;
    want.mode = mode;
    want.start_pending = false;
    want.pending_batch = 0;
    want.pending_id = 0;
    return want;
}

static const struct ring_owner nobody;

/* PROOF a_valid_state_is_told_from_others
 * of: ring_consumer_is_valid, ring_consumer_init, batch_is_valid
 * bound: none: every state
 */
void a_valid_state_is_told_from_others(void)
{
    uint32_t mode = nondet_u32();
    assume(mode <= RING_MODE_STOPPING);
    consumer = (struct ring_consumer){.owner = any_owner(), .next_owner_generation = nondet_u64(), .max_batch = nondet_u32(),
                                      .mode = (enum ring_consumer_mode)mode, .start_pending = nondet_bool(),
                                      .pending_batch = nondet_u32()};
    if (is_valid(&consumer)) {
        probe(1);
        assert(ring_consumer_is_valid(&consumer));
    } else {
        probe(2);
        assert(!ring_consumer_is_valid(&consumer));
    }
    ring_consumer_init(&consumer);
    before = consumer;
    assert(is_valid(&consumer) && consumer.owner.kind == RING_OWNER_NONE && consumer.mode == RING_MODE_SYSCALL);
    assert(consumer.next_owner_generation == 1 && consumer.admission_generation == 1 && consumer.max_batch == 16);
}

/* PROOF what_others_see_of_the_role
 * of: ring_consumer_enter_role, ring_consumer_is_sqpoll_running, ring_consumer_is_sqpoll_running_as
 * bound: none: every valid state, every owner that asks
 */
void what_others_see_of_the_role(void)
{
    any_state();
    bool at_work = before.mode == RING_MODE_RUNNING || before.mode == RING_MODE_SLEEPING;
    assert(ring_consumer_is_sqpoll_running(&consumer) == at_work);
    assert(ring_consumer_is_sqpoll_running_as(&consumer, &asking) == (at_work && same_owner(&asking, &before.owner)));
    enum ring_enter_role role = ring_consumer_enter_role(&consumer);
    if (before.owner.kind == RING_OWNER_SQPOLL) {
        probe(1);
        assert(role == RING_ENTER_POLLED);
    } else if (before.owner.kind == RING_OWNER_NONE && before.mode == RING_MODE_SYSCALL) {
        probe(2);
        assert(role == RING_ENTER_ACQUIRE);
    } else {
        probe(3);
        assert(role == RING_ENTER_BUSY);
    }
}

/* PROOF one_consumer_at_a_time
 * of: ring_consumer_acquire, ring_consumer_finalize_start, install_owner, clear_pending
 * bound: none: every valid state, kind and id
 */
void one_consumer_at_a_time(void)
{
    any_state();
    struct ring_owner got = {.kind = RING_OWNER_NONE};
    uint64_t id = nondet_u64();
    bool poller = nondet_bool();
    enum ring_consumer_error error = poller ? ring_consumer_finalize_start(&consumer, id, &got)
                                            : ring_consumer_acquire(&consumer, asking.kind, id, &got);
    bool fits = before.owner.kind == RING_OWNER_NONE &&
                (poller ? before.mode == RING_MODE_STARTING && before.pending_id == id
                        : before.mode == RING_MODE_SYSCALL && asking.kind == RING_OWNER_SYSCALL);
    if (!fits || before.next_owner_generation == 0) {
        probe(1);
        assert(error == (fits ? RING_CONSUMER_GENERATION_EXHAUSTED : RING_CONSUMER_ALREADY_OWNED));
        assert(is_now(&before) && same_owner(&got, &nobody));
        return;
    }
    struct ring_consumer want = poller ? before_in(RING_MODE_RUNNING) : before;
    want.owner = (struct ring_owner){.kind = poller ? RING_OWNER_SQPOLL : RING_OWNER_SYSCALL, .id = id,
                                     .generation = before.next_owner_generation};
    want.next_owner_generation = before.next_owner_generation + 1;
    if (poller) {
        probe(2);
        want.max_batch = before.pending_batch;
    } else {
        probe(3);
    }
    assert(error == RING_CONSUMER_OK && is_now(&want) && same_owner(&got, &want.owner));
    assert(is_valid(&consumer) && ring_consumer_can_consume(&consumer, &got));
}

/* PROOF only_the_owner_acts
 * of: ring_consumer_can_consume, ring_consumer_can_complete, ring_consumer_should_quiesce, owns
 * bound: none: every valid state, every owner that asks
 */
void only_the_owner_acts(void)
{
    any_state();
    bool is_owner = asking.kind != RING_OWNER_NONE && same_owner(&asking, &consumer.owner);
    bool consumes = ring_consumer_can_consume(&consumer, &asking);
    bool completes = ring_consumer_can_complete(&consumer, &asking);
    bool leaves = ring_consumer_should_quiesce(&consumer, &asking);
    if (!is_owner) {
        probe(1);
        assert(!consumes && !completes && !leaves);
    } else if (asking.kind == RING_OWNER_SYSCALL) {
        probe(2);
        assert(consumes && completes && leaves == (consumer.mode == RING_MODE_STARTING));
    } else {
        probe(3);
        assert(consumes == (consumer.mode == RING_MODE_RUNNING));
        assert(completes == (consumer.mode == RING_MODE_RUNNING || consumer.mode == RING_MODE_STOPPING));
        assert(leaves == (consumer.mode == RING_MODE_STOPPING));
    }
}

/* PROOF a_poller_is_asked_for_once
 * of: ring_consumer_request_start, ring_consumer_cancel_start, ring_consumer_refresh_admission, batch_is_valid, clear_pending
 * bound: none: every valid state, owner, poller and batch
 */
void a_poller_is_asked_for_once(void)
{
    any_state();
    uint32_t batch = nondet_u32(), which = nondet_u32();
    uint64_t poll = nondet_u64();
    enum ring_consumer_error error = which == 0   ? ring_consumer_request_start(&consumer, &asking, poll, batch)
                                     : which == 1 ? ring_consumer_cancel_start(&consumer, poll)
                                                  : ring_consumer_refresh_admission(&consumer, batch);
    bool may_ask = asking.kind == RING_OWNER_SYSCALL && same_owner(&asking, &before.owner) && before.mode == RING_MODE_SYSCALL;
    struct ring_consumer want = before;
    if (which == 1 && (before.mode != RING_MODE_STARTING || before.pending_id != poll)) {
        probe(1);
        assert(error == RING_CONSUMER_NOT_OWNER && is_now(&before));
        return;
    }
    if (which == 1) {
        probe(2);
        want = before_in(RING_MODE_SYSCALL);
    } else if (batch < 1 || batch > 16) {
        probe(3);
        assert(error == RING_CONSUMER_INVALID_BATCH && is_now(&before));
        return;
    } else if (which == 0 && !may_ask) {
        probe(4);
        assert(error == RING_CONSUMER_ALREADY_OWNED && is_now(&before));
        return;
    } else if (before.admission_generation == 0) {
        probe(5);
        assert(error == RING_CONSUMER_GENERATION_EXHAUSTED && is_now(&before));
        return;
    } else {
        want.admission_generation = before.admission_generation + 1;
        want.max_batch = batch;
    }
    if (which == 0) {
        probe(6);
        want.mode = RING_MODE_STARTING;
        want.start_pending = true;
        want.pending_id = poll;
        want.pending_batch = batch;
    }
    assert(error == RING_CONSUMER_OK && is_now(&want) && is_valid(&consumer));
}

/* PROOF only_the_poller_moves_its_mode
 * of: mark, ring_consumer_mark_running, ring_consumer_mark_sleeping, ring_consumer_request_stop, owns_as_sqpoll
 * bound: none: every valid state, every owner that asks
 */
void only_the_poller_moves_its_mode(void)
{
    any_state();
    uint32_t which = nondet_u32();
    enum ring_consumer_error error = which == 0   ? ring_consumer_mark_running(&consumer, &asking)
                                     : which == 1 ? ring_consumer_mark_sleeping(&consumer, &asking)
                                                  : ring_consumer_request_stop(&consumer, &asking);
    bool is_poller = asking.kind == RING_OWNER_SQPOLL && same_owner(&asking, &before.owner);
    if (!is_poller || (which <= 1 && before.mode == RING_MODE_STOPPING)) { /* a request to stop is never lost */
        probe(1);
        assert(error == RING_CONSUMER_NOT_OWNER && is_now(&before));
        return;
    }
    probe(2);
    struct ring_consumer want = which > 1 ? before_in(RING_MODE_STOPPING) : before;
    if (which <= 1)
        want.mode = which == 0 ? RING_MODE_RUNNING : RING_MODE_SLEEPING;
    assert(error == RING_CONSUMER_OK && is_now(&want) && is_valid(&consumer));
}

/* PROOF teardown_frees_the_role
 * of: ring_consumer_release_for_teardown, clear_owner, clear_pending
 * bound: none: every valid state
 */
void teardown_frees_the_role(void)
{
    any_state();
    struct ring_owner old = ring_consumer_release_for_teardown(&consumer);
    if (before.mode == RING_MODE_STOPPING) {
        probe(1);
        assert(is_now(&before) && same_owner(&old, &nobody));
        return;
    }
    probe(2);
    struct ring_consumer want = before_in(RING_MODE_SYSCALL);
    want.owner = nobody;
    assert(same_owner(&old, &before.owner) && is_now(&want) && is_valid(&consumer));
}

/* PROOF release_frees_the_role
 * of: ring_consumer_release, ring_consumer_stop, owns, owns_as_sqpoll, clear_owner, clear_pending
 * bound: none: every valid state, every owner that asks
 */
void release_frees_the_role(void)
{
    any_state();
    bool stop = nondet_bool();
    enum ring_consumer_error error = stop ? ring_consumer_stop(&consumer, &asking) : ring_consumer_release(&consumer, &asking);
    bool is_poller = asking.kind == RING_OWNER_SQPOLL;
    bool same = asking.kind != RING_OWNER_NONE && asking.kind == before.owner.kind && asking.id == before.owner.id;
    if (!same || asking.generation != before.owner.generation || (stop && !is_poller)) {
        probe(1);
        assert(error == (same && !stop ? RING_CONSUMER_STALE_GENERATION : RING_CONSUMER_NOT_OWNER) && is_now(&before));
        return;
    }
    probe(2);
    struct ring_consumer want = is_poller ? before_in(RING_MODE_SYSCALL) : before; /* a start stays asked for */
    want.owner = nobody;
    assert(error == RING_CONSUMER_OK && is_now(&want) && is_valid(&consumer));
}
