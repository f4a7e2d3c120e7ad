/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of kernelParams: rows M3 (enums), M26 and M70 to M110 of the manifest error table, and their order. Each row is one
 * change to parameters that are good. */
#include "core/manifest/fixture_test.h"

#define K "$.kernelParams"
#define PHC(costs) "$argon2id$v=19$" costs "$c2FsdHNhbHQ$aGFzaGhhc2g"

/* Room for the lists of the good parameters, which rows change in place. */
static struct capos_manifest_seed_account accounts[3];
static struct capos_manifest_resource_profile profiles[2];
static struct capos_manifest_role_binding bindings[2];
static struct capos_authorized_ssh_key keys[2];
static struct capos_cpu_isolation_pool_grant_binding grants[2], allowed[1];
static struct capn_data references[2], other_references[1];
static struct capn_text shells[2], guest_shells[1];
static uint16_t purposes[2], direct_caps[1];
static struct capn_data principals[3];
static struct capos_system_config *p;

static void good_accounts(void)
{
    static const char *const names[] = { "Alice", "guest", "svc" };
    static const enum capos_principal_kind kinds[] = { CAPOS_PRINCIPAL_KIND_OPERATOR, CAPOS_PRINCIPAL_KIND_GUEST,
                                                       CAPOS_PRINCIPAL_KIND_SERVICE };
    for (int i = 0; i < 3; i++) {
        principals[i] = data_filled(32, i + 1);
        accounts[i] = (struct capos_manifest_seed_account){ .name = capn_text_of(names[i]), .principal_id = principals[i],
                                                            .kind = kinds[i], .resource_profile = capn_text_of("small") };
    }
    references[0] = data_of("console-password");
    references[1] = data_of("second");
    other_references[0] = data_of("third");
    accounts[0].credential_refs = capn_list_of_array(references, 2);
    accounts[1].credential_refs = capn_list_of_array(other_references, 1);
    accounts[2].service_binary = capn_text_of("app");
    profiles[0] = (struct capos_manifest_resource_profile){ .name = capn_text_of("big") };
    profiles[1] = (struct capos_manifest_resource_profile){ .name = capn_text_of("small") };
    bindings[0] = (struct capos_manifest_role_binding){ principals[0], capn_text_of("developer") };
    bindings[1] = (struct capos_manifest_role_binding){ principals[0], capn_text_of("storage-admin") };
    p->seed_accounts = capn_list_of_array(accounts, 3);
    p->resource_profiles = capn_list_of_array(profiles, 2);
    p->initial_role_bindings = capn_list_of_array(bindings, 2);
}

static void good_keys(void)
{
    shells[0] = shells[1] = capn_text_of("operator");
    guest_shells[0] = capn_text_of("guest");
    for (int i = 0; i < 2; i++) {
        keys[i] = (struct capos_authorized_ssh_key){ .key_id = data_filled(32, 10 + i), .principal_id = principals[i],
                                                     .algorithm = capn_text_of("ssh-ed25519"),
                                                     .public_key = data_filled(32, 20 + i),
                                                     .fingerprint_sha256 = data_filled(32, 30 + i),
                                                     .source = text_filled(128, 's'), .comment = text_filled(256, 'c') };
    }
    keys[0].allowed_shell_profiles = capn_list_of_array(shells, 1);
    keys[1].allowed_shell_profiles = capn_list_of_array(guest_shells, 1);
    p->authorized_ssh_keys = capn_list_of_array(keys, 2);
    p->has_ssh_development_host_key = true;
    p->ssh_development_host_key = (struct capos_ssh_development_host_key){
        .non_production_label = capn_text_of("capos-development-only-ssh-host-key"),
        .algorithm = capn_text_of("ssh-ed25519"), .private_key_seed = data_filled(32, 1),
        .public_key = data_filled(32, 2), .fingerprint_sha256 = data_filled(32, 3),
    };
    purposes[0] = CAPOS_KEY_PURPOSE_TLS;
    purposes[1] = CAPOS_KEY_PURPOSE_ACME_ACCOUNT;
    p->has_key_source_bootstrap = p->key_source_bootstrap.has_development_software = true;
    p->key_source_bootstrap.development_software = (struct capos_development_software_key_source_config){
        .enabled = true, .identifier = data_filled(16, 4),
        .non_production_label = capn_text_of("capos-development-only-key-source"),
        .allowed_purposes = capn_list_of_array(purposes, 2),
    };
}

