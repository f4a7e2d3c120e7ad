/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the frame ledger: order of refusals, all-or-nothing ranges, removal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/frames/ledger.h"

static uint64_t storage[5];
static struct frames_ledger ledger;

static int setup(void **state)
{
    (void)state;
    memset(storage, 0xee, sizeof storage);
    frames_ledger_init(&ledger, storage, 4);
    return 0;
}

static void test_track_one(void **state)
{
    (void)state;
    assert_int_equal(frames_ledger_track(&ledger, 7), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track(&ledger, 7), FRAMES_LEDGER_ALREADY_TRACKED);
    assert_int_equal(frames_ledger_track(&ledger, UINT64_MAX), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track(&ledger, 0), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track(&ledger, 1), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track(&ledger, 7), FRAMES_LEDGER_QUOTA); /* before the duplicate */
    assert_int_equal(ledger.count, 4);
    assert_true(frames_ledger_contains(&ledger, 0));
    assert_false(frames_ledger_contains(&ledger, 2));
}

static void test_untrack_and_pop(void **state)
{
    uint64_t frame = 99;

    (void)state;
    assert_false(frames_ledger_pop(&ledger, &frame));
    assert_int_equal(frame, 99);
    assert_int_equal(frames_ledger_track_range(&ledger, 10, 3, 1), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_untrack(&ledger, 13), FRAMES_LEDGER_NOT_TRACKED);
    assert_int_equal(frames_ledger_untrack(&ledger, 10), FRAMES_LEDGER_OK);
    assert_int_equal(storage[0], 12); /* the last one took its place */
    assert_int_equal(storage[1], 11);
    assert_int_equal(frames_ledger_untrack(&ledger, 10), FRAMES_LEDGER_NOT_TRACKED);
    assert_true(frames_ledger_pop(&ledger, &frame));
    assert_int_equal(frame, 11);
    assert_int_equal(ledger.count, 1);
}

static void test_range_refusals_change_nothing(void **state)
{
    (void)state;
    assert_int_equal(frames_ledger_track(&ledger, 20), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track_range(&ledger, 20, 4, 0), FRAMES_LEDGER_QUOTA);
    assert_int_equal(frames_ledger_track_range(&ledger, UINT64_MAX - 1, 3, 1), FRAMES_LEDGER_QUOTA);
    assert_int_equal(frames_ledger_track_range(&ledger, 0, 3, UINT64_MAX), FRAMES_LEDGER_QUOTA);
    assert_int_equal(frames_ledger_track_range(&ledger, 1, 2, 0), FRAMES_LEDGER_ALREADY_TRACKED);
    assert_int_equal(frames_ledger_track_range(&ledger, 16, 3, 2), FRAMES_LEDGER_ALREADY_TRACKED);
    assert_int_equal(frames_ledger_track_range(&ledger, 20, 1, 5), FRAMES_LEDGER_ALREADY_TRACKED);
    assert_int_equal(ledger.count, 1);
}

static void test_range(void **state)
{
    (void)state;
    assert_int_equal(frames_ledger_track(&ledger, 18), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track_range(&ledger, 9, 0, 0), FRAMES_LEDGER_OK);
    assert_int_equal(frames_ledger_track_range(&ledger, 15, 3, 2), FRAMES_LEDGER_OK); /* 15 17 19: 18 is not one */
    assert_int_equal(storage[1], 15);
    assert_int_equal(storage[2], 17);
    assert_int_equal(storage[3], 19);
    assert_int_equal(frames_ledger_track_range(&ledger, 20, 0, 0), FRAMES_LEDGER_OK); /* nothing, even when full */
    setup(NULL);
    assert_int_equal(frames_ledger_track_range(&ledger, UINT64_MAX - 3, 4, 1), FRAMES_LEDGER_OK);
    assert_int_equal(storage[3], UINT64_MAX);
    assert_int_equal(storage[4], 0xeeeeeeeeeeeeeeee);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_track_one, setup),
        cmocka_unit_test_setup(test_untrack_and_pop, setup),
        cmocka_unit_test_setup(test_range_refusals_change_nothing, setup),
        cmocka_unit_test_setup(test_range, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
