/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CredentialStore: the state of the console password. The kernel has no engine
 * for Argon2id, so it knows whether the manifest configures a verifier but can
 * neither check a password against it nor make one.
 * Source: docs/kernel-semantics.md, "Console credential".
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/sessions.h"
#include "schema/generated/capos_dispatch.h"

#define PASSWORD_BYTES_MAX 256u

static bool is_configured(void)
{
    struct boot_manifest manifest;
    return boot_manifest_open(&manifest) && manifest.root.kernel_params.console_password_verifier_phc.len > 0;
}

static enum capn_outcome status(void *env, void *object, const struct capos_credential_store_console_password_status_params *in,
                                struct capos_credential_store_console_password_status_results *out)
{
    (void)env, (void)object, (void)in;
    out->configured = is_configured();
    return CAPN_DONE;
}

static enum capn_outcome verify(void *env, void *object, const struct capos_credential_store_verify_console_password_params *in,
                                struct capos_credential_store_verify_console_password_results *out)
{
    (void)env, (void)object;
    out->status = in->password.len > PASSWORD_BYTES_MAX ? CAPOS_CREDENTIAL_CHECK_STATUS_DENIED
                                                        : CAPOS_CREDENTIAL_CHECK_STATUS_UNAVAILABLE;
    return CAPN_DONE;
}

static enum capn_outcome policy(void *env, void *object, const struct capos_credential_store_console_bootstrap_policy_params *in,
                                struct capos_credential_store_console_bootstrap_policy_results *out)
{
    (void)env, (void)object, (void)in;
    struct boot_manifest manifest;
    out->development_shell_allowed =
        boot_manifest_open(&manifest) && manifest.root.kernel_params.allow_local_development_shell;
    return CAPN_DONE;
}

static enum capn_outcome create(void *env, void *object, const struct capos_credential_store_create_console_password_params *in,
                                struct capos_credential_store_create_console_password_results *out)
{
    (void)object, (void)out;
    if (in->password.len == 0)
        return session_denied(env, "password is empty");
    if (in->password.len > PASSWORD_BYTES_MAX)
        return session_denied(env, "password is too long");
    if (is_configured())
        return session_denied(env, "console password is already configured");
    return session_denied(env, "console password cannot be created: no verifier engine");
}

static const struct capos_credential_store_ops methods = {
    .console_password_status = status,
    .verify_console_password = verify,
    .console_bootstrap_policy = policy,
    .create_console_password = create,
};

const struct object_ops credential_store_ops = {
    .interface_id = CAPOS_CREDENTIAL_STORE_INTERFACE_ID,
    .label = "credential_store",
    .methods = &methods,
    .serve = capos_credential_store_serve,
};
