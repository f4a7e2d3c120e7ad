/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process with an empty CapSet can end and can enter the kernel, and nothing
 * else: every number of a system call, every id, every opcode, and nothing of
 * what it tries changes its memory. It has no way to print: the exit code is
 * the number of the failed check, or 0. What its instructions can do is shown
 * by hostile_machine and hostile_state, which need no capability either.
 */
#include "capos/capos.h"

#include "abi/layout.h"

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
    return run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = cap_id, .method_id = method, .addr = (uintptr_t)buffer,
                                        .len = 64, .result_addr = (uintptr_t)buffer, .result_len = sizeof buffer });
}

/* Every id that a table of 256 slots could ever have given out, and each bit of the rest. */
static bool invented_ids_fail(void)
{
    static const uint16_t methods[] = { 0, 1, 2, 7, 255, 65535 };
    for (uint32_t id = 0; id < 300; id++) {
        for (size_t m = 0; m < sizeof methods / sizeof methods[0]; m++) {
            if (call(id, methods[m]) != CAP_ERR_INVOKE_FAILED)
                return false;
        }
    }
    for (uint32_t generation = 0; generation < 256; generation++) {
        for (uint32_t index = 0; index < 256; index += 17) {
            if (call(generation << 24 | index, 0) != CAP_ERR_INVOKE_FAILED)
                return false;
        }
    }
    for (uint32_t bit = 0; bit < 32; bit++) {
        if (call(1u << bit, 0) != CAP_ERR_INVOKE_FAILED || call(~(1u << bit), 0) != CAP_ERR_INVOKE_FAILED)
            return false;
    }
    return call(UINT32_MAX, 0) == CAP_ERR_INVOKE_FAILED;
}

static bool other_opcodes_fail(uint32_t id)
{
    static uint32_t word;
    return run_entry((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = id }) == CAP_ERR_INVALID_REQUEST &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = id }) == CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = id, .call_id = 1, .addr = (uintptr_t)buffer, .len = 8 }) ==
               CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = id, .result_addr = (uintptr_t)buffer,
                                        .result_len = sizeof buffer }) == CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = id, .pipeline_dep = 1 }) == CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_PARK, .cap_id = id, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1,
                                        .addr = (uintptr_t)&word }) == CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = id, .addr = (uintptr_t)&word, .len = 1 }) ==
               CAP_ERR_INVOKE_FAILED &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_FINISH, .cap_id = id }) == CAP_ERR_UNSUPPORTED_OPCODE &&
           run_entry((struct ring_sqe){ .opcode = RING_OP_PARK_BENCH, .cap_id = id }) == CAP_ERR_INVALID_REQUEST;
}

static bool all_opcodes_fail(void)
{
    for (uint32_t id = 0; id < 256; id += 5) {
        if (!other_opcodes_fail(id) || !other_opcodes_fail(id << 24 | id))
            return false;
    }
    for (uint32_t opcode = 10; opcode < 256; opcode++) {
        for (uint32_t id = 0; id < 3; id++) {
            if (run_entry((struct ring_sqe){ .opcode = (uint8_t)opcode, .cap_id = id, .addr = (uintptr_t)buffer, .len = 8 }) !=
                CAP_ERR_INVALID_REQUEST)
                return false;
        }
    }
    return true;
}

static bool is_rejected(uint64_t number)
{
    return capos_syscall(number, (uintptr_t)buffer, sizeof buffer) == SYSCALL_REJECTED &&
           capos_syscall(number, UINT64_MAX, 1ull << 63) == SYSCALL_REJECTED;
}

/* All small numbers, each bit, and the two that exist with each bit added to them. */
static bool unknown_system_calls_fail(void)
{
    uint64_t garbage = 0x9e3779b97f4a7c15;
    for (uint64_t number = 0; number < 1024; number++) {
        if (number != SYSCALL_EXIT && number != SYSCALL_CAP_ENTER && !is_rejected(number))
            return false;
    }
    for (uint32_t bit = 2; bit < 64; bit++) {
        uint64_t high = 1ull << bit;
        if (!is_rejected(high) || !is_rejected(high | SYSCALL_EXIT) || !is_rejected(high | SYSCALL_CAP_ENTER) || !is_rejected(~high))
            return false;
    }
    for (uint32_t i = 0; i < 2000; i++) {
        garbage = garbage * 6364136223846793005ull + 1442695040888963407ull;
        if (garbage > SYSCALL_CAP_ENTER && !is_rejected(garbage))
            return false;
    }
    return true;
}

/* cap_enter without entries: it waits as long as it is told, and says that there is nothing. */
static bool only_waits(void)
{
    static const uint64_t counts[] = { 0, 1, 32, 33, UINT32_MAX, 1ull << 32, UINT64_MAX };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        if (capos_cap_enter((uint32_t)counts[i], 0) != 0 || capos_syscall(SYSCALL_CAP_ENTER, counts[i], 200000) != 0)
            return false;
    }
    return true;
}

int main(void)
{
    struct capos_client client;
    struct capos_thread thread;
    memset(buffer, 0xa5, sizeof buffer);
    if (capos_capset_count() != 0 || capos_capset_find("console") != NULL)
        return 1;
    if (capos_client_open(&client, "console", CAPOS_CONSOLE_INTERFACE_ID) != CAPOS_NOT_GRANTED)
        return 2;
    if (capos_print("nobody can see this\n") != CAPOS_NOT_GRANTED)
        return 3;
    if (!invented_ids_fail())
        return 4;
    if (!all_opcodes_fail())
        return 5;
    if (!unknown_system_calls_fail())
        return 6;
    if (run_entry((struct ring_sqe){ .opcode = RING_OP_NOP }) != 0)
        return 7;
    if (!buffer_is_untouched())
        return 8;
    if (!only_waits())
        return 9;
    if (capos_thread_start(&thread, NULL, NULL, NULL) != CAPOS_NOT_GRANTED)
        return 10;
    return 0;
}
