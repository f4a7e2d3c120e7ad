/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The short way through cap_enter, from entry to exit in one file: nothing to do, NOP, a CALL that meets a waiting RECV,
 * RETURN, RECV, without capabilities, exceptions or errors, and handing the CPU over. The general way (enter.c, invoke.c,
 * endpoint.c, sched_leave) is the reference: this one answers only what it answers the same, and an entry for which any
 * check here fails is left in the queue, untouched, for that one. tests/sim compares the two, event by event.
 *
 * What it relies on:
 *  F1 The kernel lock is held from the first line to the last: page tables, capability tables, endpoints and the rings of
 *     all threads change only through this code. What user code can change meanwhile is memory of its own.
 *  F2 A submission entry is copied once and judged from the copy. Of ring headers one word at a time is read, once.
 *  F3 Nothing changes before the last check of an entry has passed.
 *  F4 User memory is reached through the frames that the page tables name now; present, user and, to write, writable are
 *     checked for every page, each time. Kernel memory is never at such an address. Params are opaque, copied once, and from
 *     other frames than they go to: the general way, which has a copy of its own in between, is for buffers that overlap.
 *  F5 What the general way looks after when it leaves (dead threads, released service objects, other CPUs' queues,
 *     timers) has not changed in an entry that took this way to its end, and whoever changed it before has seen to it.
 */
#include "kernel/ipc/fast.h"

#include <stddef.h>

#include "abi/atomic.h"
#include "abi/endpoint.h"
#include "abi/layout.h"
#include "core/base/nospec.h"
#include "core/ring/address.h"
#include "kernel/fault.h"
#include "kernel/ipc/internal.h"
#include "kernel/objects/endpoint.h"
#include "kernel/objects/objects.h"
#include "kernel/mm/user_pages.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "kernel/state.h"

/* Functions with registers of their own: an entry that does not need them does not save them. */
#define APART __attribute__((noinline))

/* ---- submission entries ------------------------------------------------------------- */

/* The words of an entry, for checks of several fields at once; abi/ring.h says where the fields lie. */
enum {
    WORD_HEAD,   /* opcode, flags, method, capability */
    WORD_USER_DATA,
    WORD_ADDR,
    WORD_LENGTHS,
    WORD_RESULT_ADDR,
    WORD_PIPELINE,
    WORD_COUNTS, /* pipeline field, descriptors, call id */
    WORD_DISCLOSURE,
    SQE_WORDS,
};

union entry {
    struct ring_sqe sqe;
    uint64_t words[SQE_WORDS];
};

_Static_assert(sizeof(struct ring_sqe) == SQE_WORDS * sizeof(uint64_t), "an entry is words");

#define OPCODE_AND_FLAGS 0xffffull  /* of WORD_HEAD */
#define NO_METHOD (0xffffull << 16) /* of WORD_HEAD */
#define NO_TRANSFERS 0xffffffffull  /* of WORD_COUNTS: all but the call id */

static inline void copy_entry(union entry *to, const struct ring_sqe *from)
{
    const volatile uint64_t *words = (const volatile uint64_t *)(const volatile void *)from;
    to->words[WORD_HEAD] = words[WORD_HEAD];
    to->words[WORD_USER_DATA] = words[WORD_USER_DATA];
    to->words[WORD_ADDR] = words[WORD_ADDR];
    to->words[WORD_LENGTHS] = words[WORD_LENGTHS];
    to->words[WORD_RESULT_ADDR] = words[WORD_RESULT_ADDR];
    to->words[WORD_PIPELINE] = words[WORD_PIPELINE];
    to->words[WORD_COUNTS] = words[WORD_COUNTS];
    to->words[WORD_DISCLOSURE] = words[WORD_DISCLOSURE];
}

/* Opcode and flags as asked, no method unless it is a CALL: what the wire check wants of the first word. */
static inline bool head_is(const union entry *e, uint64_t wanted, uint64_t zero)
{
    return (e->words[WORD_HEAD] & (OPCODE_AND_FLAGS | zero)) == wanted;
}

