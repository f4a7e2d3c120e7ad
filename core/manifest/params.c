/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Checks of kernelParams: texts, UARTs, block target, CPU isolation (rows M70 to M84 and M98 to M100), and the order of all.
 * Works on what manifest_decode_params has read; trusts only that. */
#include "core/base/bytes.h"
#include "core/manifest/internal.h"
#include "core/phc/phc.h"

#define UART_CLOCK 115200u
#define UART_DIVISOR_MAX 65535u
#define PCI_DEVICE_MAX 31u
#define PCI_FUNCTION_MAX 7u

#define STEP(name) (&MANIFEST_STEP(&manifest_params_path, name))

bool manifest_data_equal(struct capn_data a, struct capn_data b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.bytes, b.bytes, a.len) == 0);
}

enum manifest_error manifest_check_size(struct manifest_report *report, const struct manifest_path *at, uint32_t len,
                                        uint32_t wanted)
{
    if (len == wanted)
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, "expected ");
    text_buf_append_u64(&text, wanted);
    text_buf_append_str(&text, " bytes, found ");
    text_buf_append_u64(&text, len);
    return manifest_value_end(report, &text);
}

enum manifest_error manifest_check_text(struct manifest_report *report, const struct manifest_path *at,
                                        struct capn_text found, const char *wanted)
{
    if (capn_text_equal(found, capn_text_of(wanted)))
        return MANIFEST_OK;
    struct text_buf text = manifest_value_begin(report, at);
    text_buf_append_str(&text, "expected `");
    text_buf_append_str(&text, wanted);
    text_buf_append_str(&text, "`, found ");
    manifest_append_name(&text, found);
    return manifest_value_end(report, &text);
}

static enum manifest_error check_verifier(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path path = *STEP("consolePasswordVerifierPhc");
    struct capn_text verifier = manifest->params.console_password_verifier_phc;
    struct phc phc;
    enum phc_error error = phc_parse(verifier, &phc);
    if (error == PHC_OK || error == PHC_EMPTY)
        return MANIFEST_OK;
    if (error == PHC_TOO_LONG)
        return manifest_value_limit(report, &path, "bytes:", verifier.len, PHC_BYTES_MAX);
    if (error != PHC_ABOVE_LIMITS)
        return manifest_value(report, &path, "not an argon2id verifier in PHC form");
    if (phc.memory_kib > PHC_MEMORY_KIB_MAX)
        return manifest_value_limit(report, &path, "argon2id memory cost m:", phc.memory_kib, PHC_MEMORY_KIB_MAX);
    if (phc.passes > PHC_PASSES_MAX)
        return manifest_value_limit(report, &path, "argon2id time cost t:", phc.passes, PHC_PASSES_MAX);
    return manifest_value_limit(report, &path, "argon2id lanes p:", phc.lanes, PHC_LANES_MAX);
}

/* The next character of valid UTF-8. */
static uint32_t next_char(struct capn_text text, uint32_t *at)
{
    uint8_t lead = (uint8_t)text.bytes[(*at)++];
    uint32_t more = lead >= 0xf0 ? 3 : lead >= 0xe0 ? 2 : lead >= 0xc0 ? 1 : 0;
    uint32_t value = more == 0 ? lead : lead & (0x3fu >> more);
    for (; more > 0; more--)
        value = value << 6 | ((uint8_t)text.bytes[(*at)++] & 0x3f);
    return value;
}

static bool is_control(uint32_t character)
{
    return character < 0x20 || (character >= 0x7f && character < 0xa0);
}

static bool is_blank(uint32_t character)
{
    return character == 0x20 || character == 0xa0 || character == 0x1680 || (character >= 0x2000 && character <= 0x200a)
        || character == 0x2028 || character == 0x2029 || character == 0x202f || character == 0x205f || character == 0x3000;
}

