/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The sweep's entries: every field of a submission entry x value classes x opcode x state of the capability it names, one
 * or two fields away from a well-formed entry. Data, and the enumeration that makes an entry of a number.
 *
 * Shared by the program that runs on the real kernel (user/tests/sweep.c) and the one on the simulated machine
 * (tests/sim/sweep.c). Of the tree it includes abi/ alone (tools/arrows sees to it): nothing here can agree with the kernel
 * by being the kernel's code. docs/security/hostile-sweep.md tells how it is used.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/layout.h"
#include "abi/limits.h"
#include "abi/ring.h"

/* ---- the worker's memory: what it maps before it begins -------------------------------------------------------------- */

#define SWEEP_PAGES 20u /* of each of the large areas: more than the largest message that the kernel takes */
#define SWEEP_BYTES (SWEEP_PAGES * PAGE_SIZE)
#define SWEEP_IN 0x40000000ull   /* params; read and write; behind it nothing is mapped */
#define SWEEP_OUT 0x46000000ull  /* results; read and write; behind it nothing is mapped */
#define SWEEP_RO 0x41000000ull   /* read-only; begins with a message, then zeros */
#define SWEEP_NONE 0x42000000ull /* one page, no access */
#define SWEEP_FREED 0x43000000ull /* one page, mapped and unmapped again */
#define SWEEP_CALLER 0x44000000ull /* one page: result buffer of the call that RETURN entries answer */
#define SWEEP_INBOX 0x45000000ull /* the driver's own receives */
#define SWEEP_TOP (USER_MAP_LIMIT - PAGE_SIZE) /* the highest page that can be mapped; read and write */
#define SWEEP_RING_IN (USER_RING_BASE + 2304)  /* in the unused part of the ring page */
#define SWEEP_RING_OUT (USER_RING_BASE + 3072)

#define SWEEP_MESSAGE_BYTES 16u /* an empty parameter struct, as the published runtime sends it: docs/abi.md 11.1 */
#define SWEEP_CALLER_BYTES 512u

/* ---- opcodes and states ----------------------------------------------------------------------------------------------- */

static const uint8_t sweep_opcodes[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 127, 255 };
#define SWEEP_OPS (sizeof sweep_opcodes / sizeof sweep_opcodes[0])

enum sweep_state {
    STATE_ABSENT,  /* an index that no slot has */
    STATE_STALE,   /* an earlier life of a slot that is in use */
    STATE_WRONG,   /* a live capability of another interface: a Timer */
    STATE_FACET,   /* a client facet of an endpoint: may be called, and nothing else */
    STATE_CLOSED,  /* a facet whose endpoint has no owner any more */
    STATE_NOTRANS, /* the right capability, and a descriptor that names one that may not be transferred */
    STATE_REVOKED, /* a hold that has been revoked */
    STATE_VALID,   /* what the opcode is for */
    SWEEP_STATES
};

static const char *const sweep_state_names[] = { "absent", "stale", "wrong", "facet", "closed", "no-transfer", "revoked", "valid" };

/* ---- fields and their value classes ------------------------------------------------------------------------------------ */

enum sweep_field {
    FIELD_FLAGS, FIELD_METHOD, FIELD_USER_DATA, FIELD_ADDR, FIELD_LEN, FIELD_RESULT_LEN, FIELD_RESULT_ADDR, FIELD_DEP,
    FIELD_PIPELINE, FIELD_XFER, FIELD_CALL_ID, FIELD_DISCLOSURE, SWEEP_FIELDS
};

static const char *const sweep_field_names[] = { "flags", "method_id", "user_data", "addr", "len", "result_len", "result_addr",
                                                 "pipeline_dep", "pipeline_field", "xfer_cap_count", "call_id",
                                                 "session_disclosure" };

