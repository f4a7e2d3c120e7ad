/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of init's stage: rows M18 to M25, M36 to M49 and M57 to M67 of the manifest error table, and the order of the stages. */
#include "core/manifest/fixture_test.h"

#define S(i) "$.initConfig.services[" #i "]"
#define CONFIG(services) "{init:{binary:'app'},services:[" services "]}"
#define INIT(caps, services) "{init:{binary:'app',caps:[" caps "]},services:[" services "]}"
#define SERVICE(name, rest) "{name:'" name "',binary:'tool'" rest "},"
#define CAPS(caps) SERVICE("s", ",caps:[" caps "]")
#define K(name, source) "{name:'" name "',source:{kernel:'" source "'}},"
#define KB(name, source, badge) "{name:'" name "',badge:" badge ",source:{kernel:'" source "'}},"
#define IMPORT(name, service, export) "{name:'" name "',source:{service:{service:'" service "',export:'" export "'}}},"
#define EXPORTER SERVICE("x", ",caps:[" K("con", "console") K("ep", "endpoint") "],exports:['con','ep']")

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture f = fixture_good();
        f.config = rows[i].config;
        assert_refused(rows[i].id, plan_result(&f), &rows[i]);
    }
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void accepted(void **state)
{
    (void)state;
    struct fixture f = fixture_good();
    struct manifest_cap cap;
    struct capn_text text;
    uint32_t service;
    f.config = "{exitWhenServiceExits:'late',init:{binary:'app',caps:[" K("c", "console") "]},services:["
               "{name:'early',binary:'tool',restart:'on-failure',caps:[" IMPORT("log", "late", "out")
               "{name:'t',badge:3,disclosureScope:['auth_strength'],source:{kernel:'timer'}}]},"
               "{name:'late',binary:'app',restart:'always',caps:[" K("out", "console") "],exports:['out']},"
               SERVICE("plain", "") "]}";
    assert_int_equal(plan_result(&f), MANIFEST_OK);
    assert_int_equal(plan.base.init_cap_count, 1);
    assert_int_equal(plan.service_count, 3);
    assert_true(plan.has_exit_service);
    assert_int_equal(manifest_plan_find(&plan, plan.exit_service), 1);
    assert_int_equal(manifest_plan_find(&plan, capn_text_of("none")), -1);
    assert_true(capn_text_equal(plan.services[1].binary, capn_text_of("app")));
    assert_int_equal(plan.services[0].restart, MANIFEST_RESTART_ON_FAILURE);
    assert_int_equal(plan.services[1].restart, MANIFEST_RESTART_ALWAYS);
    assert_int_equal(plan.services[2].restart, MANIFEST_RESTART_NEVER);
    assert_int_equal(capn_list_len(&plan.services[0].caps), 2);
    assert_int_equal(manifest_plan_cap(&plan, 0, 1, &cap, &report), MANIFEST_OK);
    assert_int_equal(cap.source->ordinal, 15);
    assert_int_equal(cap.badge, 3);
    assert_int_equal(cap.disclosure, MANIFEST_DISCLOSE_AUTH_STRENGTH);
    assert_int_equal(manifest_plan_export(&plan, 1, 0, &text, &report), MANIFEST_OK);
    assert_true(capn_text_equal(text, capn_text_of("out")));
    assert_int_equal(manifest_plan_cap(&plan, 0, 0, &cap, &report), MANIFEST_OK);
    assert_null(cap.source);
    assert_true(cap.interface_id == 0);
    assert_true(capn_text_equal(cap.service, capn_text_of("late")));
    assert_int_equal(manifest_plan_import(&plan, &cap, &service, &cap, &report), MANIFEST_OK);
    assert_int_equal(service, 1);
    assert_int_equal(cap.source->ordinal, 0);
    f = fixture_good();
    assert_int_equal(plan_result(&f), MANIFEST_OK);
    assert_int_equal(plan.service_count, 0);
    assert_false(plan.has_exit_service);
}

