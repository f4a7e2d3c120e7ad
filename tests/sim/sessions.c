/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions: how they begin and end, what a service learns of them, what they
 * keep apart, and what the broker's launcher starts in them. The first process
 * is in no session: the front end and the service of all others.
 */
#include "core/session/session.h"
#include "kernel/log/audit.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

#define NOT_LIVE "caller session is not live"
#define REFUSED(client, status, type, text) \
    CHECK((status) == CAPOS_EXCEPTION && guest_exception_is(&(client), type, text))

/* ---- the manifest ------------------------------------------------------------------------- */

static const uint8_t guest_id[32] = { 'g', 1, 2, [31] = 3 };
static struct capos_manifest_seed_account accounts[2];
static struct capos_manifest_resource_profile profiles[1];

static void seed(struct capos_system_manifest *manifest)
{
    profiles[0] = (struct capos_manifest_resource_profile){
        .name = capn_text_of("small"), .thread_limit = 3, .cap_limit = 40, .ring_scratch_limit_bytes = 1u << 20 };
    accounts[0] = (struct capos_manifest_seed_account){
        .name = capn_text_of("root"), .principal_id = { (const uint8_t *)"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 32 },
        .kind = CAPOS_PRINCIPAL_KIND_OPERATOR, .resource_profile = capn_text_of("small") };
    accounts[1] = (struct capos_manifest_seed_account){
        .name = capn_text_of("guest"), .principal_id = { guest_id, 32 }, .kind = CAPOS_PRINCIPAL_KIND_GUEST,
        .display_name = capn_text_of("A Guest"), .resource_profile = capn_text_of("small") };
    manifest->has_kernel_params = true;
    manifest->kernel_params.seed_accounts = capn_list_over(accounts, 2, sizeof accounts[0]);
    manifest->kernel_params.resource_profiles = capn_list_over(profiles, 1, sizeof profiles[0]);
}

static void seed_short(struct capos_system_manifest *manifest)
{
    seed(manifest);
    manifest->kernel_params.has_session_lifetimes = true;
    manifest->kernel_params.session_lifetimes.guest_ms = 20;
}

/* ---- beginnings ------------------------------------------------------------------------------ */

static enum capos_status try_guest(struct capos_client *manager, struct capos_client *session)
{
    struct capos_session_manager_guest_results got;
    enum capos_status status = capos_session_manager_guest(manager, NULL, &got);
    if (status == CAPOS_OK)
        *session = guest_take_cap(got.session_index);
    return status;
}

static struct capos_client guest_session(void)
{
    struct capos_client manager = guest_open("session_manager"), session = { 0 };
    EXPECT(try_guest(&manager, &session) == CAPOS_OK);
    return session;
}

static struct capos_client anonymous_session(void)
{
    struct capos_client manager = guest_open("session_manager");
    struct capos_session_manager_anonymous_results got = { 0 };
    EXPECT(capos_session_manager_anonymous(&manager, NULL, &got) == CAPOS_OK);
    return guest_take_cap(got.session_index);
}

struct bundle {
    struct capos_client launcher, session, info;
};

static enum capos_status try_bundle(struct capos_client *broker, uint32_t session, const char *profile, struct bundle *out)
{
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session, .profile = capn_text_of(profile) };
    struct capos_authority_broker_shell_bundle_results got;
    enum capos_status status = capos_authority_broker_shell_bundle(broker, &in, &got);
    if (status == CAPOS_OK) {
        CHECK_EQ(capn_list_len(&got.service_endpoints), 0);
        *out = (struct bundle){ guest_take_cap(got.launcher_index), guest_take_cap(got.session_index),
                                guest_take_cap(got.system_info_index) };
    }
    return status;
}

static struct bundle bundle_of(struct capos_client *session, const char *profile)
{
    struct capos_client broker = guest_open("authority_broker");
    struct bundle bundle = { 0 };
    EXPECT(try_bundle(&broker, session->cap_id, profile, &bundle) == CAPOS_OK);
    return bundle;
}

static enum capos_status logout(struct capos_client *session)
{
    return capos_user_session_logout(session, NULL, NULL);
}

static enum capos_status try_launch(struct capos_client *launcher, const char *binary, const struct capos_cap_grant *grants,
                                    uint32_t count, struct kit_child *out)
{
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of("launched"), .binary_name = capn_text_of(binary),
                                                         .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_restricted_launcher_spawn_results got;
    enum capos_status status = capos_restricted_launcher_spawn(launcher, &in, &got);
    if (status == CAPOS_OK) {
        CHECK_EQ(((struct guest *)*sim_local())->cap_count, 1);
        *out = (struct kit_child){ .handle = guest_take_cap(got.handle_index) };
    }
    return status;
}