/* What the descriptors behind the payload say; the answer is that of docs/abi.md 9.11 and 14.2. */
enum sweep_carried {
    CARRY_ZEROS, CARRY_COPY, CARRY_MOVE, CARRY_TIMER, CARRY_CONSOLE, CARRY_OWNER, CARRY_ABSENT, CARRY_STALE, CARRY_REVOKED, CARRY_MODE_3,
    CARRY_MODE_MAX, CARRY_RESERVED, CARRY_TWICE_MOVED
};

struct sweep_class {
    uint8_t field;
    uint8_t carried; /* enum sweep_carried, for FIELD_XFER */
    const char *name;
    uint64_t value;
};

#define KERNEL_CODE 0xffffffff80210000ull
#define KERNEL_HALF 0xffff800000000000ull
#define OTHER_HALF 0xffff7fffffffff00ull /* the last that is not canonical */

#define V(field, name, value) { FIELD_##field, 0, name, value }
#define X(name, count, carried) { FIELD_XFER, CARRY_##carried, name, count }
/* Addresses that are wrong, or right for a surprising reason, as params and as result. */
#define ADDRESSES(field, area, ring, top)                                                                                      \
    V(field, "0", 0), V(field, "1", 1), V(field, "aligned", area), V(field, "unaligned", (area) + 0x101),                       \
        V(field, "4-aligned", (area) + 0x204), V(field, "page-crossing", (area) + 0xff8),                                       \
        V(field, "ends at the last byte", (area) + SWEEP_BYTES - (top)), V(field, "into unmapped", (area) + SWEEP_BYTES - 8),   \
        V(field, "unmapped", (area) + SWEEP_BYTES), V(field, "read-only", SWEEP_RO), V(field, "no access", SWEEP_NONE),         \
        V(field, "freed", SWEEP_FREED), V(field, "kernel", KERNEL_CODE), V(field, "kernel half", KERNEL_HALF),                  \
        V(field, "non-canonical", USER_HALF_LIMIT), V(field, "non-canonical, upper", OTHER_HALF),                               \
        V(field, "wrapping", UINT64_MAX - 7), V(field, "max-1", UINT64_MAX - 1), V(field, "max", UINT64_MAX),                   \
        V(field, "ends at the ceiling", USER_MAP_LIMIT - (top)), V(field, "ceiling", USER_MAP_LIMIT),                           \
        V(field, "ends at the user limit", USER_HALF_LIMIT - (top)), V(field, "over the user limit", USER_HALF_LIMIT - 8),      \
        V(field, "CapSet", USER_CAPSET_BASE), V(field, "ring", ring)

