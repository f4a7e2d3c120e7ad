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

static void any_state(void)
{
    uint32_t mode = nondet_u32();
    assume(mode <= RING_MODE_STOPPING);
    consumer = (struct ring_consumer){
        .owner = any_owner(), .next_owner_generation = nondet_u64(), .admission_generation = nondet_u64(),
        .max_batch = nondet_u32(), .mode = (enum ring_consumer_mode)mode, .start_pending = nondet_bool(),
        .pending_batch = nondet_u32(), .pending_id = nondet_u64()};
    assume(ring_consumer_is_valid(&consumer));
    before = consumer;
    asking = any_owner();
}

static bool same_owner(const struct ring_owner *a, const struct ring_owner *b)
{
    return a->kind == b->kind && a->id == b->id && a->generation == b->generation;
}

static bool unchanged(void)
{
    return same_owner(&consumer.owner, &before.owner) && consumer.next_owner_generation == before.next_owner_generation &&
           consumer.admission_generation == before.admission_generation && consumer.max_batch == before.max_batch &&
           consumer.mode == before.mode && consumer.start_pending == before.start_pending &&
           consumer.pending_batch == before.pending_batch && consumer.pending_id == before.pending_id;
}

/* PROOF one_consumer_at_a_time
 * of: ring_consumer_acquire, ring_consumer_finalize_start, install_owner
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
    assert(ring_consumer_is_valid(&consumer));
    if (error != RING_CONSUMER_OK) {
        probe(1);
        assert(unchanged() && got.kind == RING_OWNER_NONE);
        assert(error != RING_CONSUMER_GENERATION_EXHAUSTED || before.next_owner_generation == 0);
        return;
    }
    assert(before.owner.kind == RING_OWNER_NONE && same_owner(&got, &consumer.owner));
    assert(got.id == id && got.generation == before.next_owner_generation && got.generation != 0);
    assert(consumer.next_owner_generation == before.next_owner_generation + 1);
    assert(ring_consumer_can_consume(&consumer, &got));
    if (poller) {
        probe(2);
        assert(before.start_pending && before.pending_id == id && consumer.max_batch == before.pending_batch);
        assert(got.kind == RING_OWNER_SQPOLL && !consumer.start_pending);
    } else {
        probe(3);
        assert(asking.kind == RING_OWNER_SYSCALL && got.kind == asking.kind && before.mode == RING_MODE_SYSCALL);
    }
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
 * of: ring_consumer_request_start, ring_consumer_cancel_start, ring_consumer_refresh_admission
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
    bool batch_fine = batch >= 1 && batch <= 16;
    assert(ring_consumer_is_valid(&consumer) && same_owner(&consumer.owner, &before.owner));
    if (error != RING_CONSUMER_OK) {
        probe(1);
        assert(unchanged());
        assert((error == RING_CONSUMER_INVALID_BATCH) == (which != 1 && !batch_fine));
    } else if (which == 0) {
        probe(2);
        assert(batch_fine && same_owner(&asking, &before.owner) && asking.kind == RING_OWNER_SYSCALL);
        assert(!before.start_pending && consumer.start_pending && consumer.pending_id == poll);
        assert(consumer.admission_generation == before.admission_generation + 1 && consumer.pending_batch == batch);
    } else if (which == 1) {
        probe(3);
        assert(before.start_pending && before.pending_id == poll && !consumer.start_pending);
        assert(consumer.mode == RING_MODE_SYSCALL);
    } else {
        probe(4);
        assert(batch_fine && before.admission_generation != 0 && consumer.max_batch == batch);
        assert(consumer.admission_generation == before.admission_generation + 1 && consumer.mode == before.mode);
    }
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
    assert(ring_consumer_is_valid(&consumer));
    if (error != RING_CONSUMER_OK) {
        probe(1);
        assert(error == RING_CONSUMER_NOT_OWNER && unchanged());
        assert(!is_poller || (which <= 1 && before.mode == RING_MODE_STOPPING)); /* a request to stop is never lost */
        return;
    }
    probe(2);
    assert(is_poller && same_owner(&consumer.owner, &before.owner) && (which > 1 || before.mode != RING_MODE_STOPPING));
    assert(consumer.mode == (which == 0 ? RING_MODE_RUNNING : which == 1 ? RING_MODE_SLEEPING : RING_MODE_STOPPING));
}

/* PROOF release_frees_the_role
 * of: ring_consumer_release, ring_consumer_stop, ring_consumer_release_for_teardown, clear_owner
 * bound: none: every valid state, every owner that asks
 */
void release_frees_the_role(void)
{
    any_state();
    uint32_t which = nondet_u32();
    bool stopping = before.owner.kind == RING_OWNER_SQPOLL && before.mode == RING_MODE_STOPPING;
    if (which == 0) {
        struct ring_owner old = ring_consumer_release_for_teardown(&consumer);
        assert(ring_consumer_is_valid(&consumer));
        if (stopping) {
            probe(1);
            assert(unchanged() && old.kind == RING_OWNER_NONE);
        } else {
            probe(2);
            assert(same_owner(&old, &before.owner) && ring_consumer_enter_role(&consumer) == RING_ENTER_ACQUIRE);
        }
        return;
    }
    enum ring_consumer_error error =
        which == 1 ? ring_consumer_stop(&consumer, &asking) : ring_consumer_release(&consumer, &asking);
    assert(ring_consumer_is_valid(&consumer));
    if (error != RING_CONSUMER_OK) {
        probe(3);
        assert(unchanged());
        assert(asking.kind == RING_OWNER_NONE || !same_owner(&asking, &before.owner) ||
               (which == 1 && asking.kind == RING_OWNER_SYSCALL));
    } else {
        probe(4);
        assert(same_owner(&asking, &before.owner) && consumer.owner.kind == RING_OWNER_NONE);
        assert(consumer.next_owner_generation == before.next_owner_generation); /* so the next owner is another one */
    }
}
