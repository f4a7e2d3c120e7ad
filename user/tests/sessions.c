/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions: an anonymous one from beginning to end, with a program that the
 * broker's launcher starts in it and that this program serves. The boot
 * package has the test a second time, as `inside`: the first process's own
 * program cannot be launched. Started by init, with a capability `told`, its
 * endpoint came with a scope for kind and profile of the callers.
 */
#include "abi/endpoint.h"
#include "check.h"

#define NOT_LIVE "caller session is not live"

static uint32_t endpoint_of(const char *name)
{
    return granted(name, CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
}

static struct ring_sqe call_sqe(uint16_t method, uint8_t *results, uint32_t len)
{
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = endpoint_of("service"), .method_id = method,
                              .result_addr = (uintptr_t)results, .result_len = len, .session_disclosure = 7 };
}

/* Its memory object, for the attempt to hand it over. */
static struct capos_client own_memory(void)
{
    struct capos_client frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID), object = { .cap_id = UINT32_MAX };
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = 1 };
    struct capos_frame_allocator_alloc_contiguous_results got = { 0 };
    check_ok(capos_frame_allocator_alloc_contiguous(&frames, &in, &got), &frames, "allocContiguous");
    check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) == CAPOS_OK, "no memory object");
    return object;
}

/* H46: the entry, with a copy of a hold that stays in its session. */
static void check_stays(struct ring_sqe sqe)
{
    struct capos_client object = own_memory();
    struct ring_transfer_descriptor copy = { .cap_id = object.cap_id, .transfer_mode = TRANSFER_MODE_COPY };
    sqe.addr = (uintptr_t)&copy;
    sqe.xfer_cap_count = 1;
    check(run_entry(sqe) == CAP_ERR_TRANSFER_NOT_SUPPORTED, "a capability crossed the border of its session");
    check(capos_release(object.cap_id) == CAPOS_OK, "it is gone");
}

/* ---- the launched program ----------------------------------------------------------------- */

static int inside(void)
{
    static uint8_t results[256];
    check_stays(call_sqe(9, results, sizeof results));
    for (uint16_t method = 0; method < 2; method++)
        check(run_entry(call_sqe(method, results, sizeof results)) == 0, "call %u failed", method);
    check(run_entry(call_sqe(2, results, sizeof results)) == CAP_ERR_APPLICATION_EXCEPTION, "a stale caller was heard");
    return (int)check_failures;
}

/* ---- the front end and service ------------------------------------------------------------ */

static struct capos_client taken(uint16_t index, uint64_t interface_id)
{
    struct capos_client client = { .cap_id = UINT32_MAX };
    check(capos_reply_take(index, interface_id, &client) == CAPOS_OK, "capability %u did not come", index);
    return client;
}

static struct capos_client start_anonymous(void)
{
    struct capos_client manager = granted("session_manager", CAPOS_SESSION_MANAGER_INTERFACE_ID);
    struct capos_session_manager_anonymous_results got = { 0 };
    struct capos_session_manager_guest_results none;
    check_exception(capos_session_manager_guest(&manager, NULL, &none), &manager, CAP_EXCEPTION_FAILED,
                    "no guest principal is seeded", "guest");
    check_ok(capos_session_manager_anonymous(&manager, NULL, &got), &manager, "anonymous");
    return taken(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID);
}

static void check_info(struct capos_client *session)
{
    struct capos_user_session_info_results got = { 0 };
    check_ok(capos_user_session_info(session, NULL, &got), session, "info");
    check(got.info.principal.kind == CAPOS_PRINCIPAL_KIND_ANONYMOUS, "principal kind %u", (unsigned)got.info.principal.kind);
    check(got.info.session_id.len == 16 && got.info.principal.id.len == 32, "ids of %u and %u bytes",
          got.info.session_id.len, got.info.principal.id.len);
    check(got.info.expires_at_ms - got.info.created_at_ms == 300000, "another lifetime");
    check(capn_text_equal(got.info.profile, capn_text_of("anonymous")), "another profile");
}

static struct capos_client launcher_of(const struct capos_client *session)
{
    struct capos_client broker = granted("authority_broker", CAPOS_AUTHORITY_BROKER_INTERFACE_ID);
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session->cap_id,
                                                             .profile = capn_text_of("operator") };
    struct capos_authority_broker_shell_bundle_results got = { 0 };
    check_exception(capos_authority_broker_shell_bundle(&broker, &in, &got), &broker, CAP_EXCEPTION_FAILED,
                    "profile is not that of the session", "bundle of another profile");
    in.profile = capn_text_of("anonymous");
    check_ok(capos_authority_broker_shell_bundle(&broker, &in, &got), &broker, "shellBundle");
    struct capos_client info = taken(got.system_info_index, CAPOS_SYSTEM_INFO_INTERFACE_ID);
    struct capos_client same = taken(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID);
    struct capos_client launcher = taken(got.launcher_index, CAPOS_RESTRICTED_LAUNCHER_INTERFACE_ID);
    check_info(&same);
    capos_client_close(&info);
    capos_client_close(&same);
    return launcher;
}

