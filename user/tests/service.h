/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of services share: calls that no proper client makes, and a
 * service that is ended from outside. The program that includes this calls
 * bad_client() when its task is "bad".
 */
#pragma once

#include "user/tests/check.h"

#define FLOOD 12u /* calls at once, of the 16 that a ring takes */

/* Spawns `binary` as the owner of a fresh endpoint `name`; *facet is ours. */
static inline bool start_service(const char *binary, const struct capos_cap_grant *grants, uint32_t count,
                                 struct capos_process *process, struct capos_client *facet)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    check_ok(capos_process_spawn(&spawner, binary, grants, count, process), &spawner, binary);
    return check_failures == 0 && capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, facet) == CAPOS_OK;
}

/* Ends it; from then on its clients hear `disconnected`. */
static inline void end_service(struct capos_process *process, struct capos_client *facet)
{
    uint8_t reply[160];
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = facet->cap_id, .result_addr = (uintptr_t)reply,
                             .result_len = sizeof reply };
    struct capn_message message;
    struct capn_struct root;
    check(capos_process_terminate(process) == CAPOS_OK, "terminate");
    check(exit_code_of(process) == EXIT_CODE_TERMINATED, "terminated");
    check(run_entry(call) == CAPOS_EXCEPTION, "a call of a dead service");
    bool read = capn_message_open(&message, reply, sizeof reply, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
                capn_root(&message, &root) == CAPN_OK;
    check(read && capn_get_u16(&root, 0) == CAP_EXCEPTION_DISCONNECTED, "a dead service is disconnected");
    capos_client_close(facet);
}

/* The misbehaving client, with the facet `service`: noise, unknown methods, no room for replies, and calls it does not wait for. */
static inline int bad_client(void)
{
    static uint8_t noise[4096], reply[4096];
    const struct capset_entry *service = capos_capset_find("service");
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = service->cap_id, .result_addr = (uintptr_t)reply,
                             .result_len = sizeof reply };
    memset(noise, 0xee, sizeof noise);
    for (uint16_t method = 0; method < 8; method++) {
        call.method_id = method;
        call.addr = (uintptr_t)noise;
        for (call.len = 8; call.len <= sizeof noise; call.len += 2044)
            check(run_entry(call) == CAPOS_EXCEPTION, "noise of %u bytes for method %u", call.len, method);
    }
    call = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = service->cap_id, .method_id = 999 };
    check(run_entry(call) == CAPOS_EXCEPTION_TRUNCATED, "no room for an answer");
    check(run_entry((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = service->cap_id, .call_id = 1 }) == CAPOS_NO_SUCH_CAP,
          "a client cannot answer");
    check(run_entry((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = service->cap_id, .result_addr = (uintptr_t)reply,
                                       .result_len = sizeof reply }) == CAPOS_NO_SUCH_CAP, "a client cannot receive");
    for (uint32_t i = 0; i < FLOOD; i++) {
        uint64_t ticket;
        check(capos_ring_submit(capos_ring(), &call, &ticket) == CAPOS_OK, "flood");
    }
    capos_cap_enter(0, 0);
    return check_failures > 0 ? 1 : 33; /* its last calls are left alone */
}

static inline void run_bad_client(const char *binary, const struct capos_client *facet, uint64_t interface_id)
{
    struct capos_cap_grant grants[] = { CONSOLE_GRANT, capos_grant_held("service", facet->cap_id, interface_id) };
    check(run_task(binary, "bad", grants, 2) == 33, "the misbehaving client");
}
