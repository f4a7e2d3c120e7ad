/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One endpoint: one operation on any queues of up to two records each, three
 * where one leaves from the middle. Calls and receives meet in the order in
 * which they came, no ceiling is passed, an id of a call in flight is never
 * given out again, nobody but the receiving process finds a call, and what
 * leaves leaves exactly one queue. Each proof compares all three queues, link
 * by link, with what they must be. The lengths of the queues are tried one
 * after the other (SHAPE), so that the prover follows known links; all numbers
 * in them are arbitrary.
 */
#include "core/base/shape_proof.h"
#include "core/endpoint/endpoint.c"

static struct endpoint endpoint;
static struct endpoint old;
static bool plain; /* the numbers of the endpoint itself are fixed: the operation does not look at them */
static struct endpoint_call w0, w1, w2, a0, a1, a2, fresh;
static struct endpoint_receive r0, r1, r2, another;

/* Links of a queue, in order; NULL where it is shorter. */
static void chain(struct endpoint_link *head, struct endpoint_link *a, struct endpoint_link *b, struct endpoint_link *c)
{
    head->next = a != NULL ? a : head;
    head->prev = c != NULL ? c : b != NULL ? b : a != NULL ? a : head;
    if (a != NULL) {
        a->prev = head;
        a->next = b != NULL ? b : head;
    }
    if (b != NULL) {
        b->prev = a;
        b->next = c != NULL ? c : head;
    }
    if (c != NULL) {
        c->prev = b;
        c->next = head;
    }
}

static void assert_chain(const struct endpoint_link *head, const struct endpoint_link *a, const struct endpoint_link *b,
                         const struct endpoint_link *c)
{
    assert(head->next == (a != NULL ? a : head));
    assert(head->prev == (c != NULL ? c : b != NULL ? b : a != NULL ? a : head));
    if (a != NULL)
        assert(a->prev == head && a->next == (b != NULL ? b : head));
    if (b != NULL)
        assert(b->prev == a && b->next == (c != NULL ? c : head));
    if (c != NULL)
        assert(c->prev == b && c->next == head);
}

static void any_call(struct endpoint_call *call, enum endpoint_place place)
{
    call->place = place;
    call->bytes = plain ? 3 : nondet_u16();
    call->id = nondet_u32();
    call->receiver.process = nondet_u64();
    call->receiver.thread = nondet_u64();
    call->link.next = &call->link;
    call->link.prev = &call->link;
}

static void any_receive(struct endpoint_receive *receive, enum endpoint_place place)
{
    receive->place = place;
    receive->user_data = nondet_u64();
    receive->party.process = nondet_u64();
    receive->party.thread = nondet_u64();
    receive->link.next = &receive->link;
    receive->link.prev = &receive->link;
}

/* Any endpoint with so many calls, calls in flight and receives. */
static void any_endpoint(uint32_t calls, uint32_t answers, uint32_t receives)
{
    any_call(&w0, calls > 0 ? ENDPOINT_QUEUED : ENDPOINT_NOWHERE);
    any_call(&w1, calls > 1 ? ENDPOINT_QUEUED : ENDPOINT_NOWHERE);
    any_call(&w2, calls > 2 ? ENDPOINT_QUEUED : ENDPOINT_NOWHERE);
    any_call(&a0, answers > 0 ? ENDPOINT_IN_FLIGHT : ENDPOINT_NOWHERE);
    any_call(&a1, answers > 1 ? ENDPOINT_IN_FLIGHT : ENDPOINT_NOWHERE);
    any_call(&a2, answers > 2 ? ENDPOINT_IN_FLIGHT : ENDPOINT_NOWHERE);
    any_call(&fresh, ENDPOINT_NOWHERE);
    any_receive(&r0, receives > 0 ? ENDPOINT_RECEIVING : ENDPOINT_NOWHERE);
    any_receive(&r1, receives > 1 ? ENDPOINT_RECEIVING : ENDPOINT_NOWHERE);
    any_receive(&r2, receives > 2 ? ENDPOINT_RECEIVING : ENDPOINT_NOWHERE);
    any_receive(&another, ENDPOINT_NOWHERE);
    chain(&endpoint.calls, calls > 0 ? &w0.link : NULL, calls > 1 ? &w1.link : NULL, calls > 2 ? &w2.link : NULL);
    chain(&endpoint.answers, answers > 0 ? &a0.link : NULL, answers > 1 ? &a1.link : NULL, answers > 2 ? &a2.link : NULL);
    chain(&endpoint.receives, receives > 0 ? &r0.link : NULL, receives > 1 ? &r1.link : NULL, receives > 2 ? &r2.link : NULL);
    endpoint.queued = calls;
    endpoint.in_flight = answers;
    endpoint.receiving = receives;
    endpoint.last_id = plain ? 77 : nondet_u32();
    endpoint.bytes = (calls > 0 ? w0.bytes : 0) + (calls > 1 ? w1.bytes : 0) + (calls > 2 ? w2.bytes : 0);
    endpoint.limits.queued = plain ? 16 : nondet_u32();
    endpoint.limits.in_flight = plain ? 16 : nondet_u32();
    endpoint.limits.bytes = plain ? 16 : nondet_u32();
    assume(endpoint.limits.queued >= 1 && calls <= endpoint.limits.queued);
    assume(endpoint.limits.in_flight >= 1 && answers <= endpoint.limits.in_flight && receives <= endpoint.limits.in_flight);
    assume(a0.id != 0 && a1.id != 0 && a2.id != 0 && a0.id != a1.id && a0.id != a2.id && a1.id != a2.id);
    old = endpoint;
}

