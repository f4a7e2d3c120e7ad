/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The credential service: CredentialStore and SessionManager behind the
 * endpoint `credentials`, for login front ends. It checks passwords by
 * Argon2id and public keys by Ed25519, which the kernel does not, and has the
 * kernel mint the session of the account that was proved; the session is moved
 * to who asked, nothing is kept. Guests and strangers are the kernel's own
 * SessionManager's business.
 *
 * Needs session_minter, boot_package, virtual_memory, entropy_source and
 * audit_log, and holds nothing that starts or reaches a program. Every attempt
 * is one record in the audit log. Callers learn of a refusal that it was one,
 * not why: an account that does not exist costs them a hash like any other.
 */
#include "core/manifest/manifest.h"
#include "credentials.h"

#define PASSWORD "password"
#define PUBLIC_KEY "ssh-public-key"
#define SSH_ALGORITHM "ssh-ed25519"
#define DENIED "login denied"

static struct capos_client memory, entropy, minter, audit;
static struct console_credential console;

static struct capn_data no_data(void)
{
    return (struct capn_data){ NULL, 0 };
}

static void record(enum capos_audit_event_type event, enum capos_audit_result_class result,
                   enum capos_audit_reason_class reason, struct capn_data principal, const char *method)
{
    struct capos_audit_log_record_params in = {
        .event_type = event, .result_class = result, .reason_class = reason, .principal_id = principal,
        .auth_method = capn_text_of(method), .volatile_ = console_is_volatile(&console) };
    (void)capos_audit_log_record(&audit, &in, NULL);
}

/* ---- the console password --------------------------------------------------------------------- */

static enum capn_outcome status(void *env, void *object, const struct capos_credential_store_console_password_status_params *in,
                                struct capos_credential_store_console_password_status_results *out)
{
    (void)env, (void)object, (void)in;
    out->configured = console_is_configured(&console);
    out->volatile_ = console_is_volatile(&console);
    return CAPN_DONE;
}

static enum capos_audit_result_class class_of(enum capos_credential_check_status result)
{
    if (result == CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS)
        return CAPOS_AUDIT_RESULT_CLASS_OK;
    return result == CAPOS_CREDENTIAL_CHECK_STATUS_DENIED ? CAPOS_AUDIT_RESULT_CLASS_DENIED
                                                          : CAPOS_AUDIT_RESULT_CLASS_UNAVAILABLE;
}

static enum capn_outcome verify(void *env, void *object, const struct capos_credential_store_verify_console_password_params *in,
                                struct capos_credential_store_verify_console_password_results *out)
{
    (void)env, (void)object;
    out->status = console_verify(&console, in->password);
    out->volatile_ = console_is_volatile(&console);
    record(CAPOS_AUDIT_EVENT_TYPE_AUTH, class_of(out->status), CAPOS_AUDIT_REASON_CLASS_PASSWORD, no_data(), PASSWORD);
    return CAPN_DONE;
}

static enum capn_outcome policy(void *env, void *object, const struct capos_credential_store_console_bootstrap_policy_params *in,
                                struct capos_credential_store_console_bootstrap_policy_results *out)
{
    (void)env, (void)object, (void)in;
    out->development_shell_allowed = manifest_development_shell();
    return CAPN_DONE;
}

static enum capn_outcome create(void *env, void *object, const struct capos_credential_store_create_console_password_params *in,
                                struct capos_credential_store_create_console_password_results *out)
{
    (void)object;
    const char *refusal = console_create(&console, in->password);
    record(CAPOS_AUDIT_EVENT_TYPE_SETUP, refusal == NULL ? CAPOS_AUDIT_RESULT_CLASS_OK : CAPOS_AUDIT_RESULT_CLASS_DENIED,
           CAPOS_AUDIT_REASON_CLASS_SETUP_CREATE, no_data(), PASSWORD);
    if (refusal != NULL)
        return capos_call_exception(env, CAPN_FAILED, refusal);
    out->configured = console_is_configured(&console);
    out->volatile_ = console_is_volatile(&console);
    return CAPN_DONE;
}

/* ---- sessions ------------------------------------------------------------------------------------ */

static enum capn_outcome deny(struct capos_call *call, enum capos_audit_result_class result, enum capos_audit_reason_class reason,
                              const char *method)
{
    record(CAPOS_AUDIT_EVENT_TYPE_AUTH, result, reason, no_data(), method);
    return capos_call_exception(call, CAPN_FAILED,
                                result == CAPOS_AUDIT_RESULT_CLASS_UNAVAILABLE ? "login is not available" : DENIED);
}

