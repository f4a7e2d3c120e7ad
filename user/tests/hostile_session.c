/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Capabilities over the border of a session (hostile input H46): a program in
 * an anonymous session tries to hand what it holds to a service outside, and
 * the service tries to answer with what it holds. The boot package has this
 * program a second time, as `inside`: the first process's own cannot be launched.
 */
#include "hostile.h"

static _Alignas(8) uint8_t message[16];
static _Alignas(8) uint8_t reply[256];

static struct ring_sqe with_cap(struct ring_sqe sqe, uint32_t id, uint16_t mode)
{
    struct ring_transfer_descriptor cap = { id, mode, 0 };
    memcpy(message + 4, &cap, sizeof cap);
    sqe.addr = (uintptr_t)message;
    sqe.len = 4;
    sqe.xfer_cap_count = 1;
    return sqe;
}

static struct capos_client taken(uint16_t index, uint64_t interface_id)
{
    struct capos_client client = { .cap_id = UINT32_MAX };
    check(capos_reply_take(index, interface_id, &client) == CAPOS_OK, "capability %u did not come", index);
    return client;
}

static int inside(void)
{
    hostile_begin();
    struct capos_client object = new_object();
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = granted("service", CAPOS_ENDPOINT_INTERFACE_ID).cap_id,
                             .result_addr = (uintptr_t)reply, .result_len = sizeof reply };
    expect("H46", run_entry(with_cap(call, object.cap_id, TRANSFER_MODE_COPY)), CAP_ERR_TRANSFER_NOT_SUPPORTED, "a copy out of the session");
    expect("H46", run_entry(with_cap(call, object.cap_id, TRANSFER_MODE_MOVE)), CAP_ERR_TRANSFER_NOT_SUPPORTED, "a move out of the session");
    expect("H46", capos_release(object.cap_id), 0, "it stays here, unlocked");
    expect("H46", run_entry(call), 0, "a call without capabilities");
    return hostile_finish("inside");
}

static struct capos_client launcher_of(const struct capos_client *session)
{
    struct capos_client broker = granted("authority_broker", CAPOS_AUTHORITY_BROKER_INTERFACE_ID);
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session->cap_id, .profile = capn_text_of("anonymous") };
    struct capos_authority_broker_shell_bundle_results got = { 0 };
    check_ok(capos_authority_broker_shell_bundle(&broker, &in, &got), &broker, "shellBundle");
    return taken(got.launcher_index, CAPOS_RESTRICTED_LAUNCHER_INTERFACE_ID);
}

int main(void)
{
    if (capos_capset_find("service") != NULL)
        return inside();
    hostile_begin();
    uint32_t endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    struct capos_client manager = granted("session_manager", CAPOS_SESSION_MANAGER_INTERFACE_ID), object = new_object();
    struct capos_session_manager_anonymous_results started = { 0 };
    check_ok(capos_session_manager_anonymous(&manager, NULL, &started), &manager, "anonymous");
    struct capos_client session = taken(started.session_index, CAPOS_USER_SESSION_INTERFACE_ID);
    struct capos_client launcher = launcher_of(&session);
    const struct capos_cap_grant grants[] = {
        capos_grant_held("console", hostile_console.cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
        { .name = capn_text_of("service"), .cap_id = endpoint, .interface_id = CAPOS_ENDPOINT_INTERFACE_ID,
          .mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT, .badge = 5 },
    };
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of("inside"), .binary_name = capn_text_of("inside"),
                                                         .grants = capn_list_of_array(grants, 3) };
    struct capos_restricted_launcher_spawn_results got = { 0 };
    check_ok(capos_restricted_launcher_spawn(&launcher, &in, &got), &launcher, "spawn");
    struct capos_process child = { .handle = taken(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID) };

    if (check_failures > 0) /* there will be no call */
        return hostile_finish("hostile_session");
    struct capos_completion call = { 0 };
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = endpoint, .result_addr = (uintptr_t)reply, .result_len = sizeof reply };
    check(capos_ring_run(capos_ring(), &recv, &call) == CAPOS_OK && call.result >= 56, "no call came");
    struct ring_sqe answer = { .opcode = RING_OP_RETURN, .cap_id = endpoint, .call_id = call.call_id };
    expect("H46", run_entry(with_cap(answer, object.cap_id, TRANSFER_MODE_COPY)), CAP_ERR_TRANSFER_NOT_SUPPORTED, "a copy into the session");
    expect("H46", run_entry(with_cap(answer, object.cap_id, TRANSFER_MODE_MOVE)), CAP_ERR_TRANSFER_NOT_SUPPORTED, "a move into the session");
    expect("H46", run_entry(answer), 0, "an answer without capabilities");
    expect("H46", exit_code_of(&child), 0, "the program in the session");
    check(capos_release(object.cap_id) == CAPOS_OK, "release");
    capos_client_close(&launcher);
    capos_client_close(&session);
    return hostile_finish("hostile_session");
}
