/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions: how they begin and end, and what the broker's launcher starts in
 * them. The first process is in no session: the front end of all others.
 */
#include "tests/sim/session_kit.h"

/* ---- who is in it ----------------------------------------------------------------------------- */

PROGRAM(info)
{
    struct capos_client session = guest_session();
    struct capos_user_session_info_results got;
    struct capos_user_session_audit_context_results ids;
    uint8_t id[SESSION_ID_BYTES];
    CHECK_EQ(session.interface_id, CAPOS_USER_SESSION_INTERFACE_ID);
    CHECK_EQ(capos_user_session_info(&session, NULL, &got), CAPOS_OK);
    CHECK(got.has_info && got.info.has_principal && got.info.session_id.len == SESSION_ID_BYTES);
    memcpy(id, got.info.session_id.bytes, sizeof id);
    CHECK(got.info.principal.id.len == 32 && memcmp(got.info.principal.id.bytes, guest_id, 32) == 0);
    CHECK_EQ(got.info.principal.kind, CAPOS_PRINCIPAL_KIND_GUEST);
    CHECK(capn_text_equal(got.info.principal.display_name, capn_text_of("A Guest")));
    CHECK_EQ(got.info.auth_strength, CAPOS_AUTH_STRENGTH_NONE);
    CHECK_EQ(got.info.expires_at_ms - got.info.created_at_ms, 300000);
    CHECK(got.info.created_at_ms <= machine_now_ns() / 1000000);
    CHECK(capn_text_equal(got.info.profile, capn_text_of("guest")));
    CHECK_EQ(capos_user_session_audit_context(&session, NULL, &ids), CAPOS_OK);
    CHECK(ids.session_id.len == SESSION_ID_BYTES && memcmp(ids.session_id.bytes, id, sizeof id) == 0);
    CHECK(ids.principal_id.len == 32 && memcmp(ids.principal_id.bytes, guest_id, 32) == 0);
    struct capos_client other = guest_session();
    CHECK_EQ(capos_user_session_audit_context(&other, NULL, &ids), CAPOS_OK);
    CHECK(memcmp(ids.session_id.bytes, id, sizeof id) != 0);
    CHECK(!kit_is_held(session.cap_id + 100));
}

/* Nobody is seeded: a stranger gets a name of its own for each session, a guest nothing. */
PROGRAM(strangers)
{
    struct capos_client manager = guest_open("session_manager"), none;
    REFUSED(manager, try_guest(&manager, &none), CAP_EXCEPTION_FAILED, "no guest principal is seeded");
    uint8_t first[32];
    struct capos_client a = anonymous_session(), b = anonymous_session();
    struct capos_user_session_info_results got;
    CHECK_EQ(capos_user_session_info(&a, NULL, &got), CAPOS_OK);
    CHECK_EQ(got.info.principal.kind, CAPOS_PRINCIPAL_KIND_ANONYMOUS);
    CHECK(capn_text_equal(got.info.profile, capn_text_of("anonymous")));
    CHECK_EQ(got.info.expires_at_ms - got.info.created_at_ms, 300000);
    CHECK_EQ(got.info.principal.id.len, 32);
    memcpy(first, got.info.principal.id.bytes, 32);
    CHECK_EQ(capos_user_session_info(&b, NULL, &got), CAPOS_OK);
    CHECK(memcmp(got.info.principal.id.bytes, first, 32) != 0);
}

PROGRAM(no_entropy)
{
    struct capos_client manager = guest_open("session_manager"), none;
    struct capos_session_manager_anonymous_results got;
    REFUSED(manager, try_guest(&manager, &none), CAP_EXCEPTION_FAILED, "sessions are not available without entropy");
    REFUSED(manager, capos_session_manager_anonymous(&manager, NULL, &got), CAP_EXCEPTION_FAILED,
            "sessions are not available without entropy");
}