/* The kernel says of the account what it is, and may refuse. */
static enum capn_outcome start_session(struct capos_call *call, const struct capos_manifest_seed_account *account,
                                       enum capos_auth_strength strength, uint16_t *index)
{
    bool by_password = strength == CAPOS_AUTH_STRENGTH_PASSWORD;
    const char *method = by_password ? PASSWORD : PUBLIC_KEY;
    struct capos_session_minter_mint_params in = { .principal_id = account->principal_id, .auth_strength = strength };
    struct capos_session_minter_mint_results got;
    struct capos_client session;
    if (capos_session_minter_mint(&minter, &in, &got) != CAPOS_OK ||
        capos_reply_take(got.session_index, CAPOS_USER_SESSION_INTERFACE_ID, &session) != CAPOS_OK)
        return deny(call, CAPOS_AUDIT_RESULT_CLASS_UNAVAILABLE, CAPOS_AUDIT_REASON_CLASS_POLICY, method);
    *index = capos_call_give(call, session.cap_id, true);
    record(CAPOS_AUDIT_EVENT_TYPE_AUTH, CAPOS_AUDIT_RESULT_CLASS_OK,
           by_password ? CAPOS_AUDIT_REASON_CLASS_PASSWORD : CAPOS_AUDIT_REASON_CLASS_NONE, account->principal_id, method);
    return CAPN_DONE;
}

static enum capn_outcome login(void *env, void *object, const struct capos_session_manager_login_params *in,
                               struct capos_session_manager_login_results *out)
{
    struct capos_manifest_seed_account account;
    (void)object;
    if (!capn_text_equal(in->method, capn_text_of(PASSWORD)))
        return deny(env, CAPOS_AUDIT_RESULT_CLASS_DENIED, CAPOS_AUDIT_REASON_CLASS_POLICY, "unknown");
    /* The hash comes first, so that its time tells nothing of the account. */
    enum capos_credential_check_status checked = console_verify(&console, in->proof);
    bool known = in->has_selector && manifest_account(&in->selector, &account) && manifest_has_console_password(&account);
    if (checked != CAPOS_CREDENTIAL_CHECK_STATUS_SUCCESS)
        return deny(env, class_of(checked), CAPOS_AUDIT_REASON_CLASS_PASSWORD, PASSWORD);
    if (!known)
        return deny(env, CAPOS_AUDIT_RESULT_CLASS_DENIED, CAPOS_AUDIT_REASON_CLASS_POLICY, PASSWORD);
    return start_session(env, &account, CAPOS_AUTH_STRENGTH_PASSWORD, &out->session_index);
}

static enum capn_outcome ssh_public_key(void *env, void *object, const struct capos_session_manager_ssh_public_key_params *in,
                                        struct capos_session_manager_ssh_public_key_results *out)
{
    struct capos_manifest_seed_account account;
    struct capos_login_selector selector = { .kind = CAPOS_LOGIN_SELECTOR_KIND_ACCOUNT_NAME,
                                             .value = { (const uint8_t *)in->username.bytes, in->username.len } };
    (void)object;
    if (!capn_text_equal(in->algorithm, capn_text_of(SSH_ALGORITHM)) ||
        !hashing_signature_ok(in->public_key, in->auth_bytes, in->signature) || !manifest_account(&selector, &account) ||
        !manifest_allows_key(&account, in->algorithm, in->public_key))
        return deny(env, CAPOS_AUDIT_RESULT_CLASS_DENIED, CAPOS_AUDIT_REASON_CLASS_POLICY, PUBLIC_KEY);
    return start_session(env, &account, CAPOS_AUTH_STRENGTH_PUBLIC_KEY, &out->session_index);
}

/* ---- the service ------------------------------------------------------------------------------------ */

static bool open_all(struct capos_server *server)
{
    return capos_server_open(server, "credentials") == CAPOS_OK &&
           capos_client_open(&memory, "virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID) == CAPOS_OK &&
           capos_client_open(&entropy, "entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID) == CAPOS_OK &&
           capos_client_open(&minter, "session_minter", CAPOS_SESSION_MINTER_INTERFACE_ID) == CAPOS_OK &&
           capos_client_open(&audit, "audit_log", CAPOS_AUDIT_LOG_INTERFACE_ID) == CAPOS_OK;
}

int main(int argc, char **argv)
{
    static const struct capos_credential_store_ops store = {
        .console_password_status = status, .verify_console_password = verify, .console_bootstrap_policy = policy,
        .create_console_password = create };
    static const struct capos_session_manager_ops manager = { .login = login, .ssh_public_key = ssh_public_key };
    static struct capos_served objects[] = {
        { CAPOS_CREDENTIAL_STORE_INTERFACE_ID, capos_credential_store_serve, &store, NULL, 0 },
        { CAPOS_SESSION_MANAGER_INTERFACE_ID, capos_session_manager_serve, &manager, NULL, 0 },
    };
    struct capos_server server = { .objects = objects, .object_count = 2 };
    (void)argc, (void)argv;
    if (!open_all(&server) || !manifest_load(&memory)) {
        capos_print("credentials: needs the endpoint `credentials`, session_minter, boot_package, virtual_memory, "
                    "entropy_source and audit_log\n");
        return 1;
    }
    hashing_open(&memory, &entropy);
    console_open(&console, &hashing_engine, manifest_verifier());
    enum capos_status ended = capos_serve(&server);
    capos_print("credentials: %s\n", capos_status_text(ended));
    return ended == CAPOS_OK ? 0 : 1;
}