static const struct sweep_class sweep_classes[] = {
    V(FLAGS, "0", 0), V(FLAGS, "pipeline", 1), V(FLAGS, "link", 2), V(FLAGS, "multishot", 4), V(FLAGS, "drain", 8),
    V(FLAGS, "exception", 0x10), V(FLAGS, "owned", 0x20), V(FLAGS, "exception owned", 0x30), V(FLAGS, "0x40", 0x40),
    V(FLAGS, "0x80", 0x80), V(FLAGS, "max-1", 0xfe), V(FLAGS, "max", 0xff),
    V(METHOD, "0", 0), V(METHOD, "1", 1), V(METHOD, "2", 2), V(METHOD, "99", 99), V(METHOD, "0x7fff", 0x7fff),
    V(METHOD, "0x8000", 0x8000), V(METHOD, "max-1", 0xfffe), V(METHOD, "max", 0xffff),
    V(USER_DATA, "0", 0), V(USER_DATA, "1", 1), V(USER_DATA, "kernel", KERNEL_CODE), V(USER_DATA, "non-canonical", USER_HALF_LIMIT),
    V(USER_DATA, "sign", 1ull << 63), V(USER_DATA, "max-1", UINT64_MAX - 1), V(USER_DATA, "max", UINT64_MAX),
    ADDRESSES(ADDR, SWEEP_IN, SWEEP_RING_IN, 16),
    V(LEN, "0", 0), V(LEN, "1", 1), V(LEN, "8", 8), V(LEN, "15", 15), V(LEN, "16", 16), V(LEN, "17", 17), V(LEN, "512", 512),
    V(LEN, "4095", 4095), V(LEN, "4096", 4096), V(LEN, "4097", 4097), V(LEN, "limit-1", 65535), V(LEN, "limit", 65536),
    V(LEN, "limit+1", 65537), V(LEN, "sign-1", 0x7fffffff), V(LEN, "sign", 0x80000000), V(LEN, "max-1", 0xfffffffe),
    V(LEN, "max", 0xffffffff),
    V(RESULT_LEN, "0", 0), V(RESULT_LEN, "1", 1), V(RESULT_LEN, "8", 8), V(RESULT_LEN, "31", 31), V(RESULT_LEN, "32", 32),
    V(RESULT_LEN, "55", 55), V(RESULT_LEN, "56", 56), V(RESULT_LEN, "512", 512), V(RESULT_LEN, "4096", 4096),
    V(RESULT_LEN, "limit-1", 65535), V(RESULT_LEN, "limit", 65536), V(RESULT_LEN, "limit+1", 65537),
    V(RESULT_LEN, "sign-1", 0x7fffffff), V(RESULT_LEN, "sign", 0x80000000), V(RESULT_LEN, "max-1", 0xfffffffe),
    V(RESULT_LEN, "max", 0xffffffff),
    ADDRESSES(RESULT_ADDR, SWEEP_OUT, SWEEP_RING_OUT, 512), V(RESULT_ADDR, "code", USER_IMAGE_BASE),
    V(DEP, "0", 0), V(DEP, "1", 1), V(DEP, "kernel", KERNEL_CODE), V(DEP, "non-canonical", USER_HALF_LIMIT),
    V(DEP, "sign", 1ull << 63), V(DEP, "max-1", UINT64_MAX - 1), V(DEP, "max", UINT64_MAX),
    V(PIPELINE, "0", 0), V(PIPELINE, "1", 1), V(PIPELINE, "0x7fff", 0x7fff), V(PIPELINE, "0x8000", 0x8000),
    V(PIPELINE, "max-1", 0xfffe), V(PIPELINE, "max", 0xffff),
    X("0", 0, ZEROS), X("1 copy", 1, COPY), X("1 move", 1, MOVE), X("1 timer", 1, TIMER), X("1 console", 1, CONSOLE),
    X("1 owner", 1, OWNER), X("1 absent", 1, ABSENT), X("1 stale", 1, STALE), X("1 revoked", 1, REVOKED), X("1 mode 0", 1, ZEROS),
    X("1 mode 3", 1, MODE_3), X("1 mode max", 1, MODE_MAX), X("1 reserved", 1, RESERVED), X("2 moved twice", 2, TWICE_MOVED),
    X("2 copies", 2, COPY), X("max: 16 copies", 16, COPY), X("max+1: 17 copies", 17, COPY), X("0x8000", 0x8000, COPY),
    X("65534", 0xfffe, COPY), X("65535", 0xffff, COPY),
    V(CALL_ID, "0", 0), V(CALL_ID, "1", 1), V(CALL_ID, "2", 2), V(CALL_ID, "sign-1", 0x7fffffff), V(CALL_ID, "sign", 0x80000000),
    V(CALL_ID, "max-1", 0xfffffffe), V(CALL_ID, "max", 0xffffffff),
    V(DISCLOSURE, "0", 0), V(DISCLOSURE, "1", 1), V(DISCLOSURE, "7", 7), V(DISCLOSURE, "8", 8), V(DISCLOSURE, "kernel", KERNEL_CODE),
    V(DISCLOSURE, "sign", 1ull << 63), V(DISCLOSURE, "max-1", UINT64_MAX - 1), V(DISCLOSURE, "max", UINT64_MAX),
};
#undef V
#undef X
#undef ADDRESSES

#define SWEEP_CLASSES (sizeof sweep_classes / sizeof sweep_classes[0])
#define SWEEP_NO_CLASS ((uint32_t)SWEEP_CLASSES) /* in place of the second */

/* ---- from a number to an entry -------------------------------------------------------------------------------------------- */