/* The three counters; limits stay for ever. */
static void assert_counts(uint32_t calls, uint32_t answers, uint32_t receives)
{
    assert(endpoint.queued == calls && endpoint.in_flight == answers && endpoint.receiving == receives);
    assert(endpoint.limits.queued == old.limits.queued && endpoint.limits.in_flight == old.limits.in_flight &&
           endpoint.limits.bytes == old.limits.bytes);
}

static void assert_calls(uint32_t count, const struct endpoint_link *a, const struct endpoint_link *b,
                         const struct endpoint_link *c)
{
    assert_chain(&endpoint.calls, count > 0 ? a : NULL, count > 1 ? b : NULL, count > 2 ? c : NULL);
}

static void assert_answers(uint32_t count, const struct endpoint_link *a, const struct endpoint_link *b,
                           const struct endpoint_link *c)
{
    assert_chain(&endpoint.answers, count > 0 ? a : NULL, count > 1 ? b : NULL, count > 2 ? c : NULL);
}

static void assert_receives(uint32_t count, const struct endpoint_link *a, const struct endpoint_link *b,
                            const struct endpoint_link *c)
{
    assert_chain(&endpoint.receives, count > 0 ? a : NULL, count > 1 ? b : NULL, count > 2 ? c : NULL);
}

static bool is_alone(const struct endpoint_link *link)
{
    return link->next == link && link->prev == link;
}

static void try_enqueue(uint32_t n)
{
    any_endpoint(n, 1, 1);
    uint32_t bytes = nondet_u32();
    bool refused = n > 0 && (uint64_t)old.bytes + bytes > old.limits.bytes;
    enum endpoint_error error = endpoint_enqueue(&endpoint, &fresh, bytes);
    if (old.queued == old.limits.queued) {
        probe(1);
        assert(error == ENDPOINT_QUEUE_FULL);
    } else if (refused) {
        probe(2);
        assert(error == ENDPOINT_BYTES_FULL);
    } else {
        probe(3);
        assert(error == ENDPOINT_OK && fresh.place == ENDPOINT_QUEUED && fresh.bytes == bytes);
        assert(endpoint.bytes == old.bytes + bytes && (n == 0 || endpoint.bytes <= old.limits.bytes));
        assert_calls(n + 1, n > 0 ? &w0.link : &fresh.link, n > 1 ? &w1.link : &fresh.link, &fresh.link);
    }
    if (error != ENDPOINT_OK) {
        assert(fresh.place == ENDPOINT_NOWHERE && endpoint.bytes == old.bytes && is_alone(&fresh.link));
        assert_calls(n, &w0.link, &w1.link, NULL);
    }
    assert(endpoint.queued <= old.limits.queued && endpoint.last_id == old.last_id);
    assert_counts(error == ENDPOINT_OK ? n + 1 : n, 1, 1);
    assert_answers(1, &a0.link, NULL, NULL);
    assert_receives(1, &r0.link, NULL, NULL);
}