PROGRAM(denied)
{
    struct capos_client manager = guest_open("session_manager"), broker = guest_open("authority_broker");
    struct capos_session_manager_login_params in = { .method = capn_text_of("password") };
    struct capos_session_manager_login_results got;
    REFUSED(manager, capos_session_manager_login(&manager, &in, &got), CAP_EXCEPTION_FAILED,
            "password login is not available: no verifier engine");
    in.method = capn_text_of("magic");
    REFUSED(manager, capos_session_manager_login(&manager, &in, &got), CAP_EXCEPTION_FAILED, "unknown login method");
    struct capos_session_manager_ssh_public_key_params key = { .username = capn_text_of("root") };
    struct capos_session_manager_ssh_public_key_results key_got;
    REFUSED(manager, capos_session_manager_ssh_public_key(&manager, &key, &key_got), CAP_EXCEPTION_FAILED,
            "public key login is not available");
    struct capos_client session = guest_session();
    struct bundle none;
    REFUSED(broker, try_bundle(&broker, manager.cap_id, "guest", &none), CAP_EXCEPTION_FAILED, "capability is not a UserSession");
    REFUSED(broker, try_bundle(&broker, session.cap_id, "operator", &none), CAP_EXCEPTION_FAILED,
            "profile is not that of the session");
    CHECK(try_bundle(&broker, 0x00ffffff, "guest", &none) == CAPOS_EXCEPTION);
    CHECK(is_recorded("unknown login method") && is_recorded("public key login is not available"));
    CHECK(is_recorded("profile is not that of the session") && is_recorded("capability is not a UserSession"));
}

PROGRAM(shares)
{
    struct capos_client manager = guest_open("session_manager"), sessions[SESSIONS_PER_CREATOR], none;
    for (uint32_t i = 0; i < SESSIONS_PER_CREATOR; i++)
        CHECK_EQ(try_guest(&manager, &sessions[i]), CAPOS_OK);
    REFUSED(manager, try_guest(&manager, &none), CAP_EXCEPTION_OVERLOADED, "too many sessions");
    CHECK_EQ(logout(&sessions[3]), CAPOS_OK);
    REFUSED(manager, try_guest(&manager, &none), CAP_EXCEPTION_OVERLOADED, "too many sessions");
    CHECK_EQ(guest_release(sessions[3].cap_id), 0);
    CHECK_EQ(try_guest(&manager, &sessions[3]), CAPOS_OK);
    CHECK_EQ(kernel.sessions.table.used, SESSIONS_PER_CREATOR);
    for (uint32_t i = 0; i < SESSIONS_PER_CREATOR; i++)
        CHECK_EQ(guest_release(sessions[i].cap_id), 0);
    CHECK_EQ(kernel.sessions.table.used, 0);
}

/* A reply that does not fit leaves no session behind, and no logout. */
PROGRAM(small_buffers)
{
    struct capos_client manager = guest_open("session_manager"), session = guest_session();
    uint64_t used = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS);
    struct ring_sqe sqe = guest_call_sqe(manager.cap_id, CAPOS_SESSION_MANAGER_GUEST_METHOD,
                                         guest_encode(&capos_session_manager_guest_method, NULL));
    sqe.result_len = 24;
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    CHECK_EQ(kernel.sessions.table.used, 1);
    CHECK_EQ(cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS), used);
    sqe = guest_call_sqe(session.cap_id, CAPOS_USER_SESSION_LOGOUT_METHOD, guest_encode(&capos_user_session_logout_method, NULL));
    sqe.result_len = 8;
    CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    struct capos_user_session_info_results got;
    CHECK_EQ(capos_user_session_info(&session, NULL, &got), CAPOS_OK);
    sqe.result_len = 16;
    CHECK_EQ(guest_run(sqe).result, 16);
    CHECK(capos_user_session_info(&session, NULL, &got) == CAPOS_EXCEPTION);
}

/* ---- ends ------------------------------------------------------------------------------------- */

