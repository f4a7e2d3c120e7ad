/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A client of the credential service. What it checks depends on whether the
 * manifest configures a password, "open sesame", made by the reference
 * implementation of Argon2; accounts root (with the password) and ann (with
 * two keys of RFC 8032, the second disabled).
 */
#include "check.h"

#define DENIED "login denied"

static struct capos_client store, manager;

static struct capn_data bytes_of(const char *text)
{
    return (struct capn_data){ (const uint8_t *)text, (uint32_t)text_len(text) };
}

static enum capos_credential_check_status verify(struct capn_data password)
{
    struct capos_credential_store_verify_console_password_params in = { .password = password };
    struct capos_credential_store_verify_console_password_results got = { .status = CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE };
    check_ok(capos_credential_store_verify_console_password(&store, &in, &got), &store, "verifyConsolePassword");
    return got.status;
}

static void check_verify(struct capn_data password, enum capos_credential_check_status wanted)
{
    enum capos_credential_check_status got = verify(password);
    check(got == wanted, "a password of %u bytes: %u, not %u", password.len, (unsigned)got, (unsigned)wanted);
}

static void check_create(struct capn_data password, const char *refusal)
{
    struct capos_credential_store_create_console_password_params in = { .password = password };
    struct capos_credential_store_create_console_password_results got = { 0 };
    enum capos_status status = capos_credential_store_create_console_password(&store, &in, &got);
    if (refusal != NULL) {
        check_exception(status, &store, CAP_EXCEPTION_FAILED, refusal, "createConsolePassword");
        return;
    }
    check_ok(status, &store, "createConsolePassword");
    check(got.configured && got.volatile_, "created: %u, %u", got.configured, got.volatile_);
}

static bool check_status(bool volatile_)
{
    struct capos_credential_store_console_password_status_results got = { 0 };
    struct capos_credential_store_console_bootstrap_policy_results policy = { true };
    check_ok(capos_credential_store_console_password_status(&store, NULL, &got), &store, "consolePasswordStatus");
    check_ok(capos_credential_store_console_bootstrap_policy(&store, NULL, &policy), &store, "consoleBootstrapPolicy");
    check(!policy.development_shell_allowed, "a development shell");
    check(got.volatile_ == volatile_, "volatile %u", got.volatile_);
    return got.configured;
}

/* ---- logins ------------------------------------------------------------------------------- */

static enum capos_status log_in(const struct capos_session_manager_login_params *in, struct capos_client *session)
{
    struct capos_session_manager_login_results got = { 0 };
    enum capos_status status = capos_session_manager_login(&manager, in, &got);
    if (status == CAPOS_OK)
        status = capos_reply_take(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID, session);
    return status;
}

static struct capos_session_manager_login_params by_name(const char *account, const char *password)
{
    return (struct capos_session_manager_login_params){
        .method = capn_text_of("password"), .has_selector = true,
        .selector = { .kind = CAPOS_LOGIN_SELECTOR_KIND_ACCOUNT_NAME, .value = bytes_of(account) }, .proof = bytes_of(password) };
}

static void check_session(struct capos_client *session, char first, enum capos_auth_strength strength,
                          enum capos_principal_kind kind)
{
    struct capos_user_session_info_results got = { 0 };
    check_ok(capos_user_session_info(session, NULL, &got), session, "info");
    check(got.info.principal.id.len == 32 && got.info.principal.id.bytes[0] == (uint8_t)first, "another principal");
    check(got.info.auth_strength == strength && got.info.principal.kind == kind, "strength %u, kind %u",
          (unsigned)got.info.auth_strength, (unsigned)got.info.principal.kind);
    check(capn_text_equal(got.info.profile, capn_text_of("operator")), "another profile");
    check(got.info.expires_at_ms - got.info.created_at_ms == 900000, "another lifetime");
    check_ok(capos_user_session_logout(session, NULL, NULL), session, "logout");
    capos_client_close(session);
}

static void check_login(struct capos_session_manager_login_params in, const char *refusal)
{
    struct capos_client session = { 0 };
    enum capos_status status = log_in(&in, &session);
    if (refusal != NULL) {
        check_exception(status, &manager, CAP_EXCEPTION_FAILED, refusal, "login");
        return;
    }
    check_ok(status, &manager, "login");
    check_session(&session, 'r', CAPOS_AUTH_STRENGTH_PASSWORD, CAPOS_PRINCIPAL_KIND_OPERATOR);
}

