/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs entries of tests/hostile/table.h and holds what comes against tests/hostile/rules.h: the code, that there is exactly one
 * completion (or none), that the NOP behind the entry is answered as if nothing had been (IN-26), that a refusal has written
 * nothing. What waits afterwards is ended, and its one completion looked at. Knows the machine by four functions.
 */
#pragma once

#include "abi/atomic.h"
#include "abi/syscall.h"
#include "tests/hostile/rules.h"

struct sweep_failure {
    const char *what;
    int64_t seen, wanted;
};

struct sweep_machine {
    uint64_t (*enter)(uint32_t min_complete, uint64_t timeout_ns);
    /* The worker's own memory, which is mapped. */
    void (*read)(uint64_t addr, void *to, uint32_t len);
    void (*write)(uint64_t addr, const void *from, uint32_t len);
};

#define SWEEP_EXPENDABLE 10u
#define SWEEP_GOT 40u
#define SWEEP_CANARY 16u
#define SWEEP_INBOX_BYTES (56u + 65536u + 256u)

struct sweep_drive {
    const struct sweep_machine *machine;
    struct ring_page *page;
    struct sweep_caps caps;
    uint32_t expendable[SWEEP_STATES][SWEEP_EXPENDABLE], expended[SWEEP_STATES];
    bool exhausted; /* an expendable capability is wanted and there is none: go on in a fresh process */
    struct ring_cqe got[SWEEP_GOT];
    uint32_t got_count;
    uint64_t user_data; /* of the driver's own entries; no value class is near */
    uint64_t caller;    /* user_data of the call in flight */
    struct sweep_failure failure;
    bool failed; /* since the entry began */
};

static inline void sweep_expect(struct sweep_drive *d, int64_t seen, int64_t wanted, const char *what)
{
    if (seen == wanted || d->failed)
        return;
    d->failed = true;
    d->failure = (struct sweep_failure){ what, seen, wanted };
}

/* ---- the ring ---------------------------------------------------------------------------------------------------------------- */

static inline uint64_t sweep_submit(struct sweep_drive *d, struct ring_sqe sqe)
{
    struct ring_header *h = &d->page->header;
    uint32_t tail = load_acquire_u32(&h->sq_tail);
    d->page->sqes[tail & RING_SQ_MASK] = sqe;
    store_release_u32(&h->sq_tail, tail + 1);
    fence_seq_cst();
    return sqe.user_data;
}

static inline void sweep_collect(struct sweep_drive *d)
{
    struct ring_header *h = &d->page->header;
    uint32_t head = load_acquire_u32(&h->cq_head);
    while (head != load_acquire_u32(&h->cq_tail) && d->got_count < SWEEP_GOT)
        d->got[d->got_count++] = d->page->cqes[head++ & RING_CQ_MASK];
    store_release_u32(&h->cq_head, head);
}

/* The oldest completion of that entry; false: there is none. */
static inline bool sweep_take(struct sweep_drive *d, uint64_t user_data, struct ring_cqe *out)
{
    for (uint32_t i = 0; i < d->got_count; i++) {
        if (d->got[i].user_data != user_data)
            continue;
        *out = d->got[i];
        for (d->got_count--; i < d->got_count; i++)
            d->got[i] = d->got[i + 1];
        return true;
    }
    return false;
}

/* Blocks until it is there. */
static inline struct ring_cqe sweep_await(struct sweep_drive *d, uint64_t user_data)
{
    struct ring_cqe cqe = { .result = INT32_MIN };
    for (sweep_collect(d); !sweep_take(d, user_data, &cqe); sweep_collect(d))
        if (d->machine->enter(1, CAP_ENTER_WAIT_FOREVER) > RING_CQ_ENTRIES || d->got_count == SWEEP_GOT)
            return cqe;
    return cqe;
}

