/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/table.c: slots, ids, look-up order, charges, revocation. */
#include "core/cap/fixture_test.h"

static struct test_world world;
static struct test_object objects[CAP_SLOTS_MAX + 4];

static int set_up(void **state)
{
    (void)state;
    test_world_init(&world);
    for (uint32_t i = 0; i < CAP_SLOTS_MAX + 4; i++)
        objects[i] = (struct test_object){.id = 1000 + i};
    return 0;
}

static struct cap_table *const one = &world.tables[0];
static struct cap_table *const two = &world.tables[1];

static void first_id_is_zero_and_fresh_ids_count_up(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(test_insert(one, &objects[i], CAP_MODE_NONE), i);
    assert_true(cap_table_is_valid(one, 0, 0));
}

static void free_slots_are_reused_last_in_first_out(void **state)
{
    (void)state;
    uint32_t a = test_insert(one, &objects[0], CAP_MODE_NONE);
    uint32_t b = test_insert(one, &objects[1], CAP_MODE_NONE);
    assert_int_equal(test_remove(one, a), CAP_OK);
    assert_int_equal(test_remove(one, b), CAP_OK);
    assert_int_equal(test_insert(one, &objects[2], CAP_MODE_NONE), cap_id_make(1, 1));
    assert_int_equal(test_insert(one, &objects[3], CAP_MODE_NONE), cap_id_make(1, 0));
    assert_int_equal(test_insert(one, &objects[4], CAP_MODE_NONE), cap_id_make(0, 2));
    assert_true(cap_table_is_valid(one, 0, 0));
}

static void default_hold_grants_nothing(void **state)
{
    (void)state;
    struct cap_hold hold = cap_hold_default(0xabc);
    uint32_t id = 9;
    hold.object_id = 55; /* ignored */
    hold.object_epoch = 66;
    assert_int_equal(cap_table_insert(one, &objects[0], &hold, &id), CAP_OK);
    const struct cap_hold *stored = &test_slot(one, id)->hold;
    assert_int_equal(stored->object_id, 1000);
    assert_int_equal(stored->object_epoch, 0);
    assert_int_equal(stored->interface_id, 0xabc);
    assert_int_equal(stored->badge, 0);
    assert_int_equal(stored->disclosure_scope, 0);
    assert_int_equal(stored->transfer_mode, CAP_MODE_NONE);
    assert_int_equal(stored->transfer_scope, CAP_SCOPE_SAME_SESSION);
    assert_int_equal(stored->origin, CAP_ORIGIN_KERNEL);
}

static void same_object_twice_has_one_identity_and_two_cells(void **state)
{
    (void)state;
    uint32_t a = test_insert(one, &objects[0], CAP_MODE_NONE);
    uint32_t b = test_insert(one, &objects[0], CAP_MODE_NONE);
    assert_int_not_equal(a, b);
    assert_int_equal(test_slot(one, a)->hold.object_id, test_slot(one, b)->hold.object_id);
    assert_ptr_not_equal(test_slot(one, a)->epoch, test_slot(one, b)->epoch);
}

static void lookup_checks_in_order(void **state)
{
    (void)state;
    const struct cap_slot *slot = NULL;
    uint64_t epoch;
    assert_int_equal(test_lookup(one, 0), CAP_NOT_FOUND);
    uint32_t id = test_insert(one, &objects[0], CAP_MODE_COPY);
    assert_int_equal(cap_table_lookup(one, id, &slot), CAP_OK);
    assert_ptr_equal(slot->object, &objects[0]);
    assert_int_equal(slot->hold.badge, 77);
    assert_int_equal(test_lookup(one, 1), CAP_NOT_FOUND);
    assert_int_equal(test_lookup(one, cap_id_make(1, 1)), CAP_NOT_FOUND);
    assert_int_equal(test_lookup(one, UINT32_MAX), CAP_NOT_FOUND);
    objects[0].dead = true;
    assert_int_equal(test_lookup(one, id), CAP_NOT_LIVE);
    objects[0].dead = false;
    assert_int_equal(cap_table_revoke(one, id, &epoch), CAP_OK);
    assert_int_equal(test_lookup(one, id), CAP_REVOKED);
    objects[0].dead = true;
    assert_int_equal(test_lookup(one, id), CAP_REVOKED);
    assert_int_equal(test_lookup(one, cap_id_make(1, 0)), CAP_STALE_GENERATION);
}

