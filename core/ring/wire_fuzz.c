/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Submission entries from two sides, both for every input: any 64 bytes must
 * get one of three answers; and for every opcode an entry made well-formed
 * must pass, while the same with one field changed must not, for every rule.
 * The generator knows the matrix of docs/abi.md by itself.
 */
#include "core/base/base_fuzz.h"

#include "core/ring/address.h"
#include "core/ring/wire.h"

/* A well-formed entry of `opcode`, its free fields from the input. */
static struct ring_sqe well_formed(uint8_t opcode, struct fuzz_input *input)
{
    struct ring_sqe sqe = {.opcode = opcode, .user_data = fuzz_take(input, 8)};
    bool flag = fuzz_take(input, 1) % 2 == 1;
    if (opcode != RING_OP_NOP)
        sqe.cap_id = (uint32_t)fuzz_take(input, 4);
    if (opcode == RING_OP_CALL || opcode == RING_OP_RETURN || opcode == RING_OP_PARK || opcode == RING_OP_UNPARK) {
        sqe.addr = fuzz_take(input, 8);
        sqe.len = (uint32_t)fuzz_take(input, 4);
    }
    if (opcode == RING_OP_CALL || opcode == RING_OP_RECV) {
        sqe.result_addr = fuzz_take(input, 8);
        sqe.result_len = (uint32_t)fuzz_take(input, 4);
    }
    if (opcode == RING_OP_CALL) {
        sqe.method_id = (uint16_t)fuzz_take(input, 2);
        sqe.session_disclosure = fuzz_take(input, 1) & 7;
        sqe.flags = flag ? SQE_FLAG_THREAD_OWNED : 0;
        sqe.call_id = flag ? (uint32_t)fuzz_take(input, 4) | 1u : 0;
    }
    if (opcode == RING_OP_RETURN) {
        sqe.flags = flag ? SQE_FLAG_RETURN_APPLICATION_EXCEPTION : 0;
        sqe.call_id = (uint32_t)fuzz_take(input, 4);
    }
    if (opcode == RING_OP_CALL || (opcode == RING_OP_RETURN && !flag))
        sqe.xfer_cap_count = (uint16_t)fuzz_take(input, 2);
    if (opcode == RING_OP_PARK) {
        sqe.flags = SQE_FLAG_THREAD_OWNED;
        sqe.call_id = (uint32_t)fuzz_take(input, 4) | 1u;
    }
    if (opcode == RING_OP_CANCEL || opcode == RING_OP_PARK)
        sqe.pipeline_dep = fuzz_take(input, 8) | (opcode == RING_OP_CANCEL ? 1u : 0u);
    return sqe;
}

#define RULES 11u

/* Changes one field to break one rule, by its number. False: this opcode has no such rule. */
static bool break_one_rule(struct ring_sqe *sqe, uint32_t rule, uint32_t value)
{
    uint8_t op = sqe->opcode;
    bool has_params = op == RING_OP_CALL || op == RING_OP_RETURN || op == RING_OP_PARK || op == RING_OP_UNPARK;
    bool has_result = op == RING_OP_CALL || op == RING_OP_RECV;
    switch (rule) {
    case 0:
        sqe->flags ^= (uint8_t)(SQE_FLAG_PIPELINE << value % 4);
        return true;
    case 1:
        sqe->pipeline_field = (uint16_t)value;
        return true;
    case 2:
        sqe->method_id = (uint16_t)value;
        return op != RING_OP_CALL;
    case 3:
        sqe->addr = value;
        return !has_params;
    case 4:
        sqe->len = value;
        return !has_params;
    case 5:
        sqe->result_addr = value;
        return !has_result;
    case 6:
        sqe->result_len = value;
        return !has_result;
    case 7:
        sqe->session_disclosure = op == RING_OP_CALL ? (uint64_t)value << 3 : value;
        return true;
    case 8:
        sqe->xfer_cap_count = (uint16_t)value;
        return op != RING_OP_CALL && (op != RING_OP_RETURN || sqe->flags != 0);
    case 9:
        sqe->pipeline_dep = op == RING_OP_CANCEL ? 0 : value;
        return op != RING_OP_PARK;
    default:
        sqe->call_id = sqe->call_id == 0 ? value : 0;
        return op != RING_OP_RETURN;
    }
}

