/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The wire matrix from the guest's side: every opcode with every field that
 * must be refused, and an accepted entry of every opcode. The codes are those
 * of docs/abi.md, "Wire-validation matrix".
 */
#include "check.h"

enum field { FLAGS, METHOD, CAP, ADDR, LEN, RESULT_LEN, RESULT_ADDR, DEP, DEP_FIELD, XFER, CALL_ID, DISCLOSURE, FIELDS };

static const char *const field_names[FIELDS] = { "flags", "method_id", "cap_id", "addr", "len", "result_len", "result_addr",
                                                 "pipeline_dep", "pipeline_field", "xfer_cap_count", "call_id",
                                                 "session_disclosure" };

static _Alignas(8) uint8_t buffer[128];
static _Alignas(8) uint32_t word;

static struct ring_sqe with(struct ring_sqe sqe, enum field field, uint64_t value)
{
    switch (field) {
    case FLAGS: sqe.flags = (uint8_t)value; break;
    case METHOD: sqe.method_id = (uint16_t)value; break;
    case CAP: sqe.cap_id = (uint32_t)value; break;
    case ADDR: sqe.addr = value; break;
    case LEN: sqe.len = (uint32_t)value; break;
    case RESULT_LEN: sqe.result_len = (uint32_t)value; break;
    case RESULT_ADDR: sqe.result_addr = value; break;
    case DEP: sqe.pipeline_dep = value; break;
    case DEP_FIELD: sqe.pipeline_field = (uint16_t)value; break;
    case XFER: sqe.xfer_cap_count = (uint16_t)value; break;
    case CALL_ID: sqe.call_id = (uint32_t)value; break;
    case DISCLOSURE: sqe.session_disclosure = value; break;
    case FIELDS: break;
    }
    return sqe;
}

/* `refused` names the fields that must be zero in an entry like `base`. */
static void check_fields(const char *opcode, struct ring_sqe base, int32_t accepted, uint32_t refused)
{
    static const uint64_t values[] = { 1, 0x80, 0x8000, 1ull << 31, 1ull << 63 };
    static const uint64_t masks[FIELDS] = { 0xff, 0xffff, UINT32_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX,
                                            UINT64_MAX, 0xffff, 0xffff, UINT32_MAX, UINT64_MAX };
    int32_t result = run_entry(base);
    check(result == accepted, "%s: the plain entry gives %d, not %d", opcode, result, accepted);
    for (uint32_t field = 0; field < FIELDS; field++) {
        for (size_t i = 0; i < sizeof values / sizeof values[0] && (refused >> field & 1) != 0; i++) {
            uint64_t value = values[i] & masks[field];
            if (value == 0)
                continue;
            result = run_entry(with(base, (enum field)field, value));
            check(result == CAP_ERR_INVALID_REQUEST, "%s with %s %lx gives %d", opcode, field_names[field], value, result);
        }
    }
}

#define F(name) (1u << (name))
#define PIPELINE_AND_DISCLOSURE (F(DEP) | F(DEP_FIELD) | F(DISCLOSURE))

static void check_flags(const char *opcode, struct ring_sqe base, uint32_t allowed_a, uint32_t allowed_b)
{
    for (uint32_t flags = 0; flags < 256; flags++) {
        if (flags == allowed_a || flags == allowed_b)
            continue;
        int32_t result = run_entry(with(base, FLAGS, flags));
        check(result == CAP_ERR_INVALID_REQUEST, "%s with flags %x gives %d", opcode, flags, result);
    }
}

static void check_call(uint32_t console)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = console, .method_id = 99 };
    check_fields("CALL", call, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, F(DEP) | F(DEP_FIELD) | F(CALL_ID));
    check_flags("CALL", call, 0, 0); /* 0x20 needs a thread id */
    check_flags("CALL with call_id", with(call, CALL_ID, 1), SQE_FLAG_THREAD_OWNED, SQE_FLAG_THREAD_OWNED);
    int32_t result = run_entry(with(with(call, CALL_ID, 1), FLAGS, SQE_FLAG_THREAD_OWNED));
    check(result == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, "CALL owned by this thread gives %d", result);
    for (uint64_t mask = 0; mask <= 16; mask++) {
        result = run_entry(with(call, DISCLOSURE, mask));
        check((result == CAP_ERR_INVALID_REQUEST) == (mask > SESSION_DISCLOSURE_MASK), "CALL with disclosure %lx gives %d",
              mask, result);
    }
    result = run_entry(with(call, DISCLOSURE, 1ull << 63));
    check(result == CAP_ERR_INVALID_REQUEST, "CALL with the highest disclosure bit gives %d", result);
}

