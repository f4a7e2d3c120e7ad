/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Restart budgets: the window slides, and the text form is strict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "user/services/supervisor/budget.h"

static void at_most_so_many_in_a_window(void **state)
{
    (void)state;
    struct budget budget = { .most = 2, .window_ns = 100 };
    assert_true(budget_spend(&budget, 1000));
    assert_true(budget_spend(&budget, 1050));
    assert_false(budget_spend(&budget, 1099));
    assert_true(budget_spend(&budget, 1100)); /* the first has just left the window */
    assert_false(budget_spend(&budget, 1149));
    assert_true(budget_spend(&budget, 1150));
    assert_true(budget_spend(&budget, 5000));
    assert_true(budget_spend(&budget, 5000));
    assert_false(budget_spend(&budget, 5000));
}

static void none_and_all(void **state)
{
    (void)state;
    struct budget none = { .most = 0, .window_ns = 100 }, all = { .most = BUDGET_MOST, .window_ns = UINT64_MAX };
    assert_false(budget_spend(&none, 1));
    for (uint32_t i = 0; i < BUDGET_MOST; i++)
        assert_true(budget_spend(&all, i));
    assert_false(budget_spend(&all, 99));
}

static void text_form(void **state)
{
    (void)state;
    struct budget budget;
    uint32_t len;
    assert_true(budget_parse("crash:3:1500", &budget, &len));
    assert_int_equal(len, 5);
    assert_int_equal(budget.most, 3);
    assert_int_equal(budget.window_ns, 1500000000);
    assert_true(budget_parse("x:16:3600000", &budget, &len));
    static const char *const bad[] = { "", ":", "crash", "crash:", "crash:3", "crash:3:", ":3:1", "crash::1", "crash:17:1", "crash:3:3600001",
                                       "crash:3:1:", "crash:3:1x", "crash:-1:1", "crash:99999999999999999999:1" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(budget_parse(bad[i], &budget, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_most_so_many_in_a_window),
        cmocka_unit_test(none_and_all),
        cmocka_unit_test(text_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