/* An entry of the driver itself. */
static inline struct ring_cqe sweep_run(struct sweep_drive *d, struct ring_sqe sqe)
{
    sqe.user_data = d->user_data++;
    sweep_submit(d, sqe);
    d->machine->enter(0, 0);
    return sweep_await(d, sqe.user_data);
}

static inline int32_t sweep_release(struct sweep_drive *d, uint32_t id)
{
    return sweep_run(d, (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = id }).result;
}

/* ---- what the entries need --------------------------------------------------------------------------------------------------------- */

static inline struct ring_transfer_descriptor sweep_descriptor(const struct sweep_caps *caps, uint32_t carried)
{
    const uint32_t ids[] = { 0, caps->object, caps->object, caps->timer, caps->console, caps->owner, caps->states[STATE_ABSENT],
                             caps->states[STATE_STALE], caps->states[STATE_REVOKED], caps->object, caps->object, caps->object,
                             caps->object };
    static const uint16_t modes[] = { 0, 1, 2, 1, 1, 1, 1, 1, 1, 3, 0xffff, 1, 2 };
    return (struct ring_transfer_descriptor){ ids[carried], modes[carried], carried == CARRY_RESERVED };
}

/* Capabilities that came with a message: given back, or the object itself when it was moved. */
static inline void sweep_keep_or_release(struct sweep_drive *d, uint64_t records, uint32_t count, bool moved)
{
    for (uint32_t i = 0; i < count; i++) {
        struct ring_result_cap record;
        d->machine->read(records + i * sizeof record, &record, sizeof record);
        sweep_expect(d, record.reserved, 0, "reserved word of a capability record");
        if (moved)
            d->caps.object = record.cap_id;
        else
            sweep_expect(d, sweep_release(d, record.cap_id), 0, "RELEASE of a capability that came");
    }
}

static inline struct ring_cqe sweep_receive(struct sweep_drive *d, uint32_t endpoint)
{
    return sweep_run(d, (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = endpoint, .result_addr = SWEEP_INBOX, .result_len = SWEEP_INBOX_BYTES });
}

static inline void sweep_answer(struct sweep_drive *d, uint32_t endpoint, uint32_t call_id)
{
    int32_t code = sweep_run(d, (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = endpoint, .call_id = call_id }).result;
    sweep_expect(d, code, 0, "the driver's RETURN");
}

/* A call to itself that is in flight: what RETURN entries answer. */
static inline void sweep_arm_return(struct sweep_drive *d)
{
    d->caller = d->user_data++;
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = d->caps.returns, .user_data = d->caller,
                                       .result_addr = SWEEP_CALLER, .result_len = SWEEP_CALLER_BYTES });
    struct ring_cqe cqe = sweep_receive(d, d->caps.returns);
    sweep_expect(d, cqe.result, 56, "RECV of the call in flight");
    d->caps.in_flight = cqe.call_id;
}

/* A receive that is pending: what CANCEL entries cancel. */
static inline void sweep_arm_cancel(struct sweep_drive *d)
{
    d->caps.target = d->user_data++;
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = d->caps.cancels, .user_data = d->caps.target,
                                       .result_addr = SWEEP_INBOX, .result_len = SWEEP_INBOX_BYTES });
    d->machine->enter(0, 0);
}