static void check_logins(const char *password)
{
    struct capos_session_manager_login_params in = by_name("root", password);
    check_login(in, NULL);
    check_login(by_name("  Root ", password), NULL);
    in.selector = (struct capos_login_selector){ .kind = CAPOS_LOGIN_SELECTOR_KIND_PRINCIPAL_ID,
                                                 .value = bytes_of("rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr") };
    check_login(in, NULL);
    in.selector.value.len = 31;
    check_login(in, DENIED);
    in.selector.kind = (enum capos_login_selector_kind)7;
    check_login(in, DENIED);
    in.has_selector = false;
    check_login(in, DENIED);
    check_login(by_name("root", "open sesamE"), DENIED);
    check_login(by_name("root", ""), DENIED);
    check_login(by_name("ann", password), DENIED); /* no password for her */
    check_login(by_name("nobody", password), DENIED);
    check_login(by_name("ro:ot", password), DENIED);
    in = by_name("root", password);
    in.method = capn_text_of("magic");
    check_login(in, DENIED);
}

/* More sessions than one process may have, one after the other: none stays with the service. */
static void check_many(const char *password)
{
    for (uint32_t i = 0; i < 18; i++)
        check_login(by_name("root", password), NULL);
}

/* ---- keys: RFC 8032, 7.1, TEST 3 and TEST 1 ------------------------------------------------------------ */

static const uint8_t key[32] = {
    0xfc, 0x51, 0xcd, 0x8e, 0x62, 0x18, 0xa1, 0xa3, 0x8d, 0xa4, 0x7e, 0xd0, 0x02, 0x30, 0xf0, 0x58,
    0x08, 0x16, 0xed, 0x13, 0xba, 0x33, 0x03, 0xac, 0x5d, 0xeb, 0x91, 0x15, 0x48, 0x90, 0x80, 0x25 };
static const uint8_t message[2] = { 0xaf, 0x82 };
static const uint8_t signature[64] = {
    0x62, 0x91, 0xd6, 0x57, 0xde, 0xec, 0x24, 0x02, 0x48, 0x27, 0xe6, 0x9c, 0x3a, 0xbe, 0x01, 0xa3,
    0x0c, 0xe5, 0x48, 0xa2, 0x84, 0x74, 0x3a, 0x44, 0x5e, 0x36, 0x80, 0xd7, 0xdb, 0x5a, 0xc3, 0xac,
    0x18, 0xff, 0x9b, 0x53, 0x8d, 0x16, 0xf2, 0x90, 0xae, 0x67, 0xf7, 0x60, 0x98, 0x4d, 0xc6, 0x59,
    0x4a, 0x7c, 0x15, 0xe9, 0x71, 0x6e, 0xd2, 0x8d, 0xc0, 0x27, 0xbe, 0xce, 0xea, 0x1e, 0xc4, 0x0a };
static const uint8_t disabled_key[32] = {
    0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3, 0xc9, 0x64, 0x07, 0x3a,
    0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25, 0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a };
static const uint8_t disabled_signature[64] = {
    0xe5, 0x56, 0x43, 0x00, 0xc3, 0x60, 0xac, 0x72, 0x90, 0x86, 0xe2, 0xcc, 0x80, 0x6e, 0x82, 0x8a,
    0x84, 0x87, 0x7f, 0x1e, 0xb8, 0xe5, 0xd9, 0x74, 0xd8, 0x73, 0xe0, 0x65, 0x22, 0x49, 0x01, 0x55,
    0x5f, 0xb8, 0x82, 0x15, 0x90, 0xa3, 0x3b, 0xac, 0xc6, 0x1e, 0x39, 0x70, 0x1c, 0xf9, 0xb4, 0x6b,
    0xd2, 0x5b, 0xf5, 0xf0, 0x59, 0x5b, 0xbe, 0x24, 0x65, 0x51, 0x41, 0x43, 0x8e, 0x7a, 0x10, 0x0b };

static void check_key(struct capos_session_manager_ssh_public_key_params in, const char *refusal)
{
    struct capos_client session = { 0 };
    struct capos_session_manager_ssh_public_key_results got = { 0 };
    enum capos_status status = capos_session_manager_ssh_public_key(&manager, &in, &got);
    if (refusal != NULL) {
        check_exception(status, &manager, CAP_EXCEPTION_FAILED, refusal, "sshPublicKey");
        return;
    }
    check_ok(status, &manager, "sshPublicKey");
    check(capos_reply_take(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID, &session) == CAPOS_OK, "no session came");
    check_session(&session, 'a', CAPOS_AUTH_STRENGTH_PUBLIC_KEY, CAPOS_PRINCIPAL_KIND_HUMAN);
}