/* ---- completions ---------------------------------------------------------------------- */

/* Free places for completions; none when something is parked, or cq_head makes no sense. */
static inline uint32_t room_of(const struct thread_ring *ring)
{
    uint32_t unread = ring->state.cq_tail - load_acquire_u32(&ring->page->header.cq_head);
    return ring->parked.head == NULL && unread <= RING_CQ_ENTRIES ? RING_CQ_ENTRIES - unread : 0;
}

/* A completion without flags and capabilities. There is room. */
static inline void post(struct thread_ring *ring, struct ring_cqe cqe)
{
    uint32_t tail = ring->state.cq_tail;
    struct ring_cqe *slot = &ring->page->cqes[tail & RING_CQ_MASK];
    slot->user_data = cqe.user_data;
    slot->result = cqe.result;
    slot->flags = 0;
    slot->cap_count = 0;
    slot->badge = cqe.badge;
    slot->call_id = cqe.call_id;
    slot->reserved = 0;
    ring->state.cq_tail = tail + 1;
    store_release_u32(&ring->page->header.cq_tail, tail + 1);
    trace_event(TRACE_CQE_POSTED, (uint64_t)(int64_t)cqe.result, cqe.user_data);
}

/* Can a completion of another thread be posted now, and its wait end without a timer having to be stopped? */
static inline bool can_be_told(const struct thread *thread, const struct thread *running)
{
    return thread != running && thread->state != THREAD_DEAD && thread->timer == TIMER_NONE && !thread->ring.dispatching &&
           room_of(&thread->ring) > 0;
}

/* The other side of a meeting: its completion is posted, and it runs next if the running thread blocks. */
static inline void post_and_wake(struct thread *thread, struct ring_cqe cqe)
{
    struct thread_ring *ring = &thread->ring;
    post(ring, cqe);
    uint32_t available = RING_CQ_ENTRIES - room_of(ring);
    sched_hand_over(thread, available, ring_enter_is_satisfied(&ring->wait, available));
}

/* ---- user memory -------------------------------------------------------------------------- */

/* Does the input buffer of the general way hold as much already? Then its charge is made (SC-01). */
static inline bool is_charged(const struct process *process, uint32_t len)
{
    return ((len + 7u) & ~7u) <= process->scratch.input.charged;
}

/* ---- what both sides of an endpoint begin with ------------------------------------------------ */

/* Present, of that generation, not revoked; whether it lives is asked by the callers. */
static inline const struct cap_slot *slot_of(const struct process *process, uint32_t cap_id)
{
    const struct cap_table *table = &process->table;
    uint32_t index = cap_id_index(cap_id);
    if (index >= table->slot_count)
        return NULL;
    const struct cap_slot *slot = &table->slots[index_nospec(index, table->slot_count)];
    bool usable = slot->generation == cap_id_generation(cap_id) && slot->object != NULL &&
                  slot->hold.object_epoch == slot->epoch->value;
    return usable ? slot : NULL;
}

static inline struct call *free_record(struct call *records, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (records[i].state == CALL_FREE)
            return &records[i];
    return NULL;
}

static inline struct call *receive_of(struct endpoint_receive *receive)
{
    return (struct call *)(void *)((uint8_t *)receive - offsetof(struct call, receive));
}

static inline struct call *call_of(struct endpoint_call *sent)
{
    return (struct call *)(void *)((uint8_t *)sent - offsetof(struct call, sent));
}

/* The last check has passed: the entry is taken from the queue before anything happens, as buffers may lie in the ring. */
static inline void take_entry(struct thread_ring *ring, const struct ring_sqe *sqe)
{
    store_release_u32(&ring->page->header.sq_head, ++ring->state.sq_head);
    trace_event(TRACE_SQE_CONSUMED, (uint64_t)sqe->opcode | (uint64_t)sqe->method_id << 16, sqe->user_data);
}

/* ---- CALL that meets a RECV --------------------------------------------------------------------- */