static struct kit_child launch(struct bundle *bundle, const char *binary, const struct capos_cap_grant *grants, uint32_t count)
{
    struct kit_child child = { 0 };
    enum capos_status status = try_launch(&bundle->launcher, binary, grants, count, &child);
    if (status == CAPOS_EXCEPTION)
        harness_note("launch: %.*s", (int)bundle->launcher.exception.len, bundle->launcher.exception.text);
    EXPECT(status == CAPOS_OK);
    return child;
}

static struct process *newest(void)
{
    struct process *last = NULL;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        last = process;
    return last;
}

static struct process *self_process(void)
{
    return process_find((uint32_t)((struct guest *)*sim_local())->pid);
}

/* A capability that no grant could give the running program. */
static struct capos_client conjure(const struct object_ops *ops)
{
    struct object *object = object_new(ops);
    struct capos_client client = { .interface_id = ops->interface_id };
    CHECK(object != NULL && object_insert(&self_process()->table, object, 0, &client.cap_id) == CAP_OK);
    object_drop(object);
    return client;
}

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

static bool is_recorded(const char *text)
{
    const struct audit_record *record;
    const struct audit_event *event;
    uint64_t cursor = 1;
    while (audit_next(audit_log(), &cursor, &record, &event))
        if (record->kind == AUDIT_DENIAL && record->pid == 1 && record->text_len == strlen(text) &&
            memcmp(record->text, text, record->text_len) == 0)
            return true;
    return false;
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

/* ---- what a service learns ------------------------------------------------------------------- */

static struct ring_sqe asking_sqe(const char *name, uint16_t method, uint64_t mask)
{
    struct ring_sqe sqe = ep_call_sqe(guest_open(name).cap_id, method, "abcd", 4);
    sqe.session_disclosure = mask;
    return sqe;
}

/* Each mask on `a`, then all fields on `b`; the method says which. */
PROGRAM(asks)
{
    for (uint16_t mask = 0; mask <= 7; mask++)
        EXPECT(ep_run(asking_sqe("a", mask, mask)).result == 0);
    EXPECT(ep_run(asking_sqe("b", 7, 7)).result == 0);
    CHECK_EQ(ep_run(asking_sqe("a", 8, 8)).result, CAP_ERR_INVALID_REQUEST);
}

static struct caller_session serve_one(const char *name, uint16_t *method)
{
    uint32_t ep = guest_open(name).cap_id;
    struct ring_cqe got = ep_recv(ep);
    EXPECT(got.result > 0);
    struct endpoint_message header = ep_header();
    *method = header.method_id;
    CHECK_EQ(ep_return(ep, got.call_id, ""), 0);
    return header.session;
}

static bool same_ref(const struct caller_session *a, const struct caller_session *b)
{
    return a->scoped_ref == b->scoped_ref && a->scoped_ref_hi == b->scoped_ref_hi && a->epoch == b->epoch;
}

static void check_ref(const struct caller_session *seen, const char *name, const struct session *session)
{
    struct session_ref ref;
    const struct cap_slot *slot;
    CHECK_EQ(cap_table_lookup(&process_find(1)->table, guest_open(name).cap_id, &slot), CAP_OK);
    session_ref_derive(kernel.sessions.secret, slot->hold.object_id, session->id, SESSION_ID_BYTES, &ref);
    CHECK(seen->scoped_ref == ref.low && seen->scoped_ref_hi == ref.high && seen->epoch == ref.epoch);
}

/* Serves one program that asks; what it saw last on each endpoint. */
static void serve_asking(uint16_t kind, uint16_t profile, const struct session *session, struct caller_session seen[2])
{
    uint16_t method;
    for (uint16_t mask = 0; mask <= 7; mask++) {
        struct caller_session now = serve_one("ep", &method);
        CHECK_EQ(method, mask);
        CHECK_EQ(now.flags, CALLER_SESSION_LIVE);
        CHECK_EQ(now.disclosed_fields, mask & 5);
        CHECK_EQ(now.principal_kind, (mask & 1) != 0 ? kind : 0);
        CHECK_EQ(now.auth_strength, 0);
        CHECK_EQ(now.profile_class, (mask & 4) != 0 ? profile : 0);
        CHECK_EQ(now.reserved, 0);
        CHECK(mask == 0 || same_ref(&now, &seen[0]));
        check_ref(&now, "ep", session);
        seen[0] = now;
    }
    seen[1] = serve_one("ep2", &method);
    check_ref(&seen[1], "ep2", session);
    CHECK_EQ(seen[1].disclosed_fields, 0);
    CHECK_EQ(seen[1].principal_kind | seen[1].profile_class, 0);
    CHECK(!same_ref(&seen[0], &seen[1]));
}

PROGRAM(discloses)
{
    struct capos_client ep = guest_open("ep"), ep2 = guest_open("ep2");
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), FACET("b", ep2, 2) };
    struct caller_session seen[3][2];
    static const struct caller_session none;
    for (int round = 0; round < 3; round++) {
        struct capos_client session = round == 1 ? anonymous_session() : guest_session();
        struct bundle bundle = bundle_of(&session, round == 1 ? "anonymous" : "guest");
        struct kit_child child = launch(&bundle, "asks", grants, 2);
        const struct session *record = newest()->session;
        const struct session known = *record; /* the program may end while it is compared */
        if (round == 2) { /* the program alone keeps it */
            CHECK_EQ(guest_release(session.cap_id) | guest_release(bundle.session.cap_id) | guest_release(bundle.launcher.cap_id), 0);
            CHECK(record->serial != 0 && record->refs == 1);
        }
        serve_asking(round == 1 ? 5 : 4, round == 1 ? 1 : 2, &known, seen[round]);
        CHECK_EQ(kit_wait(&child), 0);
        for (int before = 0; before < round; before++)
            CHECK(!same_ref(&seen[before][0], &seen[round][0]) && !same_ref(&seen[before][1], &seen[round][1]));
    }
    /* Its own calls come from no session, whatever they ask for. */
    uint64_t call = ep_start(asking_sqe("ep", 1, 7));
    uint16_t method;
    struct caller_session mine = serve_one("ep", &method);
    CHECK(memcmp(&mine, &none, sizeof none) == 0);
    CHECK_EQ(ep_await(call).result, 0);
}

