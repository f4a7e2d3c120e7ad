/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the boot manifest says of accounts and credentials: credentials.h. The kernel has checked it; it is read, not judged. */
#include "abi/layout.h"
#include "core/manifest/manifest.h"
#include "credentials.h"

#define CHUNK_BYTES 4096u
#define OPERATOR "operator"
#define CONSOLE_PASSWORD "console-password"

static struct capn_message message;
static struct capos_system_manifest root;

static bool read_all(struct capos_client *package, uint8_t *to, uint64_t size)
{
    for (uint64_t at = 0; at < size;) {
        struct capos_boot_package_read_manifest_params in = { .offset = at, .max_bytes = CHUNK_BYTES };
        struct capos_boot_package_read_manifest_results got;
        if (capos_boot_package_read_manifest(package, &in, &got) != CAPOS_OK || got.data.len == 0 || got.data.len > size - at)
            return false;
        memcpy(to + at, got.data.bytes, got.data.len);
        at += got.data.len;
    }
    return true;
}

bool manifest_load(struct capos_client *memory)
{
    struct capos_client package;
    struct capos_boot_package_manifest_size_results size;
    struct capos_virtual_memory_map_results room;
    struct capn_struct top;
    if (capos_client_open(&package, "boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID) != CAPOS_OK ||
        capos_boot_package_manifest_size(&package, NULL, &size) != CAPOS_OK || size.size > MANIFEST_BYTES_MAX)
        return false;
    struct capos_virtual_memory_map_params in = { .size = (size.size + PAGE_SIZE) & ~(uint64_t)(PAGE_SIZE - 1),
                                                  .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    if (capos_virtual_memory_map(memory, &in, &room) != CAPOS_OK)
        return false;
    uint8_t *bytes = (uint8_t *)(uintptr_t)room.addr;
    return read_all(&package, bytes, size.size) && capn_message_open(&message, bytes, size.size, CAPN_LIMITS_MANIFEST, NULL) == CAPN_OK &&
           capn_root(&message, &top) == CAPN_OK && capos_system_manifest_decode(top, &root) == CAPN_OK;
}

struct capn_text manifest_verifier(void)
{
    return root.kernel_params.console_password_verifier_phc;
}

bool manifest_development_shell(void)
{
    return root.kernel_params.allow_local_development_shell;
}

static bool same_data(struct capn_data a, struct capn_data b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

static bool is_named(const struct capos_manifest_seed_account *account, struct capn_text name)
{
    char storage[MANIFEST_ACCOUNT_NAME_MAX];
    struct capn_text mine;
    return manifest_account_name(account->name, storage, &mine) && capn_text_equal(mine, name);
}

bool manifest_account(const struct capos_login_selector *selector, struct capos_manifest_seed_account *out)
{
    char storage[MANIFEST_ACCOUNT_NAME_MAX];
    struct capn_text name = { (const char *)selector->value.bytes, selector->value.len };
    bool by_name = selector->kind == CAPOS_LOGIN_SELECTOR_KIND_ACCOUNT_NAME;
    if (by_name ? !manifest_account_name(name, storage, &name)
                : selector->kind != CAPOS_LOGIN_SELECTOR_KIND_PRINCIPAL_ID || selector->value.len != PRINCIPAL_BYTES)
        return false;
    message.words_left = CAPN_LIMITS_MANIFEST.max_traversal_words; /* each login may read as much again */
    const struct capn_list *accounts = &root.kernel_params.seed_accounts;
    for (uint32_t i = 0; i < capn_list_len(accounts); i++)
        if (capos_manifest_seed_account_list_get(accounts, i, out) == CAPN_OK &&
            (by_name ? is_named(out, name) : same_data(out->principal_id, selector->value)))
            return true;
    return false;
}

bool manifest_has_console_password(const struct capos_manifest_seed_account *account)
{
    struct capn_data ref, wanted = { (const uint8_t *)CONSOLE_PASSWORD, sizeof CONSOLE_PASSWORD - 1 };
    for (uint32_t i = 0; i < capn_list_len(&account->credential_refs); i++)
        if (capn_list_data_at(&account->credential_refs, i, &ref) == CAPN_OK && same_data(ref, wanted))
            return true;
    return false;
}

static bool allows_operator(const struct capos_authorized_ssh_key *key)
{
    struct capn_text profile;
    for (uint32_t i = 0; i < capn_list_len(&key->allowed_shell_profiles); i++)
        if (capn_list_text_at(&key->allowed_shell_profiles, i, &profile) == CAPN_OK &&
            capn_text_equal(profile, capn_text_of(OPERATOR)))
            return true;
    return false;
}

/* There is no clock to be trusted with it: a key that has a time of its end is not used at all. */
bool manifest_allows_key(const struct capos_manifest_seed_account *account, struct capn_text algorithm, struct capn_data key)
{
    struct capos_authorized_ssh_key known;
    const struct capn_list *keys = &root.kernel_params.authorized_ssh_keys;
    for (uint32_t i = 0; i < capn_list_len(keys); i++)
        if (capos_authorized_ssh_key_list_get(keys, i, &known) == CAPN_OK && same_data(known.public_key, key))
            return same_data(known.principal_id, account->principal_id) && capn_text_equal(known.algorithm, algorithm) &&
                   known.disabled_at_ms == 0 && allows_operator(&known);
    return false;
}