/* A copy of the object, through an endpoint to oneself. The caller's code: 0, or why there is none. */
static inline int32_t sweep_copy(struct sweep_drive *d, uint32_t *id)
{
    struct ring_transfer_descriptor copy = sweep_descriptor(&d->caps, CARRY_COPY);
    struct ring_result_cap record = { .cap_id = UINT32_MAX };
    uint64_t call = d->user_data++, receive = d->user_data++;
    d->machine->write(SWEEP_IN, &copy, sizeof copy);
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = d->caps.owner, .user_data = receive,
                                       .result_addr = SWEEP_INBOX, .result_len = SWEEP_INBOX_BYTES });
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = d->caps.owner, .user_data = call, .addr = SWEEP_IN, .xfer_cap_count = 1 });
    d->machine->enter(0, 0);
    struct ring_cqe cqe;
    sweep_collect(d);
    if (sweep_take(d, call, &cqe)) { /* refused; the receive is still there */
        int32_t code = cqe.result;
        sweep_expect(d, sweep_run(d, (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = d->caps.owner, .pipeline_dep = receive }).result, 0, "CANCEL");
        sweep_expect(d, sweep_await(d, receive).result, -4, "the cancelled receive");
        return code;
    }
    cqe = sweep_await(d, receive);
    sweep_expect(d, cqe.cap_count, 1, "capabilities of a copy");
    d->machine->read(SWEEP_INBOX + 56, &record, sizeof record);
    *id = record.cap_id;
    sweep_answer(d, d->caps.owner, cqe.call_id);
    return sweep_await(d, call).result;
}

/* The expendable capability of a state, or the next one. */
static inline void sweep_next_expendable(struct sweep_drive *d, uint32_t state)
{
    if (d->expended[state] < SWEEP_EXPENDABLE)
        d->caps.expendable[state] = d->expendable[state][d->expended[state]++];
    else
        d->exhausted = true;
}

/* After the caps of the machine are filled in. */
static inline void sweep_begin(struct sweep_drive *d)
{
    uint32_t old = 0, again = 0;
    d->user_data = 0x0d00000000000000ull;
    for (uint32_t i = 0; i < 4; i++) { /* ids of calls that the classes do not name */
        sweep_arm_return(d);
        sweep_answer(d, d->caps.returns, d->caps.in_flight);
        sweep_expect(d, sweep_await(d, d->caller).result, 0, "a call");
    }
    sweep_arm_return(d);
    sweep_arm_cancel(d);
    sweep_expect(d, sweep_copy(d, &old), 0, "a copy");
    sweep_expect(d, sweep_release(d, old), 0, "RELEASE");
    sweep_expect(d, sweep_copy(d, &again), 0, "a copy");
    sweep_expect(d, again, old + (1u << 24), "the slot's next life"); /* CT-04, CT-05 */
    sweep_expect(d, sweep_copy(d, &d->caps.spare), 0, "a copy");
    d->caps.states[STATE_ABSENT] = d->caps.expendable[STATE_ABSENT] = 0x00fffff0;
    d->caps.states[STATE_STALE] = d->caps.expendable[STATE_STALE] = old;
    d->caps.states[STATE_WRONG] = d->caps.timer;
    static const uint8_t given[] = { STATE_WRONG, STATE_FACET, STATE_CLOSED, STATE_REVOKED };
    for (size_t i = 0; i < sizeof given; i++)
        sweep_next_expendable(d, given[i]);
}

/* ---- one entry ------------------------------------------------------------------------------------------------------------------------ */

static inline void sweep_prepare_memory(struct sweep_drive *d, const struct sweep_entry *e)
{
    static const uint8_t message[SWEEP_MESSAGE_BYTES] = { 0, 0, 0, 0, 1, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff, 0, 0, 0, 0 };
    static const uint8_t canary[SWEEP_CANARY] = { 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a, 0xa5, 0x5a };
    const struct ring_sqe *s = &e->sqe;
    uint64_t at = s->addr + s->len;
    if (sweep_allowed(s->addr, sizeof message, CAN_WRITE))
        d->machine->write(s->addr, message, sizeof message);
    else if (sweep_allowed(s->addr, 8, CAN_WRITE))
        d->machine->write(s->addr, (const uint8_t[8]){ 0 }, 8);
    if (s->opcode == RING_OP_CALL || s->opcode == RING_OP_RETURN) {
        struct ring_transfer_descriptor descriptor = sweep_descriptor(&d->caps, e->carried);
        for (uint32_t i = 0; i < s->xfer_cap_count && i < 17 && sweep_allowed(at, 8, CAN_WRITE); i++, at += 8)
            d->machine->write(at, &descriptor, sizeof descriptor);
    }
    if (sweep_allowed(s->result_addr, sizeof canary, CAN_WRITE))
        d->machine->write(s->result_addr, canary, sizeof canary);
}