static enum capos_status launch(struct capos_client *launcher, const char *binary, struct capos_client *handle)
{
    const struct capos_cap_grant grants[] = {
        capos_grant_kernel(TASK_PREFIX "inside", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        capos_grant_held("console", granted("console", CAPOS_CONSOLE_INTERFACE_ID).cap_id, CAPOS_CONSOLE_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
        { .name = capn_text_of("service"), .cap_id = endpoint_of("endpoint"), .interface_id = CAPOS_ENDPOINT_INTERFACE_ID,
          .mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT, .badge = 5 },
    };
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of("inside"), .binary_name = capn_text_of(binary),
                                                         .grants = capn_list_of_array(grants, 4) };
    struct capos_restricted_launcher_spawn_results got = { 0 };
    enum capos_status status = capos_restricted_launcher_spawn(launcher, &in, &got);
    if (status == CAPOS_OK)
        *handle = taken(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID);
    return status;
}

/* One call, which is then to be answered: who made it. */
static struct caller_session receive(uint16_t method, struct ring_sqe *answer)
{
    static uint8_t buffer[1024];
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = endpoint_of("endpoint"), .result_addr = (uintptr_t)buffer,
                             .result_len = sizeof buffer };
    struct capos_completion call = { .result = 0 };
    struct endpoint_message message = { .params_len = 0 };
    check(capos_ring_run(capos_ring(), &recv, &call) == CAPOS_OK && call.result == (int32_t)sizeof message, "no call came");
    memcpy(&message, buffer, sizeof message);
    check(message.method_id == method && call.badge == 5, "another call came");
    *answer = (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = recv.cap_id, .call_id = call.call_id };
    return message.session;
}

static void check_launcher(struct capos_client *session, struct capos_client *launcher)
{
    struct capos_restricted_launcher_list_binaries_results names = { 0 };
    struct capos_client handle = { .cap_id = UINT32_MAX };
    check_ok(capos_restricted_launcher_list_binaries(launcher, NULL, &names), launcher, "listBinaries");
    bool told = capos_capset_find("told") != NULL;
    check(capn_list_len(&names.names) == (told ? 2 : 1), "%u programs", capn_list_len(&names.names));
    check_exception(launch(launcher, told ? "system-init" : "sessions", &handle), launcher, CAP_EXCEPTION_FAILED, "program is not for launching",
                    "the first program");
    check_ok(launch(launcher, "inside", &handle), launcher, "spawn");

    struct ring_sqe answer;
    struct caller_session first = receive(0, &answer);
    check_stays(answer);
    check(run_entry(answer) == 0, "RETURN failed");
    struct caller_session second = receive(1, &answer);
    check(first.flags == CALLER_SESSION_LIVE && first.scoped_ref != 0 && first.scoped_ref_hi != 0 && first.epoch != 0,
          "no session came with the call");
    check(memcmp(&first, &second, sizeof first) == 0, "another session came");
    check(first.disclosed_fields == (told ? 5 : 0) && first.auth_strength == 0, "fields %u were told", first.disclosed_fields);
    check(first.principal_kind == (told ? 5 : 0) && first.profile_class == (told ? 1 : 0), "kind %u, profile %u",
          first.principal_kind, first.profile_class);
    check_ok(capos_user_session_logout(session, NULL, NULL), session, "logout");
    check(run_entry(answer) == 0, "RETURN to a stale caller failed");
    struct capos_process_handle_wait_results got = { 0 };
    check_ok(capos_process_handle_wait(&handle, NULL, &got), &handle, "wait");
    check(got.exit_code == 0, "the launched program saw an error");
    capos_client_close(&handle);
}

int main(void)
{
    if (task_is("inside"))
        return inside();
    struct capos_client session = start_anonymous();
    check_info(&session);
    struct capos_client launcher = launcher_of(&session), none;
    check_launcher(&session, &launcher);
    struct capos_user_session_info_results got;
    check_exception(capos_user_session_info(&session, NULL, &got), &session, CAP_EXCEPTION_DISCONNECTED, NOT_LIVE, "info");
    check_exception(launch(&launcher, "inside", &none), &launcher, CAP_EXCEPTION_DISCONNECTED, NOT_LIVE, "spawn");
    capos_client_close(&launcher);
    capos_client_close(&session);
    return finish("sessions");
}
