/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Credentials: what the kernel says of the console password, and operator
 * sessions on the word of the service that has checked it.
 */
#include "tests/sim/session_kit.h"

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

/* ---- minting ---------------------------------------------------------------------------------------- */

static enum capos_status try_mint(struct capos_client *minter, struct capn_data principal, enum capos_auth_strength strength,
                                  struct capos_client *session)
{
    struct capos_session_minter_mint_params in = { .principal_id = principal, .auth_strength = strength };
    struct capos_session_minter_mint_results got;
    enum capos_status status = capos_session_minter_mint(minter, &in, &got);
    if (status == CAPOS_OK)
        *session = guest_take_cap(got.session_index);
    return status;
}

#define PRINCIPAL(text) ((struct capn_data){ (const uint8_t *)(text), 32 })
#define ROOT PRINCIPAL("rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr")
#define PERSON PRINCIPAL("hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh")
#define SERVICE PRINCIPAL("ssssssssssssssssssssssssssssssss")

static struct capos_manifest_seed_account more[4];

static void seed_people(struct capos_system_manifest *manifest)
{
    seed(manifest);
    more[0] = accounts[0];
    more[1] = accounts[1];
    more[2] = (struct capos_manifest_seed_account){ .name = capn_text_of("ann"), .principal_id = PERSON,
        .kind = CAPOS_PRINCIPAL_KIND_HUMAN, .display_name = capn_text_of("Ann"), .resource_profile = capn_text_of("small") };
    more[3] = (struct capos_manifest_seed_account){ .name = capn_text_of("daemon"), .principal_id = SERVICE,
        .kind = CAPOS_PRINCIPAL_KIND_SERVICE, .resource_profile = capn_text_of("small") };
    manifest->kernel_params.seed_accounts = capn_list_over(more, 4, sizeof more[0]);
    manifest->kernel_params.has_session_lifetimes = true;
    manifest->kernel_params.session_lifetimes.guest_ms = 20;
}

static void check_minted(struct capn_data principal, enum capos_principal_kind kind, enum capos_auth_strength strength)
{
    struct capos_client minter = guest_open("session_minter"), session = { 0 };
    struct capos_user_session_info_results got;
    CHECK_EQ(try_mint(&minter, principal, strength, &session), CAPOS_OK);
    CHECK_EQ(capos_user_session_info(&session, NULL, &got), CAPOS_OK);
    CHECK(got.info.principal.id.len == 32 && memcmp(got.info.principal.id.bytes, principal.bytes, 32) == 0);
    CHECK_EQ(got.info.principal.kind, kind);
    CHECK_EQ(got.info.auth_strength, strength);
    CHECK_EQ(got.info.expires_at_ms - got.info.created_at_ms, 900000);
    CHECK(capn_text_equal(got.info.profile, capn_text_of("operator")));
    struct bundle bundle = bundle_of(&session, "operator");
    struct kit_child child = launch(&bundle, "idle", NULL, 0);
    CHECK_EQ(newest()->profile.threads, 3);
    CHECK_EQ(kit_wait(&child), 0);
}

PROGRAM(idle)
{
}

PROGRAM(mints)
{
    check_minted(ROOT, CAPOS_PRINCIPAL_KIND_OPERATOR, CAPOS_AUTH_STRENGTH_PASSWORD);
    check_minted(PERSON, CAPOS_PRINCIPAL_KIND_HUMAN, CAPOS_AUTH_STRENGTH_PUBLIC_KEY);
}

#define MINT_REFUSED(principal, strength, said)                                                    \
    do {                                                                                           \
        REFUSED(minter, try_mint(&minter, principal, strength, &none), CAP_EXCEPTION_FAILED, said); \
        CHECK(is_recorded(said));                                                                  \
        CHECK_EQ(kernel.sessions.table.used, 0);                                                   \
    } while (0)

PROGRAM(mints_not)
{
    struct capos_client minter = guest_open("session_minter"), none;
    MINT_REFUSED(ROOT, CAPOS_AUTH_STRENGTH_NONE, "an operator session needs authentication");
    MINT_REFUSED(ROOT, (enum capos_auth_strength)6, "an operator session needs authentication");
    MINT_REFUSED(PRINCIPAL("RRrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr"), CAPOS_AUTH_STRENGTH_PASSWORD, "no such principal is seeded");
    MINT_REFUSED(((struct capn_data){ ROOT.bytes, 31 }), CAPOS_AUTH_STRENGTH_PASSWORD, "no such principal is seeded");
    MINT_REFUSED(((struct capn_data){ NULL, 0 }), CAPOS_AUTH_STRENGTH_PASSWORD, "no such principal is seeded");
    MINT_REFUSED(PRINCIPAL(guest_id), CAPOS_AUTH_STRENGTH_PASSWORD, "account is not for operator sessions");
    MINT_REFUSED(SERVICE, CAPOS_AUTH_STRENGTH_PASSWORD, "account is not for operator sessions");
}