static void try_receive(uint32_t n)
{
    any_endpoint(1, 1, n);
    enum endpoint_error error = endpoint_receive(&endpoint, &another);
    if (old.receiving == old.limits.in_flight) {
        probe(4);
        assert(error == ENDPOINT_RECEIVES_FULL && another.place == ENDPOINT_NOWHERE && is_alone(&another.link));
        assert_receives(n, &r0.link, &r1.link, NULL);
    } else {
        probe(5);
        assert(error == ENDPOINT_OK && another.place == ENDPOINT_RECEIVING);
        assert_receives(n + 1, n > 0 ? &r0.link : &another.link, n > 1 ? &r1.link : &another.link, &another.link);
    }
    assert(endpoint.bytes == old.bytes && endpoint.receiving <= old.limits.in_flight && endpoint.last_id == old.last_id);
    assert_counts(1, 1, error == ENDPOINT_OK ? n + 1 : n);
    assert_calls(1, &w0.link, NULL, NULL);
    assert_answers(1, &a0.link, NULL, NULL);
}

/* PROOF no_ceiling_is_passed
 * of: endpoint_enqueue, endpoint_receive, ring_append
 * bound: up to 2 records in the queue: the operation looks at the counters and at the last record
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void no_ceiling_is_passed(void)
{
    if (nondet_bool())
        SHAPE(3, try_enqueue);
    else
        SHAPE(3, try_receive);
}

/* Whether one more may be in flight lies in the limit. */
static void try_match(uint32_t n)
{
    uint32_t calls = n == 0 ? 0 : n == 3 ? 2 : 1, receives = n == 1 ? 0 : n == 3 ? 2 : 1;
    any_endpoint(calls, 1, receives);
    struct endpoint_call *call = NULL;
    struct endpoint_receive *receive = NULL;
    bool met = endpoint_match(&endpoint, &call, &receive);
    if (calls > 0 && receives > 0 && old.limits.in_flight > 1) {
        probe(1);
        assert(met && call == &w0 && receive == &r0);
    } else {
        probe(2);
        assert(!met && call == NULL && receive == NULL);
    }
    assert(endpoint_first_receive(&endpoint) == (receives > 0 ? &r0 : NULL));
    assert(endpoint.bytes == old.bytes && endpoint.last_id == old.last_id);
    assert_counts(calls, 1, receives);
    assert_calls(calls, &w0.link, &w1.link, NULL);
    assert_receives(receives, &r0.link, &r1.link, NULL);
}

/* PROOF the_oldest_two_meet
 * of: endpoint_match, endpoint_first_receive
 * bound: up to 2 calls and receives, 1 call in flight: the operations look at the counters and at the first records
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void the_oldest_two_meet(void)
{
    SHAPE(4, try_match);
}

static void try_deliver(uint32_t n)
{
    any_endpoint(n + 1, 1, n + 1);
    assume(old.limits.in_flight > 1);
    uint32_t id = endpoint_deliver(&endpoint, &w0, &r0);
    probe(1);
    assert(id != 0 && w0.id == id && id != a0.id && id == endpoint.last_id);
    assert(w0.place == ENDPOINT_IN_FLIGHT && r0.place == ENDPOINT_NOWHERE && is_alone(&r0.link));
    assert(w0.receiver.process == r0.party.process && w0.receiver.thread == r0.party.thread);
    assert(endpoint.bytes == old.bytes - w0.bytes && endpoint.in_flight <= old.limits.in_flight);
    assert_counts(n, 2, n);
    assert_calls(n, &w1.link, NULL, NULL);
    assert_receives(n, &r1.link, NULL, NULL);
    assert_answers(2, &a0.link, &w0.link, NULL);
}

/* PROOF a_delivery_moves_the_pair
 * of: endpoint_deliver
 * bound: up to 2 calls and receives, 1 call in flight: the operation takes the first ones and appends
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void a_delivery_moves_the_pair(void)
{
    SHAPE(2, try_deliver);
}

static void try_spare_id(uint32_t n)
{
    any_endpoint(0, n, 0);
    uint32_t id = endpoint_spare_id(&endpoint);
    assert(id != 0 && id == endpoint.last_id);
    assert((n < 1 || id != a0.id) && (n < 2 || id != a1.id));
    if (id == old.last_id + 1) {
        probe(1);
    } else {
        uint32_t skipped = old.last_id + 1; /* only what is taken was skipped */
        probe(2);
        assert(skipped == 0 || (n > 0 && skipped == a0.id) || (n > 1 && skipped == a1.id));
        assert(id - old.last_id <= n + 2);
    }
    assert_counts(0, n, 0);
    assert_answers(n, &a0.link, &a1.link, NULL);
}