struct meeting {
    struct endpoint_object *endpoint;
    const struct cap_slot *slot;
    struct call *call, *receive;
    uint32_t len; /* of the payload */
    struct user_pages to, from;
};

/* Is somebody waiting at this endpoint who can take the message at once? */
static inline bool find_receiver(struct meeting *m, const struct thread *caller)
{
    const struct endpoint *state = &m->endpoint->state;
    if (state->receiving == 0 || state->queued != 0 || state->in_flight >= state->limits.in_flight || m->endpoint->released != NULL)
        return false;
    m->receive = receive_of(endpoint_first_receive(state));
    const struct thread *server = m->receive->thread;
    return can_be_told(server, caller) && m->receive->object->refs > 1;
}

static inline bool find_call(struct meeting *m, const struct thread *thread, const union entry *e)
{
    const struct process *process = thread->process;
    const struct ring_sqe *sqe = &e->sqe;
    if (!head_is(e, RING_OP_CALL, 0) || (e->words[WORD_PIPELINE] | e->words[WORD_COUNTS] | e->words[WORD_DISCLOSURE]) != 0)
        return false;
    if (sqe->len > process->profile.ring_scratch || sqe->result_len > process->profile.ring_scratch)
        return false;
    if ((m->slot = slot_of(process, sqe->cap_id)) == NULL || (m->endpoint = endpoint_behind(m->slot->object)) == NULL)
        return false;
    return sqe->len <= m->endpoint->message_max && endpoint_in_session_of(m->endpoint, process) && find_receiver(m, thread);
}

static inline bool find_buffers(struct meeting *m, const struct process *process, const struct ring_sqe *sqe)
{
    const struct ring_sqe *recv = &m->receive->sqe;
    uint64_t total = sizeof(struct endpoint_message) + m->len;
    if (total > recv->result_len || !user_pages_find(&m->receive->process->aspace, recv->result_addr, total, true, &m->to))
        return false;
    if (m->len > 0 && (!is_charged(process, m->len) || !user_pages_find(&process->aspace, sqe->addr, m->len, false, &m->from) ||
                       !user_pages_apart(&m->to, &m->from)))
        return false;
    return sqe->result_len == 0 ||
           machine_user_range_ok(&process->aspace.machine, (struct user_ptr){sqe->result_addr}, sqe->result_len, true);
}

/* The record of a call in flight: what the general way leaves in it. */
static inline void fill_record(struct meeting *m, struct thread *thread)
{
    struct call *call = m->call;
    struct object *object = m->slot->object;
    call->state = CALL_PENDING;
    call->receives = false;
    call->process = thread->process;
    call->thread = thread;
    call->object = object;
    call->badge = m->slot->hold.badge;
    call->interface_id = m->slot->hold.interface_id;
    call->disclosure = m->slot->hold.disclosure_scope;
    call->running = NULL;
    call->message = NULL;
    call->transfers = NULL;
    call->held = (struct scratch_buffer){0};
    call->held_pages = 0;
    object_hold(object);
    trace_event(TRACE_CALL_PEND, object->id, call->sqe.user_data);
    thread->last_call = (struct thread_last_call){
        .interface_id = call->interface_id, .method_id = call->sqe.method_id, .running = true};
}

/* The header, whatever page borders and sessions do with it. */
static APART void write_header(const struct meeting *m)
{
    const struct call *call = m->call;
    struct endpoint_message header = {
        .interface_id = call->interface_id, .method_id = call->sqe.method_id, .params_len = m->len};
    if (call->process->session != NULL)
        header.session = session_seen_by(call->process->session, m->endpoint->object.id, 0);
    user_pages_copy(&m->to, 0, &(struct user_pages){{(uint8_t *)&header}, 0, 1}, sizeof header);
}

static inline void store_word(uint8_t *to, uint64_t word)
{
    __builtin_memcpy(to, &word, sizeof word);
}