/* The counter of a cell comes round: the hold's number is then the larger one. */
static void revoked_by_the_last_epoch(void **state)
{
    (void)state;
    uint64_t epoch = 0;
    uint32_t id = test_insert(one, &objects[0], CAP_MODE_COPY);
    struct cap_slot *slot = &one->slots[cap_id_index(id)];
    slot->epoch->value = UINT64_MAX;
    slot->hold.object_epoch = UINT64_MAX;
    assert_int_equal(test_lookup(one, id), CAP_OK);
    assert_int_equal(cap_table_revoke(one, id, &epoch), CAP_OK);
    assert_int_equal(epoch, 1);
    assert_int_equal(test_lookup(one, id), CAP_REVOKED);
}

static void removed_ids_are_stale(void **state)
{
    (void)state;
    uint32_t id = test_insert(one, &objects[0], CAP_MODE_COPY);
    assert_int_equal(test_remove(one, id), CAP_OK);
    assert_int_equal(test_lookup(one, id), CAP_STALE_GENERATION);
    assert_int_equal(test_remove(one, id), CAP_STALE_GENERATION);
    assert_int_equal(test_lookup(one, cap_id_make(1, 0)), CAP_NOT_FOUND);
    assert_int_equal(test_remove(one, cap_id_make(1, 0)), CAP_NOT_FOUND);
    (void)test_insert(one, &objects[1], CAP_MODE_COPY);
    assert_int_equal(test_lookup(one, id), CAP_STALE_GENERATION);
}

static void failed_lookup_leaves_the_output_alone(void **state)
{
    (void)state;
    const struct cap_slot *slot = NULL;
    assert_int_equal(cap_table_lookup(one, 3, &slot), CAP_NOT_FOUND);
    assert_null(slot);
    assert_int_equal(cap_table_lookup_raw(one, 3, &slot), CAP_NOT_FOUND);
    assert_null(slot);
}

static void emptied_slot_remembers_revocation(void **state)
{
    (void)state;
    uint64_t epoch;
    uint32_t id = test_insert(one, &objects[0], CAP_MODE_COPY);
    assert_int_equal(cap_table_revoke(one, id, &epoch), CAP_OK);
    assert_int_equal(test_remove(one, id), CAP_OK);
    assert_int_equal(test_lookup(one, cap_id_make(1, 0)), CAP_REVOKED);
    const struct cap_slot *slot;
    assert_int_equal(cap_table_lookup_raw(one, cap_id_make(1, 0), &slot), CAP_NOT_FOUND);
    id = test_insert(one, &objects[1], CAP_MODE_COPY);
    assert_int_equal(test_lookup(one, id), CAP_OK);
}

static void raw_lookup_ignores_revocation_and_death(void **state)
{
    (void)state;
    uint64_t epoch;
    const struct cap_slot *slot;
    uint32_t id = test_insert(one, &objects[0], CAP_MODE_COPY);
    assert_int_equal(cap_table_revoke(one, id, &epoch), CAP_OK);
    objects[0].dead = true;
    assert_int_equal(cap_table_lookup_raw(one, id, &slot), CAP_OK);
    assert_ptr_equal(slot->object, &objects[0]);
    assert_int_equal(cap_table_lookup_raw(one, cap_id_make(9, 0), &slot), CAP_STALE_GENERATION);
}