/* What was derived from a session works no more, whichever capability says so. */
static void check_over(struct capos_client *session, struct bundle *bundle)
{
    struct capos_client broker = guest_open("authority_broker");
    struct capos_user_session_info_results info_got;
    struct capos_user_session_audit_context_results ids;
    struct capos_restricted_launcher_list_binaries_results names;
    struct capos_system_info_motd_results motd;
    struct bundle none;
    struct kit_child child;
    struct capos_client *both[] = { session, &bundle->session };
    for (int i = 0; i < 2; i++) {
        REFUSED(*both[i], capos_user_session_info(both[i], NULL, &info_got), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
        REFUSED(*both[i], capos_user_session_audit_context(both[i], NULL, &ids), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
        REFUSED(*both[i], logout(both[i]), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
        REFUSED(broker, try_bundle(&broker, both[i]->cap_id, "guest", &none), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    }
    REFUSED(bundle->launcher, capos_restricted_launcher_list_binaries(&bundle->launcher, NULL, &names),
            CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    REFUSED(bundle->launcher, try_launch(&bundle->launcher, "idle", NULL, 0, &child), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    CHECK_EQ(capos_system_info_motd(&bundle->info, NULL, &motd), CAPOS_OK);
    CHECK(is_recorded(NOT_LIVE));
}

PROGRAM(idle)
{
}

PROGRAM(logs_out)
{
    struct capos_client session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    CHECK_EQ(logout(&bundle.session), CAPOS_OK);
    check_over(&session, &bundle);
    struct capos_client next = guest_session();
    struct bundle of_next = bundle_of(&next, "guest");
    struct kit_child child = launch(&of_next, "idle", NULL, 0);
    CHECK_EQ(kit_wait(&child), 0);
}

static void sleep_ms(uint64_t ms)
{
    struct capos_client timer = guest_open("timer");
    CHECK_EQ(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = ms * 1000000 }, NULL), CAPOS_OK);
}

PROGRAM(expires)
{
    struct capos_client session = guest_session(), stranger = anonymous_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_user_session_info_results got;
    CHECK_EQ(capos_user_session_info(&session, NULL, &got), CAPOS_OK);
    CHECK_EQ(got.info.expires_at_ms - got.info.created_at_ms, 20);
    sleep_ms(21);
    check_over(&session, &bundle);
    CHECK_EQ(capos_user_session_info(&stranger, NULL, &got), CAPOS_OK);
}

/* ---- launching --------------------------------------------------------------------------------- */

PROGRAM(launches)
{
    struct capos_client ep = guest_open("ep"), session = guest_session(), console = guest_open("console");
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_restricted_launcher_list_binaries_results names;
    CHECK_EQ(capos_restricted_launcher_list_binaries(&bundle.launcher, NULL, &names), CAPOS_OK);
    CHECK_EQ(capn_list_len(&names.names), 2);
    struct capos_cap_grant none = { .name = { "", 0 } }, endpoint = ENDPOINT_GRANT("e"), raw = HELD("ep", ep, CAPOS_CAP_GRANT_MODE_RAW);
    SAYS("program is not for launching", launch_refusal(&bundle, "first", none));
    CHECK(is_recorded("program is not for launching"));
    SAYS("unknown program", launch_refusal(&bundle, "nothing", none));
    struct capos_cap_grant kernel_console = CONSOLE_GRANT("c");
    SAYS("kernel source is not for launched programs", launch_refusal(&bundle, "idle", kernel_console));
    struct capos_cap_grant spawner = KERNEL("s", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    SAYS("kernel source is not for launched programs", launch_refusal(&bundle, "idle", spawner));
    SAYS("only a worker has an endpoint from the kernel", launch_refusal(&bundle, "idle", endpoint));
    SAYS(cap_error_text(CAP_TRANSFER_NOT_ALLOWED), launch_refusal(&bundle, "idle", raw));
    struct capos_restricted_launcher_spawn_worker_params in = { .name = capn_text_of("w"), .binary_name = capn_text_of("idle") };
    struct capos_restricted_launcher_spawn_worker_results got;
    REFUSED(bundle.launcher, capos_restricted_launcher_spawn_worker(&bundle.launcher, &in, &got), CAP_EXCEPTION_INVALID_ARGUMENT,
            "a worker has exactly one endpoint from the kernel");
    struct capos_cap_grant grants[] = { HELD("console", console, CAPOS_CAP_GRANT_MODE_RAW), TIMER_GRANT("timer") };
    uint64_t slots = cap_ledger_used(process_ledger(process_find(1)), CAP_RESOURCE_CAP_SLOTS);
    struct kit_child child = launch(&bundle, "idle", grants, 2);
    CHECK_EQ(cap_ledger_used(process_ledger(process_find(1)), CAP_RESOURCE_CAP_SLOTS), slots + 1);
    const struct process *process = newest();
    CHECK(process->pid != 1 && process->session != NULL && process->parent_pid == 1);
    CHECK_EQ(process->profile.threads, 3);
    CHECK_EQ(process->profile.cap_limit, 40);
    CHECK_EQ(process->profile.ring_scratch, RING_SCRATCH_MAX);
    CHECK_EQ(process->profile.endpoint_queue, PROFILE_DEFAULT_ENDPOINT_QUEUE);
    CHECK(process->profile.frame_grant_pages == PROFILE_UNLIMITED && process_find(1)->session == NULL);
    CHECK_EQ(kit_wait(&child), 0);
}

/* PL-15, and a session that furnishes another one: XS-01. */
PROGRAM(inside)
{
    struct capos_client spawner = conjure(&process_spawner_ops), manager = conjure(&session_manager_ops),
                        broker = conjure(&authority_broker_ops);
    const struct session *mine = self_process()->session;
    struct kit_child child;
    CHECK(mine != NULL);
    CHECK_EQ(kit_try_spawn(&spawner, "idle", NULL, 0, &child), CAPOS_OK);
    CHECK(newest()->session == mine && newest()->profile.threads == 3);
    CHECK_EQ(kit_wait(&child), 0);

    struct capos_client other;
    struct bundle bundle;
    CHECK_EQ(try_guest(&manager, &other), CAPOS_OK);
    CHECK_EQ(try_bundle(&broker, other.cap_id, "guest", &bundle), CAPOS_OK);
    struct capos_client page;
    CHECK_EQ(kit_try_memory(1, &page), CAPOS_OK);
    struct capos_cap_grant raw = HELD("page", page, CAPOS_CAP_GRANT_MODE_RAW), move = HELD("page", page, CAPOS_CAP_GRANT_MODE_MOVE);
    SAYS(cap_error_text(CAP_TRANSFER_NOT_ALLOWED), launch_refusal(&bundle, "idle", raw));
    SAYS(cap_error_text(CAP_TRANSFER_NOT_ALLOWED), launch_refusal(&bundle, "idle", move));
    CHECK(kit_is_held(page.cap_id));
    child = launch(&bundle, "idle", NULL, 0);
    CHECK(newest()->session != mine && newest()->session != NULL);
    CHECK_EQ(kit_wait(&child), 0);

    /* Its own session over, it gets no new one. */
    struct capos_client call_home = guest_open("a");
    CHECK_EQ(ep_run(ep_call_sqe(call_home.cap_id, 1, "", 0)).result, 0);
    REFUSED(manager, try_guest(&manager, &other), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    struct bundle none;
    REFUSED(broker, try_bundle(&broker, other.cap_id, "guest", &none), CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
}

PROGRAM(outside)
{
    struct capos_client ep = guest_open("ep"), session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR,
                                                                  CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = launch(&bundle, "inside", grants, 2);
    struct ring_cqe call = ep_recv(ep.cap_id);
    CHECK_EQ(logout(&session), CAPOS_OK);
    CHECK_EQ(ep_return(ep.cap_id, call.call_id, ""), 0);
    CHECK_EQ(kit_wait(&child), 0);
}

static const struct sim_test tests[] = {
    { .name = "session-info", .init = info, .grants = { MANAGER }, .change = seed },
    { .name = "session-strangers", .init = strangers, .grants = { MANAGER } },
    { .name = "session-no-entropy", .init = no_entropy, .grants = { MANAGER }, .change = seed, .no_entropy = true },
    { .name = "session-denied", .init = denied, .grants = { MANAGER, BROKER }, .change = seed },
    { .name = "session-shares", .init = shares, .grants = { MANAGER }, .change = seed },
    { .name = "session-small-buffers", .init = small_buffers, .grants = { MANAGER }, .change = seed },
    { .name = "session-logout", .init = logs_out, .grants = { MANAGER, BROKER }, .programs = { { "idle", idle } }, .change = seed },
    { .name = "session-expiry", .init = expires, .grants = { MANAGER, BROKER, { "timer", NULL, 0 } }, .programs = { { "idle", idle } },
      .change = seed_short },
    { .name = "session-launcher", .init = launches, .grants = { MANAGER, BROKER, EP, { "console", NULL, 0 } },
      .programs = { { "idle", idle }, { "works", idle } }, .change = seed, .only_cpus = 1 },
    { .name = "session-inherited", .init = outside, .grants = { MANAGER, BROKER, EP }, .programs = { { "inside", inside }, { "idle", idle } },
      .change = seed, .only_cpus = 1 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
