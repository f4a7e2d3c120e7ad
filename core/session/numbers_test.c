/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/session/numbers.c: the whole tables, both ways. */
#include "core/session/numbers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_HUMAN), 1);
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_OPERATOR), 2);
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_SERVICE), 3);
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_GUEST), 4);
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_ANONYMOUS), 5);
    assert_int_equal(session_kind_number(CAPOS_PRINCIPAL_KIND_PSEUDONYMOUS), 6);
    assert_int_equal(session_kind_number((enum capos_principal_kind)6), 0);
    assert_int_equal(session_kind_number((enum capos_principal_kind)0xffff), 0);
    for (uint16_t number = 1; number <= 6; number++) {
        enum capos_principal_kind kind;
        assert_true(session_kind_of_number(number, &kind));
        assert_int_equal(session_kind_number(kind), number);
    }
    enum capos_principal_kind kind = CAPOS_PRINCIPAL_KIND_SERVICE;
    assert_false(session_kind_of_number(0, &kind));
    assert_false(session_kind_of_number(7, &kind));
    assert_int_equal(kind, CAPOS_PRINCIPAL_KIND_SERVICE);
}

static void test_strengths(void **state)
{
    (void)state;
    static const uint16_t numbers[CAPOS_AUTH_STRENGTH_COUNT] = { 0, 0, 1, 0, 0, 2 };
    for (uint32_t i = 0; i < CAPOS_AUTH_STRENGTH_COUNT; i++)
        assert_int_equal(session_auth_number((enum capos_auth_strength)i), numbers[i]);
    assert_int_equal(session_auth_number((enum capos_auth_strength)6), 0);
    enum capos_auth_strength strength = CAPOS_AUTH_STRENGTH_MULTI_PARTY;
    assert_false(session_auth_of_number(3, &strength));
    assert_int_equal(strength, CAPOS_AUTH_STRENGTH_MULTI_PARTY);
    assert_true(session_auth_of_number(0, &strength));
    assert_int_equal(strength, CAPOS_AUTH_STRENGTH_NONE);
    assert_true(session_auth_of_number(1, &strength));
    assert_int_equal(strength, CAPOS_AUTH_STRENGTH_PASSWORD);
    assert_true(session_auth_of_number(2, &strength));
    assert_int_equal(strength, CAPOS_AUTH_STRENGTH_PUBLIC_KEY);
}

static void test_profiles(void **state)
{
    (void)state;
    static const char *const names[] = { "", "anonymous", "guest", "operator", "system", "other" };
    for (uint32_t i = 0; i < 6; i++)
        assert_string_equal(session_profile_name((enum session_profile)i), names[i]);
    assert_string_equal(session_profile_name(SESSION_PROFILE_OTHER), "other");
    assert_int_equal(SESSION_PROFILE_OTHER, 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_strengths),
        cmocka_unit_test(test_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