static void slot_retires_after_256_lifetimes(void **state)
{
    (void)state;
    for (uint32_t generation = 0; generation < 256; generation++) {
        uint32_t id = test_insert(one, &objects[0], CAP_MODE_NONE);
        assert_int_equal(id, cap_id_make((uint8_t)generation, 0));
        assert_int_equal(test_remove(one, id), CAP_OK);
    }
    assert_true(cap_table_is_valid(one, 0, 0));
    uint32_t last = cap_id_make(255, 0);
    assert_int_equal(test_remove(one, last), CAP_NOT_FOUND);
    assert_int_equal(test_lookup(one, last), CAP_NOT_FOUND);
    assert_int_equal(test_insert(one, &objects[0], CAP_MODE_NONE), cap_id_make(0, 1));
}

/* 256 slots times 256 lifetimes: then inserts fail while the preflight still succeeds. */
static void retired_slots_keep_counting_as_storage(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t inserts = 0;
    uint32_t id = 0;
    while (cap_table_insert(one, &objects[0], &hold, &id) == CAP_OK) {
        inserts++;
        assert_int_equal(test_remove(one, id), CAP_OK);
    }
    assert_int_equal(inserts, 65536);
    assert_int_equal(test_used(one, CAP_RESOURCE_CAP_SLOTS), 0);
    assert_int_equal(cap_table_preflight(one, 256), CAP_OK);
    assert_int_equal(cap_table_reserve_storage(one, 1), CAP_EXHAUSTED_CAP_SLOTS);
    assert_int_equal(cap_table_insert(one, &objects[0], &hold, &id), CAP_EXHAUSTED_CAP_SLOTS);
    assert_true(cap_table_is_valid(one, 0, 0));
}

static void full_table_refuses_and_recovers(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t id = 0x12345678;
    for (uint32_t i = 0; i < CAP_SLOTS_MAX; i++)
        (void)test_insert(one, &objects[i], CAP_MODE_NONE);
    assert_int_equal(cap_table_insert(one, &objects[256], &hold, &id), CAP_EXHAUSTED_CAP_SLOTS);
    assert_int_equal(id, 0x12345678);
    assert_int_equal(cap_table_preflight(one, 1), CAP_EXHAUSTED_CAP_SLOTS);
    assert_int_equal(cap_table_preflight(one, 0), CAP_OK);
    assert_true(cap_table_is_valid(one, 0, 0));
    assert_int_equal(test_remove(one, 17), CAP_OK);
    assert_int_equal(cap_table_preflight(one, 1), CAP_OK);
    assert_int_equal(test_insert(one, &objects[256], CAP_MODE_NONE), cap_id_make(1, 17));
}

static void short_storage_is_its_own_error(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t id;
    test_table_init(&world, 0, 2);
    assert_int_equal(cap_table_reserve_storage(one, 2), CAP_OK);
    assert_int_equal(cap_table_reserve_storage(one, 3), CAP_EXHAUSTED_TABLE_STORAGE);
    assert_int_equal(cap_table_reserve_storage(one, 257), CAP_EXHAUSTED_CAP_SLOTS);
    (void)test_insert(one, &objects[0], CAP_MODE_NONE);
    (void)test_insert(one, &objects[1], CAP_MODE_NONE);
    assert_int_equal(cap_table_insert(one, &objects[2], &hold, &id), CAP_EXHAUSTED_TABLE_STORAGE);
    assert_int_equal(test_remove(one, 0), CAP_OK);
    assert_int_equal(cap_table_reserve_storage(one, 1), CAP_OK);
    assert_int_equal(cap_table_reserve_storage(one, 2), CAP_EXHAUSTED_TABLE_STORAGE);
    assert_int_equal(test_used(one, CAP_RESOURCE_CAP_SLOTS), 1);
}