/* PROOF a_live_id_is_not_given_again
 * of: endpoint_spare_id, find_id
 * bound: up to 2 calls in flight: the search skips each of them at most once, and 0
 * next: 3: half as much again
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void a_live_id_is_not_given_again(void)
{
    SHAPE(3, try_spare_id);
}

static void try_find(uint32_t n)
{
    any_endpoint(0, n, n);
    uint32_t id = nondet_u32();
    const struct endpoint_party party = {nondet_u64(), nondet_u64()};
    uint64_t user_data = nondet_u64();
    const struct endpoint_call *call = endpoint_find(&endpoint, id, party.process);
    bool first = n > 0 && a0.id == id && a0.receiver.process == party.process;
    bool second = n > 1 && a1.id == id && a1.receiver.process == party.process;
    if (first || second) {
        probe(1);
        assert(call == (first ? &a0 : &a1));
    } else {
        probe(2);
        assert(call == NULL);
    }
    first = n > 0 && r0.user_data == user_data && r0.party.process == party.process &&
            (party.thread == 0 || r0.party.thread == party.thread);
    second = n > 1 && r1.user_data == user_data && r1.party.process == party.process &&
             (party.thread == 0 || r1.party.thread == party.thread);
    const struct endpoint_receive *receive = endpoint_find_receive(&endpoint, party, user_data);
    if (first || second) {
        probe(3);
        assert(receive == (first ? &r0 : &r1)); /* the oldest */
    } else {
        probe(4);
        assert(receive == NULL);
    }
    assert_counts(0, n, n);
    assert_answers(n, &a0.link, &a1.link, NULL);
    assert_receives(n, &r0.link, &r1.link, NULL);
}

/* PROOF only_the_receiver_finds_a_call
 * of: endpoint_find, endpoint_find_receive, party_matches, find_id
 * bound: up to 2 records in each queue: the search goes over all alike
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void only_the_receiver_finds_a_call(void)
{
    SHAPE(3, try_find);
}

/* One of three records leaves; with n = 3 one that is in no queue. */
static void try_remove_call(uint32_t n)
{
    any_endpoint(3, 1, 1);
    struct endpoint_call *call = n == 0 ? &w0 : n == 1 ? &w1 : n == 2 ? &w2 : &fresh;
    uint32_t bytes = call->bytes;
    probe(1);
    endpoint_remove_call(&endpoint, call);
    assert(call->place == ENDPOINT_NOWHERE && is_alone(&call->link));
    assert(endpoint.bytes == old.bytes - (n < 3 ? bytes : 0));
    if (n == 3)
        assert_calls(3, &w0.link, &w1.link, &w2.link);
    else
        assert_calls(2, n == 0 ? &w1.link : &w0.link, n == 2 ? &w1.link : &w2.link, NULL);
    assert_counts(n == 3 ? 3 : 2, 1, 1);
    assert_answers(1, &a0.link, NULL, NULL);
    assert_receives(1, &r0.link, NULL, NULL);
}

static void try_remove_answer(uint32_t n)
{
    any_endpoint(1, 3, 1);
    struct endpoint_call *call = n == 0 ? &a0 : n == 1 ? &a1 : &a2;
    probe(2);
    endpoint_remove_call(&endpoint, call);
    assert(call->place == ENDPOINT_NOWHERE && is_alone(&call->link) && endpoint.bytes == old.bytes);
    assert_answers(2, n == 0 ? &a1.link : &a0.link, n == 2 ? &a1.link : &a2.link, NULL);
    assert_counts(1, 2, 1);
    assert_calls(1, &w0.link, NULL, NULL);
    assert_receives(1, &r0.link, NULL, NULL);
}

static void try_remove_receive(uint32_t n)
{
    any_endpoint(1, 1, 3);
    struct endpoint_receive *receive = n == 0 ? &r0 : n == 1 ? &r1 : n == 2 ? &r2 : &another;
    probe(3);
    endpoint_remove_receive(&endpoint, receive);
    assert(receive->place == ENDPOINT_NOWHERE && is_alone(&receive->link) && endpoint.bytes == old.bytes);
    if (n == 3)
        assert_receives(3, &r0.link, &r1.link, &r2.link);
    else
        assert_receives(2, n == 0 ? &r1.link : &r0.link, n == 2 ? &r1.link : &r2.link, NULL);
    assert_counts(1, 1, n == 3 ? 3 : 2);
    assert_calls(1, &w0.link, NULL, NULL);
    assert_answers(1, &a0.link, NULL, NULL);
}