static inline void write_message(const struct meeting *m)
{
    const struct call *call = m->call;
    struct user_place at = user_pages_at(&m->to, 0);
    if (at.left < sizeof(struct endpoint_message) || call->process->session != NULL) {
        write_header(m);
    } else {
        store_word(at.at, call->interface_id);
        store_word(at.at + 8, (uint64_t)m->len << 32 | call->sqe.method_id);
        store_word(at.at + 16, 0);
        store_word(at.at + 24, 0);
        store_word(at.at + 32, 0);
        store_word(at.at + 40, 0);
        store_word(at.at + 48, 0);
    }
    if (m->len > 0)
        user_pages_copy(&m->to, sizeof(struct endpoint_message), &m->from, m->len);
}

static inline void end_receive(struct meeting *m, uint32_t call_id)
{
    struct call *receive = m->receive;
    struct object *object = receive->object;
    const struct ring_cqe cqe = {
        .user_data = receive->sqe.user_data,
        .result = (int32_t)(sizeof(struct endpoint_message) + m->len),
        .badge = m->call->badge,
        .call_id = call_id,
    };
    trace_event(TRACE_CALL_FINISH, object->id, (uint64_t)(int64_t)cqe.result);
    receive->object = NULL;
    receive->state = CALL_FREE;
    post_and_wake(receive->thread, cqe);
    object_drop_shared(object);
}

static APART bool fast_call(struct thread *thread, const struct ring_sqe *from)
{
    struct meeting m;
    struct process *process = thread->process;
    m.call = free_record(process->calls.records, OUTSTANDING_CALLS_MAX);
    if (m.call == NULL)
        return false;
    union entry *e = (union entry *)(void *)&m.call->sqe;
    copy_entry(e, from);
    m.len = e->sqe.len;
    m.from.offset = 0;
    m.from.at[0] = NULL;
    if (!find_call(&m, thread, e) || !find_buffers(&m, process, &e->sqe) ||
        cap_ledger_reserve(process_ledger(process), CAP_RESOURCE_OUTSTANDING_CALLS, 1) != CAP_OK)
        return false;
    take_entry(&thread->ring, &e->sqe);
    fill_record(&m, thread);
    write_message(&m);
    end_receive(&m, endpoint_meet(&m.endpoint->state, &m.call->sent, &m.receive->receive));
    return true;
}

/* ---- RETURN ------------------------------------------------------------------------------------------ */

static inline struct endpoint_object *owned(const struct process *process, uint32_t cap_id)
{
    const struct cap_slot *slot = slot_of(process, cap_id);
    return slot != NULL ? endpoint_owned(slot->object) : NULL;
}

static inline bool find_answered(struct meeting *m, const struct thread *thread, const union entry *e)
{
    const struct process *server = thread->process;
    const struct ring_sqe *sqe = &e->sqe;
    uint64_t zero = (e->words[WORD_LENGTHS] >> 32) | e->words[WORD_RESULT_ADDR] | e->words[WORD_PIPELINE] |
                    (e->words[WORD_COUNTS] & NO_TRANSFERS) | e->words[WORD_DISCLOSURE];
    if (!head_is(e, RING_OP_RETURN, NO_METHOD) || zero != 0 || sqe->len > server->profile.ring_scratch)
        return false;
    if ((m->endpoint = owned(server, sqe->cap_id)) == NULL || m->endpoint->released != NULL || m->endpoint->state.queued != 0)
        return false;
    struct endpoint_call *sent = endpoint_find(&m->endpoint->state, sqe->call_id, server->generation);
    if (sent == NULL)
        return false;
    m->call = call_of(sent);
    if (!can_be_told(m->call->thread, thread) || m->call->object->refs == 1)
        return false;
    const struct ring_sqe *asked = &m->call->sqe;
    return m->len <= asked->result_len &&
           (m->len == 0 || (is_charged(server, m->len) && user_pages_find(&server->aspace, sqe->addr, m->len, false, &m->from) &&
                            user_pages_find(&m->call->process->aspace, asked->result_addr, m->len, true, &m->to) &&
                            user_pages_apart(&m->to, &m->from)));
}