struct sweep_tuple {
    uint32_t first, second; /* classes; the second may be SWEEP_NO_CLASS */
    uint32_t op;            /* index of sweep_opcodes */
    uint32_t state;
};

#define SWEEP_CELLS ((uint64_t)(SWEEP_OPS * SWEEP_STATES))
#define SWEEP_SINGLES (SWEEP_CLASSES * SWEEP_CELLS)
#define SWEEP_PAIRS ((uint64_t)SWEEP_CLASSES * SWEEP_CLASSES * SWEEP_CELLS)
#define SWEEP_POSITIONS (SWEEP_SINGLES + SWEEP_PAIRS)
#define SWEEP_KEYS ((uint64_t)SWEEP_CLASSES * (SWEEP_CLASSES + 1) * SWEEP_CELLS) /* of sweep_key */
/* A prime that divides neither factor of SWEEP_PAIRS, so that a walk in this stride meets each number once. */
#define SWEEP_STRIDE 1000003ull
_Static_assert(SWEEP_PAIRS % SWEEP_STRIDE != 0, "the walk would close early");

/* Two different positions never are the same tuple. One that is false is none: its classes are of one field, or the wrong way round. */
static inline bool sweep_at(uint64_t position, uint64_t seed, struct sweep_tuple *out)
{
    bool single = position < SWEEP_SINGLES;
    uint64_t n = single ? position : ((position - SWEEP_SINGLES) * SWEEP_STRIDE + seed * 7919) % SWEEP_PAIRS;
    *out = (struct sweep_tuple){ .op = (uint32_t)(n % SWEEP_OPS), .state = (uint32_t)(n / SWEEP_OPS % SWEEP_STATES),
                                 .first = (uint32_t)(n / SWEEP_CELLS % SWEEP_CLASSES), .second = SWEEP_NO_CLASS };
    if (single)
        return true;
    out->second = (uint32_t)(n / SWEEP_CELLS / SWEEP_CLASSES);
    return sweep_classes[out->first].field < sweep_classes[out->second].field;
}

/* Injective on tuples; below SWEEP_KEYS. */
static inline uint64_t sweep_key(const struct sweep_tuple *t)
{
    return ((t->first * (uint64_t)(SWEEP_CLASSES + 1) + t->second) * SWEEP_OPS + t->op) * SWEEP_STATES + t->state;
}

/* What the worker holds. */
struct sweep_caps {
    uint32_t states[SWEEP_STATES]; /* but STATE_VALID and STATE_NOTRANS, which depend on the opcode */
    uint32_t owner, cancels, returns; /* endpoints it owns: called and received from; one pending receive; one call in flight */
    uint32_t park;
    uint32_t console, timer;
    uint32_t object; /* may be copied and moved; a move changes it */
    uint32_t spare;  /* a copy of it, for RELEASE */
    uint32_t expendable[SWEEP_STATES]; /* the same states again, for RELEASE */
    uint32_t in_flight; /* id of the call that can be answered */
    uint64_t target;    /* user_data of the pending receive */
    uint32_t thread;    /* the worker's */
};

struct sweep_entry {
    struct ring_sqe sqe;
    struct sweep_tuple tuple;
    uint32_t carried; /* enum sweep_carried */
};

static inline uint32_t sweep_cap_for(const struct sweep_caps *caps, uint8_t opcode, uint32_t state)
{
    if (opcode == RING_OP_NOP && state == STATE_VALID)
        return 0;
    if (state != STATE_VALID && state != STATE_NOTRANS)
        return opcode == RING_OP_RELEASE ? caps->expendable[state] : caps->states[state];
    if (opcode == RING_OP_PARK || opcode == RING_OP_UNPARK)
        return caps->park;
    if (opcode == RING_OP_RELEASE)
        return caps->spare;
    return opcode == RING_OP_RETURN ? caps->returns : opcode == RING_OP_CANCEL ? caps->cancels : caps->owner;
}

