/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Arguments and program names out of a boot package that the test hands over
 * piece by piece: as it should be, cut at every byte, and with flipped bits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capos/package.h"
#include "core/base/bytes.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"
#include "start.h"

static _Alignas(8) uint8_t package[4096];
static size_t package_len;
static bool granted;
static uint32_t chunk_max, reads;
static struct capos_arguments arguments;

enum capos_status capos_client_open(struct capos_client *client, const char *name, uint64_t interface_id)
{
    assert_string_equal(name, "boot_package");
    *client = (struct capos_client){ .interface_id = interface_id };
    return granted ? CAPOS_OK : CAPOS_NOT_GRANTED;
}

enum capos_status capos_boot_package_read_manifest(struct capos_client *client,
                                                   const struct capos_boot_package_read_manifest_params *in,
                                                   struct capos_boot_package_read_manifest_results *out)
{
    (void)client;
    reads++;
    uint64_t left = in->offset < package_len ? package_len - in->offset : 0;
    uint32_t len = in->max_bytes < chunk_max ? in->max_bytes : chunk_max;
    len = left < len ? (uint32_t)left : len;
    *out = (struct capos_boot_package_read_manifest_results){ .data = { package + (len > 0 ? in->offset : 0), len } };
    return CAPOS_OK;
}

static struct capos_cue_value text_value(const char *text)
{
    return (struct capos_cue_value){ .which = CAPOS_CUE_VALUE_TEXT, .text = capn_text_of(text) };
}

static void make_package(const struct capos_cue_value *args)
{
    struct capn_builder builder;
    const struct capos_named_blob blobs[] = { { capn_text_of("first"), { (const uint8_t *)"12345", 5 } },
                                              { capn_text_of("second"), { NULL, 0 } } };
    struct capos_cue_field fields[] = { { .name = capn_text_of("argsx"), .has_value = true, .value = text_value("no") },
                                        { .name = capn_text_of("args"), .has_value = true, .value = *args } };
    struct capos_system_manifest manifest = {
        .schema_version = 1, .binaries = capn_list_of_array(blobs, 2), .has_init_config = true,
        .init_config = { .which = CAPOS_CUE_VALUE_FIELDS, .fields = capn_list_of_array(fields, 2) },
    };
    capn_builder_init(&builder, package, sizeof package);
    struct capn_struct_builder root = capn_builder_root(&builder, CAPOS_SYSTEM_MANIFEST_DATA_WORDS,
                                                        CAPOS_SYSTEM_MANIFEST_POINTER_WORDS);
    assert_int_equal(capos_system_manifest_encode(root, &manifest), CAPN_OK);
    assert_int_equal(capn_builder_finish(&builder, &package_len), CAPN_OK);
}

static int setup(void **state)
{
    (void)state;
    static struct capos_cue_value texts[3], args;
    texts[0] = text_value("one");
    texts[1] = text_value("");
    texts[2] = text_value("two words");
    args = (struct capos_cue_value){ .which = CAPOS_CUE_VALUE_LIST, .list = capn_list_of_array(texts, 3) };
    granted = true;
    chunk_max = UINT32_MAX;
    make_package(&args);
    return 0;
}

static void arguments_in_order(void **state)
{
    (void)state;
    static const uint32_t chunks[] = { UINT32_MAX, 1000, 24, 8, 7, 1 };
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        chunk_max = chunks[i];
        capos_arguments_load(&arguments);
        assert_int_equal(arguments.count, 4);
        assert_string_equal(arguments.values[0], "");
        assert_string_equal(arguments.values[1], "one");
        assert_string_equal(arguments.values[2], "");
        assert_string_equal(arguments.values[3], "two words");
        assert_null(arguments.values[4]);
    }
}

static void no_arguments(void **state)
{
    (void)state;
    granted = false;
    capos_arguments_load(&arguments);
    assert_int_equal(arguments.count, 1);
    assert_string_equal(arguments.values[0], "");
    assert_null(arguments.values[1]);
    granted = true;
    struct capos_cue_value text = text_value("not a list");
    make_package(&text);
    capos_arguments_load(&arguments);
    assert_int_equal(arguments.count, 1);
}

static void programs_by_number(void **state)
{
    (void)state;
    char name[CAPOS_PROGRAM_NAME_BYTES];
    uint32_t size = 99;
    assert_int_equal(capos_package_program(0, name, &size), CAPOS_OK);
    assert_string_equal(name, "first");
    assert_int_equal(size, 5);
    assert_int_equal(capos_package_program(1, name, &size), CAPOS_OK);
    assert_string_equal(name, "second");
    assert_int_equal(size, 0);
    assert_int_equal(capos_package_program(2, name, &size), CAPOS_INVALID_REQUEST);
    granted = false;
    assert_int_equal(capos_package_program(0, name, &size), CAPOS_NOT_GRANTED);
}

static void look_at_everything(void)
{
    char name[CAPOS_PROGRAM_NAME_BYTES];
    uint32_t size;
    capos_arguments_load(&arguments);
    assert_in_range(arguments.count, 1, CAPOS_ARGS_MAX);
    for (int i = 0; i < arguments.count; i++)
        assert_true(strlen(arguments.values[i]) < CAPOS_ARGS_BYTES);
    for (uint32_t i = 0; i < 4; i++)
        capos_package_program(i, name, &size);
}

static void cut_packages(void **state)
{
    (void)state;
    for (size_t whole = package_len; package_len-- > 0;) {
        assert_true(package_len < whole);
        look_at_everything();
    }
    package_len = 0;
    capos_arguments_load(&arguments);
    assert_int_equal(arguments.count, 1);
}

/* Half a million fields, none of them the arguments, in a segment that claims to hold them: no more is read than is there. */
static void claimed_fields(void **state)
{
    (void)state;
    uint64_t tag = 2u << 2 | (uint64_t)CAPOS_CUE_FIELD_DATA_WORDS << 32 | (uint64_t)CAPOS_CUE_FIELD_POINTER_WORDS << 48;
    uint32_t lists = 0;
    store_le32(package + 4, 1u << 23);
    for (size_t at = 8; at + 8 <= package_len; at += 8) {
        if (memcmp(package + at, "args", 4) == 0)
            package[at] = 'b';
        if (load_le64(package + at) == tag) {
            store_le32(package + at, 1u << 19 << 2);
            lists++;
        }
    }
    assert_int_equal(lists, 2); /* fields and programs */
    reads = 0;
    capos_arguments_load(&arguments);
    assert_int_equal(arguments.count, 1);
    assert_in_range(reads, 1, package_len);
}

static void flipped_bits(void **state)
{
    (void)state;
    uint64_t random = 12345;
    for (uint32_t round = 0; round < 20000; round++) {
        setup(NULL);
        for (uint32_t flips = 1 + round % 4; flips > 0; flips--) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            package[(random >> 33) % package_len] ^= (uint8_t)(1u << (random >> 29) % 8);
        }
        look_at_everything();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(arguments_in_order, setup), cmocka_unit_test_setup(no_arguments, setup),
        cmocka_unit_test_setup(programs_by_number, setup), cmocka_unit_test_setup(cut_packages, setup),
        cmocka_unit_test_setup(claimed_fields, setup), cmocka_unit_test_setup(flipped_bits, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
