/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/ring/enter.c. */
#include "core/ring/enter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define FOREIGN (UINT64_MAX - 2)

static void arguments_are_clamped(void **state)
{
    (void)state;
    struct ring_enter_request request = ring_enter_parse(5, 100, 1000);
    assert_int_equal(request.wanted, 5);
    assert_true(request.may_block);
    assert_int_equal(request.deadline, 1100);
    assert_int_equal(ring_enter_parse(32, 1, 0).wanted, 32);
    assert_int_equal(ring_enter_parse(33, 1, 0).wanted, 32);
    assert_int_equal(ring_enter_parse(UINT64_MAX, 1, 0).wanted, 32);
    assert_int_equal(ring_enter_parse(1ull << 32, 1, 0).wanted, 32);
    assert_false(ring_enter_parse(0, UINT64_MAX, 5).may_block);
    assert_false(ring_enter_parse(1, 0, 5).may_block);
}

static void deadline_saturates(void **state)
{
    (void)state;
    assert_true(ring_enter_parse(1, UINT64_MAX, 7).deadline == RING_DEADLINE_NEVER);
    assert_true(ring_enter_parse(1, UINT64_MAX - 7, 7).deadline == UINT64_MAX);
    assert_true(ring_enter_parse(1, UINT64_MAX - 8, 7).deadline == UINT64_MAX - 1);
    assert_true(ring_enter_parse(1, UINT64_MAX - 6, 7).deadline == UINT64_MAX);
}

static void decisions_follow_the_rules(void **state)
{
    (void)state;
    static const struct {
        uint64_t min_complete;
        uint64_t timeout;
        uint32_t available;
        bool foreign;
        enum ring_enter_action action;
        uint64_t value;
    } cases[] = {
        {0, UINT64_MAX, 0, false, RING_ENTER_RETURN, 0},
        {0, 0, 7, false, RING_ENTER_RETURN, 7},
        {1, 0, 0, false, RING_ENTER_RETURN, 0},
        {4, 0, 3, false, RING_ENTER_RETURN, 3},
        {1, 50, 0, false, RING_ENTER_BLOCK, 0},
        {4, 50, 3, false, RING_ENTER_BLOCK, 0},
        {4, 50, 4, false, RING_ENTER_RETURN, 4},
        {4, UINT64_MAX, 9, false, RING_ENTER_RETURN, 9},
        {99, 50, 31, false, RING_ENTER_BLOCK, 0},
        {99, 50, 32, false, RING_ENTER_RETURN, 32},
        {0, 0, 0, true, RING_ENTER_YIELD_AND_RETURN, FOREIGN},
        {0, 0, 1, true, RING_ENTER_RETURN, 1},
        {1, UINT64_MAX, 0, true, RING_ENTER_YIELD_AND_RETURN, FOREIGN},
        {1, UINT64_MAX, 1, true, RING_ENTER_RETURN, 1},
        {2, 50, 1, true, RING_ENTER_YIELD_AND_RETURN, FOREIGN},
        {2, 0, 1, true, RING_ENTER_YIELD_AND_RETURN, FOREIGN},
        {2, 50, 2, true, RING_ENTER_RETURN, 2},
        {99, 50, 32, true, RING_ENTER_RETURN, 32},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ring_enter_request request =
            ring_enter_parse(cases[i].min_complete, cases[i].timeout, 1000);
        struct ring_enter_decision decision =
            ring_enter_decide(&request, cases[i].available, cases[i].foreign);
        if (decision.action != cases[i].action || decision.value != cases[i].value)
            fail_msg("case %zu: action %d, value %llx", i, (int)decision.action,
                     (unsigned long long)decision.value);
    }
}

static void blocked_thread_wakes_when_enough_are_there(void **state)
{
    (void)state;
    struct ring_enter_request request = ring_enter_parse(3, 50, 0);
    assert_false(ring_enter_is_satisfied(&request, 2));
    assert_true(ring_enter_is_satisfied(&request, 3));
    assert_true(ring_enter_is_satisfied(&request, 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_are_clamped),
        cmocka_unit_test(deadline_saturates),
        cmocka_unit_test(decisions_follow_the_rules),
        cmocka_unit_test(blocked_thread_wakes_when_enough_are_there),
    };
    return cmocka_run_group_tests_name("ring_enter", tests, NULL, NULL);
}