/* The well-formed entry of an opcode, as docs/abi.md 8 and 10 want it. */
static inline struct ring_sqe sweep_base(const struct sweep_caps *caps, uint8_t opcode, uint32_t state)
{
    struct ring_sqe sqe = { .opcode = opcode, .cap_id = sweep_cap_for(caps, opcode, state) };
    if (opcode == RING_OP_CALL || opcode == RING_OP_RETURN) {
        sqe.addr = SWEEP_IN;
        sqe.len = SWEEP_MESSAGE_BYTES;
    }
    if (opcode == RING_OP_CALL || opcode == RING_OP_RECV) {
        sqe.result_addr = SWEEP_OUT;
        sqe.result_len = 512;
    }
    if (opcode == RING_OP_RETURN)
        sqe.call_id = caps->in_flight;
    if (opcode == RING_OP_CANCEL)
        sqe.pipeline_dep = caps->target;
    if (opcode == RING_OP_PARK) {
        sqe.flags = SQE_FLAG_THREAD_OWNED;
        sqe.call_id = caps->thread;
        sqe.pipeline_dep = UINT64_MAX;
    }
    if (opcode == RING_OP_PARK || opcode == RING_OP_UNPARK || opcode == RING_OP_PARK_BENCH)
        sqe.addr = SWEEP_IN;
    if (opcode == RING_OP_UNPARK)
        sqe.len = 1;
    sqe.xfer_cap_count = state == STATE_NOTRANS;
    return sqe;
}

/* False: the field has that value already, so the entry would be another tuple's. */
static inline bool sweep_apply(struct sweep_entry *entry, const struct sweep_class *class)
{
    struct ring_sqe *sqe = &entry->sqe, before = *sqe;
    uint32_t carried = entry->carried;
    uint64_t value = class->value;
    switch ((enum sweep_field)class->field) {
    case FIELD_FLAGS: sqe->flags = (uint8_t)value; return sqe->flags != before.flags;
    case FIELD_METHOD: sqe->method_id = (uint16_t)value; return sqe->method_id != before.method_id;
    case FIELD_USER_DATA: sqe->user_data = value; return true; /* the driver's own are none of the classes */
    case FIELD_ADDR: sqe->addr = value; return sqe->addr != before.addr;
    case FIELD_LEN: sqe->len = (uint32_t)value; return sqe->len != before.len;
    case FIELD_RESULT_LEN: sqe->result_len = (uint32_t)value; return sqe->result_len != before.result_len;
    case FIELD_RESULT_ADDR: sqe->result_addr = value; return sqe->result_addr != before.result_addr;
    case FIELD_DEP: sqe->pipeline_dep = value; return sqe->pipeline_dep != before.pipeline_dep;
    case FIELD_PIPELINE: sqe->pipeline_field = (uint16_t)value; return sqe->pipeline_field != before.pipeline_field;
    case FIELD_CALL_ID: sqe->call_id = (uint32_t)value; return sqe->call_id != before.call_id;
    case FIELD_DISCLOSURE: sqe->session_disclosure = value; return value != before.session_disclosure;
    case FIELD_XFER:
        sqe->xfer_cap_count = (uint16_t)value;
        entry->carried = class->carried;
        return sqe->xfer_cap_count != before.xfer_cap_count || (value != 0 && entry->carried != carried);
    case SWEEP_FIELDS: break;
    }
    return false;
}

static inline bool sweep_make(const struct sweep_tuple *tuple, const struct sweep_caps *caps, uint64_t user_data, struct sweep_entry *out)
{
    *out = (struct sweep_entry){ .tuple = *tuple, .carried = tuple->state == STATE_NOTRANS ? CARRY_TIMER : CARRY_ZEROS };
    out->sqe = sweep_base(caps, sweep_opcodes[tuple->op], tuple->state);
    out->sqe.user_data = user_data;
    return sweep_apply(out, &sweep_classes[tuple->first]) &&
           (tuple->second == SWEEP_NO_CLASS || sweep_apply(out, &sweep_classes[tuple->second]));
}
