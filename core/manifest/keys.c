/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Checks of the SSH host key, the development key source and the authorized keys (rows M101 to M110). Works on what
 * manifest_decode_params has read. */
#include "core/manifest/internal.h"

#define KEY_BYTES 32u
#define IDENTIFIER_BYTES 16u
#define SOURCE_MAX 128u
#define COMMENT_MAX 256u
#define ALGORITHM "ssh-ed25519"
#define HOST_KEY_LABEL "capos-development-only-ssh-host-key"
#define KEY_SOURCE_LABEL "capos-development-only-key-source"

enum manifest_error manifest_check_ssh_key(const struct manifest *manifest, struct manifest_report *report)
{
    const struct capos_ssh_development_host_key *key = &manifest->params.ssh_development_host_key;
    struct manifest_path at = MANIFEST_STEP(&manifest_params_path, "sshDevelopmentHostKey");
    if (!manifest->params.has_ssh_development_host_key)
        return MANIFEST_OK;
    MANIFEST_TRY(manifest_check_text(report, &MANIFEST_STEP(&at, "nonProductionLabel"), key->non_production_label,
                                     HOST_KEY_LABEL));
    MANIFEST_TRY(manifest_check_text(report, &MANIFEST_STEP(&at, "algorithm"), key->algorithm, ALGORITHM));
    MANIFEST_TRY(manifest_check_size(report, &MANIFEST_STEP(&at, "privateKeySeed"), key->private_key_seed.len, KEY_BYTES));
    MANIFEST_TRY(manifest_check_size(report, &MANIFEST_STEP(&at, "publicKey"), key->public_key.len, KEY_BYTES));
    return manifest_check_size(report, &MANIFEST_STEP(&at, "fingerprintSha256"), key->fingerprint_sha256.len, KEY_BYTES);
}