static enum manifest_error check_motd(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path path = *STEP("motd");
    struct capn_text motd = manifest->params.motd;
    if (motd.len > MOTD_BYTES_MAX)
        return manifest_value_limit(report, &path, "bytes:", motd.len, MOTD_BYTES_MAX);
    for (uint32_t at = 0; at < motd.len;) {
        uint32_t character = next_char(motd, &at);
        if (is_control(character) && character != '\t' && character != '\n')
            return manifest_value_number(report, &path, "control character", character);
    }
    for (uint32_t n = 0; motd.len != 0; n++) {
        struct capn_text line = capn_text_take(&motd, '\n');
        if (line.len > MOTD_LINE_BYTES_MAX)
            return manifest_value_limit(report, &MANIFEST_ITEM(&path, "line", n), "bytes:", line.len, MOTD_LINE_BYTES_MAX);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_hostname(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path path = *STEP("hostname");
    struct capn_text hostname = manifest->params.hostname;
    if (hostname.len > HOSTNAME_BYTES_MAX)
        return manifest_value_limit(report, &path, "bytes:", hostname.len, HOSTNAME_BYTES_MAX);
    for (uint32_t at = 0; at < hostname.len;) {
        uint32_t character = next_char(hostname, &at);
        if (is_control(character) || is_blank(character))
            return manifest_value_number(report, &path, "blank or control character", character);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_uart(const struct capos_uart_config *uart, const struct manifest_path *at,
                                      struct manifest_report *report)
{
    if (uart->baud == 0 || UART_CLOCK % uart->baud != 0 || UART_CLOCK / uart->baud > UART_DIVISOR_MAX)
        return manifest_value_number(report, &MANIFEST_STEP(at, "baud"), "no divisor of 115200 gives baud", uart->baud);
    if (uart->data_bits < 5 || uart->data_bits > 8)
        return manifest_value_number(report, &MANIFEST_STEP(at, "dataBits"), "expected 5 to 8, found", uart->data_bits);
    if (uart->stop_bits < 1 || uart->stop_bits > 2 || (uart->stop_bits == 2 && uart->data_bits == 5))
        return manifest_value_number(report, &MANIFEST_STEP(at, "stopBits"),
                                     "expected 1, or 2 with more than 5 data bits, found", uart->stop_bits);
    return MANIFEST_OK;
}

/* The console speaks before the manifest is read, so it has the fixed setting. */
static enum manifest_error check_early_console(const struct capos_uart_config *uart, const struct manifest_path *at,
                                               struct manifest_report *report)
{
    const struct {
        const char *field;
        uint32_t found, wanted;
    } settings[] = {
        { "baud", uart->baud, UART_CLOCK },
        { "dataBits", uart->data_bits, 8 },
        { "stopBits", uart->stop_bits, 1 },
        { "parity", uart->parity, CAPOS_UART_PARITY_NONE },
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (settings[i].found != settings[i].wanted)
            return manifest_value_number(report, &MANIFEST_STEP(at, settings[i].field),
                                         "the console has 115200 baud, 8 data bits, 1 stop bit and parity none, not",
                                         settings[i].found);
    }
    return MANIFEST_OK;
}

static enum manifest_error check_uarts(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path console_path = *STEP("consoleUart"), terminal_path = *STEP("terminalUart");
    const struct capos_uart_config *console = &manifest->params.console_uart, *terminal = &manifest->params.terminal_uart;
    MANIFEST_TRY(check_uart(console, &console_path, report));
    MANIFEST_TRY(check_early_console(console, &console_path, report));
    MANIFEST_TRY(check_uart(terminal, &terminal_path, report));
    if (console->port == terminal->port)
        return manifest_value(report, &MANIFEST_STEP(&terminal_path, "port"), "both UARTs on one port");
    if (console->port != CAPOS_UART_PORT_COM1)
        return manifest_value(report, &MANIFEST_STEP(&console_path, "port"), "the console is on com1");
    return MANIFEST_OK; /* there are two ports, so the terminal is on com2 (M84) */
}

static enum manifest_error check_block_target(const struct manifest *manifest, struct manifest_report *report)
{
    struct manifest_path target = *STEP("blockDeviceTarget"), pci = MANIFEST_STEP(&target, "pci");
    const struct capos_pci_device_selector *selector = &manifest->params.block_device_target.pci;
    if (!manifest->params.has_block_device_target)
        return MANIFEST_OK;
    if (selector->device > PCI_DEVICE_MAX)
        return manifest_value_limit(report, &MANIFEST_STEP(&pci, "device"), "device", selector->device, PCI_DEVICE_MAX);
    if (selector->function > PCI_FUNCTION_MAX)
        return manifest_value_limit(report, &MANIFEST_STEP(&pci, "function"), "function", selector->function,
                                    PCI_FUNCTION_MAX);
    return MANIFEST_OK;
}

static enum manifest_error check_bindings(const struct capn_list *bindings, const char *field,
                                          struct manifest_report *report)
{
    for (uint32_t g = 0; g < capn_list_len(bindings); g++) {
        struct capos_cpu_isolation_pool_grant_binding binding;
        MANIFEST_READ(capos_cpu_isolation_pool_grant_binding_list_get(bindings, g, &binding));
        struct manifest_path path = MANIFEST_ITEM(&manifest_params_path, field, g);
        if (binding.bound_account_id == 0)
            return manifest_value(report, &MANIFEST_STEP(&path, "boundAccountId"), "account 0 cannot be bound");
    }
    return MANIFEST_OK;
}

static enum manifest_error check_cpu_isolation(const struct manifest *manifest, struct manifest_report *report)
{
    MANIFEST_TRY(check_bindings(&manifest->params.cpu_isolation_pool_grants, "cpuIsolationPoolGrants", report));
    return check_bindings(&manifest->params.cpu_isolation_grant_minter_allowlist, "cpuIsolationGrantMinterAllowlist", report);
}

enum manifest_error manifest_check_params(struct manifest *manifest, struct manifest_report *report)
{
    static enum manifest_error (*const stages[])(const struct manifest *manifest, struct manifest_report *report) = {
        check_verifier,          check_motd,          check_hostname,        check_uarts,
        manifest_check_profiles, manifest_check_accounts, manifest_check_roles, check_block_target,
        check_cpu_isolation,     manifest_check_ssh_key,  manifest_check_key_source, manifest_check_authorized_keys,
    };
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        manifest_renew_budget(manifest);
        MANIFEST_TRY(stages[i](manifest, report));
    }
    return MANIFEST_OK;
}
