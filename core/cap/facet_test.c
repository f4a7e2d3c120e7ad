/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/facet.c. */
#include "core/cap/fixture_test.h"

static void scopes_follow_the_table(void **state)
{
    (void)state;
    /* same session; other session, plain; other session, service regrant */
    static const bool expected[3][3] = {
        [CAP_SCOPE_SAME_SESSION] = {true, false, false},
        [CAP_SCOPE_CROSS_SESSION] = {true, true, true},
        [CAP_SCOPE_SERVICE_REGRANT] = {true, false, true},
    };
    for (uint8_t scope = 0; scope < 3; scope++) {
        assert_int_equal(cap_scope_allows(scope, true, false), expected[scope][0]);
        assert_int_equal(cap_scope_allows(scope, true, true), expected[scope][0]);
        assert_int_equal(cap_scope_allows(scope, false, false), expected[scope][1]);
        assert_int_equal(cap_scope_allows(scope, false, true), expected[scope][2]);
    }
    assert_false(cap_scope_allows(3, false, true));
    assert_true(cap_sessions_equal(0, 0));
    assert_true(cap_sessions_equal(5, 5));
    assert_false(cap_sessions_equal(0, 5));
}

static void facets_follow_the_minting_rule(void **state)
{
    (void)state;
    const struct cap_hold source = {.interface_id = 10, .badge = 20};
    static const struct {
        bool may_mint;
        struct cap_facet asked;
        enum cap_error error;
        struct cap_facet got;
    } cases[] = {
        {true, {99, 88}, CAP_OK, {99, 88}},
        {true, {99, CAP_BADGE_PRESERVE}, CAP_OK, {99, 20}},
        {false, {10, 20}, CAP_OK, {10, 20}},
        {false, {10, CAP_BADGE_PRESERVE}, CAP_OK, {10, 20}},
        {false, {11, 20}, CAP_INTERFACE_RELABEL, {0, 0}},
        {false, {11, 21}, CAP_INTERFACE_RELABEL, {0, 0}},
        {false, {11, CAP_BADGE_PRESERVE}, CAP_INTERFACE_RELABEL, {0, 0}},
        {false, {10, 21}, CAP_RECEIVER_COOKIE_RELABEL, {0, 0}},
        {false, {10, 0}, CAP_RECEIVER_COOKIE_RELABEL, {0, 0}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct cap_facet got = {0, 0};
        assert_int_equal(cap_facet_resolve(&source, cases[i].may_mint, &cases[i].asked, &got),
                         cases[i].error);
        assert_int_equal(got.interface_id, cases[i].got.interface_id);
        assert_int_equal(got.badge, cases[i].got.badge);
    }
}

static void cookies_go_round(void **state)
{
    (void)state;
    uint64_t cookie = 0;
    uint32_t generation = 0;
    uint32_t index = 0;
    assert_true(cap_cookie_make(1, 0, &cookie));
    assert_true(cookie == 0x51c0000001000000ull);
    assert_true(cap_cookie_make(0xffffff, 0xabcdef, &cookie));
    assert_true(cookie == 0x51c0ffffffabcdefull);
    assert_true(cap_cookie_split(cookie, &generation, &index));
    assert_int_equal(generation, 0xffffff);
    assert_int_equal(index, 0xabcdef);
    assert_false(cap_cookie_make(0, 1, &cookie));
    assert_false(cap_cookie_make(0x1000000, 1, &cookie));
    assert_false(cap_cookie_make(1, 0x1000000, &cookie));
    assert_false(cap_cookie_split(0x51c0000000000001ull, &generation, &index));
    assert_false(cap_cookie_split(0x51c1000001000000ull, &generation, &index));
    assert_false(cap_cookie_split(0, &generation, &index));
}

static void descriptors_are_checked(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[17];
    for (uint32_t i = 0; i < 17; i++)
        list[i] = (struct ring_transfer_descriptor){i, TRANSFER_MODE_COPY, 0};
    assert_int_equal(cap_descriptors_check(list, 0), CAP_OK);
    assert_int_equal(cap_descriptors_check(list, 16), CAP_OK);
    assert_int_equal(cap_descriptors_check(list, 17), CAP_INVALID_DESCRIPTOR);
    static const uint16_t bad_modes[] = {0, 3, 4, 0x101, 0x8002};
    for (size_t i = 0; i < sizeof(bad_modes) / sizeof(bad_modes[0]); i++) {
        list[15].transfer_mode = bad_modes[i];
        assert_int_equal(cap_descriptors_check(list, 16), CAP_INVALID_DESCRIPTOR);
        assert_int_equal(cap_descriptors_check(list, 15), CAP_OK);
    }
    list[15].transfer_mode = TRANSFER_MODE_MOVE;
    assert_int_equal(cap_descriptors_check(list, 16), CAP_OK);
    list[3].reserved = 0x8000;
    assert_int_equal(cap_descriptors_check(list, 16), CAP_INVALID_DESCRIPTOR);
}

static void duplicates_are_fine_only_as_copies(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[3] = {
        {7, TRANSFER_MODE_COPY, 0}, {8, TRANSFER_MODE_MOVE, 0}, {7, TRANSFER_MODE_COPY, 0}};
    assert_int_equal(cap_descriptors_check(list, 3), CAP_OK);
    list[2].transfer_mode = TRANSFER_MODE_MOVE;
    assert_int_equal(cap_descriptors_check(list, 3), CAP_INVALID_DESCRIPTOR);
    list[2].transfer_mode = TRANSFER_MODE_COPY;
    list[0].transfer_mode = TRANSFER_MODE_MOVE;
    assert_int_equal(cap_descriptors_check(list, 3), CAP_INVALID_DESCRIPTOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(scopes_follow_the_table),
        cmocka_unit_test(facets_follow_the_minting_rule),
        cmocka_unit_test(cookies_go_round),
        cmocka_unit_test(descriptors_are_checked),
        cmocka_unit_test(duplicates_are_fine_only_as_copies),
    };
    return cmocka_run_group_tests_name("cap_facet", tests, NULL, NULL);
}