static APART bool fast_return(struct thread *thread, const struct ring_sqe *from)
{
    struct meeting m;
    union entry e;
    copy_entry(&e, from);
    m.len = e.sqe.len;
    if (!find_answered(&m, thread, &e))
        return false;
    struct call *call = m.call;
    struct object *object = call->object;
    take_entry(&thread->ring, &e.sqe);
    if (m.len > 0)
        user_pages_copy(&m.to, 0, &m.from, m.len);
    endpoint_remove_call(&m.endpoint->state, &call->sent);
    const struct ring_cqe cqe = {.user_data = call->sqe.user_data, .result = (int32_t)m.len, .badge = call->badge};
    trace_event(TRACE_CALL_FINISH, object->id, (uint64_t)(int64_t)cqe.result);
    call->thread->last_call.running = false;
    call->object = NULL;
    cap_ledger_release(process_ledger(call->process), CAP_RESOURCE_OUTSTANDING_CALLS, 1);
    call->state = CALL_FREE;
    post_and_wake(call->thread, cqe);
    object_drop_shared(object);
    post(&thread->ring, (struct ring_cqe){.user_data = e.sqe.user_data});
    return true;
}

/* ---- RECV ----------------------------------------------------------------------------------------------- */

static APART bool fast_receive(struct thread *thread, const struct ring_sqe *from)
{
    struct process *process = thread->process;
    struct call *receive = free_record(process->calls.receives, PENDING_RECEIVES_MAX);
    if (receive == NULL)
        return false;
    union entry *e = (union entry *)(void *)&receive->sqe;
    const struct ring_sqe *sqe = &e->sqe;
    copy_entry(e, from);
    uint64_t zero = e->words[WORD_ADDR] | (uint32_t)e->words[WORD_LENGTHS] | e->words[WORD_PIPELINE] | e->words[WORD_COUNTS] |
                    e->words[WORD_DISCLOSURE];
    if (!head_is(e, RING_OP_RECV, NO_METHOD) || zero != 0 || sqe->result_len < RING_MESSAGE_HEADER_BYTES)
        return false;
    uint64_t most = sizeof(struct endpoint_message) + process->profile.ring_scratch + RESULT_CAPS_MAX * sizeof(struct ring_result_cap);
    struct endpoint_object *endpoint = owned(process, sqe->cap_id);
    if (endpoint == NULL || endpoint->released != NULL || endpoint->state.queued != 0 || sqe->result_len > most ||
        !machine_user_range_ok(&process->aspace.machine, (struct user_ptr){sqe->result_addr}, sqe->result_len, true))
        return false;
    receive->receive.party = (struct endpoint_party){.process = process->generation, .thread = thread->generation};
    receive->receive.user_data = sqe->user_data;
    if (endpoint_receive(&endpoint->state, &receive->receive) != ENDPOINT_OK)
        return false;
    take_entry(&thread->ring, sqe);
    receive->state = CALL_PENDING;
    receive->receives = true;
    receive->process = process;
    receive->thread = thread;
    receive->object = &endpoint->object;
    receive->badge = 0;
    receive->running = NULL;
    receive->transfers = NULL;
    receive->message = NULL;
    receive->held = (struct scratch_buffer){0};
    receive->held_pages = 0;
    object_hold(receive->object);
    return true;
}

/* ---- PARK and UNPARK ------------------------------------------------------------------------------------------ */

/* The word of a private park space, and its key. */
static inline bool find_word(const struct process *process, const struct ring_sqe *sqe, struct park_key *key, const uint32_t **word)
{
    uint8_t *page;
    const struct cap_slot *slot = slot_of(process, sqe->cap_id);
    if (slot == NULL || ((const struct object *)slot->object)->ops != &park_space_ops || sqe->addr % 4 != 0 ||
        !machine_user_pages(&process->aspace.machine, (struct user_ptr){sqe->addr}, 1, false, &page))
        return false;
    *word = (const uint32_t *)(const void *)(page + sqe->addr % PAGE_SIZE);
    *key = park_key_private(process->generation, sqe->addr);
    return true;
}

