/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Checks of resource profiles, seed accounts and role bindings (rows M85 to M97). Works on what manifest_decode_params has
 * read; a list that is compared with itself costs traversal budget, which bounds the work. */
#include "core/manifest/internal.h"

#include "core/base/bytes.h"

#define PROFILE_NAME_MAX 64u
#define DISPLAY_NAME_MAX 96u
#define PRINCIPAL_BYTES 32u

static const char *const roles[] = {
    "guest",           "local-user",       "developer",    "storage-admin",     "net-operator",   "service-operator",
    "security-auditor", "account-admin",   "policy-admin", "recovery-operator", "system-updater", "service-account",
};

/* Is the name that of one of the first `count` profiles? */
static enum manifest_error profile_known(const struct manifest *manifest, struct capn_text name, uint32_t count, bool *known,
                                         struct manifest_report *report)
{
    *known = false;
    for (uint32_t i = 0; i < count && !*known; i++) {
        struct capos_manifest_resource_profile other;
        MANIFEST_READ(capos_manifest_resource_profile_list_get(&manifest->params.resource_profiles, i, &other));
        *known = capn_text_equal(name, other.name);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_length(struct manifest_report *report, const struct manifest_path *at, uint32_t len,
                                        uint32_t limit)
{
    if (len == 0)
        return manifest_value(report, at, "empty");
    return len > limit ? manifest_value_limit(report, at, "bytes:", len, limit) : MANIFEST_OK;
}

enum manifest_error manifest_check_profiles(const struct manifest *manifest, struct manifest_report *report)
{
    for (uint32_t p = 0; p < capn_list_len(&manifest->params.resource_profiles); p++) {
        struct manifest_path profile = MANIFEST_ITEM(&manifest_params_path, "resourceProfiles", p);
        struct manifest_path path = MANIFEST_STEP(&profile, "name");
        struct capos_manifest_resource_profile entry;
        bool known;
        MANIFEST_READ(capos_manifest_resource_profile_list_get(&manifest->params.resource_profiles, p, &entry));
        MANIFEST_TRY(check_length(report, &path, entry.name.len, PROFILE_NAME_MAX));
        MANIFEST_TRY(profile_known(manifest, entry.name, p, &known, report));
        if (known)
            return manifest_value_name(report, &path, "duplicate profile", entry.name);
    }
    return MANIFEST_OK;
}

static bool is_blank_or_control(char c)
{
    return (unsigned char)c <= 0x20 || c == 0x7f;
}

bool manifest_account_name(struct capn_text name, char out[MANIFEST_ACCOUNT_NAME_MAX], struct capn_text *normal)
{
    while (name.len != 0 && is_blank_or_control(name.bytes[name.len - 1]))
        name.len--;
    while (name.len != 0 && is_blank_or_control(name.bytes[0]))
        name = (struct capn_text){ name.bytes + 1, name.len - 1 };
    if (name.len == 0 || name.len > MANIFEST_ACCOUNT_NAME_MAX)
        return false;
    for (uint32_t i = 0; i < name.len; i++) {
        char c = name.bytes[i];
        if ((unsigned char)c >= 0x7f || (unsigned char)c < 0x20 || c == ':')
            return false;
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    *normal = (struct capn_text){ out, name.len };
    return true;
}

struct account_check {
    const struct manifest *manifest;
    struct manifest_report *report;
    const struct manifest_path *path; /* $.kernelParams.seedAccounts[index] */
    uint32_t index;
    struct capos_manifest_seed_account account;
};

static enum manifest_error check_account_name(const struct account_check *check)
{
    struct manifest_report *report = check->report;
    struct manifest_path path = MANIFEST_STEP(check->path, "name");
    char mine[MANIFEST_ACCOUNT_NAME_MAX], others[MANIFEST_ACCOUNT_NAME_MAX];
    struct capn_text name, other;
    MANIFEST_TRY(check_length(report, &path, check->account.name.len, MANIFEST_ACCOUNT_NAME_MAX));
    if (!manifest_account_name(check->account.name, mine, &name))
        return manifest_value_name(report, &path, "not an account name:", check->account.name);
    if (check->account.display_name.len > DISPLAY_NAME_MAX)
        return manifest_value_limit(report, &MANIFEST_STEP(check->path, "displayName"), "bytes:",
                                    check->account.display_name.len, DISPLAY_NAME_MAX);
    for (uint32_t i = 0; i < check->index; i++) {
        struct capos_manifest_seed_account earlier;
        MANIFEST_READ(capos_manifest_seed_account_list_get(&check->manifest->params.seed_accounts, i, &earlier));
        if (manifest_account_name(earlier.name, others, &other) && capn_text_equal(name, other))
            return manifest_value_number(report, &path, "same name as account", i);
    }
    return MANIFEST_OK;
}

enum manifest_error manifest_find_principal(const struct manifest *manifest, struct capn_data principal,
                                            struct capos_manifest_seed_account *out, bool *found,
                                            struct manifest_report *report)
{
    *found = false;
    for (uint32_t i = 0; i < capn_list_len(&manifest->params.seed_accounts) && !*found; i++) {
        MANIFEST_READ(capos_manifest_seed_account_list_get(&manifest->params.seed_accounts, i, out));
        *found = manifest_data_equal(out->principal_id, principal);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_principal(const struct account_check *check)
{
    struct manifest_report *report = check->report;
    struct manifest_path path = MANIFEST_STEP(check->path, "principalId");
    if (check->account.principal_id.len == 0)
        return manifest_value(report, &path, "empty");
    MANIFEST_TRY(manifest_check_size(report, &path, check->account.principal_id.len, PRINCIPAL_BYTES));
    for (uint32_t i = 0; i < check->index; i++) {
        struct capos_manifest_seed_account earlier;
        MANIFEST_READ(capos_manifest_seed_account_list_get(&check->manifest->params.seed_accounts, i, &earlier));
        if (manifest_data_equal(earlier.principal_id, check->account.principal_id))
            return manifest_value_number(report, &path, "same principal as account", i);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_account_profiles(const struct account_check *check)
{
    struct manifest_report *report = check->report;
    struct manifest_path path = MANIFEST_STEP(check->path, "resourceProfile");
    bool known;
    MANIFEST_TRY(profile_known(check->manifest, check->account.resource_profile,
                               capn_list_len(&check->manifest->params.resource_profiles), &known, report));
    if (!known)
        return manifest_value_name(report, &path, "unknown resource profile", check->account.resource_profile);
    if (check->account.policy_profile.len != 0)
        return manifest_value(report, &MANIFEST_STEP(check->path, "policyProfile"), "policy profiles must be empty");
    return MANIFEST_OK;
}

/* Is the reference among the first `count` of the account? */
static enum manifest_error has_reference(const struct account_check *check, const struct capos_manifest_seed_account *account,
                                         uint32_t count, struct capn_data reference, bool *found)
{
    struct manifest_report *report = check->report;
    *found = false;
    for (uint32_t c = 0; c < count && !*found; c++) {
        struct capn_data other;
        MANIFEST_READ(capn_list_data_at(&account->credential_refs, c, &other));
        *found = manifest_data_equal(other, reference);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_reference(const struct account_check *check, uint32_t c, struct capn_data reference)
{
    struct manifest_report *report = check->report;
    static const char console[] = "console-password";
    struct manifest_path path = MANIFEST_ITEM(check->path, "credentialRefs", c);
    bool found;
    if (reference.len == 0)
        return manifest_value(report, &path, "empty");
    MANIFEST_TRY(has_reference(check, &check->account, c, reference, &found));
    if (found)
        return manifest_value(report, &path, "twice in this account");
    for (uint32_t i = 0; i < check->index; i++) {
        struct capos_manifest_seed_account earlier;
        MANIFEST_READ(capos_manifest_seed_account_list_get(&check->manifest->params.seed_accounts, i, &earlier));
        MANIFEST_TRY(has_reference(check, &earlier, capn_list_len(&earlier.credential_refs), reference, &found));
        if (found)
            return manifest_value_number(report, &path, "used by account", i);
    }
    if (reference.len == sizeof console - 1 && memcmp(reference.bytes, console, sizeof console - 1) == 0
        && check->account.kind != CAPOS_PRINCIPAL_KIND_OPERATOR)
        return manifest_value(report, &path, "console-password is for an operator account");
    return MANIFEST_OK;
}

static enum manifest_error check_references(const struct account_check *check)
{
    struct manifest_report *report = check->report;
    for (uint32_t c = 0; c < capn_list_len(&check->account.credential_refs); c++) {
        struct capn_data reference;
        MANIFEST_READ(capn_list_data_at(&check->account.credential_refs, c, &reference));
        MANIFEST_TRY(check_reference(check, c, reference));
    }
    return MANIFEST_OK;
}

static enum manifest_error check_service_binary(const struct account_check *check)
{
    struct manifest_path path = MANIFEST_STEP(check->path, "serviceBinary");
    if (check->account.service_binary.len == 0)
        return MANIFEST_OK;
    if (check->account.kind != CAPOS_PRINCIPAL_KIND_SERVICE)
        return manifest_value(check->report, &path, "only a service account has a binary");
    return manifest_check_binary(check->manifest, check->account.service_binary, "service account", &path, check->report);
}

enum manifest_error manifest_check_accounts(const struct manifest *manifest, struct manifest_report *report)
{
    for (uint32_t a = 0; a < capn_list_len(&manifest->params.seed_accounts); a++) {
        struct manifest_path path = MANIFEST_ITEM(&manifest_params_path, "seedAccounts", a);
        struct account_check check = { .manifest = manifest, .report = report, .path = &path, .index = a };
        MANIFEST_READ(capos_manifest_seed_account_list_get(&manifest->params.seed_accounts, a, &check.account));
        MANIFEST_TRY(check_account_name(&check));
        MANIFEST_TRY(check_principal(&check));
        MANIFEST_TRY(check_account_profiles(&check));
        MANIFEST_TRY(check_references(&check));
        if (capn_list_len(&check.account.direct_caps) != 0)
            return manifest_value(report, &MANIFEST_STEP(&path, "directCaps"), "direct caps must be empty");
        MANIFEST_TRY(check_service_binary(&check));
    }
    return MANIFEST_OK;
}

static bool role_known(struct capn_text role)
{
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (capn_text_equal(role, capn_text_of(roles[i])))
            return true;
    }
    return false;
}

enum manifest_error manifest_check_roles(const struct manifest *manifest, struct manifest_report *report)
{
    const struct capn_list *bindings = &manifest->params.initial_role_bindings;
    for (uint32_t r = 0; r < capn_list_len(bindings); r++) {
        struct manifest_path path = MANIFEST_ITEM(&manifest_params_path, "initialRoleBindings", r);
        struct capos_manifest_role_binding role, earlier;
        struct capos_manifest_seed_account account;
        bool known;
        MANIFEST_READ(capos_manifest_role_binding_list_get(bindings, r, &role));
        if (!role_known(role.role))
            return manifest_value_name(report, &MANIFEST_STEP(&path, "role"), "unknown role", role.role);
        MANIFEST_TRY(manifest_find_principal(manifest, role.principal_id, &account, &known, report));
        if (role.principal_id.len == 0 || !known)
            return manifest_value(report, &MANIFEST_STEP(&path, "principalId"), "no seed account has this principal");
        for (uint32_t i = 0; i < r; i++) {
            MANIFEST_READ(capos_manifest_role_binding_list_get(bindings, i, &earlier));
            if (capn_text_equal(earlier.role, role.role) && manifest_data_equal(earlier.principal_id, role.principal_id))
                return manifest_value_number(report, &path, "same as binding", i);
        }
    }
    return MANIFEST_OK;
}