/* A refusal wrote nothing; an exception has the right type. */
static inline void sweep_check_result(struct sweep_drive *d, const struct sweep_entry *e, const struct sweep_verdict *v, int32_t code)
{
    uint8_t bytes[SWEEP_CANARY + 2];
    const struct ring_sqe *s = &e->sqe;
    bool there = sweep_allowed(s->result_addr, sizeof bytes, CAN_WRITE);
    if (!there || (s->opcode != RING_OP_CALL && s->opcode != RING_OP_RECV))
        return;
    d->machine->read(s->result_addr, bytes, sizeof bytes);
    if (code == -9)
        sweep_expect(d, bytes[16] | bytes[17] << 8, v->type, "type of the exception");
    else if (code < 0)
        for (uint32_t i = 0; i < SWEEP_CANARY; i++)
            sweep_expect(d, bytes[i], i % 2 == 0 ? 0xa5 : 0x5a, "a byte of the result buffer");
}

static inline void sweep_serve(struct sweep_drive *d, const struct sweep_entry *e)
{
    uint16_t method = 0;
    uint32_t len = 0;
    struct ring_cqe cqe = sweep_receive(d, d->caps.owner);
    sweep_expect(d, cqe.result, 56 + (int64_t)e->sqe.len, "RECV of the call");
    sweep_expect(d, cqe.call_id != 0, true, "the call's id");
    sweep_expect(d, cqe.cap_count, e->sqe.xfer_cap_count, "capabilities of the call");
    d->machine->read(SWEEP_INBOX + 8, &method, sizeof method);
    d->machine->read(SWEEP_INBOX + 12, &len, sizeof len);
    sweep_expect(d, method, e->sqe.method_id, "the message's method");
    sweep_expect(d, len, e->sqe.len, "the message's length");
    sweep_keep_or_release(d, SWEEP_INBOX + 56 + e->sqe.len, cqe.cap_count, e->carried == CARRY_MOVE);
    sweep_answer(d, d->caps.owner, cqe.call_id);
}

static inline void sweep_end_receive(struct sweep_drive *d, const struct sweep_entry *e)
{
    if (e->sqe.user_data != 0) {
        struct ring_sqe cancel = { .opcode = RING_OP_CANCEL, .cap_id = d->caps.owner, .pipeline_dep = e->sqe.user_data };
        sweep_expect(d, sweep_run(d, cancel).result, 0, "CANCEL of the receive");
        return;
    }
    uint64_t call = d->user_data++;
    struct ring_cqe cqe = { 0 };
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = d->caps.owner, .user_data = call });
    d->machine->enter(0, 0);
    sweep_collect(d);
    for (uint32_t i = 0; i < d->got_count; i++)
        if (d->got[i].user_data == 0)
            cqe = d->got[i];
    sweep_answer(d, d->caps.owner, cqe.call_id);
    sweep_expect(d, sweep_await(d, call).result, 0, "the call that served the receive");
}

static inline void sweep_check_partner(struct sweep_drive *d, const struct sweep_entry *e, const struct sweep_verdict *v, int32_t code)
{
    struct ring_cqe cqe = { .result = INT32_MIN };
    bool moved = e->carried == CARRY_MOVE;
    if (v->after == AFTER_CANCELLED) {
        bool first = d->got_count > 0 && d->got[0].user_data == d->caps.target;
        sweep_expect(d, sweep_take(d, d->caps.target, &cqe) && first, true, "the cancelled receive completes first");
        sweep_expect(d, cqe.result, v->partner, "the cancelled receive");
        sweep_arm_cancel(d);
        return;
    }
    sweep_expect(d, sweep_take(d, d->caller, &cqe), true, "the answered call completes");
    sweep_expect(d, cqe.result, v->partner, "the answered call");
    uint32_t caps = code == 0 && v->partner >= 0 ? e->sqe.xfer_cap_count : 0;
    sweep_expect(d, cqe.cap_count, caps, "capabilities of the answer");
    sweep_keep_or_release(d, SWEEP_CALLER + e->sqe.len, caps, moved);
    sweep_arm_return(d);
}

