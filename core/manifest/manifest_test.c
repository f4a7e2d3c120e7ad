/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the kernel's stage: rows M1 to M18, M30 to M35 and M50 to M56 of the manifest error table, their order, and the
 * refusals that are ours. */
#include "core/manifest/fixture_test.h"

#define I "$.initConfig.init"
#define CAP(text) "{init:{binary:'app',caps:[" text "]}}"
#define GOOD_CAP "{name:'c',source:{kernel:'console'}}"

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct fixture f = fixture_good();
        f.config = rows[i].config;
        assert_refused(rows[i].id, kernel_result(&f), &rows[i]);
    }
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

static void accepted(void **state)
{
    (void)state;
    struct fixture f = fixture_good();
    f.config = "{extra:1, init:{binary:'tool',other:null,caps:[" GOOD_CAP ","
               "{name:'t',source:{kernel:'timer',service:7},badge:9,expectedInterfaceId:0x9ac15f2e068e4b7b,"
               "disclosureScope:['profile_class','principal_kind']}]}, services:'not a list'}";
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_int_equal(kernel_view.binary_count, 3);
    assert_int_equal(kernel_view.init_index, 1);
    assert_false(kernel_view.init_builtin);
    assert_int_equal(kernel_view.init_cap_count, 2);
    const struct manifest_cap *caps = kernel_view.init_caps;
    assert_true(capn_text_equal(caps[0].name, capn_text_of("c")));
    assert_int_equal(caps[0].source->ordinal, 0);
    assert_true(caps[0].interface_id == CAPOS_CONSOLE_INTERFACE_ID);
    assert_int_equal(caps[0].badge, 0);
    assert_int_equal(caps[0].disclosure, 0);
    assert_int_equal(caps[1].source->ordinal, 15);
    assert_int_equal(caps[1].badge, 9);
    assert_int_equal(caps[1].disclosure, 5);
    f = fixture_good();
    f.config = "{init:{binary:'init'}}";
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_true(kernel_view.init_builtin);
}

static void size_and_wire(void **state)
{
    (void)state;
    struct row empty = { "M1", NULL, MANIFEST_VALUE, "$", { "empty" } };
    struct row large = { "M2", NULL, MANIFEST_VALUE, "$", { "size", "5242881", "5242880" } };
    struct row wire = { "M3", NULL, MANIFEST_WIRE, "", { "capnp error: " } };
    uint8_t *bytes = calloc(1, 5242881);
    assert_refused("M1", manifest_decode_kernel(bytes, 0, &kernel_view, &report), &empty);
    assert_refused("M2", manifest_decode_kernel(bytes, 5242881, &kernel_view, &report), &large);
    assert_refused("M3", manifest_decode_kernel(bytes, 5242880, &kernel_view, &report), &wire);
    assert_refused("M3", manifest_decode_kernel(bytes, 7, &kernel_view, &report), &wire);
    free(bytes);
    struct fixture f = fixture_good();
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_refused("M3 cut", manifest_decode_kernel(message_bytes, message_len - 8, &kernel_view, &report), &wire);
    f.binaries[1].name = (struct capn_text){ "\xff", 1 };
    assert_refused("M3 text", kernel_result(&f), &wire);
    f = fixture_good();
    f.config = "{init:{binary:'\xc3'}}";
    assert_refused("M3 text", kernel_result(&f), &wire);
    f.config = "{\xff:1,init:{binary:'app'}}";
    assert_refused("M3 name", kernel_result(&f), &wire);
    /* A kind of value that the schema does not know, where it is read. */
    f.config = "{init:{binary:'app'}}";
    manifest_bytes(&f);
    for (size_t at = 0; at + 8 <= message_len; at += 8) {
        if (memcmp(message_bytes + at, "\7\0\0\0\0\0\0\0", 8) == 0)
            message_bytes[at] = 8; /* the record becomes one */
    }
    assert_refused("M3 union", manifest_decode_kernel(message_bytes, message_len, &kernel_view, &report), &wire);
}

static void root(void **state)
{
    (void)state;
    struct row version = { "M4", NULL, MANIFEST_VALUE, "$.schemaVersion", { "found 2", "expected 1" } };
    struct row absent = { "M5", NULL, MANIFEST_MISSING, "$", { "initConfig" } };
    struct fixture f = fixture_good();
    f.version = 2;
    f.no_config = true; /* the version is judged first */
    assert_refused("M4", kernel_result(&f), &version);
    f.version = 0;
    version.tokens[0] = "found 0";
    assert_refused("M4", kernel_result(&f), &version);
    f.version = 1;
    assert_refused("M5", kernel_result(&f), &absent);
}