/* ---- stale callers ---------------------------------------------------------------------------- */

/* Two calls wait at once; a third comes when its session is over. */
PROGRAM(outstays)
{
    /* In one entry: between two of them the session may end. */
    uint64_t first = guest_submit(asking_sqe("a", 1, 7)), second = guest_submit(asking_sqe("a", 2, 7));
    (void)guest_enter(0, 0);
    CHECK_EQ(ep_await(first).result, 0);
    CHECK_EQ(ep_await(second).result, 0);
    struct ring_cqe refused = ep_run(asking_sqe("a", 3, 0));
    ep_expect_exception(&refused, CAP_EXCEPTION_DISCONNECTED, NOT_LIVE);
    /* Within the session nobody asks. */
    CHECK_EQ(ep_run(asking_sqe("peer", 9, 7)).result, 0);
}

PROGRAM(works)
{
    struct ring_cqe got = ep_recv(guest_open("own").cap_id);
    struct endpoint_message header = ep_header();
    CHECK_EQ(header.method_id, 9);
    CHECK_EQ(header.session.flags, CALLER_SESSION_STALE);
    CHECK(header.session.scoped_ref != 0 && header.session.disclosed_fields == 0);
    CHECK_EQ(ep_return(guest_open("own").cap_id, got.call_id, ""), 0);
}

static struct kit_child launch_worker(struct bundle *bundle, const struct capos_cap_grant *grants, uint32_t count,
                                      struct capos_client *endpoint)
{
    struct capos_restricted_launcher_spawn_worker_params in = {
        .name = capn_text_of("worker"), .binary_name = capn_text_of("works"), .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_restricted_launcher_spawn_worker_results got = { 0 };
    EXPECT(capos_restricted_launcher_spawn_worker(&bundle->launcher, &in, &got) == CAPOS_OK);
    CHECK_EQ(((struct guest *)*sim_local())->cap_count, 2);
    CHECK_EQ(got.handle_index, 0);
    *endpoint = guest_take_cap(1);
    CHECK_EQ(endpoint->interface_id, CAPOS_ENDPOINT_INTERFACE_ID);
    return (struct kit_child){ .handle = guest_take_cap(0) };
}

PROGRAM(goes_stale)
{
    struct capos_client ep = guest_open("ep"), session = guest_session(), peer;
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    struct kit_child worker = launch_worker(&bundle, &own, 1, &peer);
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), HELD("peer", peer, CAPOS_CAP_GRANT_MODE_RAW) };
    struct kit_child child = launch(&bundle, "outstays", grants, 2);
    uint16_t method;
    CHECK_EQ(serve_one("ep", &method).flags, CALLER_SESSION_LIVE);
    CHECK_EQ(method, 1);
    CHECK_EQ(logout(&session), CAPOS_OK);
    struct caller_session late = serve_one("ep", &method);
    CHECK_EQ(method, 2);
    CHECK_EQ(late.flags, CALLER_SESSION_STALE);
    CHECK_EQ(late.disclosed_fields, 7);
    CHECK_EQ(late.principal_kind, 4);
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(kit_wait(&worker), 0);
}