/* PROOF what_leaves_leaves_one_queue
 * of: endpoint_remove_call, endpoint_remove_receive, ring_remove
 * bound: 3 records in the queue: the one that leaves has a link, or the head, on both sides
 * next: 4: nothing new
 * unwind: 5
 * flags: --tuple-sym-flattener
 */
void what_leaves_leaves_one_queue(void)
{
    uint8_t which = nondet_u8();
    if (which == 0)
        SHAPE(4, try_remove_call);
    else if (which == 1)
        SHAPE(3, try_remove_answer);
    else
        SHAPE(4, try_remove_receive);
}

static void try_pop_receive(uint32_t n)
{
    any_endpoint(1, 1, n);
    const struct endpoint_receive *receive = endpoint_pop_receive(&endpoint);
    probe(1);
    assert(receive == (n > 0 ? &r0 : NULL) && r0.place == ENDPOINT_NOWHERE && endpoint.bytes == old.bytes);
    assert_receives(n > 0 ? n - 1 : 0, &r1.link, NULL, NULL);
    assert_counts(1, 1, n > 0 ? n - 1 : 0);
    assert_calls(1, &w0.link, NULL, NULL);
    assert_answers(1, &a0.link, NULL, NULL);
}

/* PROOF teardown_takes_the_oldest_receive
 * of: endpoint_pop_receive
 * bound: up to 2 receives: the operation looks at the first; the limits, which it does not look at, are 16
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void teardown_takes_the_oldest_receive(void)
{
    plain = true;
    SHAPE(3, try_pop_receive);
}

static bool belongs(const struct endpoint_party *owner, const struct endpoint_party *party)
{
    return owner->process == party->process && (party->thread == 0 || owner->thread == party->thread);
}

static void try_pop_of(uint32_t n)
{
    any_endpoint(1, n, n);
    const struct endpoint_party party = {nondet_u64(), nondet_u64()};
    bool first = n > 0 && belongs(&a0.receiver, &party), second = n > 1 && belongs(&a1.receiver, &party);
    const struct endpoint_call *call = endpoint_pop_received_by(&endpoint, party);
    if (first || second) {
        probe(1);
        assert(call == (first ? &a0 : &a1) && call->place == ENDPOINT_NOWHERE);
    } else {
        probe(2);
        assert(call == NULL);
    }
    uint32_t answers = first || second ? n - 1 : n;
    if (answers == 2)
        assert_answers(2, &a0.link, &a1.link, NULL);
    else if (answers == 1)
        assert_answers(1, first ? &a1.link : &a0.link, NULL, NULL);
    else
        assert_answers(0, NULL, NULL, NULL);
    first = n > 0 && belongs(&r0.party, &party);
    second = n > 1 && belongs(&r1.party, &party);
    const struct endpoint_receive *receive = endpoint_pop_receive_of(&endpoint, party);
    if (first || second) {
        probe(3);
        assert(receive == (first ? &r0 : &r1) && receive->place == ENDPOINT_NOWHERE);
    } else {
        probe(4);
        assert(receive == NULL);
    }
    uint32_t receives = first || second ? n - 1 : n;
    if (receives == 2)
        assert_receives(2, &r0.link, &r1.link, NULL);
    else if (receives == 1)
        assert_receives(1, first ? &r1.link : &r0.link, NULL, NULL);
    else
        assert_receives(0, NULL, NULL, NULL);
    assert(endpoint.bytes == old.bytes);
    assert_counts(1, answers, receives);
    assert_calls(1, &w0.link, NULL, NULL);
}

/* PROOF teardown_takes_what_belongs_to_the_party
 * of: endpoint_pop_received_by, endpoint_pop_receive_of, party_matches
 * bound: up to 2 records in each queue: the search goes over all alike
 * next: 3: half as much again
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void teardown_takes_what_belongs_to_the_party(void)
{
    SHAPE(3, try_pop_of);
}

/* PROOF a_new_endpoint_is_empty
 * of: endpoint_init, ring_init
 * bound: none: every limit; nothing is read
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void a_new_endpoint_is_empty(void)
{
    any_endpoint(2, 2, 2);
    const struct endpoint_limits limits = {nondet_u32(), nondet_u32(), nondet_u32()};
    endpoint_init(&endpoint, &limits);
    old.limits = limits;
    probe(1);
    assert(endpoint.bytes == 0 && endpoint.last_id == 0);
    assert_counts(0, 0, 0);
    assert_calls(0, NULL, NULL, NULL);
    assert_answers(0, NULL, NULL, NULL);
    assert_receives(0, NULL, NULL, NULL);
}
