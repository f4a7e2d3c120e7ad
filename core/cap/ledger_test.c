/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/ledger.c. */
#include "core/cap/fixture_test.h"

static struct cap_ledger new_ledger(void)
{
    struct cap_ledger ledger;
    memset(&ledger, 0xa5, sizeof(ledger));
    cap_ledger_init(&ledger, 64, 32);
    return ledger;
}

static void limits_and_names_are_the_published_ones(void **state)
{
    (void)state;
    static const struct {
        uint64_t max;
        const char *name;
    } expected[CAP_RESOURCE_COUNT] = {
        {256, "cap slots"},
        {64, "outstanding calls"},
        {262144, "scratch bytes"},
        {4096, "frame grant pages"},
        {262144, "virtual reservation pages"},
        {64, "page table pages"},
        {32, "image pages"},
    };
    struct cap_ledger ledger = new_ledger();
    for (unsigned int i = 0; i < CAP_RESOURCE_COUNT; i++) {
        char text[80] = "capability resource exhausted: ";
        enum cap_resource resource = (enum cap_resource)i;
        assert_int_equal(cap_ledger_max(&ledger, resource), expected[i].max);
        assert_int_equal(cap_ledger_used(&ledger, resource), 0);
        assert_string_equal(cap_resource_name(resource), expected[i].name);
        strcat(text, expected[i].name);
        assert_string_equal(cap_error_text(cap_resource_exhausted(resource)), text);
    }
    assert_true(cap_ledger_is_empty(&ledger));
}

static void every_resource_stops_at_its_maximum(void **state)
{
    (void)state;
    for (unsigned int i = 0; i < CAP_RESOURCE_COUNT; i++) {
        struct cap_ledger ledger = new_ledger();
        enum cap_resource resource = (enum cap_resource)i;
        enum cap_error full = cap_resource_exhausted(resource);
        uint64_t max = cap_ledger_max(&ledger, resource);
        assert_int_equal(cap_ledger_preflight(&ledger, resource, max + 1), full);
        assert_int_equal(cap_ledger_reserve(&ledger, resource, max + 1), full);
        assert_int_equal(cap_ledger_used(&ledger, resource), 0);
        assert_int_equal(cap_ledger_preflight(&ledger, resource, max), CAP_OK);
        assert_int_equal(cap_ledger_used(&ledger, resource), 0);
        assert_int_equal(cap_ledger_reserve(&ledger, resource, max), CAP_OK);
        assert_int_equal(cap_ledger_used(&ledger, resource), max);
        assert_int_equal(cap_ledger_reserve(&ledger, resource, 1), full);
        assert_int_equal(cap_ledger_reserve(&ledger, resource, UINT64_MAX), full);
        assert_int_equal(cap_ledger_reserve(&ledger, resource, 0), CAP_OK);
        assert_int_equal(cap_ledger_used(&ledger, resource), max);
        assert_false(cap_ledger_is_empty(&ledger));
        for (unsigned int j = 0; j < CAP_RESOURCE_COUNT; j++)
            assert_true(j == i || cap_ledger_used(&ledger, (enum cap_resource)j) == 0);
        cap_ledger_release(&ledger, resource, max);
        assert_true(cap_ledger_is_empty(&ledger));
        assert_int_equal(ledger.over_releases, 0);
    }
}

static void zero_fits_above_a_lowered_maximum(void **state)
{
    (void)state;
    struct cap_ledger ledger = new_ledger();
    assert_int_equal(cap_ledger_reserve(&ledger, CAP_RESOURCE_CAP_SLOTS, 10), CAP_OK);
    ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max = 5;
    assert_int_equal(cap_ledger_reserve(&ledger, CAP_RESOURCE_CAP_SLOTS, 0), CAP_OK);
    assert_int_equal(cap_ledger_reserve(&ledger, CAP_RESOURCE_CAP_SLOTS, 1),
                     CAP_EXHAUSTED_CAP_SLOTS);
}

static void release_beyond_the_charge_is_counted(void **state)
{
    (void)state;
    struct cap_ledger ledger = new_ledger();
    assert_int_equal(cap_ledger_reserve(&ledger, CAP_RESOURCE_SCRATCH_BYTES, 10), CAP_OK);
    cap_ledger_release(&ledger, CAP_RESOURCE_SCRATCH_BYTES, 11);
    assert_int_equal(cap_ledger_used(&ledger, CAP_RESOURCE_SCRATCH_BYTES), 0);
    assert_int_equal(ledger.over_releases, 1);
    cap_ledger_release(&ledger, CAP_RESOURCE_SCRATCH_BYTES, UINT64_MAX);
    assert_int_equal(ledger.over_releases, 2);
    cap_ledger_release(&ledger, CAP_RESOURCE_SCRATCH_BYTES, 0);
    assert_int_equal(ledger.over_releases, 2);
}

static void reset_keeps_the_given_limits(void **state)
{
    (void)state;
    struct cap_ledger ledger = new_ledger();
    assert_int_equal(cap_ledger_reserve(&ledger, CAP_RESOURCE_IMAGE_PAGES, 3), CAP_OK);
    ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max = 5;
    cap_ledger_release(&ledger, CAP_RESOURCE_CAP_SLOTS, 1);
    cap_ledger_reset(&ledger);
    assert_true(cap_ledger_is_empty(&ledger));
    assert_int_equal(cap_ledger_max(&ledger, CAP_RESOURCE_CAP_SLOTS), 256);
    assert_int_equal(cap_ledger_max(&ledger, CAP_RESOURCE_IMAGE_PAGES), 32);
    assert_int_equal(cap_ledger_max(&ledger, CAP_RESOURCE_PAGE_TABLE_PAGES), 64);
    assert_int_equal(ledger.over_releases, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_and_names_are_the_published_ones),
        cmocka_unit_test(every_resource_stops_at_its_maximum),
        cmocka_unit_test(zero_fits_above_a_lowered_maximum),
        cmocka_unit_test(release_beyond_the_charge_is_counted),
        cmocka_unit_test(reset_keeps_the_given_limits),
    };
    return cmocka_run_group_tests_name("cap_ledger", tests, NULL, NULL);
}
