/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the specification answers to an entry of tests/hostile/table.h. The rows are transcribed from the documents; each
 * has the place it comes from: "8", "9.3" are sections and steps of docs/abi.md, H and EN numbers rows of
 * docs/kernel-semantics.md. They stand in the order of docs/abi.md 9, and the first that applies decides.
 *
 * Readings, where the text leaves something open:
 *   R-a  RECV, step 10: looked at is what a message to this owner can fill, 56 + ring scratch + 256 bytes (15.1), not the
 *        whole of a larger buffer.
 *   R-b  An exception before step 10 (a dead endpoint, step 7) meets only the range of its own bytes (IN-16): -10 when
 *        result_len is too small, -3 when those bytes cannot be written.
 *   R-c  A descriptor region that wraps is step 4 (-7) also where addr + len wraps by itself; one that passes the user
 *        limit without wrapping is step 5 (-2).
 *   R-d  A method without parameters decodes what it is given all the same: bytes that are no message are "params do not
 *        decode" (11.1, step 13).
 */
#pragma once

#include "tests/hostile/table.h"

/* ---- the wire matrix, docs/abi.md 8, cell by cell -------------------------------------------------------------------------- */

enum cell_kind { ANY, ZERO, NOT_ZERO, ZERO_OR, EXACTLY };

struct sweep_cell {
    uint8_t kind; /* enum cell_kind */
    uint8_t value;
};

#define SWEEP_WIRE_OPS 10
#define A_ { ANY, 0 }
#define Z_ { ZERO, 0 }
#define N_ { NOT_ZERO, 0 }
#define O_(value) { ZERO_OR, value }
#define E_(value) { EXACTLY, value }

static const struct sweep_wire_row {
    const char *rule;
    uint8_t field; /* enum sweep_field, or SWEEP_FIELDS for cap_id */
    struct sweep_cell cells[SWEEP_WIRE_OPS];
} sweep_wire[] = {
    /*                                          CALL      RETURN    RECV RELEASE FINISH NOP CANCEL BENCH  PARK      UNPARK */
    { "8 flags H35",              FIELD_FLAGS,       { O_(0x20), O_(0x10), Z_, Z_, A_, Z_, Z_, Z_,    E_(0x20), Z_ } },
    { "8 method_id H35",          FIELD_METHOD,      { A_,       Z_,       Z_, Z_, A_, Z_, Z_, O_(1), Z_,       Z_ } },
    { "8 cap_id H35",             SWEEP_FIELDS,      { A_,       A_,       A_, A_, A_, Z_, A_, A_,    A_,       A_ } },
    { "8 addr H35",               FIELD_ADDR,        { A_,       A_,       Z_, Z_, A_, Z_, Z_, N_,    A_,       A_ } },
    { "8 len H35",                FIELD_LEN,         { A_,       A_,       Z_, Z_, A_, Z_, Z_, A_,    A_,       A_ } },
    { "8 result_len H35",         FIELD_RESULT_LEN,  { A_,       Z_,       A_, Z_, A_, Z_, Z_, Z_,    Z_,       Z_ } },
    { "8 result_addr H35",        FIELD_RESULT_ADDR, { A_,       Z_,       A_, Z_, A_, Z_, Z_, Z_,    Z_,       Z_ } },
    { "8 pipeline_dep H35 H49",   FIELD_DEP,         { Z_,       Z_,       Z_, Z_, A_, Z_, N_, Z_,    A_,       Z_ } },
    { "8 pipeline_field H35",     FIELD_PIPELINE,    { Z_,       Z_,       Z_, Z_, A_, Z_, Z_, Z_,    Z_,       Z_ } },
    { "8 xfer_cap_count H35",     FIELD_XFER,        { A_,       A_,       Z_, Z_, A_, Z_, Z_, Z_,    Z_,       Z_ } },
    { "8 call_id H35",            FIELD_CALL_ID,     { A_,       A_,       Z_, Z_, A_, Z_, Z_, Z_,    N_,       Z_ } },
    { "8 session_disclosure H35", FIELD_DISCLOSURE,  { A_,       Z_,       Z_, Z_, A_, Z_, Z_, Z_,    Z_,       Z_ } },
};
#undef A_
#undef Z_
#undef N_
#undef O_
#undef E_

/* ---- the order of checks, docs/abi.md 9, 15 and 17 -------------------------------------------------------------------------- */

