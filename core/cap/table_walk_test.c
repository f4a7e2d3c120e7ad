/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/table_walk.c: snapshots, hook order, collection, the invariant checker. */
#include "core/cap/fixture_test.h"

static struct test_world world;
static struct test_object objects[8];
static struct cap_table *const table = &world.tables[0];

/* Slots 0 to 7, of which 2 is empty, 3 revoked, 4 dead, 5 move-reserved, 6 and 1 labelled nic. */
static int set_up(void **state)
{
    (void)state;
    uint64_t epoch;
    struct cap_prepared move;
    test_world_init(&world);
    for (uint32_t i = 0; i < 8; i++) {
        objects[i] = (struct test_object){.id = 1000 + i, .nic = i == 6 || i == 1};
        (void)test_insert(table, &objects[i], CAP_MODE_COPY);
    }
    assert_int_equal(test_remove(table, 2), CAP_OK);
    assert_int_equal(cap_table_revoke(table, 3, &epoch), CAP_OK);
    objects[4].dead = true;
    assert_int_equal(cap_grant_prepare(table, 5, CAP_GRANT_MOVE, &move), CAP_OK);
    return 0;
}

static void live_snapshot_leaves_out_what_does_not_resolve(void **state)
{
    (void)state;
    static const uint32_t expected[] = {0, 1, 5, 6, 7};
    struct cap_row row;
    uint32_t cursor = 0;
    for (size_t i = 0; i < 5; i++) {
        assert_true(cap_table_next_live(table, &cursor, &row));
        assert_int_equal(row.id, expected[i]);
        assert_ptr_equal(row.object, &objects[expected[i]]);
        assert_int_equal(row.hold.object_id, 1000 + expected[i]);
    }
    assert_false(cap_table_next_live(table, &cursor, &row));
}

static void rows_carry_the_generation(void **state)
{
    (void)state;
    struct cap_row row = {.id = 0};
    uint32_t cursor = 2;
    assert_int_equal(test_insert(table, &objects[2], CAP_MODE_COPY), cap_id_make(1, 2));
    assert_true(cap_table_next_live(table, &cursor, &row));
    assert_int_equal(row.id, cap_id_make(1, 2));
}

static void hooks_run_for_nic_first_then_all_others(void **state)
{
    (void)state;
    static const uint32_t expected[] = {1, 6, 0, 3, 4, 5, 7};
    struct cap_release_cursor cursor = {0, 0, false};
    struct cap_row row;
    for (size_t i = 0; i < 7; i++) {
        assert_true(cap_table_next_release(table, &cursor, &row));
        assert_int_equal(row.id, expected[i]);
    }
    assert_false(cap_table_next_release(table, &cursor, &row));
    assert_false(cap_table_next_release(table, &cursor, &row));
    assert_int_equal(cursor.count, 7);
}

static void without_a_predicate_nobody_is_first(void **state)
{
    (void)state;
    struct cap_object_ops plain = test_ops;
    struct cap_release_cursor cursor = {0, 0, false};
    struct cap_row row;
    plain.released_first = NULL;
    table->ops = &plain;
    assert_true(cap_table_next_release(table, &cursor, &row));
    assert_int_equal(row.id, 0);
    while (cap_table_next_release(table, &cursor, &row))
        continue;
    assert_int_equal(cursor.count, 7);
}

static void collection_says_when_it_does_not_fit(void **state)
{
    (void)state;
    void *found[3] = {NULL, NULL, NULL};
    uint32_t count = 99;
    assert_int_equal(cap_table_collect(table, test_object_nic, found, 2, &count), CAP_OK);
    assert_int_equal(count, 2);
    assert_ptr_equal(found[0], &objects[1]);
    assert_ptr_equal(found[1], &objects[6]);
    found[1] = NULL;
    assert_int_equal(cap_table_collect(table, test_object_nic, found, 1, &count),
                     CAP_EXHAUSTED_OBJECT_COLLECTION);
    assert_int_equal(count, 1);
    assert_null(found[1]);
    assert_int_equal(cap_table_collect(table, test_object_grant_only, found, 0, &count), CAP_OK);
    assert_int_equal(count, 0);
}

static void sound_table_is_valid(void **state)
{
    (void)state;
    assert_true(cap_table_is_valid(table, 0, 1));
    assert_false(cap_table_is_valid(table, 0, 0));
    assert_false(cap_table_is_valid(table, 1, 1));
    assert_int_equal(
        cap_ledger_reserve(&table->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, 9), CAP_OK);
    assert_false(cap_table_is_valid(table, 0, 1));
    assert_true(cap_table_is_valid(table, 9, 1));
}

/* Each line damages a sound table in one way. */
static void every_damage_is_seen(void **state)
{
    (void)state;
#define DAMAGE(statement)                                                                          \
    do {                                                                                           \
        (void)set_up(NULL);                                                                        \
        assert_true(cap_table_is_valid(table, 0, 1));                                              \
        statement;                                                                                 \
        assert_false(cap_table_is_valid(table, 0, 1));                                             \
    } while (0)
    DAMAGE(table->slot_count = CAP_SLOTS_MAX + 1);
    DAMAGE(table->slots[0].retired = true);
    DAMAGE(table->slots[2].retired = true);
    DAMAGE(table->slots[2].epoch = table->slots[0].epoch);
    DAMAGE(table->slots[2].frame_pages = 1);
    DAMAGE(table->slots[0].move_reserved = true);
    DAMAGE((table->slots[5].move_reserved = false, table->slots[2].move_reserved = true));
    DAMAGE(table->slots[0].epoch = NULL);
    DAMAGE(table->slots[0].epoch->references = 0);
    DAMAGE(table->slots[0].hold.object_id = 1);
    DAMAGE(table->slots[0].frame_pages = 1);
    DAMAGE((table->slots[0].retired = true, table->slots[0].generation = 255));
    DAMAGE(table->free_count = 0);
    DAMAGE(table->free_count = 2);
    DAMAGE(table->free_head = 0);
    DAMAGE(table->free_head = 200);
    DAMAGE(table->slots[2].next_free = 2);
    DAMAGE((table->free_head = UINT32_MAX, table->free_count = 0));
    DAMAGE(table->ledger.pairs[CAP_RESOURCE_CAP_SLOTS].used--);
    DAMAGE(table->ledger.over_releases++);
#undef DAMAGE
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(live_snapshot_leaves_out_what_does_not_resolve),
        T(rows_carry_the_generation),
        T(hooks_run_for_nic_first_then_all_others),
        T(without_a_predicate_nobody_is_first),
        T(collection_says_when_it_does_not_fit),
        T(sound_table_is_valid),
        T(every_damage_is_seen),
    };
    return cmocka_run_group_tests_name("cap_table_walk", tests, NULL, NULL);
}
