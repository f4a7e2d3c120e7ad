/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* HMAC_DRBG against vectors made with an independent HMAC; limits, refusals, reseed counter. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/drbg/drbg.h"

static uint8_t bytes[DRBG_INPUT_BYTES_MAX + 1]; /* byte i is i */
static uint8_t out[DRBG_REQUEST_BYTES_MAX + 1];
static struct drbg drbg;
static const struct drbg_input none;

static struct drbg_input input(size_t from, size_t len)
{
    return (struct drbg_input){ .bytes = bytes + from, .len = len };
}

static struct drbg_input text(const char *str)
{
    return (struct drbg_input){ .bytes = (const uint8_t *)str, .len = strlen(str) };
}

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    memset(out, 0xee, sizeof out);
    memset(&drbg, 0, sizeof drbg);
    return 0;
}

static void assert_generates(size_t len, struct drbg_input extra, const char *hex)
{
    char shown[129];

    assert_int_equal(drbg_generate(&drbg, out, len, extra), DRBG_OK);
    for (size_t i = 0; i < len; i++)
        (void)snprintf(shown + 2 * i, 3, "%02x", out[i]);
    assert_string_equal(shown, hex);
    assert_int_equal(out[len], 0xee);
    memset(out, 0xee, sizeof out);
}

static void test_plain_vector(void **state)
{
    (void)state;
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 16), none), DRBG_OK);
    assert_generates(32, none, "0ffb80875a3e9022a4941a3fa1b0d3611df14e1cf651a73ce9229b9f3ad56887");
    assert_generates(40, none, "08767656d3e9669eb668d1e1f5b80d27bb1aee12ff719eeb83e3dce006718c162bd3d88d15164d94");
    assert_int_equal(drbg.reseed_counter, 3);
}

static void test_inputs_and_reseed_vector(void **state)
{
    (void)state;
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 16), text("capos test")), DRBG_OK);
    assert_generates(16, text("more"), "2b6f27ea28175d8b0240704a181504d9");
    assert_int_equal(drbg_reseed(&drbg, input(0x80, 48), text("x")), DRBG_OK);
    assert_int_equal(drbg.reseed_counter, 1);
    assert_generates(33, none, "ba6e2e7c90140cbacdbaf6a9ee64a3edec1b1ab88e63e790a9808f435b230e39bf");
    assert_int_equal(drbg_reseed(&drbg, input(0x80, 32), none), DRBG_OK);
    assert_generates(1, none, "4a");
}

static void test_largest_request_vector(void **state)
{
    static const uint8_t want[32] = {
        0x1b, 0xd3, 0x71, 0x78, 0xe3, 0x3d, 0x4a, 0x05, 0x4d, 0x4e, 0xc1, 0xa3, 0xc7, 0x40, 0x92, 0x64,
        0xb4, 0x8b, 0x08, 0x77, 0xd8, 0xfb, 0xe3, 0x8b, 0x01, 0x3b, 0xa3, 0x43, 0x52, 0x7f, 0x1c, 0xcb,
    };
    uint8_t digest[32];
    struct sha256 ctx;

    (void)state;
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 16), none), DRBG_OK);
    assert_int_equal(drbg_generate(&drbg, out, DRBG_REQUEST_BYTES_MAX, none), DRBG_OK);
    sha256_init(&ctx);
    sha256_update(&ctx, out, DRBG_REQUEST_BYTES_MAX);
    sha256_final(&ctx, digest);
    assert_memory_equal(digest, want, 32);
    memset(out, 0xee, sizeof out);
    assert_generates(8, none, "3b51fc3574a40519");
}

static void test_not_ready(void **state)
{
    const struct drbg zero = { 0 };

    (void)state;
    assert_int_equal(drbg_generate(&drbg, out, 1, none), DRBG_NOT_READY);
    assert_int_equal(drbg_reseed(&drbg, input(0, 32), none), DRBG_NOT_READY);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 16), none), DRBG_OK);
    drbg_wipe(&drbg);
    assert_memory_equal(&drbg, &zero, sizeof drbg);
    assert_int_equal(drbg_generate(&drbg, out, 1, none), DRBG_NOT_READY);
    assert_int_equal(out[0], 0xee);
}

/* A refusal changes neither the state nor the output. */
static void test_refusals(void **state)
{
    struct drbg before;

    (void)state;
    assert_int_equal(drbg_instantiate(&drbg, input(0, 31), input(32, 16), none), DRBG_TOO_LITTLE);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 15), none), DRBG_TOO_LITTLE);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 65537), input(32, 16), none), DRBG_TOO_LONG);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(0, 65537), none), DRBG_TOO_LONG);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(0, 16), input(0, 65537)), DRBG_TOO_LONG);
    assert_int_equal(drbg.reseed_counter, 0);
    assert_int_equal(drbg_instantiate(&drbg, input(0, 65536), input(0, 65536), input(0, 65536)), DRBG_OK);
    before = drbg;
    assert_int_equal(drbg_reseed(&drbg, input(0, 31), none), DRBG_TOO_LITTLE);
    assert_int_equal(drbg_reseed(&drbg, input(0, 65537), none), DRBG_TOO_LONG);
    assert_int_equal(drbg_reseed(&drbg, input(0, 32), input(0, 65537)), DRBG_TOO_LONG);
    assert_int_equal(drbg_generate(&drbg, out, 65537, none), DRBG_TOO_LONG);
    assert_int_equal(drbg_generate(&drbg, out, 1, input(0, 65537)), DRBG_TOO_LONG);
    assert_memory_equal(&drbg, &before, sizeof drbg);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(drbg_generate(&drbg, out, 0, none), DRBG_OK);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(drbg.reseed_counter, 2);
    assert_int_equal(drbg_generate(&drbg, out, 1, input(0, 65536)), DRBG_OK);
    assert_int_equal(drbg_generate(&drbg, out, 65536, none), DRBG_OK);
}

static void test_reseed_interval(void **state)
{
    (void)state;
    assert_int_equal(drbg_instantiate(&drbg, input(0, 32), input(32, 16), none), DRBG_OK);
    drbg.reseed_counter = DRBG_RESEED_INTERVAL;
    assert_int_equal(drbg_generate(&drbg, out, 1, none), DRBG_OK);
    out[0] = 0xee;
    assert_int_equal(drbg_generate(&drbg, out, 1, none), DRBG_RESEED_REQUIRED);
    assert_int_equal(out[0], 0xee);
    assert_int_equal(drbg_reseed(&drbg, input(0, 32), none), DRBG_OK);
    assert_int_equal(drbg_generate(&drbg, out, 1, none), DRBG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_plain_vector, setup),
        cmocka_unit_test_setup(test_inputs_and_reseed_vector, setup),
        cmocka_unit_test_setup(test_largest_request_vector, setup),
        cmocka_unit_test_setup(test_not_ready, setup),
        cmocka_unit_test_setup(test_refusals, setup),
        cmocka_unit_test_setup(test_reseed_interval, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
