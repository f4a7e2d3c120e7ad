/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process with an empty CapSet can end and can enter the kernel, and nothing
 * else. It has no way to print: the exit code is the number of the failed
 * check, or 0.
 */
#include "capos/capos.h"

static _Alignas(8) uint8_t buffer[256];

static int32_t run_entry(struct ring_sqe sqe)
{
    struct capos_completion done;
    enum capos_status status = capos_ring_run(capos_ring(), &sqe, &done);
    return status == CAPOS_OK ? done.result : (int32_t)status;
}

static bool buffer_is_untouched(void)
{
    for (size_t i = 0; i < sizeof buffer; i++) {
        if (buffer[i] != 0xa5)
            return false;
    }
    return true;
}

static int32_t call(uint32_t cap_id, uint16_t method)
{
    return run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = cap_id, .method_id = method,
                                        .result_addr = (uintptr_t)buffer, .result_len = sizeof buffer });
}

static bool invented_ids_fail(void)
{
    static const uint32_t far_ids[] = { 0x01000000, 0xff000000, 0x00ffffff, 0xffffffff, 0x80000000, 4096 };
    for (uint32_t id = 0; id < 300; id++) {
        for (uint16_t method = 0; method < 3; method++) {
            if (call(id, method) != CAP_ERR_INVOKE_FAILED)
                return false;
        }
    }
    for (size_t i = 0; i < sizeof far_ids / sizeof far_ids[0]; i++) {
        if (call(far_ids[i], 0) != CAP_ERR_INVOKE_FAILED)
            return false;
    }
    return true;
}

static bool other_opcodes_fail(void)
{
    static uint32_t word;
    for (uint32_t id = 0; id < 4; id++) {
        if (run_entry((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = id }) != CAP_ERR_INVALID_REQUEST ||
            run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = id }) != CAP_ERR_INVOKE_FAILED ||
            run_entry((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = id, .result_addr = (uintptr_t)buffer,
                                         .result_len = sizeof buffer }) != CAP_ERR_INVOKE_FAILED ||
            run_entry((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = id, .pipeline_dep = 1 }) != CAP_ERR_INVOKE_FAILED ||
            run_entry((struct ring_sqe){ .opcode = RING_OP_PARK, .cap_id = id, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1,
                                         .addr = (uintptr_t)&word }) != CAP_ERR_INVOKE_FAILED ||
            run_entry((struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = id, .addr = (uintptr_t)&word, .len = 1 }) !=
                CAP_ERR_INVOKE_FAILED)
            return false;
    }
    return true;
}

static bool unknown_system_calls_fail(void)
{
    static const uint64_t far_numbers[] = { 1ull << 32, (1ull << 32) | SYSCALL_EXIT, UINT64_MAX, 1ull << 63 };
    for (uint64_t number = 0; number < 600; number++) {
        if (number != SYSCALL_EXIT && number != SYSCALL_CAP_ENTER &&
            capos_syscall(number, (uintptr_t)buffer, sizeof buffer) != SYSCALL_REJECTED)
            return false;
    }
    for (size_t i = 0; i < sizeof far_numbers / sizeof far_numbers[0]; i++) {
        if (capos_syscall(far_numbers[i], 0, 0) != SYSCALL_REJECTED)
            return false;
    }
    return true;
}

int main(void)
{
    struct capos_client client;
    memset(buffer, 0xa5, sizeof buffer);
    if (capos_capset_count() != 0 || capos_capset_find("console") != NULL)
        return 1;
    if (capos_client_open(&client, "console", CAPOS_CONSOLE_INTERFACE_ID) != CAPOS_NOT_GRANTED)
        return 2;
    if (capos_print("nobody can see this\n") != CAPOS_NOT_GRANTED)
        return 3;
    if (!invented_ids_fail())
        return 4;
    if (!other_opcodes_fail())
        return 5;
    if (!unknown_system_calls_fail())
        return 6;
    if (run_entry((struct ring_sqe){ .opcode = RING_OP_NOP }) != 0)
        return 7;
    if (!buffer_is_untouched())
        return 8;
    if (capos_cap_enter(0, 0) != 0 || capos_cap_enter(1, 1000000) != 0)
        return 9;
    return 0;
}