enum sweep_test {
    ALWAYS, OPCODE_UNKNOWN, WIRE_CELL, OWNED_WITHOUT_ID, DISCLOSURE_BITS, EXCEPTION_WITH_CAPS, FOREIGN, LEN_ABOVE, RESULT_LEN_ABOVE,
    CAPS_ABOVE, CAPS_MISPLACED, LEN_ZERO, WORD_PLACE, INPUT_PLACE, RESULT_PLACE, RECV_PAGES, RESULT_SHORT, NO_CAPABILITY,
    NO_OWNER, NOT_OWNED, NOT_A_PARK, CAPS_FOR_KERNEL, NO_SUCH_CALL, INPUT_PAGES, RESULT_PAGES, WORD_PAGES, CAPS_MALFORMED,
    CAPS_NOT_ALLOWED
};

#define ANSWER_QUEUED 100       /* no completion: the entry stays where it is */
#define ANSWER_DISCONNECTED 101 /* an exception, as far as there is room */

#define OPS_(a) (1u << RING_OP_##a)
#define CALLS (OPS_(CALL) | OPS_(RETURN))
#define PARKS (OPS_(PARK) | OPS_(UNPARK))
#define SERVES (OPS_(RECV) | OPS_(RETURN) | OPS_(CANCEL))

static const struct sweep_rule {
    const char *rule;
    uint32_t ops; /* bits of the opcodes 0 to 9 */
    uint8_t test; /* enum sweep_test */
    int32_t answer;
} sweep_rules[] = {
    { "8 opcodes 10-255 H32", ~0u, OPCODE_UNKNOWN, -1 },
    { "8 opcode 4 H33", OPS_(FINISH), ALWAYS, -5 },
    { "8 opcode 7 H34", OPS_(PARK_BENCH), ALWAYS, -1 },
    { "8", ~0u, WIRE_CELL, -1 },
    { "8 call_id iff flag 0x20 H37", OPS_(CALL), OWNED_WITHOUT_ID, -1 },
    { "8 session_disclosure H36", OPS_(CALL), DISCLOSURE_BITS, -1 },
    { "8 RETURN 0x10 with descriptors", OPS_(RETURN), EXCEPTION_WITH_CAPS, -1 },
    { "9.2 H38", OPS_(CALL) | OPS_(PARK), FOREIGN, ANSWER_QUEUED },
    { "9.3 len H31", CALLS, LEN_ABOVE, -1 },
    { "9.3 result_len H31", OPS_(CALL), RESULT_LEN_ABOVE, -1 },
    { "9.4 count H39", CALLS, CAPS_ABOVE, -7 },
    { "9.4 region H40", CALLS, CAPS_MISPLACED, -7 },
    { "17 UNPARK len 0", OPS_(UNPARK), LEN_ZERO, -1 },
    { "17 word H67", PARKS, WORD_PLACE, -2 },
    { "9.5 params H3 H5", CALLS, INPUT_PLACE, -2 },
    { "9.5 result H4", OPS_(CALL) | OPS_(RECV), RESULT_PLACE, -3 },
    { "9.10 RECV R-a", OPS_(RECV), RECV_PAGES, -3 },
    { "15.1 H48", OPS_(RECV), RESULT_SHORT, -3 },
    { "9.6 H11-H14", CALLS | SERVES | PARKS, NO_CAPABILITY, -4 },
    { "9.7 EN-32 R-b", OPS_(CALL), NO_OWNER, ANSWER_DISCONNECTED },
    { "13 dead object", SERVES | PARKS, NO_OWNER, -4 },
    { "15 owner hold H20", SERVES, NOT_OWNED, -4 },
    { "17 not a ParkSpace", PARKS, NOT_A_PARK, -4 },
    { "9.8 H42", OPS_(CALL), CAPS_FOR_KERNEL, -6 },
    { "9 RETURN call id H17", OPS_(RETURN), NO_SUCH_CALL, -4 },
    { "9.9 H1 H7", CALLS, INPUT_PAGES, -2 },
    { "9.10 H2 H8", OPS_(CALL), RESULT_PAGES, -3 },
    { "17 word not mapped H67", PARKS, WORD_PAGES, -2 },
    { "9.11 H41 H43a H44", CALLS, CAPS_MALFORMED, -7 },
    { "14.2 H43", CALLS, CAPS_NOT_ALLOWED, -6 },
};
#undef OPS_