static struct fixture fixture_params(void)
{
    static struct fixture f;
    f = fixture_good();
    f.has_params = true;
    p = &f.params;
    p->console_password_verifier_phc = capn_text_of(PHC("m=19456,t=4,p=1"));
    p->motd = capn_text_of("hello\n\tworld, \xc3\xa9\n");
    p->hostname = capn_text_of("host.example");
    good_accounts();
    good_keys();
    grants[0].bound_account_id = grants[1].bound_account_id = allowed[0].bound_account_id = 1;
    p->cpu_isolation_pool_grants = capn_list_of_array(grants, 2);
    p->cpu_isolation_grant_minter_allowlist = capn_list_of_array(allowed, 1);
    p->has_block_device_target = p->block_device_target.has_pci = true;
    p->block_device_target.pci = (struct capos_pci_device_selector){ .device = 31, .function = 7 };
    return f;
}

/* Checks one change; `change` works on what p points to. */
#define BAD(id, change, path, ...)                                                                        \
    do {                                                                                                  \
        struct fixture f = fixture_params();                                                              \
        struct row row = { id, NULL, MANIFEST_VALUE, K path, { __VA_ARGS__ } };                           \
        p = &f.params;                                                                                    \
        change;                                                                                           \
        assert_refused(id, kernel_result(&f), &row);                                                      \
    } while (0)
