/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* kernelParams as read from the message (rows M3 and M26): every element of every list is decoded once, numbers outside an
 * enum are refused, absent values get their defaults. Trusts nothing in the message. */
#include "core/manifest/internal.h"

#define DEFAULT_BAUD 115200u
#define DEFAULT_DATA_BITS 8u
#define DEFAULT_STOP_BITS 1u

const struct manifest_path manifest_params_path = { &manifest_root_path, "kernelParams", -1 };

/* Every number of the list is below `count`. */
static enum capn_error check_numbers(const struct capn_list *list, uint32_t count)
{
    for (uint32_t i = 0; i < capn_list_len(list); i++) {
        if (capn_list_u16_at(list, i) >= count)
            return CAPN_UNKNOWN_ENUM;
    }
    return CAPN_OK;
}

static enum capn_error check_account(const struct capn_list *list, uint32_t i)
{
    struct capos_manifest_seed_account account;
    enum capn_error error = capos_manifest_seed_account_list_get(list, i, &account);
    if (error != CAPN_OK)
        return error;
    if (!capos_principal_kind_known(account.kind))
        return CAPN_UNKNOWN_ENUM;
    for (uint32_t c = 0; c < capn_list_len(&account.credential_refs); c++) {
        struct capn_data data;
        if ((error = capn_list_data_at(&account.credential_refs, c, &data)) != CAPN_OK)
            return error;
    }
    return check_numbers(&account.direct_caps, CAPOS_KERNEL_CAP_SOURCE_COUNT);
}

/* Readers of elements that hold nothing but numbers and texts. */
#define PLAIN_READER(name, type)                                        \
    static enum capn_error name(const struct capn_list *list, uint32_t i) \
    {                                                                   \
        struct type element;                                            \
        return type##_list_get(list, i, &element);                      \
    }

PLAIN_READER(check_profile, capos_manifest_resource_profile)
PLAIN_READER(check_role, capos_manifest_role_binding)
PLAIN_READER(check_pool, capos_cpu_isolation_pool_descriptor)
PLAIN_READER(check_grant, capos_cpu_isolation_pool_grant_binding)

static enum capn_error check_key(const struct capn_list *list, uint32_t i)
{
    struct capos_authorized_ssh_key key;
    enum capn_error error = capos_authorized_ssh_key_list_get(list, i, &key);
    for (uint32_t n = 0; error == CAPN_OK && n < capn_list_len(&key.allowed_shell_profiles); n++) {
        struct capn_text text;
        error = capn_list_text_at(&key.allowed_shell_profiles, n, &text);
    }
    return error;
}

static enum capn_error check_lists(const struct capos_system_config *params)
{
    const struct {
        const struct capn_list *list;
        enum capn_error (*check)(const struct capn_list *list, uint32_t i);
    } lists[] = {
        { &params->seed_accounts, check_account },
        { &params->resource_profiles, check_profile },
        { &params->initial_role_bindings, check_role },
        { &params->authorized_ssh_keys, check_key },
        { &params->cpu_isolation_pools, check_pool },
        { &params->cpu_isolation_pool_grants, check_grant },
        { &params->cpu_isolation_grant_minter_allowlist, check_grant },
    };
    for (size_t n = 0; n < sizeof lists / sizeof *lists; n++) {
        for (uint32_t i = 0; i < capn_list_len(lists[n].list); i++) {
            enum capn_error error = lists[n].check(lists[n].list, i);
            if (error != CAPN_OK)
                return error;
        }
    }
    return check_numbers(&params->key_source_bootstrap.development_software.allowed_purposes, CAPOS_KEY_PURPOSE_COUNT);
}

static bool enums_known(const struct capos_system_config *params)
{
    return capos_log_level_known(params->log_level) && capos_uart_port_known(params->console_uart.port)
        && capos_uart_parity_known(params->console_uart.parity) && capos_uart_port_known(params->terminal_uart.port)
        && capos_uart_parity_known(params->terminal_uart.parity)
        && capos_key_source_deployment_profile_known(params->key_source_bootstrap.deployment_profile);
}

/* Number 0 means the default; port and parity are taken as given where the struct is there at all. */
static void default_uart(struct capos_uart_config *uart, bool *present, enum capos_uart_port port)
{
    if (!*present)
        uart->port = port;
    if (uart->baud == 0)
        uart->baud = DEFAULT_BAUD;
    if (uart->data_bits == 0)
        uart->data_bits = DEFAULT_DATA_BITS;
    if (uart->stop_bits == 0)
        uart->stop_bits = DEFAULT_STOP_BITS;
    *present = true;
}

static void fill_defaults(struct capos_system_config *params)
{
    struct capos_session_lifetime_config *lifetimes = &params->session_lifetimes;
    default_uart(&params->console_uart, &params->has_console_uart, CAPOS_UART_PORT_COM1);
    default_uart(&params->terminal_uart, &params->has_terminal_uart, CAPOS_UART_PORT_COM2);
    if (lifetimes->operator_ms == 0)
        lifetimes->operator_ms = MANIFEST_OPERATOR_MS;
    if (lifetimes->guest_ms == 0)
        lifetimes->guest_ms = MANIFEST_GUEST_MS;
    if (lifetimes->anonymous_ms == 0)
        lifetimes->anonymous_ms = MANIFEST_ANONYMOUS_MS;
    params->has_session_lifetimes = true;
    if (!capos_dma_backend_policy_known(params->dma_backend_policy))
        params->dma_backend_policy = CAPOS_DMA_BACKEND_POLICY_BOUNCE_BUFFER;
}

enum manifest_error manifest_decode_params(struct capn_struct root, struct manifest *out, struct manifest_report *report)
{
    struct capos_system_config *params = &out->params;
    enum capn_error error = capos_system_config_decode(root, params);
    if (error == CAPN_OK && !enums_known(params))
        error = CAPN_UNKNOWN_ENUM;
    if (error == CAPN_OK)
        error = check_lists(params);
    if (error != CAPN_OK)
        return manifest_wire(report, error);
    if (params->has_block_device_target && !params->block_device_target.has_pci)
        return manifest_missing(report, &MANIFEST_STEP(&manifest_params_path, "blockDeviceTarget"), "pci");
    fill_defaults(params);
    return MANIFEST_OK;
}