/* By enum sweep_carried: docs/abi.md 14.2. */
static const int32_t sweep_carried_answers[] = { -7, 0, 0, -6, -6, -6, -7, -7, -7, -7, -7, -7, -7 };

/* ---- the worker's memory ---------------------------------------------------------------------------------------------------- */

enum { CAN_READ = 1, CAN_WRITE = 2 };

static const struct sweep_area {
    uint64_t start, bytes;
    uint32_t rights;
} sweep_areas[] = {
    { SWEEP_IN, SWEEP_BYTES, CAN_READ | CAN_WRITE }, { SWEEP_OUT, SWEEP_BYTES, CAN_READ | CAN_WRITE },
    { SWEEP_RO, SWEEP_BYTES, CAN_READ },             { SWEEP_TOP, PAGE_SIZE, CAN_READ | CAN_WRITE },
    { USER_CAPSET_BASE, PAGE_SIZE, CAN_READ },       { USER_RING_BASE, PAGE_SIZE, CAN_READ | CAN_WRITE },
};

static inline bool sweep_allowed(uint64_t addr, uint64_t len, uint32_t right)
{
    for (size_t i = 0; i < sizeof sweep_areas / sizeof sweep_areas[0]; i++) {
        const struct sweep_area *a = &sweep_areas[i];
        if ((a->rights & right) != 0 && addr >= a->start && addr - a->start < a->bytes && len <= a->bytes - (addr - a->start))
            return true;
    }
    return len == 0;
}

/* Begins a parameter message there? The driver puts one at every address class that it can write. */
static inline bool sweep_is_message(uint64_t addr)
{
    return addr != USER_CAPSET_BASE && sweep_allowed(addr, SWEEP_MESSAGE_BYTES, CAN_READ);
}

/* Wraps, or passes the user half. */
static inline bool sweep_outside(uint64_t addr, uint64_t len)
{
    return len > 0 && (addr > USER_HALF_LIMIT || len > USER_HALF_LIMIT - addr);
}

/* ---- the tests ------------------------------------------------------------------------------------------------------------------ */

static inline uint64_t sweep_value(const struct ring_sqe *sqe, uint32_t field)
{
    const uint64_t values[] = { sqe->flags, sqe->method_id, sqe->user_data, sqe->addr, sqe->len, sqe->result_len, sqe->result_addr,
                                sqe->pipeline_dep, sqe->pipeline_field, sqe->xfer_cap_count, sqe->call_id,
                                sqe->session_disclosure, sqe->cap_id };
    return values[field];
}

/* *row: the first row of the matrix that the entry violates. */
static inline bool sweep_wire_violation(const struct ring_sqe *sqe, uint32_t *row)
{
    for (uint32_t i = 0; i < sizeof sweep_wire / sizeof sweep_wire[0]; i++) {
        const struct sweep_cell *cell = &sweep_wire[i].cells[sqe->opcode];
        uint64_t value = sweep_value(sqe, sweep_wire[i].field);
        bool ok = cell->kind == ANY || (cell->kind == NOT_ZERO && value != 0) || (cell->kind == EXACTLY && value == cell->value) ||
                  (cell->kind <= ZERO_OR && cell->kind != NOT_ZERO && value == 0) || (cell->kind == ZERO_OR && value == cell->value);
        *row = i;
        if (!ok)
            return true;
    }
    return false;
}

/* -7, -6 or 0: the descriptors as they lie there. */
static inline int32_t sweep_carried_answer(const struct sweep_entry *e)
{
    uint64_t at = e->sqe.addr + e->sqe.len;
    if (e->sqe.xfer_cap_count == 0)
        return 0;
    if (sweep_allowed(at, 8, CAN_WRITE))
        return sweep_carried_answers[e->carried];
    /* The first word of the read-only message reads as a copy of capability 0, a Timer; everything else there has no mode. */
    return at == SWEEP_RO && e->sqe.xfer_cap_count == 1 ? -6 : -7;
}

static inline bool sweep_is_kernel_object(uint32_t state)
{
    return state == STATE_WRONG;
}