static void decode(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "M6", "'init'", MANIFEST_TYPE, "$.initConfig", { "struct", "text" } },
        { "M6", "null", MANIFEST_TYPE, "$.initConfig", { "struct", "null" } },
        { "M7", "{services:[]}", MANIFEST_MISSING, "$.initConfig", { "init" } },
        { "M8", "{init:{binary:'app'},init:{binary:'app'}}", MANIFEST_DUPLICATE, "$.initConfig", { "init" } },
        { "M8", "{init:{binary:'app',binary:'app'}}", MANIFEST_DUPLICATE, I, { "binary" } },
        { "M9", "{init:{}}", MANIFEST_MISSING, I, { "binary" } },
        { "init", "{init:[]}", MANIFEST_TYPE, I, { "struct", "list" } },
        { "M10", "{init:{binary:5}}", MANIFEST_TYPE, I ".binary", { "text", "uint" } },
        { "M10", "{init:{binary:true}}", MANIFEST_TYPE, I ".binary", { "text", "bool" } },
        { "M11", "{init:{binary:'app',caps:{}}}", MANIFEST_TYPE, I ".caps", { "list", "struct" } },
        { "cap", CAP("'console'"), MANIFEST_TYPE, I ".caps[0]", { "struct", "text" } },
        { "M12", CAP(GOOD_CAP ",{}"), MANIFEST_MISSING, I ".caps[1]", { "source" } },
        { "M13", CAP("{source:{service:{service:'a',export:'b'}}}"), MANIFEST_MISSING, I ".caps[0].source", { "kernel" } },
        { "source", CAP("{source:'console'}"), MANIFEST_TYPE, I ".caps[0].source", { "struct", "text" } },
        { "M14", CAP("{source:{kernel:'consoles'}}"), MANIFEST_VALUE, I ".caps[0].source.kernel",
          { "`consoles`", "expected one of console, endpoint,", ", nic, system_monitor, power_control, stdio" } },
        { "M15", CAP("{source:{kernel:'timer'},expectedInterfaceId:+5}"), MANIFEST_TYPE, I ".caps[0].expectedInterfaceId",
          { "uint", "int" } },
        { "M15", CAP("{source:{kernel:'timer'},badge:-1}"), MANIFEST_TYPE, I ".caps[0].badge", { "uint", "int" } },
        { "M16", CAP("{source:{kernel:'timer'},badge:1}"), MANIFEST_MISSING, I ".caps[0]", { "name" } },
        { "M17", CAP("{name:'t',source:{kernel:'timer'},disclosureScope:'principal_kind'}"), MANIFEST_TYPE,
          I ".caps[0].disclosureScope", { "list", "text" } },
        { "M17", CAP("{name:'t',source:{kernel:'timer'},disclosureScope:['auth_strength',1]}"), MANIFEST_TYPE,
          I ".caps[0].disclosureScope[1]", { "text", "uint" } },
        { "M18", CAP("{name:'t',source:{kernel:'timer'},disclosureScope:['auth_strength','auth']}"), MANIFEST_VALUE,
          I ".caps[0].disclosureScope[1]", { "`auth`" } },
    };
    CHECK(rows);
}

/* Extension points: closed when absent, kept when there, unknown sources refused. */
static void extension_points(void **state)
{
    (void)state;
    static uint16_t sources[] = { 0, 49 };
    struct row wire = { "extensions", NULL, MANIFEST_WIRE, "", { NULL } };
    struct fixture f = fixture_good();
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_false(kernel_view.extensions.allow_additional_services);
    f.has_extensions = f.extensions.allow_additional_services = true;
    f.extensions.allowed_service_caps = capn_list_of_array(sources, 2);
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_true(kernel_view.extensions.allow_additional_services);
    assert_int_equal(capn_list_u16_at(&kernel_view.extensions.allowed_service_caps, 1), 49);
    sources[1] = 50;
    assert_refused("extensions", kernel_result(&f), &wire);
}

/* Within one cap: source, expectedInterfaceId, badge, name, disclosureScope. */
static void cap_order(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "1", CAP("{disclosureScope:1,badge:-1,expectedInterfaceId:-1}"), MANIFEST_MISSING, I ".caps[0]", { "source" } },
        { "2", CAP("{disclosureScope:1,badge:-1,expectedInterfaceId:-1,source:{kernel:'nic'}}"), MANIFEST_TYPE,
          I ".caps[0].expectedInterfaceId", { "uint" } },
        { "3", CAP("{disclosureScope:1,badge:-1,source:{kernel:'nic'}}"), MANIFEST_TYPE, I ".caps[0].badge", { "uint" } },
        { "4", CAP("{disclosureScope:1,source:{kernel:'nic'}}"), MANIFEST_MISSING, I ".caps[0]", { "name" } },
        { "5", CAP("{disclosureScope:1,name:'n',source:{kernel:'nic'}}"), MANIFEST_TYPE, I ".caps[0].disclosureScope",
          { "list" } },
    };
    CHECK(rows);
}