#define GOOD(change)                                                                                      \
    do {                                                                                                  \
        struct fixture f = fixture_params();                                                              \
        p = &f.params;                                                                                    \
        change;                                                                                           \
        if (kernel_result(&f) != MANIFEST_OK)                                                             \
            fail_msg("refused %s: %.*s", #change, (int)report.text_len, report.text);                     \
    } while (0)

static void good(void **state)
{
    (void)state;
    GOOD((void)p);
    const struct capos_system_config *got = &kernel_view.params;
    assert_int_equal(got->console_uart.port, CAPOS_UART_PORT_COM1);
    assert_int_equal(got->terminal_uart.port, CAPOS_UART_PORT_COM2);
    assert_int_equal(got->terminal_uart.baud, 115200);
    assert_int_equal(got->terminal_uart.data_bits, 8);
    assert_int_equal(got->terminal_uart.stop_bits, 1);
    assert_int_equal(got->session_lifetimes.operator_ms, 900000);
    assert_int_equal(got->session_lifetimes.guest_ms, 300000);
    assert_int_equal(got->session_lifetimes.anonymous_ms, 300000);
    GOOD(p->has_session_lifetimes = true; p->session_lifetimes.guest_ms = 5);
    assert_int_equal(got->session_lifetimes.guest_ms, 5);
    assert_int_equal(got->session_lifetimes.operator_ms, 900000);
    GOOD(p->dma_backend_policy = (enum capos_dma_backend_policy)77);
    assert_int_equal(got->dma_backend_policy, CAPOS_DMA_BACKEND_POLICY_BOUNCE_BUFFER);
    GOOD(p->dma_backend_policy = CAPOS_DMA_BACKEND_POLICY_ENABLE_UNSAFE);
    assert_int_equal(got->dma_backend_policy, CAPOS_DMA_BACKEND_POLICY_ENABLE_UNSAFE);
    struct fixture f = fixture_good();
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_true(got->has_terminal_uart);
    assert_int_equal(got->console_uart.baud, 115200);
    assert_false(got->has_ssh_development_host_key);
}

#define WIRE(change)                                                                      \
    do {                                                                                  \
        struct fixture f = fixture_params();                                              \
        struct row row = { #change, NULL, MANIFEST_WIRE, "", { NULL } };                  \
        p = &f.params;                                                                    \
        change;                                                                           \
        assert_refused(#change, kernel_result(&f), &row);                                 \
    } while (0)

static void enums_and_texts(void **state)
{
    (void)state;
    static const uint16_t bad_cap[] = { 50 };
    static const uint16_t bad_purpose[] = { CAPOS_KEY_PURPOSE_COUNT };
    static const struct capn_text bad_text[] = { { "\x80", 1 } };
    WIRE(p->log_level = (enum capos_log_level)4);
    WIRE(p->has_console_uart = true; p->console_uart.port = (enum capos_uart_port)2);
    WIRE(p->has_console_uart = true; p->console_uart.parity = (enum capos_uart_parity)3);
    WIRE(p->has_terminal_uart = true; p->terminal_uart.port = (enum capos_uart_port)2);
    WIRE(p->has_terminal_uart = true; p->terminal_uart.parity = (enum capos_uart_parity)3);
    WIRE(p->key_source_bootstrap.deployment_profile = (enum capos_key_source_deployment_profile)4);
    WIRE(accounts[2].kind = (enum capos_principal_kind)6);
    WIRE(accounts[2].direct_caps = capn_list_of_array(bad_cap, 1));
    WIRE(p->key_source_bootstrap.development_software.allowed_purposes = capn_list_of_array(bad_purpose, 1));
    WIRE(p->motd = bad_text[0]);
    WIRE(accounts[1].display_name = bad_text[0]);
    WIRE(profiles[1].name = bad_text[0]);
    WIRE(bindings[1].role = bad_text[0]);
    WIRE(keys[1].comment = bad_text[0]);
    WIRE(keys[1].allowed_shell_profiles = capn_list_of_array(bad_text, 1));
    /* All of the message is read before any of it is judged. */
    WIRE(p->motd = capn_text_of("\a"); keys[1].allowed_shell_profiles = capn_list_of_array(bad_text, 1));
    WIRE(p->motd = capn_text_of("\a"); accounts[2].display_name = bad_text[0]);
    struct fixture f = fixture_params();
    struct row pci = { "M26", NULL, MANIFEST_MISSING, K ".blockDeviceTarget", { "pci" } };
    f.params.block_device_target.has_pci = false;
    assert_refused("M26", kernel_result(&f), &pci);
}

static void verifier(void **state)
{
    (void)state;
#define M71(text) BAD("M71", p->console_password_verifier_phc = capn_text_of(text), ".consolePasswordVerifierPhc", "PHC")
#define M72(costs, token) \
    BAD("M72", p->console_password_verifier_phc = capn_text_of(PHC(costs)), ".consolePasswordVerifierPhc", token)
    BAD("M70", p->console_password_verifier_phc = text_filled(513, 'x'), ".consolePasswordVerifierPhc", "513", "512");
    BAD("M71", p->console_password_verifier_phc = text_filled(512, 'x'), ".consolePasswordVerifierPhc", "PHC");
    GOOD(p->console_password_verifier_phc = capn_text_of(""));
    GOOD(p->console_password_verifier_phc = capn_text_of("$argon2id$p=1,m=8,t=1$c2FsdA$aGFzaA"));
    M71("password");
    M71("argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2i$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=20$m=8,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=1,p=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=x,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=4294967304,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=18446744073709551624,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=7,t=1,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=0,p=1$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=1,p=0$c2FsdA$aGFzaA");
    M71("$argon2id$v=19$m=8,t=1,p=1$c2FsdA");
    M71("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$");
    M71("$argon2id$v=19$m=8,t=1,p=1$c2Fs-A$aGFzaA");
    M71("$argon2id$v=19$m=8,t=1,p=1$c2FsdA$aGFzaA$");
    M72("m=19457,t=1,p=1", "19457, exceeds 19456");
    M72("m=8,t=5,p=1", "5, exceeds 4");
    M72("m=16,t=1,p=2", "2, exceeds 1");
    M71("$argon2id$v=19$m=8,t=1,p=2$c2FsdA$aGFzaA");
}

static void texts(void **state)
{
    (void)state;
    char lines[4097];
    memset(lines, 'x', sizeof lines);
    for (int i = 999; i < 4096; i += 1000)
        lines[i] = '\n';
    struct capn_text whole = { lines, 4096 }, longer = { lines, 4097 };
    GOOD(p->motd = whole);
    BAD("M73", p->motd = longer, ".motd", "4097", "4096");
    BAD("M74", p->motd = capn_text_of("a\rb"), ".motd", "13");
    BAD("M74", p->motd = capn_text_of("a\x7f"), ".motd", "127");
    BAD("M74", p->motd = capn_text_of("\xc2\x85"), ".motd", "133");
    BAD("M74", (p->motd = text_filled(1001, 'x'), p->motd = ((struct capn_text){ lines, 1 }), p->motd = capn_text_of("\x1b")),
        ".motd", "27");
    GOOD(p->motd = text_filled(1000, 'x'));
    BAD("M75", p->motd = text_filled(1001, 'x'), ".motd.line[0]", "1001", "1000");
    lines[1999] = 'y';
    BAD("M75", p->motd = ((struct capn_text){ lines, 3000 }), ".motd.line[1]", "1999", "1000");
    GOOD(p->hostname = text_filled(255, 'h'));
    BAD("M76", p->hostname = text_filled(256, 'h'), ".hostname", "256", "255");
    BAD("M77", p->hostname = capn_text_of("a b"), ".hostname", "32");
    BAD("M77", p->hostname = capn_text_of("ab\n"), ".hostname", "10");
    BAD("M77", p->hostname = capn_text_of("\xe2\x80\x83"), ".hostname", "8195");
    BAD("M77", p->hostname = capn_text_of("\xe3\x80\x80"), ".hostname", "12288");
    GOOD(p->hostname = capn_text_of("\xf0\x9f\x98\x80"));
}

/* The enum values 0 and 1 are com1 and com2; parity 0 is none, 1 even, 2 odd. */
static struct capos_uart_config uart(int port, uint32_t baud, uint8_t data_bits, uint8_t stop_bits, int parity)
{
    return (struct capos_uart_config){ (enum capos_uart_port)port, baud, data_bits, stop_bits, (enum capos_uart_parity)parity };
}

#define UART(u, ...) (p->has_##u = true, p->u = uart(__VA_ARGS__))
#define C1 0
#define C2 1

static void uarts(void **state)
{
    (void)state;
    GOOD(UART(terminal_uart, C2, 9600, 7, 2, 1));
    GOOD(UART(terminal_uart, C2, 2, 8, 1, 2));
    GOOD(UART(console_uart, C1, 0, 0, 0, 0));
    BAD("M78", UART(terminal_uart, C2, 9601, 0, 0, 0), ".terminalUart.baud", "9601");
    BAD("M78", UART(terminal_uart, C2, 1, 0, 0, 0), ".terminalUart.baud", " 1");
    BAD("M78", UART(terminal_uart, C2, 230400, 0, 0, 0), ".terminalUart.baud", "230400");
    BAD("M78", UART(console_uart, C1, 7, 0, 0, 0), ".consoleUart.baud", "7");
    BAD("M79", UART(terminal_uart, C2, 0, 4, 0, 0), ".terminalUart.dataBits", "4");
    BAD("M79", UART(terminal_uart, C2, 0, 9, 0, 0), ".terminalUart.dataBits", "9");
    BAD("M79", UART(console_uart, C1, 0, 9, 0, 0), ".consoleUart.dataBits", "9");
    BAD("M80", UART(terminal_uart, C2, 0, 8, 3, 0), ".terminalUart.stopBits", "3");
    BAD("M80", UART(terminal_uart, C2, 0, 5, 2, 0), ".terminalUart.stopBits", "2");
    GOOD(UART(terminal_uart, C2, 0, 6, 2, 0));
    GOOD(UART(terminal_uart, C2, 0, 5, 1, 0));
    BAD("M81", UART(console_uart, C1, 57600, 0, 0, 0), ".consoleUart.baud", "57600");
    BAD("M81", UART(console_uart, C1, 0, 7, 0, 0), ".consoleUart.dataBits", "7");
    BAD("M81", UART(console_uart, C1, 0, 8, 2, 0), ".consoleUart.stopBits", "2");
    BAD("M81", UART(console_uart, C1, 0, 8, 1, 2), ".consoleUart.parity", "none");
    /* A terminal that never set its port is on com1. */
    BAD("M82", UART(terminal_uart, C1, 9600, 0, 0, 0), ".terminalUart.port", "one port");
    BAD("M82", UART(console_uart, C2, 0, 0, 0, 0), ".terminalUart.port", "one port");
    BAD("M83", (UART(console_uart, C2, 0, 0, 0, 0), UART(terminal_uart, C1, 0, 0, 0, 0)), ".consoleUart.port", "com1");
}

static void resource_profiles(void **state)
{
    (void)state;
    GOOD(profiles[0].name = text_filled(64, 'p'));
    BAD("M85", profiles[0].name = capn_text_of(""), ".resourceProfiles[0].name", "empty");
    BAD("M85", profiles[0].name = text_filled(65, 'p'), ".resourceProfiles[0].name", "65", "64");
    BAD("M85", profiles[0].name = capn_text_of("small"), ".resourceProfiles[1].name", "`small`");
}

static void account_names(void **state)
{
    (void)state;
#define NAME(id, text, token) BAD(id, accounts[1].name = text, ".seedAccounts[1].name", token)
    NAME("M86", capn_text_of(""), "empty");
    NAME("M86", text_filled(65, 'a'), "65");
    NAME("M86", capn_text_of("a:b"), "a:b");
    NAME("M86", capn_text_of("a\tb"), "a\tb");
    NAME("M86", capn_text_of("\xc3\xa9"), "\xc3\xa9");
    NAME("M86", capn_text_of(" \t "), "not an account name");
    NAME("M86", capn_text_of("alice"), "account 0");
    NAME("M86", capn_text_of("\n aLiCe\t"), "account 0");
    GOOD(accounts[1].name = capn_text_of(" a b "));
    GOOD(accounts[1].name = text_filled(64, 'a'));
    GOOD(accounts[1].display_name = text_filled(96, 'd'));
    BAD("M87", accounts[1].display_name = text_filled(97, 'd'), ".seedAccounts[1].displayName", "97", "96");
    BAD("M87", (accounts[1].display_name = text_filled(97, 'd'), accounts[1].name = capn_text_of("ALICE")),
        ".seedAccounts[1].displayName", "97");
    BAD("M86", (accounts[1].principal_id.len = 0, accounts[1].name = capn_text_of("ALICE")), ".seedAccounts[1].name",
        "account 0");
}

static void account_fields(void **state)
{
    (void)state;
#define AT1 ".seedAccounts[1]"
    BAD("M88", accounts[1].principal_id.len = 0, AT1 ".principalId", "empty");
    BAD("M88", accounts[1].principal_id.len = 31, AT1 ".principalId", "32", "31");
    BAD("M88", accounts[1].principal_id = principals[0], AT1 ".principalId", "account 0");
    BAD("M89", accounts[1].resource_profile = capn_text_of("tiny"), AT1 ".resourceProfile", "`tiny`");
    BAD("M89", accounts[1].resource_profile = capn_text_of(""), AT1 ".resourceProfile", "unknown");
    BAD("M90", accounts[1].policy_profile = capn_text_of("x"), AT1 ".policyProfile", "empty");
    BAD("M91", references[1].len = 0, ".seedAccounts[0].credentialRefs[1]", "empty");
    BAD("M91", references[1] = references[0], ".seedAccounts[0].credentialRefs[1]", "twice");
    BAD("M91", other_references[0] = references[1], AT1 ".credentialRefs[0]", "account 0");
    BAD("M92", (references[0] = data_of("x"), other_references[0] = data_of("console-password")), AT1 ".credentialRefs[0]",
        "operator");
    direct_caps[0] = 0;
    BAD("M93", accounts[1].direct_caps = capn_list_of_array(direct_caps, 1), AT1 ".directCaps", "empty");
    BAD("M94", accounts[1].service_binary = capn_text_of("app"), AT1 ".serviceBinary", "service");
    GOOD(accounts[2].service_binary.len = 0);
    BAD("M37", accounts[2].service_binary = capn_text_of("none"), ".seedAccounts[2].serviceBinary", "account", "none");
    BAD("M37", accounts[2].service_binary = capn_text_of("empty"), ".seedAccounts[2].serviceBinary", "account", "empty data");
    BAD("M93", (accounts[2].service_binary = capn_text_of("none"), accounts[2].direct_caps = capn_list_of_array(direct_caps, 1)),
        ".seedAccounts[2].directCaps", "empty");
}

static void roles(void **state)
{
    (void)state;
    static const char *const names[] = { "guest", "local-user", "developer", "storage-admin", "net-operator",
                                         "service-operator", "security-auditor", "account-admin", "policy-admin",
                                         "recovery-operator", "system-updater", "service-account" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        GOOD(p->initial_role_bindings.count = 1; bindings[0].role = capn_text_of(names[i]));
    BAD("M95", bindings[1].role = capn_text_of("root"), ".initialRoleBindings[1].role", "`root`");
    BAD("M95", bindings[1].role = capn_text_of(""), ".initialRoleBindings[1].role", "unknown role");
    BAD("M96", bindings[1].principal_id.len = 0, ".initialRoleBindings[1].principalId", "principal");
    BAD("M96", bindings[1].principal_id = data_filled(32, 99), ".initialRoleBindings[1].principalId", "principal");
    BAD("M97", bindings[1].role = bindings[0].role, ".initialRoleBindings[1]", "binding 0");
    GOOD(bindings[1] = ((struct capos_manifest_role_binding){ principals[1], bindings[0].role }));
}

static void devices_and_cpus(void **state)
{
    (void)state;
    BAD("M98", p->block_device_target.pci.device = 32, ".blockDeviceTarget.pci.device", "32", "31");
    BAD("M98", p->block_device_target.pci.function = 8, ".blockDeviceTarget.pci.function", "8", "7");
    BAD("M99", grants[1].bound_account_id = 0, ".cpuIsolationPoolGrants[1].boundAccountId", "0");
    BAD("M100", allowed[0].bound_account_id = 0, ".cpuIsolationGrantMinterAllowlist[0].boundAccountId", "0");
}

static void host_key_and_key_source(void **state)
{
    (void)state;
    struct capos_development_software_key_source_config *software;
#define H ".sshDevelopmentHostKey"
#define D ".keySourceBootstrap.developmentSoftware"
#define SOFTWARE (software = &p->key_source_bootstrap.development_software)
    BAD("M101", p->ssh_development_host_key.non_production_label = capn_text_of("x"), H ".nonProductionLabel",
        "capos-development-only-ssh-host-key");
    BAD("M101", p->ssh_development_host_key.algorithm = capn_text_of("rsa"), H ".algorithm", "ssh-ed25519");
    BAD("M101", p->ssh_development_host_key.private_key_seed.len = 31, H ".privateKeySeed", "32", "31");
    BAD("M101", p->ssh_development_host_key.public_key.len = 0, H ".publicKey", "32", "0");
    BAD("M101", p->ssh_development_host_key.fingerprint_sha256 = data_filled(33, 1), H ".fingerprintSha256", "33");
    BAD("M102", p->key_source_bootstrap.deployment_profile = CAPOS_KEY_SOURCE_DEPLOYMENT_PROFILE_PRODUCTION, D ".enabled",
        "local-development");
    BAD("M103", SOFTWARE->identifier.len = 15, D ".identifier", "16", "15");
    BAD("M104", SOFTWARE->non_production_label = capn_text_of(""), D ".nonProductionLabel",
        "capos-development-only-key-source");
    BAD("M105", SOFTWARE->allowed_purposes.count = 0, D ".allowedPurposes", "purposes");
    BAD("M106", purposes[1] = CAPOS_KEY_PURPOSE_GENERIC, D ".allowedPurposes[1]", "tls", "acme-account");
    BAD("M106", purposes[1] = CAPOS_KEY_PURPOSE_TLS, D ".allowedPurposes[1]", "purpose 0");
    GOOD(SOFTWARE->enabled = false; software->identifier.len = 0; p->key_source_bootstrap.deployment_profile
                                    = CAPOS_KEY_SOURCE_DEPLOYMENT_PROFILE_PRODUCTION);
    GOOD(p->has_ssh_development_host_key = false);
}

static void authorized_keys(void **state)
{
    (void)state;
#define A1 ".authorizedSshKeys[1]"
    BAD("M107", keys[1].key_id.len = 31, A1 ".keyId", "32", "31");
    BAD("M107", keys[1].principal_id.len = 31, A1 ".principalId", "32", "31");
    BAD("M107", keys[1].principal_id = data_filled(32, 99), A1 ".principalId", "principal");
    BAD("M107", keys[1].algorithm = capn_text_of("ssh-rsa"), A1 ".algorithm", "ssh-ed25519");
    BAD("M107", keys[1].public_key.len = 31, A1 ".publicKey", "32");
    BAD("M107", keys[1].fingerprint_sha256.len = 31, A1 ".fingerprintSha256", "32");
    BAD("M108", keys[1].allowed_shell_profiles.count = 0, A1 ".allowedShellProfiles", "no shell profiles");
    BAD("M108", keys[1].allowed_shell_profiles = keys[0].allowed_shell_profiles, A1 ".allowedShellProfiles[0]", "`operator`");
    BAD("M108", keys[1].principal_id = principals[2], A1 ".allowedShellProfiles[0]", "`guest`");
    BAD("M108", keys[0].allowed_shell_profiles.count = 2, ".authorizedSshKeys[0].allowedShellProfiles[1]", "twice");
    BAD("M108", (keys[0].allowed_shell_profiles.count = 2, shells[1] = capn_text_of("guest")),
        ".authorizedSshKeys[0].allowedShellProfiles[1]", "`guest`");
    for (int kind = 0; kind < (int)CAPOS_PRINCIPAL_KIND_COUNT; kind++) {
        static const char *const wanted[] = { "operator", "operator", NULL, "guest", "anonymous", "anonymous" };
        if (wanted[kind] != NULL)
            GOOD(accounts[1].kind = (enum capos_principal_kind)kind; guest_shells[0] = capn_text_of(wanted[kind]));
    }
    BAD("M109", keys[1].source = text_filled(129, 's'), A1 ".source", "129", "128");
    BAD("M109", keys[1].comment = text_filled(257, 'c'), A1 ".comment", "257", "256");
    BAD("M110", keys[1].key_id = keys[0].key_id, A1 ".keyId", "key 0");
    BAD("M110", keys[1].fingerprint_sha256 = keys[0].fingerprint_sha256, A1 ".fingerprintSha256", "key 0");
    BAD("M110", keys[1].public_key = keys[0].public_key, A1 ".publicKey", "key 0");
}

/* Each stage of the documented order, broken together with all that follow it: the first is told. */
static void order(void **state)
{
    (void)state;
    static const char *const paths[] = {
        ".consolePasswordVerifierPhc", ".motd", ".hostname", ".consoleUart.dataBits", ".terminalUart.dataBits",
        ".resourceProfiles[0].name", ".seedAccounts[0].name", ".initialRoleBindings[0].role",
        ".blockDeviceTarget.pci.device", ".cpuIsolationPoolGrants[0].boundAccountId",
        ".cpuIsolationGrantMinterAllowlist[0].boundAccountId", ".sshDevelopmentHostKey.algorithm",
        ".keySourceBootstrap.developmentSoftware.enabled", ".authorizedSshKeys[0].keyId",
    };
    for (size_t from = 0; from < sizeof paths / sizeof *paths; from++) {
        struct fixture f = fixture_params();
        char path[128];
        p = &f.params;
        for (size_t i = from; i < sizeof paths / sizeof *paths; i++) {
            switch (i) {
            case 0: p->console_password_verifier_phc = capn_text_of("x"); break;
            case 1: p->motd = capn_text_of("\a"); break;
            case 2: p->hostname = capn_text_of("\a"); break;
            case 3: UART(console_uart, C1, 0, 9, 0, 0); break;
            case 4: UART(terminal_uart, C2, 0, 9, 0, 0); break;
            case 5: profiles[0].name.len = 0; break;
            case 6: accounts[0].name.len = 0; break;
            case 7: bindings[0].role = capn_text_of("x"); break;
            case 8: p->block_device_target.pci.device = 32; break;
            case 9: grants[0].bound_account_id = 0; break;
            case 10: allowed[0].bound_account_id = 0; break;
            case 11: p->ssh_development_host_key.algorithm.len = 0; break;
            case 12: p->key_source_bootstrap.deployment_profile = CAPOS_KEY_SOURCE_DEPLOYMENT_PROFILE_PRODUCTION; break;
            default: keys[0].key_id.len = 0; break;
            }
        }
        snprintf(path, sizeof path, K "%s", paths[from]);
        struct row row = { paths[from], NULL, MANIFEST_VALUE, path, { NULL } };
        assert_refused(paths[from], kernel_result(&f), &row);
    }
    /* The sections that sources of init need. */
    struct fixture f = fixture_params();
    f.config = "{init:{binary:'app',caps:[{name:'k',source:{kernel:'ssh_development_host_key'}},"
               "{name:'b',source:{kernel:'block_device_target'}}]}}";
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good),           cmocka_unit_test(enums_and_texts),  cmocka_unit_test(verifier),
        cmocka_unit_test(texts),          cmocka_unit_test(uarts),            cmocka_unit_test(resource_profiles),
        cmocka_unit_test(account_names),  cmocka_unit_test(account_fields),   cmocka_unit_test(roles),
        cmocka_unit_test(devices_and_cpus), cmocka_unit_test(host_key_and_key_source), cmocka_unit_test(authorized_keys),
        cmocka_unit_test(order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