static inline bool sweep_test_sizes(enum sweep_test test, const struct ring_sqe *s)
{
    uint64_t caps = s->xfer_cap_count * 8ull, start = s->addr + s->len;
    switch ((int)test) {
    case LEN_ABOVE: return s->len > RING_SCRATCH_MAX;
    case RESULT_LEN_ABOVE: return s->result_len > RING_SCRATCH_MAX;
    case CAPS_ABOVE: return s->xfer_cap_count > TRANSFER_DESCRIPTORS_MAX;
    case CAPS_MISPLACED: return caps > 0 && (start < s->addr || start % 4 != 0 || start + caps < start);
    case LEN_ZERO: return s->len == 0;
    case WORD_PLACE: return s->addr % 4 != 0 || sweep_outside(s->addr, 4);
    case INPUT_PLACE: return sweep_outside(s->addr, s->len + caps);
    case RESULT_PLACE: return sweep_outside(s->result_addr, s->result_len);
    case RESULT_SHORT: return s->result_len < 56;
    case RECV_PAGES:
        return !sweep_allowed(s->result_addr, s->result_len < 56 + 65536 + 256 ? s->result_len : 56 + 65536 + 256, CAN_WRITE);
    case INPUT_PAGES: return !sweep_allowed(s->addr, s->len + caps, CAN_READ);
    case RESULT_PAGES: return !sweep_allowed(s->result_addr, s->result_len, CAN_WRITE);
    case WORD_PAGES: return !sweep_allowed(s->addr, 4, CAN_READ);
    default: return false;
    }
}

static inline bool sweep_applies(enum sweep_test test, const struct sweep_entry *e, const struct sweep_caps *caps)
{
    const struct ring_sqe *s = &e->sqe;
    uint32_t state = e->tuple.state, row;
    switch ((int)test) {
    case ALWAYS: return true;
    case OPCODE_UNKNOWN: return s->opcode >= SWEEP_WIRE_OPS;
    case WIRE_CELL: return sweep_wire_violation(s, &row);
    case OWNED_WITHOUT_ID: return ((s->flags & SQE_FLAG_THREAD_OWNED) != 0) != (s->call_id != 0);
    case DISCLOSURE_BITS: return (s->session_disclosure & ~7ull) != 0;
    case EXCEPTION_WITH_CAPS: return s->flags == SQE_FLAG_RETURN_APPLICATION_EXCEPTION && s->xfer_cap_count != 0;
    case FOREIGN: return (s->flags & SQE_FLAG_THREAD_OWNED) != 0 && s->call_id != caps->thread;
    case NO_CAPABILITY: return state == STATE_ABSENT || state == STATE_STALE || state == STATE_REVOKED;
    case NO_OWNER: return state == STATE_CLOSED;
    case NOT_OWNED: return state == STATE_WRONG || state == STATE_FACET;
    case NOT_A_PARK: return state == STATE_WRONG || state == STATE_FACET;
    case CAPS_FOR_KERNEL: return s->xfer_cap_count > 0 && sweep_is_kernel_object(state);
    case NO_SUCH_CALL: return s->call_id != caps->in_flight;
    case CAPS_MALFORMED: return sweep_carried_answer(e) == -7;
    case CAPS_NOT_ALLOWED: return sweep_carried_answer(e) == -6;
    default: return sweep_test_sizes(test, s);
    }
}

/* ---- the answer ------------------------------------------------------------------------------------------------------------------- */

enum sweep_after {
    AFTER_NOTHING,
    AFTER_QUEUED,    /* the entry stays at the head of its queue */
    AFTER_SERVE,     /* a call waits: it is received and returned */
    AFTER_CANCEL,    /* a receive waits: it is cancelled, or served when it cannot be named */
    AFTER_UNPARK,    /* a park waits: it is woken */
    AFTER_WAIT,      /* it ends by itself */
    AFTER_CANCELLED, /* a cancelled receive completes too, first */
    AFTER_ANSWERED,  /* an answered call completes too */
};

/* Rows of the matrix, then rows of sweep_rules, then these. */
enum sweep_outcome {
    DONE, TIMER_UNKNOWN, TIMER_PARAMS, TIMER_SLEPT, TIMER_SMALL, TIMER_NOW, CALL_QUEUED, RETURNED, RETURN_LARGE, RECEIVES, RELEASED, NOT_HELD, NOTHING_TO_CANCEL,
    CANCELLED, PARKED, PARK_DIFFERS, PARK_NO_WAIT, PARK_TIMES_OUT, SWEEP_OUTCOMES
};