static void binaries(void **state)
{
    (void)state;
    struct row many = { "M30", NULL, MANIFEST_VALUE, "$.binaries", { "65", "64" } };
    struct row reserved = { "M31", NULL, MANIFEST_VALUE, "$.binaries[1].name", { "reserved" } };
    struct row longer = { "M32", NULL, MANIFEST_VALUE, "$.binaries[2].name", { "65", "64" } };
    struct row twice = { "M33", NULL, MANIFEST_VALUE, "$.binaries[2].name", { "1" } };
    char names[65][16];
    struct fixture f = fixture_good();
    for (int b = 0; b < 65; b++) {
        snprintf(names[b], sizeof names[b], "b%d", b);
        f.binaries[b] = (struct capos_named_blob){ capn_text_of(b == 0 ? "app" : names[b]), data_of("x") };
    }
    f.binary_count = 64;
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_int_equal(manifest_find_binary(&kernel_view, capn_text_of("b63")), 63);
    assert_int_equal(manifest_find_binary(&kernel_view, capn_text_of("b64")), -1);
    f.binary_count = 65;
    assert_refused("M30", kernel_result(&f), &many);
    f = fixture_good();
    f.binaries[1].name = capn_text_of("init");
    assert_refused("M31", kernel_result(&f), &reserved);
    f = fixture_good();
    f.binaries[2].name = text_filled(64, 'x');
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    f.binaries[2].name = text_filled(65, 'x');
    assert_refused("M32", kernel_result(&f), &longer);
    f = fixture_good();
    f.binaries[2].name = f.binaries[1].name;
    assert_refused("M33", kernel_result(&f), &twice);
}

static void init_binary(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "M34", "{init:{binary:'shell'}}", MANIFEST_VALUE, I ".binary", { "init", "`shell`" } },
        { "M35", "{init:{binary:'empty'}}", MANIFEST_VALUE, I ".binary", { "empty data", "index 2" } },
    };
    CHECK(rows);
    struct fixture f = fixture_good();
    f.config = rows[1].config;
    manifest_bytes(&f);
    assert_int_equal(manifest_decode_kernel_names(message_bytes, message_len, &kernel_view, &report), MANIFEST_OK);
    f.config = rows[0].config;
    manifest_bytes(&f);
    assert_refused("M34", manifest_decode_kernel_names(message_bytes, message_len, &kernel_view, &report), &rows[0]);
}

static void init_caps(void **state)
{
    (void)state;
    static const struct row rows[] = {
        { "M50", CAP(GOOD_CAP ",{name:'c',source:{kernel:'null'}}"), MANIFEST_VALUE, I ".caps[1].name", { "`c`" } },
        { "M51", CAP("{name:'a',source:{kernel:'terminal_session'}},{name:'b',source:{kernel:'terminal_session'}}"),
          MANIFEST_VALUE, I ".caps[1].source.kernel", { "terminal_session" } },
        { "M52", CAP("{name:'n',source:{kernel:'null'},expectedInterfaceId:0}"), MANIFEST_VALUE, I ".caps[0].source.kernel",
          { "measurement-only" } },
        { "M52", CAP("{name:'n',source:{kernel:'park_bench'}}"), MANIFEST_VALUE, I ".caps[0].source.kernel",
          { "measurement-only" } },
        { "M53", CAP("{name:'k',source:{kernel:'ssh_development_host_key'},expectedInterfaceId:0}"), MANIFEST_VALUE,
          I ".caps[0].source.kernel", { "sshDevelopmentHostKey" } },
        { "M54", CAP("{name:'k',source:{kernel:'block_device_target'},expectedInterfaceId:0}"), MANIFEST_VALUE,
          I ".caps[0].source.kernel", { "blockDeviceTarget" } },
        { "M55", CAP("{name:'k',source:{kernel:'tcp_listen_authority'},expectedInterfaceId:0}"), MANIFEST_VALUE,
          I ".caps[0].badge", { "65535", "0" } },
        { "M55", CAP("{name:'k',badge:65536,source:{kernel:'tcp_listen_authority'}}"), MANIFEST_VALUE, I ".caps[0].badge",
          { "65535", "65536" } },
        { "M55", CAP("{name:'k',badge:65535,source:{kernel:'tcp_listen_authority'}}"), MANIFEST_OK, "", { NULL } },
        { "M56", CAP("{name:'t',source:{kernel:'timer'},expectedInterfaceId:0}"), MANIFEST_VALUE,
          I ".caps[0].expectedInterfaceId", { "0x9ac15f2e068e4b7b", "0x0" } },
        { "M56", CAP("{name:'t',source:{kernel:'timer'},expectedInterfaceId:1}"), MANIFEST_VALUE,
          I ".caps[0].expectedInterfaceId", { "timer", "0x1" } },
        { "name", CAP("{name:'12345678901234567890123456789012',source:{kernel:'timer'}}"), MANIFEST_OK, "", { NULL } },
        { "name", CAP("{name:'123456789012345678901234567890123',source:{kernel:'timer'}}"), MANIFEST_VALUE,
          I ".caps[0].name", { "33", "32" } },
        { "two", CAP("{name:'a',source:{kernel:'console'}},{name:'b',source:{kernel:'console'}}"), MANIFEST_OK, "", { NULL } },
        /* The binary comes before the caps. */
        { "order", "{init:{binary:'none',caps:[{name:'n',source:{kernel:'null'}}]}}", MANIFEST_VALUE, I ".binary", { "init" } },
    };
    CHECK(rows);
}

