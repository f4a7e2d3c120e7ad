/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SessionManager: new sessions. A guest comes as the first seeded guest
 * account; an anonymous caller as a seeded anonymous account if there is one,
 * else as a principal made for the session. Passwords and keys are not judged
 * in the kernel: those logins are denied here, and served by user/services/credentials.
 * Source: docs/interfaces.md, SessionManager; docs/kernel-semantics.md, AU-05.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/sessions.h"
#include "kernel/proc/process.h"
#include "kernel/state.h"
#include "schema/generated/capos_dispatch.h"

#define REPLY_BYTES 24u

bool session_may_start(struct call *call, enum capn_outcome *outcome)
{
    if (!session_must_live(call, call_process(call)->session, outcome))
        return false;
    if (!kernel.sessions.available) {
        *outcome = call_exception(call, CAP_EXCEPTION_FAILED, "sessions are not available without entropy");
        return false;
    }
    return call_reply_fits(call, REPLY_BYTES, 1, outcome);
}

enum capn_outcome session_start(struct call *call, const struct session_start *start, uint16_t *index)
{
    const struct capos_session_lifetime_config lifetimes = account_session_lifetimes();
    const struct account *account = start->account;
    struct session_request request = {
        .creator = call_process(call)->generation,
        .now_ms = session_now_ms(),
        .lifetime_ms = session_lifetime_ms(&lifetimes, start->profile),
        .principal = account->seed.principal_id.bytes,
        .name = account->seed.display_name.bytes,
        .name_len = account->seed.display_name.len,
        .kind = account->seed.kind,
        .auth = start->auth,
        .profile = start->profile,
    };
    struct session *session;
    if (session_create(&request, &account->profile, &session) != SESSION_OK)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "too many sessions");
    struct object *object = user_session_create(session);
    session_release(session); /* the object keeps it */
    if (object == NULL)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    struct call_result_cap cap = {.object = object, .transfer_mode = start->transfer_mode};
    enum cap_error error = call_add_result_cap(call, cap, index);
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(call, error);
}

static enum capn_outcome guest(void *env, void *object, const struct capos_session_manager_guest_params *in,
                               struct capos_session_manager_guest_results *out)
{
    (void)object, (void)in;
    enum capn_outcome outcome;
    struct account account;
    if (!session_may_start(env, &outcome))
        return outcome;
    if (!account_find(CAPOS_PRINCIPAL_KIND_GUEST, &account))
        return session_denied(env, "no guest principal is seeded");
    return session_start(env, &(struct session_start){.account = &account, .profile = SESSION_PROFILE_GUEST}, &out->session_index);
}

static enum capn_outcome anonymous(void *env, void *object, const struct capos_session_manager_anonymous_params *in,
                                   struct capos_session_manager_anonymous_results *out)
{
    (void)object, (void)in;
    enum capn_outcome outcome;
    struct account account;
    if (!session_may_start(env, &outcome))
        return outcome;
    if (!account_find(CAPOS_PRINCIPAL_KIND_ANONYMOUS, &account))
        account = (struct account){
            .seed = {.kind = CAPOS_PRINCIPAL_KIND_ANONYMOUS, .display_name = capn_text_of("anonymous")},
            .profile = resource_profile_default(),
        };
    return session_start(env, &(struct session_start){.account = &account, .profile = SESSION_PROFILE_ANONYMOUS}, &out->session_index);
}

static enum capn_outcome login(void *env, void *object, const struct capos_session_manager_login_params *in,
                               struct capos_session_manager_login_results *out)
{
    (void)object, (void)out;
    if (capn_text_equal(in->method, capn_text_of("password")))
        return session_denied(env, "password login is not available: no verifier engine");
    return session_denied(env, "unknown login method");
}

static enum capn_outcome ssh_public_key(void *env, void *object, const struct capos_session_manager_ssh_public_key_params *in,
                                        struct capos_session_manager_ssh_public_key_results *out)
{
    (void)object, (void)in, (void)out;
    return session_denied(env, "public key login is not available");
}

static const struct capos_session_manager_ops methods = {
    .login = login, .guest = guest, .anonymous = anonymous, .ssh_public_key = ssh_public_key};

const struct object_ops session_manager_ops = {
    .interface_id = CAPOS_SESSION_MANAGER_INTERFACE_ID,
    .label = "session_manager",
    .methods = &methods,
    .serve = capos_session_manager_serve,
};