static const char *const sweep_outcome_rules[] = {
    "10.5 NOP, 17 UNPARK of nobody", "9.13 unknown method ER-01", "9.13 params do not decode H26 H27 R-d", "11.3 style Z H30", "11.4 H29", "10.1 success",
    "15.2 EN-08", "15.3 EN-12", "15.3 H48a", "10.6 EN-19 RECV", "10.4 RELEASE", "10.4 RELEASE of nothing H15", "10.6 CANCEL of nothing H50",
    "10.6 EN-19 CANCEL", "17 woken", "17 differs", "17 no waiting", "17 timeout",
};

#define SWEEP_WIRE_ROWS (sizeof sweep_wire / sizeof sweep_wire[0])
#define SWEEP_RULE_ROWS (sizeof sweep_rules / sizeof sweep_rules[0])
#define SWEEP_ROWS (SWEEP_WIRE_ROWS + SWEEP_RULE_ROWS + SWEEP_OUTCOMES)

static inline const char *sweep_row_name(uint32_t row)
{
    if (row < SWEEP_WIRE_ROWS)
        return sweep_wire[row].rule;
    row -= (uint32_t)SWEEP_WIRE_ROWS;
    return row < SWEEP_RULE_ROWS ? sweep_rules[row].rule : sweep_outcome_rules[row - SWEEP_RULE_ROWS];
}

struct sweep_verdict {
    uint32_t row; /* that decided */
    bool shallow; /* by the wire matrix or the opcode alone */
    int32_t code, other; /* two where the size of a text decides that the documents do not give */
    int32_t partner;     /* of the second completion */
    enum sweep_after after;
    int32_t type;        /* of the exception, -1: none */
};

/* -9 in a buffer of `room` bytes, -10 when it is too small; docs/abi.md 12. `bytes` 0: of a text that is not known. */
static inline void sweep_exception(struct sweep_verdict *v, int32_t type, uint32_t bytes, uint32_t room)
{
    v->type = type;
    v->code = v->other = room >= (bytes == 0 ? 512 : bytes) ? -9 : -10;
    if (bytes == 0 && room >= 40 && room < 512)
        v->other = -9;
}

/* Of a text of n bytes: framing, root pointer, type word, text pointer, text with its NUL in whole words. */
#define EXCEPTION_BYTES(n) (8u + 24u + ((n) + 1u + 7u) / 8u * 8u)

static inline struct sweep_verdict sweep_outcome(enum sweep_outcome outcome, int32_t code, enum sweep_after after)
{
    return (struct sweep_verdict){ .row = (uint32_t)(SWEEP_WIRE_ROWS + SWEEP_RULE_ROWS) + (uint32_t)outcome, .code = code, .other = code, .after = after, .type = -1 };
}

/* Timer: now @0 () -> (UInt64, UInt64); sleep @1 (UInt64) -> (). Step 13. */
static inline void sweep_timer_answer(const struct ring_sqe *s, struct sweep_verdict *v)
{
    bool decodes = s->len >= SWEEP_MESSAGE_BYTES && sweep_is_message(s->addr);
    if (s->method_id > 1) {
        *v = sweep_outcome(TIMER_UNKNOWN, 0, AFTER_NOTHING);
        sweep_exception(v, 3, 0, s->result_len);
    } else if (!decodes && !(s->method_id == 0 && s->len == 0)) {
        *v = sweep_outcome(TIMER_PARAMS, 0, AFTER_NOTHING);
        sweep_exception(v, 0, EXCEPTION_BYTES(20), s->result_len);
    } else if (s->method_id == 1) {
        *v = sweep_outcome(TIMER_SLEPT, 0, AFTER_WAIT);
    } else if (s->result_len < 32) {
        *v = sweep_outcome(TIMER_SMALL, 0, AFTER_NOTHING);
        sweep_exception(v, 0, EXCEPTION_BYTES(27), s->result_len);
    } else {
        *v = sweep_outcome(TIMER_NOW, 32, AFTER_NOTHING);
    }
}

static inline void sweep_return_answer(const struct ring_sqe *s, struct sweep_verdict *v)
{
    bool exception = s->flags == SQE_FLAG_RETURN_APPLICATION_EXCEPTION;
    *v = sweep_outcome(RETURNED, 0, AFTER_ANSWERED);
    v->partner = exception ? -9 : (int32_t)s->len;
    if (s->len + 16u * s->xfer_cap_count <= SWEEP_CALLER_BYTES)
        return;
    *v = sweep_outcome(RETURN_LARGE, exception ? 0 : -3, AFTER_ANSWERED);
    v->partner = exception ? -10 : -3;
}

