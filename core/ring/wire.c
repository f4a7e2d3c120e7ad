/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The wire matrix as data: core/ring/wire.h. Each opcode has one row that says
 * which fields must be zero, which must not, and which values the few fields
 * with a special rule may take.
 */
#include "core/ring/wire.h"

#include <stdint.h>

/* One bit per field that a row may constrain to zero or non-zero. */
enum {
    CAP_ID = 1u << 0,
    ADDR = 1u << 1,
    LEN = 1u << 2,
    RESULT_LEN = 1u << 3,
    RESULT_ADDR = 1u << 4,
    PIPELINE_DEP = 1u << 5,
    PIPELINE_FIELD = 1u << 6,
    XFER_COUNT = 1u << 7,
    CALL_ID = 1u << 8,
    DISCLOSURE = 1u << 9,
    RESULT = RESULT_LEN | RESULT_ADDR,
};

struct wire_row {
    bool known;
    uint8_t flags[2]; /* the allowed values; twice the same when there is one */
    uint16_t method_max;
    uint16_t zero;
    uint16_t nonzero;
};

#define OWNED SQE_FLAG_THREAD_OWNED
#define EXCEPTION SQE_FLAG_RETURN_APPLICATION_EXCEPTION
#define ANY_METHOD UINT16_MAX

static const struct wire_row rows[] = {
    [RING_OP_CALL] = {true, {0, OWNED}, ANY_METHOD, PIPELINE_DEP | PIPELINE_FIELD, 0},
    [RING_OP_RETURN] = {true, {0, EXCEPTION}, 0,
                        RESULT | PIPELINE_DEP | PIPELINE_FIELD | DISCLOSURE, 0},
    [RING_OP_RECV] = {true, {0, 0}, 0,
                      ADDR | LEN | PIPELINE_DEP | PIPELINE_FIELD | XFER_COUNT | CALL_ID |
                          DISCLOSURE, 0},
    [RING_OP_RELEASE] = {true, {0, 0}, 0,
                         ADDR | LEN | RESULT | PIPELINE_DEP | PIPELINE_FIELD | XFER_COUNT |
                             CALL_ID | DISCLOSURE, 0},
    [RING_OP_NOP] = {true, {0, 0}, 0,
                     CAP_ID | ADDR | LEN | RESULT | PIPELINE_DEP | PIPELINE_FIELD | XFER_COUNT |
                         CALL_ID | DISCLOSURE, 0},
    [RING_OP_CANCEL] = {true, {0, 0}, 0,
                        ADDR | LEN | RESULT | PIPELINE_FIELD | XFER_COUNT | CALL_ID | DISCLOSURE,
                        PIPELINE_DEP},
    [RING_OP_PARK_BENCH] = {true, {0, 0}, 1,
                            RESULT | PIPELINE_DEP | PIPELINE_FIELD | XFER_COUNT | CALL_ID |
                                DISCLOSURE, ADDR},
    [RING_OP_PARK] = {true, {OWNED, OWNED}, 0,
                      RESULT | PIPELINE_FIELD | XFER_COUNT | DISCLOSURE, CALL_ID},
    [RING_OP_UNPARK] = {true, {0, 0}, 0,
                        RESULT | PIPELINE_DEP | PIPELINE_FIELD | XFER_COUNT | CALL_ID |
                            DISCLOSURE, 0},
};

#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static uint16_t fields_in_use(const struct ring_sqe *sqe)
{
    unsigned int used = 0;
    used |= sqe->cap_id != 0 ? CAP_ID : 0u;
    used |= sqe->addr != 0 ? ADDR : 0u;
    used |= sqe->len != 0 ? LEN : 0u;
    used |= sqe->result_len != 0 ? RESULT_LEN : 0u;
    used |= sqe->result_addr != 0 ? RESULT_ADDR : 0u;
    used |= sqe->pipeline_dep != 0 ? PIPELINE_DEP : 0u;
    used |= sqe->pipeline_field != 0 ? PIPELINE_FIELD : 0u;
    used |= sqe->xfer_cap_count != 0 ? XFER_COUNT : 0u;
    used |= sqe->call_id != 0 ? CALL_ID : 0u;
    used |= sqe->session_disclosure != 0 ? DISCLOSURE : 0u;
    return (uint16_t)used;
}

/* The rules that tie two fields together or restrict bits. */
static bool special_rules_hold(const struct ring_sqe *sqe)
{
    if (sqe->opcode == RING_OP_CALL) {
        bool owned = (sqe->flags & OWNED) != 0;
        return owned == (sqe->call_id != 0) &&
               (sqe->session_disclosure & ~SESSION_DISCLOSURE_MASK) == 0;
    }
    if (sqe->opcode == RING_OP_RETURN)
        return (sqe->flags & EXCEPTION) == 0 || sqe->xfer_cap_count == 0;
    return true;
}

enum ring_wire_result ring_wire_check_measurement(const struct ring_sqe *sqe)
{
    if (sqe->opcode == RING_OP_FINISH)
        return RING_WIRE_UNSUPPORTED_OPCODE;
    if (sqe->opcode >= ROW_COUNT || !rows[sqe->opcode].known)
        return RING_WIRE_INVALID_REQUEST;
    const struct wire_row *row = &rows[sqe->opcode];
    unsigned int used = fields_in_use(sqe);
    bool ok = (sqe->flags == row->flags[0] || sqe->flags == row->flags[1]) &&
              sqe->method_id <= row->method_max && (used & row->zero) == 0 &&
              (~used & row->nonzero) == 0 && special_rules_hold(sqe);
    return ok ? RING_WIRE_OK : RING_WIRE_INVALID_REQUEST;
}

enum ring_wire_result ring_wire_check(const struct ring_sqe *sqe)
{
    if (sqe->opcode == RING_OP_PARK_BENCH)
        return RING_WIRE_INVALID_REQUEST;
    return ring_wire_check_measurement(sqe);
}

bool ring_wire_is_foreign(const struct ring_sqe *sqe, uint32_t thread_id)
{
    return (sqe->flags & OWNED) != 0 && sqe->call_id != thread_id;
}

bool ring_wire_is_tick_safe(const struct ring_sqe *sqe)
{
    return sqe->opcode != RING_OP_CALL && sqe->opcode != RING_OP_PARK &&
           sqe->opcode != RING_OP_UNPARK && sqe->opcode != RING_OP_PARK_BENCH;
}