/* An entry of each opcode, and each of its rules broken alone. */
static void every_opcode(const uint8_t *bytes, size_t len)
{
    static const uint8_t opcodes[] = {RING_OP_CALL, RING_OP_RETURN, RING_OP_RECV,  RING_OP_RELEASE,
                                      RING_OP_NOP,  RING_OP_CANCEL, RING_OP_PARK, RING_OP_UNPARK};
    for (size_t i = 0; i < sizeof opcodes; i++) {
        struct fuzz_input input = {bytes, len};
        uint32_t value = (uint32_t)fuzz_take(&input, 4) | 1u, thread = (uint32_t)fuzz_take(&input, 1);
        struct ring_sqe made = well_formed(opcodes[i], &input);
        FUZZ_CHECK(ring_wire_check(&made) == RING_WIRE_OK && ring_wire_check_measurement(&made) == RING_WIRE_OK);
        FUZZ_CHECK(ring_wire_is_foreign(&made, thread) == ((made.flags & SQE_FLAG_THREAD_OWNED) != 0 && made.call_id != thread));
        FUZZ_CHECK(ring_wire_is_tick_safe(&made) ==
                   (made.opcode != RING_OP_CALL && made.opcode != RING_OP_PARK && made.opcode != RING_OP_UNPARK));
        for (uint32_t rule = 0; rule < RULES; rule++) {
            struct ring_sqe broken = made;
            if (break_one_rule(&broken, rule, value)) {
                FUZZ_CHECK(ring_wire_check(&broken) == RING_WIRE_INVALID_REQUEST);
                FUZZ_CHECK(ring_wire_check_measurement(&broken) == RING_WIRE_INVALID_REQUEST);
            }
        }
    }
}

/* The opcode that only a measurement kernel has: well-formed, and each of its rules broken alone. */
static void measurement(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    uint32_t value = (uint32_t)fuzz_take(&input, 4) | 1u;
    struct ring_sqe made = {.opcode = RING_OP_PARK_BENCH, .user_data = fuzz_take(&input, 8)};
    made.method_id = (uint16_t)(fuzz_take(&input, 1) & 1);
    made.addr = fuzz_take(&input, 8) | 1u;
    made.cap_id = (uint32_t)fuzz_take(&input, 4);
    made.len = (uint32_t)fuzz_take(&input, 4);
    FUZZ_CHECK(ring_wire_check_measurement(&made) == RING_WIRE_OK && ring_wire_check(&made) == RING_WIRE_INVALID_REQUEST);
    for (uint32_t rule = 0; rule < RULES; rule++) {
        struct ring_sqe broken = made;
        bool breaks = break_one_rule(&broken, rule, value);
        if (rule == 2)
            broken.method_id = (uint16_t)(value | 2u);
        if (rule == 3)
            broken.addr = 0;
        if (breaks && rule != 4)
            FUZZ_CHECK(ring_wire_check_measurement(&broken) == RING_WIRE_INVALID_REQUEST);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct ring_sqe any;
    if (len < sizeof any)
        return 0;
    memcpy(&any, bytes, sizeof any);
    enum ring_wire_result answer = ring_wire_check(&any);
    FUZZ_CHECK(answer == RING_WIRE_OK || answer == RING_WIRE_INVALID_REQUEST || answer == RING_WIRE_UNSUPPORTED_OPCODE);
    FUZZ_CHECK((any.opcode == RING_OP_FINISH) == (answer == RING_WIRE_UNSUPPORTED_OPCODE));
    int32_t code = ring_address_check(&any, 65536);
    FUZZ_CHECK(code == 0 || code == -1 || code == -2 || code == -3 || code == -7);
    every_opcode(bytes, len);
    measurement(bytes, len);
    return 0;
}