static void decode(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "M4..", "{init:{binary:'app',caps:5}}", MANIFEST_TYPE, "$.initConfig.init.caps", { "list" } },
        { "M18", "{init:{binary:'app',caps:[{name:'t',source:{kernel:'timer'},disclosureScope:['auth_strength','x']}]}}",
          MANIFEST_VALUE, "$.initConfig.init.caps[0].disclosureScope", { "`x`" } },
        { "M18", CONFIG(CAPS("{name:'t',source:{kernel:'timer'},disclosureScope:['x']}")), MANIFEST_VALUE,
          S(0) ".caps[0].disclosureScope", { "`x`" } },
        { "cap order", "{init:{binary:'app',caps:[{badge:-1,source:{kernel:'nic'}}]}}", MANIFEST_MISSING, "$.initConfig.init.caps[0]",
          { "name" } },
        { "cap order", "{init:{binary:'app',caps:[{expectedInterfaceId:-1,source:{kernel:'nic'}}]}}", MANIFEST_TYPE,
          "$.initConfig.init.caps[0].expectedInterfaceId", { "uint" } },
        { "cap order", CONFIG(CAPS("{badge:-1,source:{kernel:'nic'}}")), MANIFEST_MISSING, S(0) ".caps[0]", { "name" } },
        { "cap order", CONFIG(CAPS("{name:'n',badge:-1,disclosureScope:1,source:{kernel:'nic'}}")), MANIFEST_TYPE, S(0) ".caps[0].badge",
          { "uint" } },
        { "M19", "{init:{binary:'app'},services:{}}", MANIFEST_TYPE, "$.initConfig.services", { "list", "struct" } },
        { "service", CONFIG("5"), MANIFEST_TYPE, S(0), { "struct", "uint" } },
        { "M20", CONFIG("{binary:'tool'}"), MANIFEST_MISSING, S(0), { "name" } },
        { "M20", CONFIG(SERVICE("a", "") "{name:'s'}"), MANIFEST_MISSING, S(1), { "binary" } },
        { "M21", CONFIG(SERVICE("a", ",restart:'sometimes'")), MANIFEST_VALUE, S(0) ".restart", { "sometimes" } },
        { "restart", CONFIG(SERVICE("a", ",restart:true")), MANIFEST_TYPE, S(0) ".restart", { "text", "bool" } },
        { "caps", CONFIG(SERVICE("a", ",caps:5")), MANIFEST_TYPE, S(0) ".caps", { "list" } },
        { "exports", CONFIG(SERVICE("a", ",exports:'x'")), MANIFEST_TYPE, S(0) ".exports", { "list" } },
        { "exports", CONFIG(SERVICE("a", ",exports:[5]")), MANIFEST_TYPE, S(0) ".exports[0]", { "text" } },
        { "all read first", CONFIG(SERVICE("a", ",exports:['d']") SERVICE("b", ",exports:[5]")), MANIFEST_TYPE,
          S(1) ".exports[0]", { "text", "uint" } },
        { "M22", CONFIG(CAPS("{name:'t',source:{kernel:'timer',service:{service:'a',export:'b'}}}")), MANIFEST_VALUE,
          S(0) ".caps[0].source", { "exactly one" } },
        { "M23", CONFIG(CAPS("{name:'t',source:{}}")), MANIFEST_MISSING, S(0) ".caps[0].source", { "kernel or service" } },
        { "M24", CONFIG(CAPS("{name:'t',source:{service:{export:'b'}}}")), MANIFEST_MISSING, S(0) ".caps[0].source.service",
          { "service" } },
        { "M24", CONFIG(CAPS("{name:'t',source:{service:{service:'b'}}}")), MANIFEST_MISSING, S(0) ".caps[0].source.service",
          { "export" } },
        { "M14", CONFIG(CAPS("{name:'t',source:{kernel:'x'}}")), MANIFEST_VALUE, S(0) ".caps[0].source.kernel", { "`x`" } },
        { "M25", "{init:{binary:'app'},exitWhenServiceExits:5}", MANIFEST_TYPE, "$.initConfig.exitWhenServiceExits",
          { "text", "uint" } },
    };
    CHECK(rows);
}