/* ---- apart ------------------------------------------------------------------------------------- */

static uint32_t own_memory(void)
{
    return kit_memory(1).cap_id;
}

/* In its session it may hand things round, across the border it may not. */
PROGRAM(hands_round)
{
    uint32_t page = own_memory();
    struct ring_transfer_descriptor copy = COPY_OF(page), move = MOVE_OF(page);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("a", 1, 0), &copy, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("a", 1, 0), &move, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(guest_release(page), 0);
    page = own_memory();
    struct ring_transfer_descriptor again = MOVE_OF(page);
    CHECK_EQ(ep_run(ep_with_caps(asking_sqe("peer", 1, 0), &again, 1)).result, 4);
    CHECK(!kit_is_held(page));
    /* The service's answer brings nothing either. */
    struct ring_cqe answer = ep_run(asking_sqe("a", 2, 0));
    CHECK(answer.result == 4 && answer.cap_count == 0);
}

PROGRAM(takes)
{
    uint32_t own = guest_open("own").cap_id;
    struct ring_cqe got = ep_recv(own);
    CHECK_EQ(got.cap_count, 1);
    CHECK(kit_is_held(ep_record(RECV_BUFFER, &got, 0).cap_id));
    CHECK_EQ(ep_return(own, got.call_id, "fine"), 0);
    got = ep_recv(own);
    CHECK_EQ(got.cap_count, 0);
    CHECK_EQ(ep_return(own, got.call_id, "done"), 0);
}