/* What waits is ended. */
static inline void sweep_settle(struct sweep_drive *d, const struct sweep_entry *e, const struct sweep_verdict *v)
{
    struct ring_cqe none;
    if (v->after != AFTER_WAIT)
        sweep_expect(d, sweep_take(d, e->sqe.user_data, &none), false, "a completion before the wait has ended");
    if (v->after == AFTER_SERVE)
        sweep_serve(d, e);
    else if (v->after == AFTER_CANCEL)
        sweep_end_receive(d, e);
    else if (v->after == AFTER_UNPARK)
        sweep_expect(d, sweep_run(d, (struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = d->caps.park, .addr = e->sqe.addr, .len = 1 }).result,
                     1, "UNPARK");
}

static inline bool sweep_pends(enum sweep_after after)
{
    return after == AFTER_SERVE || after == AFTER_CANCEL || after == AFTER_UNPARK || after == AFTER_WAIT;
}

/* The entry is at the head and belongs to another thread: rewritten, it goes on. */
static inline void sweep_check_queued(struct sweep_drive *d, const struct sweep_entry *e, uint64_t answer)
{
    struct ring_header *h = &d->page->header;
    struct ring_cqe cqe = { .result = INT32_MIN };
    uint64_t own = d->user_data++;
    sweep_expect(d, (int64_t)answer, (int64_t)CAP_ENTER_THREAD_OWNED_HEAD, "the answer of cap_enter");
    sweep_expect(d, d->got_count, 0, "completions while the entry is queued");
    sweep_expect(d, h->sq_tail - load_acquire_u32(&h->sq_head), 2, "entries still queued");
    d->page->sqes[load_acquire_u32(&h->sq_head) & RING_SQ_MASK] = (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = own };
    sweep_expect(d, (int64_t)d->machine->enter(0, 0), 2, "completions after the entry is rewritten");
    sweep_collect(d);
    sweep_expect(d, sweep_take(d, own, &cqe), true, "the rewritten entry completes");
    sweep_expect(d, cqe.result, 0, "the rewritten entry");
    sweep_check_result(d, e, &(struct sweep_verdict){ .code = -1 }, -1);
}

static inline void sweep_finish(struct sweep_drive *d, const struct sweep_entry *e, const struct sweep_verdict *v)
{
    struct ring_cqe cqe = v->after == AFTER_WAIT ? sweep_await(d, e->sqe.user_data) : (struct ring_cqe){ .result = INT32_MIN };
    if (v->after == AFTER_CANCELLED || v->after == AFTER_ANSWERED) /* first, for the order */
        sweep_check_partner(d, e, v, v->code);
    if (v->after != AFTER_WAIT)
        sweep_expect(d, sweep_take(d, e->sqe.user_data, &cqe), true, "the entry completes");
    if (cqe.result != v->other)
        sweep_expect(d, cqe.result, v->code, "the entry's code");
    bool received = v->after == AFTER_CANCEL && cqe.result >= 0; /* such a completion tells of the call */
    sweep_expect(d, received || (cqe.call_id == 0 && cqe.cap_count == 0 && cqe.flags == 0 && cqe.reserved == 0), true, "the completion's other fields");
    sweep_check_result(d, e, v, cqe.result);
    if (e->sqe.opcode != RING_OP_RELEASE || cqe.result != 0)
        return;
    if (e->tuple.state == STATE_VALID || e->tuple.state == STATE_NOTRANS)
        sweep_expect(d, sweep_copy(d, &d->caps.spare), 0, "another copy");
    else
        sweep_next_expendable(d, e->tuple.state);
}

