/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The published vector of caller-session references, and what must change the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/drbg/session_ref.h"

static uint8_t secret[SESSION_REF_SECRET_BYTES];

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)i;
    return 0;
}

static struct session_ref derive(uint64_t scope, const char *id)
{
    struct session_ref ref;

    session_ref_derive(secret, scope, (const uint8_t *)id, strlen(id), &ref);
    return ref;
}

static void test_vector(void **state)
{
    struct session_ref ref = derive(0x0102030405060708, "operator-session-alpha");

    (void)state;
    assert_true(ref.low == 0xC986372C2DE46180);
    assert_true(ref.high == 0xA3065F12F2D63054);
    assert_true(ref.epoch == 0xAD8A8737145CC0E1);
}

static void test_inputs_matter(void **state)
{
    struct session_ref a = derive(1, "alpha");
    struct session_ref scope = derive(2, "alpha");
    struct session_ref id = derive(1, "alphb");
    struct session_ref empty = derive(1, "");

    (void)state;
    assert_true(a.low != scope.low && a.high != scope.high && a.epoch != scope.epoch);
    assert_true(a.low != id.low && a.high != id.high && a.epoch != id.epoch);
    assert_true(a.low != empty.low && empty.low != 0);
    secret[31] ^= 1;
    struct session_ref other = derive(1, "alpha");
    assert_true(a.low != other.low && a.high != other.high && a.epoch != other.epoch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_vector, setup),
        cmocka_unit_test_setup(test_inputs_matter, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