static void index_space_ends_at_24_bits(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t id;
    one->ledger.pairs[CAP_RESOURCE_CAP_SLOTS].max = UINT32_MAX;
    one->slot_count = CAP_ID_INDEX_MAX + 1;
    one->capacity = UINT32_MAX;
    assert_int_equal(cap_table_insert(one, &objects[0], &hold, &id), CAP_TABLE_FULL);
    assert_int_equal(cap_table_reserve_storage(one, 1), CAP_TABLE_FULL);
    one->slot_count = CAP_ID_INDEX_MAX;
    assert_int_equal(cap_table_reserve_storage(one, 1), CAP_OK);
    assert_int_equal(cap_table_preflight(one, CAP_ID_INDEX_MAX + 1), CAP_OK);
    assert_int_equal(cap_table_preflight(one, CAP_ID_INDEX_MAX + 2), CAP_TABLE_FULL);
}

static void pages_are_charged_and_given_back(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t id;
    objects[0].pages = 4000;
    objects[1].pages = 96;
    objects[2].pages = 1;
    uint32_t a = test_insert(one, &objects[0], CAP_MODE_NONE);
    uint32_t b = test_insert(one, &objects[1], CAP_MODE_NONE);
    assert_int_equal(test_used(one, CAP_RESOURCE_FRAME_GRANT_PAGES), 4096);
    assert_int_equal(cap_table_insert(one, &objects[2], &hold, &id),
                     CAP_EXHAUSTED_FRAME_GRANT_PAGES);
    assert_int_equal(test_used(one, CAP_RESOURCE_CAP_SLOTS), 2);
    assert_int_equal(world.pool.in_use, 2);
    assert_true(cap_table_is_valid(one, 0, 0));
    struct cap_removed removed;
    objects[0].pages = 1; /* what was charged is given back, whatever the object says now */
    assert_int_equal(cap_table_remove(one, a, &removed), CAP_OK);
    assert_ptr_equal(removed.object, &objects[0]);
    assert_int_equal(removed.frame_pages, 4000);
    assert_int_equal(removed.hold.badge, 77);
    assert_int_equal(test_used(one, CAP_RESOURCE_FRAME_GRANT_PAGES), 96);
    assert_int_equal(test_remove(one, b), CAP_OK);
    assert_true(cap_ledger_is_empty(&one->ledger));
    assert_int_equal(world.pool.in_use, 0);
}

static void no_epoch_cell_undoes_the_charges(void **state)
{
    (void)state;
    struct cap_hold hold = test_hold(CAP_MODE_NONE);
    uint32_t id;
    cap_epoch_pool_init(&world.pool, world.cells, 1);
    objects[1].pages = 5;
    (void)test_insert(one, &objects[0], CAP_MODE_NONE);
    assert_int_equal(cap_table_insert(one, &objects[1], &hold, &id), CAP_EXHAUSTED_OBJECT_EPOCHS);
    assert_int_equal(test_used(one, CAP_RESOURCE_CAP_SLOTS), 1);
    assert_int_equal(test_used(one, CAP_RESOURCE_FRAME_GRANT_PAGES), 0);
    assert_true(cap_table_is_valid(one, 0, 0));
    assert_int_equal(one->slot_count, 1);
}

static void revoke_bumps_each_cell_once(void **state)
{
    (void)state;
    uint64_t epoch = 0;
    struct cap_prepared copy;
    uint32_t shared;
    uint32_t a = test_insert(one, &objects[0], CAP_MODE_COPY);
    uint32_t b = test_insert(one, &objects[0], CAP_MODE_COPY); /* own cell */
    uint32_t other = test_insert(one, &objects[1], CAP_MODE_COPY);
    assert_int_equal(cap_grant_prepare(one, a, CAP_GRANT_COPY, &copy), CAP_OK);
    assert_int_equal(
        cap_table_insert_shared(one, copy.object, &copy.hold, copy.epoch, &shared), CAP_OK);
    cap_prepared_drop(&world.pool, &copy);
    assert_int_equal(cap_table_revoke(one, a, &epoch), CAP_OK);
    assert_int_equal(epoch, 1);
    assert_int_equal(test_slot(one, a)->epoch->value, 1);
    assert_int_equal(test_slot(one, b)->epoch->value, 1);
    assert_int_equal(test_lookup(one, a), CAP_REVOKED);
    assert_int_equal(test_lookup(one, b), CAP_REVOKED);
    assert_int_equal(test_lookup(one, shared), CAP_REVOKED);
    assert_int_equal(test_lookup(one, other), CAP_OK);
    assert_int_equal(cap_table_revoke(one, a, &epoch), CAP_REVOKED);
    assert_int_equal(cap_table_revoke_object(one, 1000, &epoch), CAP_OK);
    assert_int_equal(epoch, 2);
    assert_int_equal(cap_table_revoke_object(one, 4711, &epoch), CAP_NOT_FOUND);
    assert_int_equal(cap_table_revoke_object(two, 1000, &epoch), CAP_NOT_FOUND);
    assert_int_equal(test_used(one, CAP_RESOURCE_CAP_SLOTS), 4);
    assert_int_equal(test_remove(one, a), CAP_OK);
    assert_true(cap_table_is_valid(one, 0, 0));
}

