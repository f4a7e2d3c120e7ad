/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The wire matrix from the guest's side: every opcode with every field that
 * must be refused, and an accepted entry of every opcode. The codes are those
 * of docs/abi.md, "Wire-validation matrix".
 */
#include "hostile.h"

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

/* One line for an opcode and a field, whatever number of values was tried. */
static void report(const char *row, int64_t got, int64_t wanted, const char *opcode, const char *field)
{
    char what[80];
    struct text_buf buf = text_buf_over(what, sizeof what - 1);
    capos_format(&buf, "%s, %s", opcode, field);
    what[buf.len] = '\0';
    expect(row, got, wanted, what);
}

/* `refused` names the fields that must be zero in an entry like `base`. */
static void check_fields(const char *opcode, struct ring_sqe base, int32_t accepted, uint32_t refused)
{
    static const uint64_t values[] = { 1, 0x80, 0x8000, 1ull << 31, 1ull << 63 };
    static const uint64_t masks[FIELDS] = { 0xff, 0xffff, UINT32_MAX, UINT64_MAX, UINT32_MAX, UINT32_MAX, UINT64_MAX,
                                            UINT64_MAX, 0xffff, 0xffff, UINT32_MAX, UINT64_MAX };
    report("H35", run_entry(base), accepted, opcode, "as it should be");
    for (uint32_t field = 0; field < FIELDS; field++) {
        int32_t worst = CAP_ERR_INVALID_REQUEST;
        for (size_t i = 0; i < sizeof values / sizeof values[0] && (refused >> field & 1) != 0; i++) {
            uint64_t value = values[i] & masks[field];
            int32_t result = value == 0 ? worst : run_entry(with(base, (enum field)field, value));
            worst = result == CAP_ERR_INVALID_REQUEST ? worst : result;
        }
        if ((refused >> field & 1) != 0)
            report("H35", worst, CAP_ERR_INVALID_REQUEST, opcode, field_names[field]);
    }
}

#define F(name) (1u << (name))
#define PIPELINE_AND_DISCLOSURE (F(DEP) | F(DEP_FIELD) | F(DISCLOSURE))

static void check_flags(const char *opcode, struct ring_sqe base, uint32_t allowed_a, uint32_t allowed_b)
{
    int32_t worst = CAP_ERR_INVALID_REQUEST;
    for (uint32_t flags = 0; flags < 256; flags++) {
        int32_t result = flags == allowed_a || flags == allowed_b ? worst : run_entry(with(base, FLAGS, flags));
        worst = result == CAP_ERR_INVALID_REQUEST ? worst : result;
    }
    report("H35", worst, CAP_ERR_INVALID_REQUEST, opcode, "all other flags");
}

static void check_call(uint32_t console)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = console, .method_id = 99 };
    check_fields("CALL", call, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, F(DEP) | F(DEP_FIELD) | F(CALL_ID));
    check_flags("CALL", call, 0, 0); /* 0x20 needs a thread id */
    check_flags("CALL with call_id", with(call, CALL_ID, 1), SQE_FLAG_THREAD_OWNED, SQE_FLAG_THREAD_OWNED);
    int32_t result = run_entry(with(with(call, CALL_ID, 1), FLAGS, SQE_FLAG_THREAD_OWNED));
    expect("H37", result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, "CALL owned by this thread");
    expect("H37", run_entry(with(call, FLAGS, SQE_FLAG_THREAD_OWNED)), CAP_ERR_INVALID_REQUEST, "CALL owned by thread 0");
    for (uint64_t mask = 0; mask <= 16; mask++) {
        result = run_entry(with(call, DISCLOSURE, mask));
        bool refused = mask > SESSION_DISCLOSURE_MASK;
        report("H36", result, refused ? CAP_ERR_INVALID_REQUEST : CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, "CALL",
               refused ? "disclosure that does not exist" : "disclosure");
    }
    expect("H36", run_entry(with(call, DISCLOSURE, 1ull << 63)), CAP_ERR_INVALID_REQUEST, "CALL with the highest disclosure bit");
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
    expect("H49", run_entry(with(cancel, DEP, 0)), CAP_ERR_INVALID_REQUEST, "CANCEL without a target");
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
        report("H35", run_entry(with(release, (enum field)field, 1)), CAP_ERR_INVALID_REQUEST, "RELEASE", field_names[field]);
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
    expect("H35", run_entry(with(park, CALL_ID, 0)), CAP_ERR_INVALID_REQUEST, "PARK by nobody");
    struct ring_sqe unpark = { .opcode = RING_OP_UNPARK, .cap_id = console, .addr = (uintptr_t)&word, .len = 1 };
    check_fields("UNPARK", unpark, CAP_ERR_INVOKE_FAILED,
                 PIPELINE_AND_DISCLOSURE | F(METHOD) | F(RESULT_LEN) | F(RESULT_ADDR) | F(XFER) | F(CALL_ID));
    check_flags("UNPARK", unpark, 0, 0);
}

static void check_other_opcodes(uint32_t console)
{
    struct ring_sqe base = { .cap_id = console, .addr = (uintptr_t)&word, .len = 1 };
    int32_t worst = CAP_ERR_INVALID_REQUEST;
    for (uint32_t opcode = 10; opcode < 256; opcode++) {
        base.opcode = (uint8_t)opcode;
        int32_t result = run_entry(base);
        worst = result == CAP_ERR_INVALID_REQUEST ? worst : result;
    }
    expect("H32", worst, CAP_ERR_INVALID_REQUEST, "opcodes 10 to 255");
    base.opcode = RING_OP_PARK_BENCH;
    for (uint16_t method = 0; method < 3; method++)
        expect("H34", run_entry(with(base, METHOD, method)), CAP_ERR_INVALID_REQUEST, "opcode 7");
    base.opcode = RING_OP_FINISH;
    for (uint32_t field = 0; field < FIELDS; field++)
        report("H33", run_entry(with(base, (enum field)field, UINT64_MAX)), CAP_ERR_UNSUPPORTED_OPCODE, "opcode 4", field_names[field]);
}

int main(void)
{
    hostile_begin();
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    check_call(console.cap_id);
    check_server_side(console.cap_id);
    check_release_and_nop(console.cap_id);
    check_park(console.cap_id);
    check_other_opcodes(console.cap_id);
    return hostile_finish("ring_wire");
}