static void graph(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "M40", CONFIG(SERVICE("a", "") SERVICE("b", "") SERVICE("a", "")), MANIFEST_VALUE, S(2) ".name", { "`a`" } },
        { "M41", CONFIG(CAPS(K("c", "console") K("d", "timer") K("c", "timer"))), MANIFEST_VALUE, S(0) ".caps[2].name",
          { "`c`" } },
        { "M42", CONFIG(SERVICE("a", ",caps:[" K("c", "console") "],exports:['c','c']")), MANIFEST_VALUE, S(0) ".exports[1]",
          { "`c`" } },
        { "M43", CONFIG(SERVICE("a", ",caps:[" K("c", "console") "],exports:['c','d']")), MANIFEST_VALUE, S(0) ".exports[1]",
          { "`d`" } },
        { "M44", CONFIG(EXPORTER SERVICE("a", ",caps:[" IMPORT("c", "x", "con") "],exports:['c']")), MANIFEST_VALUE,
          S(1) ".exports[0]", { "`c`" } },
        { "M45", CONFIG(SERVICE("a", ",caps:[" K("t", "terminal_session") "],exports:['t']")), MANIFEST_VALUE,
          S(0) ".exports[0]", { "session-scoped" } },
        { "M46", CONFIG(SERVICE("a", ",caps:[" K("t", "virtual_memory") "],exports:['t']")), MANIFEST_VALUE,
          S(0) ".exports[0]", { "address-space" } },
        { "M46", CONFIG(SERVICE("a", ",caps:[" K("t", "park_space") "],exports:['t']")), MANIFEST_VALUE, S(0) ".exports[0]",
          { "address-space" } },
        { "M47", CONFIG(CAPS(IMPORT("c", "y", "con")) EXPORTER), MANIFEST_VALUE, S(0) ".caps[0].source.service", { "`y`" } },
        { "M48", CONFIG(CAPS(IMPORT("c", "x", "non")) EXPORTER), MANIFEST_VALUE, S(0) ".caps[0].source.export", { "`non`" } },
        { "M48", CONFIG(CAPS(K("h", "console") IMPORT("c", "s", "h"))), MANIFEST_VALUE, S(0) ".caps[1].source.export",
          { "`h`" } },
        { "self", CONFIG(SERVICE("s", ",caps:[" K("h", "console") IMPORT("c", "s", "h") "],exports:['h']")), MANIFEST_OK, "",
          { NULL } },
        /* All of M40 to M46 before any of M47 and M48. */
        { "order", CONFIG(CAPS(IMPORT("c", "y", "con")) SERVICE("a", ",exports:['d']")), MANIFEST_VALUE, S(1) ".exports[0]",
          { "`d`" } },
        { "M49", "{init:{binary:'none'},services:[],exitWhenServiceExits:'s'}", MANIFEST_VALUE,
          "$.initConfig.exitWhenServiceExits", { "`s`" } },
        /* The graph before the exit trigger. */
        { "order", "{init:{binary:'app'},services:[" CAPS(IMPORT("c", "y", "con")) "],exitWhenServiceExits:'x'}",
          MANIFEST_VALUE, S(0) ".caps[0].source.service", { "`y`" } },
    };
    CHECK(rows);
}

static void binaries(void **state)
{
    (void)state;
    static struct capos_manifest_seed_account account;
    static struct capos_manifest_resource_profile profile;
    static const struct row rows[] = {
        { "M34", "{init:{binary:'none'},services:[{name:'a',binary:'none'}]}", MANIFEST_VALUE, "$.initConfig.init.binary",
          { "init", "`none`" } },
        { "M36", CONFIG(SERVICE("a", "") "{name:'b',binary:'none'}"), MANIFEST_VALUE, S(1) ".binary", { "service", "`none`" } },
        { "M36", CONFIG("{name:'b',binary:'empty'}"), MANIFEST_VALUE, S(0) ".binary", { "service", "`empty`", "index 2" } },
        { "M36", CONFIG("{name:'b',binary:'init'}"), MANIFEST_VALUE, S(0) ".binary", { "`init`" } },
    };
    CHECK(rows);
    struct row reserved = { "M31", NULL, MANIFEST_VALUE, "$.binaries[1].name", { "reserved" } };
    struct fixture f = fixture_good();
    f.config = rows[0].config;
    f.binaries[1].name = capn_text_of("init");
    assert_refused("M31", plan_result(&f), &reserved);
    static const char *const names[] = { "none", "empty", "app" };
    for (int i = 0; i < 3; i++) {
        struct row row = { "M37", NULL, i == 2 ? MANIFEST_OK : MANIFEST_VALUE, "$.kernelParams.seedAccounts[0].serviceBinary",
                           { "account", names[i] } };
        f = fixture_good();
        f.has_params = true;
        account = (struct capos_manifest_seed_account){ .name = capn_text_of("svc"), .principal_id = data_filled(32, 1),
                                                        .kind = CAPOS_PRINCIPAL_KIND_SERVICE,
                                                        .resource_profile = capn_text_of("p"),
                                                        .service_binary = capn_text_of(names[i]) };
        profile.name = capn_text_of("p");
        f.params.seed_accounts = capn_list_of_array(&account, 1);
        f.params.resource_profiles = capn_list_of_array(&profile, 1);
        assert_refused("M37", plan_result(&f), &row);
    }
}