PROGRAM(apart)
{
    struct capos_client ep = guest_open("ep"), session = guest_session(), peer;
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_restricted_launcher_spawn_worker_params in = { .name = capn_text_of("w"), .binary_name = capn_text_of("takes") };
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    in.grants = capn_list_over(&own, 1, sizeof own);
    struct capos_restricted_launcher_spawn_worker_results got;
    CHECK_EQ(capos_restricted_launcher_spawn_worker(&bundle.launcher, &in, &got), CAPOS_OK);
    struct kit_child worker = { .handle = guest_take_cap(0) };
    peer = guest_take_cap(1);
    struct capos_cap_grant grants[] = { FACET("a", ep, 1), HELD("peer", peer, CAPOS_CAP_GRANT_MODE_RAW),
                                        KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    struct kit_child child = launch(&bundle, "hands_round", grants, 3);
    struct ring_transfer_descriptor copy = COPY_OF(own_memory());
    struct ring_cqe call = ep_recv(ep.cap_id);
    CHECK_EQ(call.cap_count, 0);
    struct ring_sqe answer = ep_return_sqe(ep.cap_id, call.call_id, "have", 4);
    CHECK_EQ(ep_run(ep_with_caps(answer, &copy, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_return(ep.cap_id, call.call_id, "none"), 0);
    CHECK_EQ(kit_wait(&child), 0);
    struct ring_transfer_descriptor again = COPY_OF(own_memory());
    CHECK_EQ(ep_run(ep_with_caps(ep_call_sqe(peer.cap_id, 1, "abcd", 4), &again, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_run(ep_call_sqe(peer.cap_id, 1, "abcd", 4)).result, 4);
    CHECK_EQ(kit_wait(&worker), 0);
}

/* ---- launching --------------------------------------------------------------------------------- */

static const char *launch_refusal(struct bundle *bundle, const char *binary, struct capos_cap_grant grant)
{
    static char text[128];
    struct kit_child child;
    CHECK_EQ(try_launch(&bundle->launcher, binary, &grant, grant.name.len > 0, &child), CAPOS_EXCEPTION);
    memcpy(text, bundle->launcher.exception.text, bundle->launcher.exception.len);
    text[bundle->launcher.exception.len] = '\0';
    return text;
}

#define SAYS(text, got) CHECK(strcmp(text, got) == 0)

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

/* ---- credentials ---------------------------------------------------------------------------------- */

static void configure(struct capos_system_manifest *manifest)
{
    manifest->has_kernel_params = true;
    manifest->kernel_params.console_password_verifier_phc =
        capn_text_of("$argon2id$v=19$m=4096,t=2,p=1$c2FsdHNhbHRzYWx0c2E$eHl6eHl6eHl6eHl6eHl6eHl6eHl6eHl6eHl6eHl6eHk");
    manifest->kernel_params.allow_local_development_shell = true;
}

static enum capos_credential_check_status verify(struct capos_client *store, uint32_t len)
{
    static const uint8_t bytes[257];
    struct capos_credential_store_verify_console_password_params in = { .password = { bytes, len } };
    struct capos_credential_store_verify_console_password_results got = { 0 };
    CHECK_EQ(capos_credential_store_verify_console_password(store, &in, &got), CAPOS_OK);
    CHECK(!got.volatile_);
    return got.status;
}

static void check_create(struct capos_client *store, uint32_t len, const char *text)
{
    static const uint8_t bytes[257] = { 'x' };
    struct capos_credential_store_create_console_password_params in = { .password = { bytes, len } };
    struct capos_credential_store_create_console_password_results got;
    REFUSED(*store, capos_credential_store_create_console_password(store, &in, &got), CAP_EXCEPTION_FAILED, text);
}

static void check_credentials(bool configured)
{
    struct capos_client store = guest_open("credential_store");
    struct capos_credential_store_console_password_status_results status;
    struct capos_credential_store_console_bootstrap_policy_results policy;
    CHECK_EQ(capos_credential_store_console_password_status(&store, NULL, &status), CAPOS_OK);
    CHECK(status.configured == configured && !status.volatile_);
    CHECK_EQ(verify(&store, 257), CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    CHECK_EQ(verify(&store, 256), CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE);
    CHECK_EQ(capos_credential_store_console_bootstrap_policy(&store, NULL, &policy), CAPOS_OK);
    CHECK_EQ(policy.development_shell_allowed, configured);
    check_create(&store, 0, "password is empty");
    check_create(&store, 257, "password is too long");
    check_create(&store, 256, configured ? "console password is already configured"
                                         : "console password cannot be created: no verifier engine");
}

PROGRAM(credentials)
{
    check_credentials(true);
}

PROGRAM(no_credentials)
{
    check_credentials(false);
}

/* ---- every failure on the way ----------------------------------------------------------------------- */

PROGRAM(asks_once)
{
    struct ring_cqe got = ep_run(asking_sqe("a", 1, 7));
    CHECK(got.result == 0 || harness_faulting());
    if (got.result != 0) /* somebody waits for it */
        CHECK_EQ(ep_run(asking_sqe("a", 1, 7)).result, 0);
}

PROGRAM(fragile)
{
    struct capos_client ep = guest_open("ep"), session = guest_session();
    struct bundle bundle = bundle_of(&session, "guest");
    struct capos_cap_grant grant = FACET("a", ep, 1);
    struct kit_child child = launch(&bundle, "asks_once", &grant, 1);
    struct ring_cqe got = ep_recv(ep.cap_id);
    EXPECT(got.result > 0);
    EXPECT(ep_return(ep.cap_id, got.call_id, "") == 0);
    CHECK_EQ(ep_header().session.flags, CALLER_SESSION_LIVE);
    EXPECT(kit_wait(&child) == 0);
}

#define EP { "ep", "endpoint", 5 }
#define EP_ALL { "ep", "endpoint", 7 }
#define MANAGER { "session_manager", NULL, 0 }
#define BROKER { "authority_broker", NULL, 0 }
#define FRAMES { "frame_allocator", NULL, 0 }

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
    { .name = "session-disclosure", .init = discloses, .grants = { MANAGER, BROKER, EP, { "ep2", "endpoint", 0 } },
      .programs = { { "asks", asks } }, .change = seed, .seeds = 2 },
    { .name = "session-stale-caller", .init = goes_stale, .grants = { MANAGER, BROKER, EP_ALL },
      .programs = { { "outstays", outstays }, { "works", works } }, .change = seed, .seeds = 2 },
    { .name = "session-apart", .init = apart, .grants = { MANAGER, BROKER, EP, FRAMES },
      .programs = { { "hands_round", hands_round }, { "takes", takes } }, .change = seed, .seeds = 2 },
    { .name = "session-launcher", .init = launches, .grants = { MANAGER, BROKER, EP, { "console", NULL, 0 } },
      .programs = { { "idle", idle }, { "works", works } }, .change = seed, .only_cpus = 1 },
    { .name = "session-inherited", .init = outside, .grants = { MANAGER, BROKER, EP }, .programs = { { "inside", inside }, { "idle", idle } },
      .change = seed, .only_cpus = 1 },
    { .name = "session-credentials", .init = credentials, .grants = { { "credential_store", NULL, 0 } }, .change = configure },
    { .name = "session-no-credentials", .init = no_credentials, .grants = { { "credential_store", NULL, 0 } } },
    { .name = "session-fragile", .init = fragile, .grants = { MANAGER, BROKER, EP }, .programs = { { "asks_once", asks_once } },
      .change = seed, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