static enum manifest_error check_purposes(const struct capn_list *purposes, const struct manifest_path *at,
                                          struct manifest_report *report)
{
    if (capn_list_len(purposes) == 0)
        return manifest_value(report, &MANIFEST_STEP(at, "allowedPurposes"), "no purposes");
    for (uint32_t n = 0; n < capn_list_len(purposes); n++) {
        struct manifest_path path = MANIFEST_ITEM(at, "allowedPurposes", n);
        uint16_t purpose = capn_list_u16_at(purposes, n);
        if (purpose != CAPOS_KEY_PURPOSE_TLS && purpose != CAPOS_KEY_PURPOSE_ACME_ACCOUNT)
            return manifest_value_number(report, &path, "neither tls nor acme-account, but purpose", purpose);
        for (uint32_t i = 0; i < n; i++) {
            if (capn_list_u16_at(purposes, i) == purpose)
                return manifest_value_number(report, &path, "same as purpose", i);
        }
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_check_key_source(const struct manifest *manifest, struct manifest_report *report)
{
    const struct capos_key_source_bootstrap_config *config = &manifest->params.key_source_bootstrap;
    const struct capos_development_software_key_source_config *software = &config->development_software;
    struct manifest_path bootstrap = MANIFEST_STEP(&manifest_params_path, "keySourceBootstrap");
    struct manifest_path at = MANIFEST_STEP(&bootstrap, "developmentSoftware");
    if (!software->enabled)
        return MANIFEST_OK;
    if (config->deployment_profile != CAPOS_KEY_SOURCE_DEPLOYMENT_PROFILE_LOCAL_DEVELOPMENT)
        return manifest_value(report, &MANIFEST_STEP(&at, "enabled"), "allowed in local-development only");
    MANIFEST_TRY(manifest_check_size(report, &MANIFEST_STEP(&at, "identifier"), software->identifier.len, IDENTIFIER_BYTES));
    MANIFEST_TRY(manifest_check_text(report, &MANIFEST_STEP(&at, "nonProductionLabel"), software->non_production_label,
                                     KEY_SOURCE_LABEL));
    return check_purposes(&software->allowed_purposes, &at, report);
}

struct key_check {
    const struct manifest *manifest;
    struct manifest_report *report;
    const struct manifest_path *path; /* $.kernelParams.authorizedSshKeys[index] */
    uint32_t index;
    struct capos_authorized_ssh_key key;
    enum capos_principal_kind kind; /* of the key's account */
};

static enum manifest_error check_key_fields(struct key_check *check)
{
    struct manifest_report *report = check->report;
    const struct manifest_path *at = check->path;
    struct manifest_path principal = MANIFEST_STEP(at, "principalId");
    struct capos_manifest_seed_account account;
    bool known;
    MANIFEST_TRY(manifest_check_size(report, &MANIFEST_STEP(at, "keyId"), check->key.key_id.len, KEY_BYTES));
    MANIFEST_TRY(manifest_check_size(report, &principal, check->key.principal_id.len, KEY_BYTES));
    MANIFEST_TRY(manifest_find_principal(check->manifest, check->key.principal_id, &account, &known, report));
    if (!known)
        return manifest_value(report, &principal, "no seed account has this principal");
    check->kind = account.kind;
    MANIFEST_TRY(manifest_check_text(report, &MANIFEST_STEP(at, "algorithm"), check->key.algorithm, ALGORITHM));
    MANIFEST_TRY(manifest_check_size(report, &MANIFEST_STEP(at, "publicKey"), check->key.public_key.len, KEY_BYTES));
    return manifest_check_size(report, &MANIFEST_STEP(at, "fingerprintSha256"), check->key.fingerprint_sha256.len, KEY_BYTES);
}

/* The one shell profile that an account of the kind may use; NULL for service accounts. */
static const char *profile_of_kind(enum capos_principal_kind kind)
{
    switch (kind) {
    case CAPOS_PRINCIPAL_KIND_HUMAN:
    case CAPOS_PRINCIPAL_KIND_OPERATOR:
        return "operator";
    case CAPOS_PRINCIPAL_KIND_GUEST:
        return "guest";
    case CAPOS_PRINCIPAL_KIND_ANONYMOUS:
    case CAPOS_PRINCIPAL_KIND_PSEUDONYMOUS:
        return "anonymous";
    case CAPOS_PRINCIPAL_KIND_SERVICE:
        break;
    }
    return NULL;
}

static enum manifest_error check_shell_profiles(const struct key_check *check)
{
    struct manifest_report *report = check->report;
    const struct capn_list *profiles = &check->key.allowed_shell_profiles;
    const char *allowed = profile_of_kind(check->kind);
    if (capn_list_len(profiles) == 0)
        return manifest_value(report, &MANIFEST_STEP(check->path, "allowedShellProfiles"), "no shell profiles");
    for (uint32_t n = 0; n < capn_list_len(profiles); n++) {
        struct manifest_path path = MANIFEST_ITEM(check->path, "allowedShellProfiles", n);
        struct capn_text profile;
        MANIFEST_READ(capn_list_text_at(profiles, n, &profile));
        if (allowed == NULL || !capn_text_equal(profile, capn_text_of(allowed)))
            return manifest_value_name(report, &path, "the account's kind does not allow", profile);
        if (n > 0) /* there is one allowed name, so any second entry repeats it */
            return manifest_value_name(report, &path, "twice:", profile);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_key_repeats(const struct key_check *check)
{
    struct manifest_report *report = check->report;
    for (uint32_t i = 0; i < check->index; i++) {
        struct capos_authorized_ssh_key earlier;
        MANIFEST_READ(capos_authorized_ssh_key_list_get(&check->manifest->params.authorized_ssh_keys, i, &earlier));
        const char *field = manifest_data_equal(earlier.key_id, check->key.key_id) ? "keyId"
            : manifest_data_equal(earlier.fingerprint_sha256, check->key.fingerprint_sha256) ? "fingerprintSha256"
            : manifest_data_equal(earlier.public_key, check->key.public_key)                 ? "publicKey"
                                                                                             : NULL;
        if (field != NULL)
            return manifest_value_number(report, &MANIFEST_STEP(check->path, field), "same as key", i);
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_check_authorized_keys(const struct manifest *manifest, struct manifest_report *report)
{
    for (uint32_t k = 0; k < capn_list_len(&manifest->params.authorized_ssh_keys); k++) {
        struct manifest_path path = MANIFEST_ITEM(&manifest_params_path, "authorizedSshKeys", k);
        struct key_check check = { .manifest = manifest, .report = report, .path = &path, .index = k };
        MANIFEST_READ(capos_authorized_ssh_key_list_get(&manifest->params.authorized_ssh_keys, k, &check.key));
        MANIFEST_TRY(check_key_fields(&check));
        MANIFEST_TRY(check_shell_profiles(&check));
        if (check.key.source.len > SOURCE_MAX)
            return manifest_value_limit(report, &MANIFEST_STEP(&path, "source"), "bytes:", check.key.source.len, SOURCE_MAX);
        if (check.key.comment.len > COMMENT_MAX)
            return manifest_value_limit(report, &MANIFEST_STEP(&path, "comment"), "bytes:", check.key.comment.len,
                                        COMMENT_MAX);
        MANIFEST_TRY(check_key_repeats(&check));
    }
    return MANIFEST_OK;
}
