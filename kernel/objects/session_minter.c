/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SessionMinter: operator sessions of seeded accounts, on the word of the
 * holder, which has checked a password or a key in user space. Who the session
 * is for comes from the manifest alone: the holder names an account, not what
 * the account is. Its UserSession is moved on to the front end that asked.
 * Source: docs/interfaces.md, SessionMinter; docs/kernel-semantics.md, AU-05.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/sessions.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome mint(void *env, void *object, const struct capos_session_minter_mint_params *in,
                              struct capos_session_minter_mint_results *out)
{
    (void)object;
    enum capn_outcome outcome;
    struct account account;
    if (!capos_auth_strength_known(in->auth_strength) || in->auth_strength == CAPOS_AUTH_STRENGTH_NONE)
        return session_denied(env, "an operator session needs authentication");
    if (!session_may_start(env, &outcome))
        return outcome;
    if (!account_find_principal(in->principal_id, &account))
        return session_denied(env, "no such principal is seeded");
    if (account.seed.kind != CAPOS_PRINCIPAL_KIND_HUMAN && account.seed.kind != CAPOS_PRINCIPAL_KIND_OPERATOR)
        return session_denied(env, "account is not for operator sessions");
    const struct session_start start = {.account = &account, .auth = in->auth_strength,
                                        .profile = SESSION_PROFILE_OPERATOR, .transfer_mode = CAP_MODE_MOVE};
    return session_start(env, &start, &out->session_index);
}

static const struct capos_session_minter_ops methods = {.mint = mint};

const struct object_ops session_minter_ops = {
    .interface_id = CAPOS_SESSION_MINTER_INTERFACE_ID,
    .label = "session_minter",
    .methods = &methods,
    .serve = capos_session_minter_serve,
};
