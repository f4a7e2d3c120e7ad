/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * UserSession: proof of one session. Whoever holds it may read who is in it
 * and end it. Once the session is over it answers nothing any more.
 * Source: docs/interfaces.md, UserSession; docs/kernel-semantics.md, SE-01 to SE-03.
 */
#include "core/base/text.h"
#include "kernel/ipc/call.h"
#include "kernel/log/audit.h"
#include "kernel/objects/sessions.h"
#include "kernel/proc/session.h"
#include "schema/generated/capos_dispatch.h"

#define LOGOUT_REPLY_BYTES 16u

struct user_session {
    struct object object;
    struct session *session;
};

bool session_must_live(struct call *call, const struct session *session, enum capn_outcome *outcome)
{
    if (session == NULL || session_is_live_now(session))
        return true;
    static const char text[] = "caller session is not live";
    audit_refused_often(call_process(call), text, sizeof text - 1);
    *outcome = call_exception(call, CAP_EXCEPTION_DISCONNECTED, text);
    return false;
}

enum capn_outcome session_denied(struct call *call, const char *text)
{
    audit_refused(call_process(call), text, text_len(text));
    return call_exception(call, CAP_EXCEPTION_FAILED, text);
}

static struct capn_data id_of(const struct session *session)
{
    return (struct capn_data){.bytes = session->id, .len = SESSION_ID_BYTES};
}

static struct capn_data principal_of(const struct session *session)
{
    return (struct capn_data){.bytes = session->principal, .len = SESSION_PRINCIPAL_BYTES};
}

static enum capn_outcome info(void *env, void *object, const struct capos_user_session_info_params *in,
                              struct capos_user_session_info_results *out)
{
    (void)in;
    enum capn_outcome outcome;
    const struct session *session = ((struct user_session *)object)->session;
    if (!session_must_live(env, session, &outcome))
        return outcome;
    out->has_info = true;
    out->info = (struct capos_session_info){
        .session_id = id_of(session),
        .has_principal = true,
        .principal = {.id = principal_of(session), .kind = session->kind,
                      .display_name = {.bytes = session->name, .len = session->name_len}},
        .auth_strength = session->auth,
        .created_at_ms = session->created_ms,
        .expires_at_ms = session->expires_ms,
        .profile = capn_text_of(session_profile_name(session->profile)),
    };
    return CAPN_DONE;
}

static enum capn_outcome audit_context(void *env, void *object, const struct capos_user_session_audit_context_params *in,
                                       struct capos_user_session_audit_context_results *out)
{
    (void)in;
    enum capn_outcome outcome;
    const struct session *session = ((struct user_session *)object)->session;
    if (!session_must_live(env, session, &outcome))
        return outcome;
    out->session_id = id_of(session);
    out->principal_id = principal_of(session);
    return CAPN_DONE;
}

static enum capn_outcome logout(void *env, void *object, const struct capos_user_session_logout_params *in,
                                struct capos_user_session_logout_results *out)
{
    (void)in, (void)out;
    enum capn_outcome outcome;
    struct session *session = ((struct user_session *)object)->session;
    if (!session_must_live(env, session, &outcome) || !call_reply_fits(env, LOGOUT_REPLY_BYTES, 0, &outcome))
        return outcome;
    session_end(session);
    return CAPN_DONE;
}

static const struct capos_user_session_ops methods = {.info = info, .audit_context = audit_context, .logout = logout};

static void destroy(struct object *object)
{
    session_release(((struct user_session *)object)->session);
}

static const struct object_ops ops = {
    .interface_id = CAPOS_USER_SESSION_INTERFACE_ID,
    .label = "user_session",
    .methods = &methods,
    .serve = capos_user_session_serve,
    .destroy = destroy,
};

struct object *user_session_create(struct session *session)
{
    _Static_assert(sizeof(struct user_session) <= OBJECT_BYTES, "pool block");
    struct user_session *object = (struct user_session *)object_new(&ops);
    if (object == NULL)
        return NULL;
    session_hold(session);
    object->session = session;
    return &object->object;
}

struct session *user_session_of(const struct object *object)
{
    return object->ops == &ops ? ((const struct user_session *)object)->session : NULL;
}
