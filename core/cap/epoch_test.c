/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/epoch.c. */
#include "core/cap/fixture_test.h"

static void pool_hands_out_every_cell_once(void **state)
{
    (void)state;
    struct cap_epoch cells[4];
    struct cap_epoch *taken[4];
    struct cap_epoch_pool pool;
    memset(cells, 0xff, sizeof(cells));
    cap_epoch_pool_init(&pool, cells, 4);
    for (int i = 0; i < 4; i++) {
        taken[i] = cap_epoch_new(&pool);
        assert_non_null(taken[i]);
        assert_int_equal(taken[i]->value, 0);
        for (int j = 0; j < i; j++)
            assert_ptr_not_equal(taken[i], taken[j]);
        assert_true(cap_epoch_pool_is_valid(&pool));
    }
    assert_null(cap_epoch_new(&pool));
    taken[2]->value = 9;
    cap_epoch_drop(&pool, taken[2]);
    assert_true(cap_epoch_pool_is_valid(&pool));
    struct cap_epoch *again = cap_epoch_new(&pool);
    assert_ptr_equal(again, taken[2]);
    assert_int_equal(again->value, 0);
    assert_null(cap_epoch_new(&pool));
}

static void empty_pool_gives_nothing(void **state)
{
    (void)state;
    struct cap_epoch_pool pool;
    cap_epoch_pool_init(&pool, NULL, 0);
    assert_null(cap_epoch_new(&pool));
    assert_true(cap_epoch_pool_is_valid(&pool));
}

static void last_reference_frees(void **state)
{
    (void)state;
    struct cap_epoch cells[2];
    struct cap_epoch_pool pool;
    cap_epoch_pool_init(&pool, cells, 2);
    struct cap_epoch *cell = cap_epoch_new(&pool);
    cap_epoch_ref(cell);
    cap_epoch_drop(&pool, cell);
    assert_int_equal(pool.in_use, 1);
    cap_epoch_drop(&pool, cell);
    assert_int_equal(pool.in_use, 0);
    assert_true(cap_epoch_pool_is_valid(&pool));
}

static void bump_steps_over_zero(void **state)
{
    (void)state;
    struct cap_epoch cell = {.value = 0};
    assert_int_equal(cap_epoch_bump(&cell), 1);
    assert_int_equal(cap_epoch_bump(&cell), 2);
    cell.value = UINT64_MAX;
    assert_int_equal(cap_epoch_bump(&cell), 1);
    assert_int_equal(cell.value, 1);
}

static void checker_sees_damage(void **state)
{
    (void)state;
    struct cap_epoch cells[3];
    struct cap_epoch_pool pool;
    cap_epoch_pool_init(&pool, cells, 3);
    struct cap_epoch *cell = cap_epoch_new(&pool);
    pool.in_use = 0;
    assert_false(cap_epoch_pool_is_valid(&pool));
    pool.in_use = 4;
    assert_false(cap_epoch_pool_is_valid(&pool));
    pool.in_use = 1;
    cells[1].references = 1;
    assert_false(cap_epoch_pool_is_valid(&pool));
    cells[1].references = 0;
    assert_true(cap_epoch_pool_is_valid(&pool));
    cell->references = 0;
    assert_false(cap_epoch_pool_is_valid(&pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pool_hands_out_every_cell_once),
        cmocka_unit_test(empty_pool_gives_nothing),
        cmocka_unit_test(last_reference_frees),
        cmocka_unit_test(bump_steps_over_zero),
        cmocka_unit_test(checker_sees_damage),
    };
    return cmocka_run_group_tests_name("cap_epoch", tests, NULL, NULL);
}