/* False: *d->failure says what was wrong. */
static inline bool sweep_one(struct sweep_drive *d, const struct sweep_entry *e, const struct sweep_verdict *v)
{
    struct ring_cqe nop = { .result = INT32_MIN };
    uint64_t own = d->user_data++;
    bool second = v->after == AFTER_CANCELLED || v->after == AFTER_ANSWERED;
    d->failed = false;
    d->got_count = 0;
    sweep_prepare_memory(d, e);
    sweep_submit(d, e->sqe);
    sweep_submit(d, (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = own });
    uint64_t answer = d->machine->enter(0, 0);
    sweep_collect(d);
    if (v->after == AFTER_QUEUED)
        sweep_check_queued(d, e, answer);
    else if (v->after != AFTER_WAIT) /* which may have ended */
        sweep_expect(d, (int64_t)answer, sweep_pends(v->after) ? 1 : second ? 3 : 2, "the answer of cap_enter");
    sweep_expect(d, sweep_take(d, own, &nop), true, "the NOP behind it completes");
    sweep_expect(d, nop.result, 0, "the NOP behind it");
    if (sweep_pends(v->after))
        sweep_settle(d, e, v);
    if (v->after != AFTER_QUEUED && !d->failed)
        sweep_finish(d, e, v);
    sweep_collect(d);
    sweep_expect(d, d->got_count, 0, "completions that belong to nothing");
    return !d->failed;
}

/* ---- a batch, and what all batches together count ---------------------------------------------------------------------------------------- */

struct sweep_totals {
    uint64_t seed, position, header_position;
    uint64_t wanted, header_wanted; /* entries and header states until this batch ends */
    uint64_t done, header_done, raced, repeated; /* `repeated` keys were met before: must stay 0 */
    uint64_t inserts;               /* lives of capability slots until there was none left */
    /* Nine of ten pairs are refused by the wire matrix; one in so many of these is run, which leaves time for what goes deeper. */
    uint32_t shallow;
    uint32_t failures, go;
    uint32_t cells[SWEEP_OPS][SWEEP_STATES];
    uint32_t rows[SWEEP_ROWS]; /* how often each decided */
};

/* One more of a set of keys; false: it was there. */
static inline bool sweep_mark(uint8_t *bits, uint64_t key)
{
    bool fresh = (bits[key / 8] >> key % 8 & 1) == 0;
    bits[key / 8] |= (uint8_t)(1u << key % 8);
    return fresh;
}

typedef void sweep_report_fn(uint64_t position, const struct sweep_entry *e, const struct sweep_verdict *v, const struct sweep_failure *f);

/* Until totals->wanted, the first failures, or the end of what this process can do. */
static inline void sweep_batch(struct sweep_drive *d, struct sweep_totals *totals, uint8_t *bits, sweep_report_fn *report)
{
    while (totals->done < totals->wanted && !d->exhausted && totals->failures < 5 && totals->position < SWEEP_POSITIONS) {
        struct sweep_entry e;
        struct sweep_verdict v;
        struct sweep_tuple tuple;
        uint64_t position = totals->position++;
        if (!sweep_at(position, totals->seed, &tuple) || !sweep_make(&tuple, &d->caps, d->user_data++, &e))
            continue;
        sweep_judge(&e, &d->caps, &v);
        if (v.shallow && tuple.second != SWEEP_NO_CLASS && (sweep_key(&tuple) * 0x9e3779b97f4a7c15ull >> 32) % totals->shallow != 0)
            continue;
        totals->repeated += !sweep_mark(bits, sweep_key(&tuple));
        totals->done++;
        totals->cells[tuple.op][tuple.state]++;
        totals->rows[v.row]++;
        if (sweep_one(d, &e, &v))
            continue;
        totals->failures++;
        report(position, &e, &v, &d->failure);
    }
}