/* One that has to wait, for as long as it takes. */
static APART bool fast_park(struct thread *thread, const struct ring_sqe *from)
{
    union entry e;
    struct park_key key;
    const uint32_t *word;
    struct thread_park *park = &thread->park;
    copy_entry(&e, from);
    uint64_t zero = (e.words[WORD_LENGTHS] >> 32) | e.words[WORD_RESULT_ADDR] | (e.words[WORD_COUNTS] & NO_TRANSFERS) |
                    e.words[WORD_DISCLOSURE] | (e.words[WORD_PIPELINE] ^ UINT64_MAX) | (e.sqe.call_id ^ thread->tid);
    if (!head_is(&e, (uint64_t)RING_OP_PARK | SQE_FLAG_THREAD_OWNED << 8, NO_METHOD) || zero != 0 || park->outstanding ||
        !find_word(thread->process, &e.sqe, &key, &word) || load_acquire_u32(word) != e.sqe.len)
        return false;
    take_entry(&thread->ring, &e.sqe);
    park->outstanding = true;
    park->addr = e.sqe.addr;
    park->user_data = e.sqe.user_data;
    (void)park_enqueue(&kernel.parks, &park->waiter, key);
    trace_event(TRACE_PARK, thread->tid, e.sqe.addr);
    return true;
}

/* One that wakes one thread, or nobody. */
static APART bool fast_unpark(struct thread *thread, const struct ring_sqe *from)
{
    union entry e;
    struct park_key key;
    const uint32_t *word;
    copy_entry(&e, from);
    uint64_t zero = (e.words[WORD_LENGTHS] ^ 1) | e.words[WORD_RESULT_ADDR] | e.words[WORD_PIPELINE] | e.words[WORD_COUNTS] |
                    e.words[WORD_DISCLOSURE];
    if (!head_is(&e, RING_OP_UNPARK, NO_METHOD) || zero != 0 || !find_word(thread->process, &e.sqe, &key, &word))
        return false;
    struct park_waiter *waiter = park_first(&kernel.parks, key);
    struct thread *other = waiter != NULL ? park_thread(waiter) : NULL;
    if (other != NULL && (!can_be_told(other, thread) || other->park.timer != TIMER_NONE))
        return false;
    take_entry(&thread->ring, &e.sqe);
    if (other != NULL) {
        (void)park_remove(&kernel.parks, waiter);
        other->park.outstanding = false;
        post(&other->ring, (struct ring_cqe){.user_data = other->park.user_data});
        if (other->state == THREAD_BLOCKED && ring_enter_is_satisfied(&other->ring.wait, RING_CQ_ENTRIES - room_of(&other->ring)))
            sched_wake(other);
    }
    trace_event(TRACE_UNPARK, e.sqe.addr, other != NULL);
    post(&thread->ring, (struct ring_cqe){.user_data = e.sqe.user_data, .result = other != NULL});
    return true;
}

/* ---- NOP --------------------------------------------------------------------------------------------------- */

/* Those at the head of the queue, while there is room for their completions. How many. */
static inline uint32_t run_nops(struct ring_state *state, struct ring_page *page, uint32_t most)
{
    uint32_t head = state->sq_head, tail = state->cq_tail, done = 0;
    for (; done < most; done++) {
        const volatile uint64_t *words = (const volatile uint64_t *)(const volatile void *)&page->sqes[(head + done) & RING_SQ_MASK];
        uint64_t user_data = words[WORD_USER_DATA];
        uint64_t zero = words[WORD_HEAD] ^ RING_OP_NOP;
        zero |= words[WORD_ADDR] | words[WORD_LENGTHS] | words[WORD_RESULT_ADDR];
        zero |= words[WORD_PIPELINE] | words[WORD_COUNTS] | words[WORD_DISCLOSURE];
        if (zero != 0)
            break;
        trace_event(TRACE_SQE_CONSUMED, RING_OP_NOP, user_data);
        page->cqes[(tail + done) & RING_CQ_MASK] = (struct ring_cqe){.user_data = user_data};
        trace_event(TRACE_CQE_POSTED, 0, user_data);
    }
    state->sq_head = head + done;
    state->cq_tail = tail + done;
    store_release_u32(&page->header.sq_head, state->sq_head);
    store_release_u32(&page->header.cq_tail, state->cq_tail);
    return done;
}