static void too_many_caps(void **state)
{
    (void)state;
    struct row many = { "86", NULL, MANIFEST_VALUE, I ".caps", { "86", "85" } };
    for (int count = 85; count <= 86; count++) {
        struct fixture f = fixture_good();
        char config[8192];
        int at = snprintf(config, sizeof config, "{init:{binary:'app',caps:[");
        for (int k = 0; k < count; k++)
            at += snprintf(config + at, sizeof config - (size_t)at, "{name:'c%d',source:{kernel:'timer'}},", k);
        snprintf(config + at, sizeof config - (size_t)at, "]}}");
        f.config = config;
        if (count == 85)
            assert_int_equal(kernel_result(&f), MANIFEST_OK);
        else
            assert_refused("86", kernel_result(&f), &many);
    }
}

static bool only_console(const struct manifest_source *source)
{
    return source->ordinal == CAPOS_KERNEL_CAP_SOURCE_CONSOLE;
}

static void availability(void **state)
{
    (void)state;
    struct row refused = { "available", NULL, MANIFEST_VALUE, I ".caps[1].source.kernel",
                           { "kernel source nic is not available" } };
    struct fixture f = fixture_good();
    f.config = CAP(GOOD_CAP);
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_int_equal(manifest_check_available(&kernel_view, only_console, &report), MANIFEST_OK);
    f.config = CAP(GOOD_CAP ",{name:'n',source:{kernel:'nic'}}");
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_refused("available", manifest_check_available(&kernel_view, only_console, &report), &refused);
}

static void arguments(void **state)
{
    (void)state;
    struct row type = { "args", NULL, MANIFEST_TYPE, "$.initConfig.args", { "list", "text" } };
    struct row item = { "args", NULL, MANIFEST_TYPE, "$.initConfig.args[1]", { "text", "uint" } };
    struct capn_list list;
    struct capn_text text;
    struct fixture f = fixture_good();
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_int_equal(manifest_arguments(&kernel_view, &list, &report), MANIFEST_OK);
    assert_int_equal(capn_list_len(&list), 0);
    f.config = "{args:['run',5],init:{binary:'app'}}";
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_int_equal(manifest_arguments(&kernel_view, &list, &report), MANIFEST_OK);
    assert_int_equal(capn_list_len(&list), 2);
    assert_int_equal(manifest_argument_at(&list, 0, &text, &report), MANIFEST_OK);
    assert_true(capn_text_equal(text, capn_text_of("run")));
    assert_refused("args", manifest_argument_at(&list, 1, &text, &report), &item);
    f.config = "{args:'run',init:{binary:'app'}}";
    assert_int_equal(kernel_result(&f), MANIFEST_OK);
    assert_refused("args", manifest_arguments(&kernel_view, &list, &report), &type);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),  cmocka_unit_test(size_and_wire), cmocka_unit_test(root),
        cmocka_unit_test(decode),    cmocka_unit_test(cap_order),     cmocka_unit_test(binaries),
        cmocka_unit_test(init_binary), cmocka_unit_test(init_caps),   cmocka_unit_test(too_many_caps),
        cmocka_unit_test(availability), cmocka_unit_test(arguments), cmocka_unit_test(extension_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