static void check_keys(void)
{
    const struct capos_session_manager_ssh_public_key_params good = {
        .username = capn_text_of("ann"), .algorithm = capn_text_of("ssh-ed25519"), .public_key = { key, sizeof key },
        .auth_bytes = { message, sizeof message }, .signature = { signature, sizeof signature } };
    struct capos_session_manager_ssh_public_key_params in = good;
    check_key(in, NULL);
    in.username = capn_text_of("root"); /* another's key */
    check_key(in, DENIED);
    in.username = capn_text_of("nobody");
    check_key(in, DENIED);
    in = good;
    in.algorithm = capn_text_of("ssh-rsa");
    check_key(in, DENIED);
    in = good;
    in.auth_bytes.len = 1;
    check_key(in, DENIED);
    in = good;
    in.signature.len = 63;
    check_key(in, DENIED);
    in = good;
    in.public_key.len = 31;
    check_key(in, DENIED);
    in = good;
    in.public_key.bytes = disabled_key; /* not its signature */
    check_key(in, DENIED);
    in.auth_bytes.len = 0;
    in.signature.bytes = disabled_signature; /* its signature, but it is not to be used any more */
    check_key(in, DENIED);
}

/* ---- what is left of it ---------------------------------------------------------------------------------- */

/* How many records of programs say this. */
static uint32_t recorded(enum capos_audit_event_type event, enum capos_audit_result_class result)
{
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_system_monitor_audit_params in = { .cursor = 0 };
    struct capos_system_monitor_audit_results got;
    struct capos_audit_record record;
    uint32_t count = 0;
    do {
        check_ok(capos_system_monitor_audit(&monitor, &in, &got), &monitor, "audit");
        for (uint32_t i = 0; i < capn_list_len(&got.records); i++)
            count += capos_audit_record_list_get(&got.records, i, &record) == CAPN_OK && record.kind == CAPOS_AUDIT_KIND_PROGRAM &&
                     record.event.event_type == event && record.event.result_class == result;
        in.cursor = got.next_cursor;
    } while (capn_list_len(&got.records) > 0 && check_failures == 0);
    return count;
}

static void check_audit(enum capos_audit_event_type event, enum capos_audit_result_class result, uint32_t wanted)
{
    uint32_t count = recorded(event, result);
    check(count == wanted, "%u records of event %u with result %u, not %u", count, (unsigned)event, (unsigned)result, wanted);
}

static void configured(void)
{
    static const uint8_t many[257] = { 'x' };
    check_verify((struct capn_data){ many, 257 }, CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_verify((struct capn_data){ many, 256 }, CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_verify(bytes_of("open sesame"), CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS);
    check_verify(bytes_of("open sesame "), CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_verify(bytes_of(""), CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_create(bytes_of(""), "password is empty");
    check_create((struct capn_data){ many, 257 }, "password is too long");
    check_create(bytes_of("mine"), "console password is already configured");
    check_logins("open sesame");
    check_many("open sesame");
    check_keys();
    check_audit(CAPOS_AUDIT_EVENT_TYPE_AUTH, CAPOS_AUDIT_RESULT_CLASS_OK, 1 + 3 + 18 + 1);
    check_audit(CAPOS_AUDIT_EVENT_TYPE_AUTH, CAPOS_AUDIT_RESULT_CLASS_DENIED, 4 + 9 + 8);
    check_audit(CAPOS_AUDIT_EVENT_TYPE_SETUP, CAPOS_AUDIT_RESULT_CLASS_DENIED, 3);
}

static void unconfigured(void)
{
    static const uint8_t many[257] = { 'x' };
    check_verify((struct capn_data){ many, 257 }, CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_verify(bytes_of("open sesame"), CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE);
    check_login(by_name("root", "open sesame"), "login is not available");
    check_create(bytes_of(""), "password is empty");
    check_create((struct capn_data){ many, 257 }, "password is too long");
    check_create(bytes_of("mine"), NULL);
    check(check_status(true), "created and not configured");
    check_create(bytes_of("another"), "console password is already configured");
    check_verify(bytes_of("mine"), CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS);
    check_verify(bytes_of("another"), CAPOS_CREDENTIAL_CHECK_STATUS_DENIED);
    check_login(by_name("root", "mine"), NULL);
    check_audit(CAPOS_AUDIT_EVENT_TYPE_AUTH, CAPOS_AUDIT_RESULT_CLASS_UNAVAILABLE, 2);
    check_audit(CAPOS_AUDIT_EVENT_TYPE_SETUP, CAPOS_AUDIT_RESULT_CLASS_OK, 1);
}

int main(void)
{
    struct capos_session_manager_guest_results none;
    store = granted("store", CAPOS_CREDENTIAL_STORE_INTERFACE_ID);
    manager = granted("manager", CAPOS_SESSION_MANAGER_INTERFACE_ID);
    check_exception(capos_session_manager_guest(&manager, NULL, &none), &manager, CAP_EXCEPTION_UNIMPLEMENTED, NULL, "guest");
    if (check_status(false))
        configured();
    else
        unconfigured();
    return finish("credential_service");
}