static void check_server_side(uint32_t console)
{
    struct ring_sqe ret = { .opcode = RING_OP_RETURN, .cap_id = console, .call_id = 5 };
    check_fields("RETURN", ret, CAP_ERR_INVOKE_FAILED, PIPELINE_AND_DISCLOSURE | F(METHOD) | F(RESULT_LEN) | F(RESULT_ADDR));
    check_flags("RETURN", ret, 0, SQE_FLAG_RETURN_APPLICATION_EXCEPTION);
    struct ring_sqe exception = with(ret, FLAGS, SQE_FLAG_RETURN_APPLICATION_EXCEPTION);
    check_fields("RETURN of an exception", exception, CAP_ERR_INVOKE_FAILED, F(XFER) | F(METHOD) | PIPELINE_AND_DISCLOSURE);

    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = console, .result_addr = (uintptr_t)buffer,
                             .result_len = sizeof buffer };
    check_fields("RECV", recv, CAP_ERR_INVOKE_FAILED,
                 PIPELINE_AND_DISCLOSURE | F(METHOD) | F(ADDR) | F(LEN) | F(XFER) | F(CALL_ID));
    check_flags("RECV", recv, 0, 0);

    struct ring_sqe cancel = { .opcode = RING_OP_CANCEL, .cap_id = console, .pipeline_dep = 9 };
    check_fields("CANCEL", cancel, CAP_ERR_INVOKE_FAILED,
                 F(METHOD) | F(ADDR) | F(LEN) | F(RESULT_LEN) | F(RESULT_ADDR) | F(DEP_FIELD) | F(XFER) | F(CALL_ID) |
                     F(DISCLOSURE));
    check_flags("CANCEL", cancel, 0, 0);
    int32_t result = run_entry(with(cancel, DEP, 0));
    check(result == CAP_ERR_INVALID_REQUEST, "CANCEL without a target gives %d", result);
}

static void check_release_and_nop(uint32_t console)
{
    /* A RELEASE that is refused must leave the capability alone; so the refused ones name a live one. */
    struct ring_sqe nop = { .opcode = RING_OP_NOP };
    uint32_t all_but_flags = (F(FIELDS) - 1) & ~F(FLAGS);
    check_fields("NOP", nop, 0, all_but_flags);
    check_flags("NOP", nop, 0, 0);
    struct ring_sqe release = { .opcode = RING_OP_RELEASE, .cap_id = UINT32_MAX };
    check_fields("RELEASE of an unknown id", release, CAP_ERR_INVALID_REQUEST, 0);
    release.cap_id = console;
    for (uint32_t field = 0; field < FIELDS; field++) {
        if (field == CAP)
            continue;
        int32_t result = run_entry(with(release, (enum field)field, 1));
        check(result == CAP_ERR_INVALID_REQUEST, "RELEASE with %s gives %d", field_names[field], result);
    }
    check_flags("RELEASE", release, 0, 0);
}

static void check_park(uint32_t console)
{
    struct ring_sqe park = { .opcode = RING_OP_PARK, .cap_id = console, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1,
                             .addr = (uintptr_t)&word };
    check_fields("PARK", park, CAP_ERR_INVOKE_FAILED,
                 F(METHOD) | F(RESULT_LEN) | F(RESULT_ADDR) | F(DEP_FIELD) | F(XFER) | F(DISCLOSURE));
    check_flags("PARK", park, SQE_FLAG_THREAD_OWNED, SQE_FLAG_THREAD_OWNED);
    int32_t result = run_entry(with(park, CALL_ID, 0));
    check(result == CAP_ERR_INVALID_REQUEST, "PARK by nobody gives %d", result);
    struct ring_sqe unpark = { .opcode = RING_OP_UNPARK, .cap_id = console, .addr = (uintptr_t)&word, .len = 1 };
    check_fields("UNPARK", unpark, CAP_ERR_INVOKE_FAILED,
                 PIPELINE_AND_DISCLOSURE | F(METHOD) | F(RESULT_LEN) | F(RESULT_ADDR) | F(XFER) | F(CALL_ID));
    check_flags("UNPARK", unpark, 0, 0);
}

static void check_other_opcodes(uint32_t console)
{
    struct ring_sqe base = { .cap_id = console, .addr = (uintptr_t)&word, .len = 1 };
    for (uint32_t opcode = 10; opcode < 256; opcode++) {
        base.opcode = (uint8_t)opcode;
        int32_t result = run_entry(base);
        check(result == CAP_ERR_INVALID_REQUEST, "opcode %u gives %d", opcode, result);
    }
    base.opcode = RING_OP_PARK_BENCH;
    for (uint16_t method = 0; method < 3; method++) {
        int32_t result = run_entry(with(base, METHOD, method));
        check(result == CAP_ERR_INVALID_REQUEST, "PARK_BENCH method %u gives %d", method, result);
    }
    base.opcode = RING_OP_FINISH;
    for (uint32_t field = 0; field < FIELDS; field++) {
        int32_t result = run_entry(with(base, (enum field)field, UINT64_MAX));
        check(result == CAP_ERR_UNSUPPORTED_OPCODE, "FINISH with %s gives %d", field_names[field], result);
    }
}

int main(void)
{
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    check_call(console.cap_id);
    check_server_side(console.cap_id);
    check_release_and_nop(console.cap_id);
    check_park(console.cap_id);
    check_other_opcodes(console.cap_id);
    check(run_nop() == 0, "a NOP afterwards");
    return finish("ring_wire");
}