static inline struct sweep_verdict sweep_park_answer(const struct ring_sqe *s)
{
    uint32_t word = s->addr == USER_CAPSET_BASE ? 0x73706163 : 0; /* the CapSet's magic; a message's first word */
    if (word != s->len)
        return sweep_outcome(PARK_DIFFERS, 1, AFTER_NOTHING);
    if (s->pipeline_dep == 0)
        return sweep_outcome(PARK_NO_WAIT, 2, AFTER_NOTHING);
    return s->pipeline_dep == 1 ? sweep_outcome(PARK_TIMES_OUT, 2, AFTER_WAIT) : sweep_outcome(PARKED, 0, AFTER_UNPARK);
}

/* What comes when no rule refuses. */
static inline void sweep_success(const struct sweep_entry *e, const struct sweep_caps *caps, struct sweep_verdict *v)
{
    const struct ring_sqe *s = &e->sqe;
    uint32_t state = e->tuple.state;
    *v = sweep_outcome(DONE, 0, AFTER_NOTHING); /* NOP, and UNPARK that finds nobody */
    if (s->opcode == RING_OP_CALL && sweep_is_kernel_object(state)) {
        sweep_timer_answer(s, v);
    } else if (s->opcode == RING_OP_CALL) {
        *v = sweep_outcome(CALL_QUEUED, 0, AFTER_SERVE);
    } else if (s->opcode == RING_OP_RETURN) {
        sweep_return_answer(s, v);
    } else if (s->opcode == RING_OP_RECV) { /* served when no CANCEL can name it: a header and no params */
        *v = sweep_outcome(RECEIVES, s->user_data == 0 ? 56 : -4, AFTER_CANCEL);
    } else if (s->opcode == RING_OP_RELEASE) {
        bool held = state != STATE_ABSENT && state != STATE_STALE;
        *v = sweep_outcome(held ? RELEASED : NOT_HELD, held ? 0 : -1, AFTER_NOTHING);
    } else if (s->opcode == RING_OP_CANCEL && s->pipeline_dep == caps->target) {
        *v = sweep_outcome(CANCELLED, 0, AFTER_CANCELLED);
        v->partner = -4;
    } else if (s->opcode == RING_OP_CANCEL) {
        *v = sweep_outcome(NOTHING_TO_CANCEL, -1, AFTER_NOTHING);
    } else if (s->opcode == RING_OP_PARK) {
        *v = sweep_park_answer(s);
    }
}

/* A row of sweep_rules that applies. */
static inline void sweep_refuse(const struct sweep_rule *rule, const struct sweep_entry *e, struct sweep_verdict *v)
{
    v->code = v->other = rule->answer;
    v->shallow = rule->test <= WIRE_CELL;
    if (rule->test == WIRE_CELL)
        (void)sweep_wire_violation(&e->sqe, &v->row);
    if (rule->answer == ANSWER_QUEUED)
        v->after = AFTER_QUEUED;
    if (rule->answer != ANSWER_DISCONNECTED)
        return;
    sweep_exception(v, 2, EXCEPTION_BYTES(21), e->sqe.result_len); /* "endpoint owner exited" */
    if (v->code == -9 && !sweep_allowed(e->sqe.result_addr, EXCEPTION_BYTES(21), CAN_WRITE))
        v->code = v->other = -3;
}

static inline void sweep_judge(const struct sweep_entry *e, const struct sweep_caps *caps, struct sweep_verdict *v)
{
    for (uint32_t i = 0; i < SWEEP_RULE_ROWS; i++) {
        const struct sweep_rule *rule = &sweep_rules[i];
        bool for_it = rule->ops == ~0u || (e->sqe.opcode < 32 && (rule->ops >> e->sqe.opcode & 1) != 0);
        if (!for_it || !sweep_applies((enum sweep_test)rule->test, e, caps))
            continue;
        *v = (struct sweep_verdict){ .row = (uint32_t)SWEEP_WIRE_ROWS + i, .type = -1 };
        sweep_refuse(rule, e, v);
        return;
    }
    sweep_success(e, caps, v);
}