PROGRAM(mints_without)
{
    struct capos_client minter = guest_open("session_minter"), none;
    REFUSED(minter, try_mint(&minter, ROOT, CAPOS_AUTH_STRENGTH_PASSWORD, &none), CAP_EXCEPTION_FAILED,
            "sessions are not available without entropy");
}

/* The service moves the session to the front end that asked, and keeps nothing; a copy is refused. */
PROGRAM(front_end)
{
    struct ring_cqe got = ep_run(ep_call_sqe(guest_open("service").cap_id, 1, "", 0));
    CHECK_EQ(got.cap_count, 1);
    struct capos_client session = { .cap_id = ep_record(CALL_BUFFER, &got, 0).cap_id, .interface_id = CAPOS_USER_SESSION_INTERFACE_ID };
    CHECK_EQ(ep_record(CALL_BUFFER, &got, 0).interface_id, CAPOS_USER_SESSION_INTERFACE_ID);
    struct capos_user_session_info_results info;
    CHECK_EQ(capos_user_session_info(&session, NULL, &info), CAPOS_OK);
    CHECK_EQ(info.info.auth_strength, CAPOS_AUTH_STRENGTH_PASSWORD);
    CHECK_EQ(capos_user_session_logout(&session, NULL, NULL), CAPOS_OK);
}

PROGRAM(hands_on)
{
    struct capos_client ep = guest_open("ep"), minter = guest_open("session_minter"), session = { 0 };
    struct capos_cap_grant facet = FACET("service", ep, 1);
    struct kit_child child = kit_spawn("front_end", &facet, 1);
    struct ring_cqe call = ep_recv(ep.cap_id);
    CHECK_EQ(try_mint(&minter, ROOT, CAPOS_AUTH_STRENGTH_PASSWORD, &session), CAPOS_OK);
    struct ring_transfer_descriptor copy = COPY_OF(session.cap_id), move = MOVE_OF(session.cap_id);
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep.cap_id, call.call_id, "have", 4), &copy, 1)).result, CAP_ERR_TRANSFER_NOT_SUPPORTED);
    CHECK_EQ(ep_run(ep_with_caps(ep_return_sqe(ep.cap_id, call.call_id, "have", 4), &move, 1)).result, 0);
    CHECK(!kit_is_held(session.cap_id));
    CHECK_EQ(kit_wait(&child), 0);
    CHECK_EQ(kernel.sessions.table.used, 0);
}

PROGRAM(mints_many)
{
    struct capos_client minter = guest_open("session_minter"), sessions[SESSIONS_PER_CREATOR], none;
    for (uint32_t i = 0; i < SESSIONS_PER_CREATOR; i++)
        EXPECT(try_mint(&minter, ROOT, CAPOS_AUTH_STRENGTH_PASSWORD, &sessions[i]) == CAPOS_OK);
    REFUSED(minter, try_mint(&minter, ROOT, CAPOS_AUTH_STRENGTH_PASSWORD, &none), CAP_EXCEPTION_OVERLOADED, "too many sessions");
}

#define MINTER { "session_minter", NULL, 0 }

static const struct sim_test tests[] = {
    { .name = "session-credentials", .init = credentials, .grants = { { "credential_store", NULL, 0 } }, .change = configure },
    { .name = "session-no-credentials", .init = no_credentials, .grants = { { "credential_store", NULL, 0 } } },
    { .name = "minter-mints", .init = mints, .grants = { MINTER, BROKER }, .programs = { { "idle", idle } }, .change = seed_people, .only_cpus = 1 },
    { .name = "minter-refuses", .init = mints_not, .grants = { MINTER }, .change = seed_people },
    { .name = "minter-no-entropy", .init = mints_without, .grants = { MINTER }, .change = seed_people, .no_entropy = true },
    { .name = "minter-hands-on", .init = hands_on, .grants = { MINTER, EP, { "process_spawner", NULL, 0 } },
      .programs = { { "front_end", front_end } }, .change = seed },
    { .name = "minter-shares", .init = mints_many, .grants = { MINTER }, .change = seed },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