static void revocation_reaches_copies_in_other_tables(void **state)
{
    (void)state;
    uint64_t epoch;
    uint32_t copy;
    struct cap_prepared prepared;
    uint32_t a = test_insert(one, &objects[0], CAP_MODE_COPY);
    assert_int_equal(cap_grant_prepare(one, a, CAP_GRANT_COPY, &prepared), CAP_OK);
    assert_int_equal(cap_table_insert_shared(two, prepared.object, &prepared.hold, prepared.epoch,
                                             &copy),
                     CAP_OK);
    cap_prepared_drop(&world.pool, &prepared);
    uint32_t fresh = test_insert(two, &objects[0], CAP_MODE_COPY);
    assert_int_equal(cap_table_revoke(one, a, &epoch), CAP_OK);
    assert_int_equal(test_lookup(two, copy), CAP_REVOKED);
    assert_int_equal(test_lookup(two, fresh), CAP_OK);
}

static void clear_returns_the_old_ledger(void **state)
{
    (void)state;
    objects[1].pages = 7;
    (void)test_insert(one, &objects[0], CAP_MODE_NONE);
    (void)test_insert(one, &objects[1], CAP_MODE_NONE);
    assert_int_equal(test_remove(one, 0), CAP_OK);
    struct cap_ledger before = cap_table_clear(one);
    assert_int_equal(cap_ledger_used(&before, CAP_RESOURCE_CAP_SLOTS), 1);
    assert_int_equal(cap_ledger_used(&before, CAP_RESOURCE_FRAME_GRANT_PAGES), 7);
    assert_true(cap_ledger_is_empty(&one->ledger));
    assert_int_equal(world.pool.in_use, 0);
    assert_true(cap_epoch_pool_is_valid(&world.pool));
    assert_int_equal(test_lookup(one, 1), CAP_NOT_FOUND);
    assert_int_equal(test_insert(one, &objects[2], CAP_MODE_NONE), 0);
    assert_true(cap_table_is_valid(one, 0, 0));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(first_id_is_zero_and_fresh_ids_count_up),
        T(free_slots_are_reused_last_in_first_out),
        T(default_hold_grants_nothing),
        T(same_object_twice_has_one_identity_and_two_cells),
        T(lookup_checks_in_order),
        T(revoked_by_the_last_epoch),
        T(removed_ids_are_stale),
        T(failed_lookup_leaves_the_output_alone),
        T(emptied_slot_remembers_revocation),
        T(raw_lookup_ignores_revocation_and_death),
        T(slot_retires_after_256_lifetimes),
        T(retired_slots_keep_counting_as_storage),
        T(full_table_refuses_and_recovers),
        T(short_storage_is_its_own_error),
        T(index_space_ends_at_24_bits),
        T(pages_are_charged_and_given_back),
        T(no_epoch_cell_undoes_the_charges),
        T(revoke_bumps_each_cell_once),
        T(revocation_reaches_copies_in_other_tables),
        T(clear_returns_the_old_ledger),
    };
    return cmocka_run_group_tests_name("cap_table", tests, NULL, NULL);
}