/* ---- the drain ------------------------------------------------------------------------------------------------ */

/* Nothing of the ring's state is out of the ordinary: nobody else consumes, nothing is parked, the head is ours. */
static inline bool is_plain(const struct thread_ring *ring, uint32_t tail)
{
    return ring->parked.head == NULL && ring->consumer.owner.kind == RING_OWNER_NONE && ring->consumer.mode == RING_MODE_SYSCALL &&
           load_relaxed_u32(&ring->page->header.sq_head) == ring->state.sq_head && tail - ring->state.sq_head <= RING_SQ_ENTRIES;
}

static inline bool run_one(struct thread *thread, const struct ring_sqe *from)
{
    switch (*(const volatile uint8_t *)&from->opcode) { /* which way; what the entry is says the copy */
    case RING_OP_CALL:
        return fast_call(thread, from);
    case RING_OP_RETURN:
        return fast_return(thread, from);
    case RING_OP_RECV:
        return fast_receive(thread, from);
    case RING_OP_PARK:
        return fast_park(thread, from);
    case RING_OP_UNPARK:
        return fast_unpark(thread, from);
    default:
        return false;
    }
}

/* All of the queue up to `tail`; false: not all, or none. */
static APART bool drain(struct thread *thread, uint32_t tail)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_page *page = ring->page;
    struct ring_state *state = &ring->state;
    bool goes_on = true;
    while (state->sq_head != tail && goes_on) {
        const struct ring_sqe *first = &page->sqes[state->sq_head & RING_SQ_MASK];
        uint32_t room = room_of(ring), left = tail - state->sq_head;
        if (room == 0)
            return false;
        if (*(const volatile uint8_t *)&first->opcode == RING_OP_NOP) {
            goes_on = run_nops(state, page, left < room ? left : room) > 0;
        } else {
            goes_on = run_one(thread, first);
        }
    }
    return goes_on;
}

/* ---- from entry to exit ------------------------------------------------------------------------------------------ */

enum ipc_fast_end ipc_fast_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns)
{
    struct thread_ring *ring = &thread->ring;
    struct ring_header *header = &ring->page->header;
    uint32_t tail = load_acquire_u32(&header->sq_tail);
    if (!is_plain(ring, tail) || fault_wants_all_points())
        return IPC_FAST_NOT;
    ring->state.drain_tail = tail;
    store_release_u32(&header->cq_tail, ring->state.cq_tail); /* as every drain begins: core/ring/index.c */
    if (tail != ring->state.sq_head && !drain(thread, tail))
        return IPC_FAST_NOT;
    uint32_t available = ring->state.cq_tail - load_acquire_u32(&header->cq_head);
    if (available > RING_CQ_ENTRIES)
        return IPC_FAST_NOT;
    if (min_complete <= available || timeout_ns == 0) {
        machine_context_set_result(&thread->context, available);
        trace_event(TRACE_SYSCALL_EXIT, thread->tid, available);
        trace_short_way();
        return IPC_FAST_GOES_ON;
    }
    if (timeout_ns != UINT64_MAX || min_complete > RING_CQ_ENTRIES)
        return IPC_FAST_NOT;
    ring->wait = (struct ring_enter_request){.wanted = (uint32_t)min_complete, .may_block = true, .deadline = RING_DEADLINE_NEVER};
    thread->state = THREAD_BLOCKED;
    trace_event(TRACE_BLOCK, thread->tid, RING_DEADLINE_NEVER);
    trace_short_way();
    return IPC_FAST_BLOCKED;
}
