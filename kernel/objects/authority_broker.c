/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * AuthorityBroker: what a session may do. Every profile gets the same bundle:
 * a launcher for the session, the session itself, SystemInfo, and no service
 * endpoints, which the front end that asks has to grant itself. The profile
 * must be the session's own.
 * Source: docs/interfaces.md, AuthorityBroker; docs/kernel-semantics.md, AU-05.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/sessions.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "schema/generated/capos_dispatch.h"

#define REPLY_BYTES 32u
#define REPLY_CAPS 3u

static enum capn_outcome find_session(struct call *call, uint32_t cap_id, struct capn_text profile,
                                      struct session **session)
{
    const struct cap_slot *slot;
    enum capn_outcome outcome;
    enum cap_error error = cap_table_lookup(&call_process(call)->table, cap_id, &slot);
    if (error != CAP_OK)
        return call_cap_exception(call, error);
    *session = user_session_of(slot->object);
    if (*session == NULL)
        return session_denied(call, "capability is not a UserSession");
    if (!session_must_live(call, call_process(call)->session, &outcome) || !session_must_live(call, *session, &outcome))
        return outcome;
    if (!capn_text_equal(profile, capn_text_of(session_profile_name((*session)->profile))))
        return session_denied(call, "profile is not that of the session");
    return CAPN_DONE;
}

static enum capn_outcome add(struct call *call, struct object *object, uint16_t *index)
{
    if (object == NULL)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    enum cap_error error = call_add_result_cap(call, (struct call_result_cap){.object = object}, index);
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(call, error);
}

static enum capn_outcome shell_bundle(void *env, void *object, const struct capos_authority_broker_shell_bundle_params *in,
                                      struct capos_authority_broker_shell_bundle_results *out)
{
    (void)object;
    struct session *session = NULL;
    enum capn_outcome outcome = find_session(env, in->session_cap_id, in->profile, &session);
    if (outcome != CAPN_DONE || !call_reply_fits(env, REPLY_BYTES, REPLY_CAPS, &outcome))
        return outcome;
    outcome = add(env, restricted_launcher_create(session), &out->launcher_index);
    if (outcome == CAPN_DONE)
        outcome = add(env, user_session_create(session), &out->session_index);
    if (outcome == CAPN_DONE)
        outcome = add(env, object_new(&system_info_ops), &out->system_info_index);
    return outcome;
}

static enum capn_outcome remote_client_bundle(void *env, void *object,
                                              const struct capos_authority_broker_remote_client_bundle_params *in,
                                              struct capos_authority_broker_remote_client_bundle_results *out)
{
    struct capos_authority_broker_shell_bundle_params same = {.session_cap_id = in->session_cap_id, .profile = in->profile};
    struct capos_authority_broker_shell_bundle_results got = {.launcher_index = 0};
    enum capn_outcome outcome = shell_bundle(env, object, &same, &got);
    out->launcher_index = got.launcher_index;
    out->session_index = got.session_index;
    out->system_info_index = got.system_info_index;
    return outcome;
}

static const struct capos_authority_broker_ops methods = {
    .shell_bundle = shell_bundle, .remote_client_bundle = remote_client_bundle};

const struct object_ops authority_broker_ops = {
    .interface_id = CAPOS_AUTHORITY_BROKER_INTERFACE_ID,
    .label = "authority_broker",
    .methods = &methods,
    .serve = capos_authority_broker_serve,
};