#define TCP(badge) KB("p", "tcp_listen_authority", badge)

static void service_caps(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "init first", INIT(K("n", "null"), CAPS(K("k", "ssh_development_host_key"))), MANIFEST_VALUE,
          "$.initConfig.init.caps[0].source.kernel", { "measurement-only" } },
        { "null", CONFIG(CAPS(K("n", "null") K("b", "park_bench"))), MANIFEST_OK, "", { NULL } },
        { "M57", CONFIG(CAPS(K("k", "ssh_development_host_key"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel",
          { "sshDevelopmentHostKey" } },
        { "M58", CONFIG(CAPS(K("k", "block_device_target"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel",
          { "blockDeviceTarget" } },
        { "M59", CONFIG(CAPS(K("k", "authorized_key_store"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel", { "init" } },
        { "M59", CONFIG(CAPS(K("k", "restricted_shell_launcher"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel", { "init" } },
        { "M59 other", INIT(K("k", "timer"), CAPS(K("k", "authorized_key_store"))), MANIFEST_VALUE,
          S(0) ".caps[0].source.kernel", { "init" } },
        { "held", INIT(K("k", "authorized_key_store"), CAPS(K("other", "authorized_key_store"))), MANIFEST_OK, "", { NULL } },
        { "M59 several", INIT(K("a", "authorized_key_store") K("b", "authorized_key_store"),
                              CAPS(K("c", "authorized_key_store"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel", { "init" } },
        { "by name", INIT(KB("a", "authorized_key_store", "1") KB("b", "authorized_key_store", "2"),
                          CAPS(KB("b", "authorized_key_store", "2"))), MANIFEST_OK, "", { NULL } },
        { "M60", INIT(KB("a", "authorized_key_store", "1") KB("b", "authorized_key_store", "2"),
                      CAPS(KB("b", "authorized_key_store", "1"))), MANIFEST_VALUE, S(0) ".caps[0].badge", { "2" } },
        { "M60", INIT(KB("a", "restricted_shell_launcher", "1"), CAPS(K("b", "restricted_shell_launcher"))), MANIFEST_VALUE,
          S(0) ".caps[0].badge", { "1" } },
        { "M61", INIT(TCP("80"), CAPS(TCP("0"))), MANIFEST_VALUE, S(0) ".caps[0].badge", { "65535" } },
        { "M61", CONFIG(CAPS(TCP("65536"))), MANIFEST_VALUE, S(0) ".caps[0].badge", { "65535" } },
        { "M62", CONFIG(CAPS(TCP("80"))), MANIFEST_VALUE, S(0) ".caps[0].source.kernel", { "init" } },
        { "M63", INIT(TCP("80"), CAPS(TCP("81"))), MANIFEST_VALUE, S(0) ".caps[0].badge", { "80" } },
        { "tcp", INIT(TCP("80"), CAPS(TCP("80"))), MANIFEST_OK, "", { NULL } },
        { "forward", INIT(K("t", "terminal_session"), CAPS(K("t", "terminal_session"))), MANIFEST_OK, "", { NULL } },
        { "M64", INIT(K("t", "terminal_session"), CAPS(K("c", "console") K("t", "terminal_session"))
                      SERVICE("b", ",caps:[" K("t", "terminal_session") "]")), MANIFEST_VALUE, S(1) ".caps[0].source.kernel",
          { "$.initConfig.services[0].caps[1]" } },
        { "M64", CONFIG(CAPS(K("a", "terminal_session") K("b", "terminal_session"))), MANIFEST_VALUE,
          S(0) ".caps[1].source.kernel", { "$.initConfig.services[0].caps[0]" } },
        { "M65", CONFIG(CAPS("{name:'t',source:{kernel:'timer'},expectedInterfaceId:0}")), MANIFEST_VALUE,
          S(0) ".caps[0].expectedInterfaceId", { "timer", "0x9ac15f2e068e4b7b" } },
        { "M66", CONFIG(CAPS(IMPORT("c", "x", "ep") IMPORT("d", "x", "no")) EXPORTER), MANIFEST_VALUE,
          S(0) ".caps[1].source.export", { "`no`" } },
        { "M67", CONFIG(CAPS("{name:'c',expectedInterfaceId:5,source:{service:{service:'x',export:'con'}}}") EXPORTER),
          MANIFEST_VALUE, S(0) ".caps[0].expectedInterfaceId", { "0x913ae02202463262", "0x5" } },
        { "id", CONFIG(CAPS("{name:'c',expectedInterfaceId:0x913ae02202463262,source:{service:{service:'x',export:'con'}}}")
                       EXPORTER), MANIFEST_OK, "", { NULL } },
        { "zero", CONFIG(CAPS("{name:'c',expectedInterfaceId:0,source:{service:{service:'x',export:'con'}}}") EXPORTER),
          MANIFEST_OK, "", { NULL } },
        { "endpoint", CONFIG(CAPS("{name:'c',expectedInterfaceId:5,source:{service:{service:'x',export:'ep'}}}") EXPORTER),
          MANIFEST_OK, "", { NULL } },
    };
    CHECK(rows);
}

/* The sections are there: only init's own hold counts for the key, nothing more for the block device. */
static void sections(void **state)
{
    (void)state;
    static const struct row held = { "M59", CONFIG(CAPS(K("k", "ssh_development_host_key"))), MANIFEST_VALUE,
                                     S(0) ".caps[0].source.kernel", { "init" } };
    static const struct row last = { "params", CONFIG(CAPS(K("b", "block_device_target"))), MANIFEST_VALUE,
                                     "$.kernelParams.sshDevelopmentHostKey.nonProductionLabel", { "label" } };
    struct fixture f = fixture_good();
    f.config = held.config;
    f.has_params = f.params.has_ssh_development_host_key = true;
    assert_refused("M59", plan_result(&f), &held);
    f.config = last.config;
    f.params.has_block_device_target = f.params.block_device_target.has_pci = true;
    struct row label = last;
    label.tokens[0] = "capos-development-only-ssh-host-key";
    assert_refused("params", plan_result(&f), &label);
}

static char *many(char *out, size_t size, const char *before, const char *each, int count)
{
    size_t at = (size_t)snprintf(out, size, "%s", before);
    for (int i = 0; i < count; i++) {
        for (const char *c = each; *c != '\0'; c++)
            at += *c == '#' ? (size_t)snprintf(out + at, size - at, "%d", i) : (out[at] = *c, (size_t)1);
    }
    out[at] = '\0';
    return out;
}

static void bounds(void **state)
{
    (void)state;
    static char text[16384];
    static const struct {
        const char *before, *each, *after, *path, *over;
        int most;
    } lists[] = {
        { "{init:{binary:'app'},services:[", "{name:'s#',binary:'app'},", "]}", "$.initConfig.services", "65, exceeds 64", 64 },
        { "{init:{binary:'app'},services:[{name:'s',binary:'app',caps:[", "{name:'c#',source:{kernel:'timer'}},", "]}]}",
          S(0) ".caps", "86, exceeds 85", 85 },
        { "{init:{binary:'app'},services:[{name:'s',binary:'app',exports:[", "'e#',", "]}]}", S(0) ".exports",
          "86, exceeds 85", 85 },
    };
    for (size_t i = 0; i < 3; i++) {
        for (int over = 0; over < 2; over++) {
            struct fixture f = fixture_good();
            struct row row = { "bound", NULL, MANIFEST_VALUE, lists[i].path, { lists[i].over } };
            struct row exports = { "M43", NULL, MANIFEST_VALUE, S(0) ".exports[0]", { "`e0`" } };
            many(text, sizeof text, lists[i].before, lists[i].each, lists[i].most + over);
            strcat(text, lists[i].after);
            f.config = text;
            if (over)
                assert_refused("bound", plan_result(&f), &row);
            else if (i == 2)
                assert_refused("M43", plan_result(&f), &exports);
            else
                assert_int_equal(plan_result(&f), MANIFEST_OK);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted), cmocka_unit_test(decode),       cmocka_unit_test(graph),  cmocka_unit_test(binaries),
        cmocka_unit_test(service_caps), cmocka_unit_test(sections), cmocka_unit_test(bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
