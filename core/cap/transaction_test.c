/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/transaction.c: several transfers that succeed or fail together. */
#include "core/cap/fixture_test.h"

static struct test_world world;
static struct test_object objects[CAP_SLOTS_MAX];
static struct cap_transaction tx;
static struct cap_table *const from = &world.tables[0];
static struct cap_table *const to = &world.tables[1];

static const struct cap_transfer_rule same = {CAP_ORIGIN_IPC_TRANSFER, true, false};
static const struct cap_transfer_rule other = {CAP_ORIGIN_IPC_TRANSFER, false, false};

static int set_up(void **state)
{
    (void)state;
    test_world_init(&world);
    cap_transaction_init(&tx);
    for (uint32_t i = 0; i < CAP_SLOTS_MAX; i++)
        objects[i] = (struct test_object){.id = 1000 + i, .pages = i % 3};
    return 0;
}

/* Four sources, ids 0 to 3: copy, move, copy, move. */
static void four(struct ring_transfer_descriptor *list)
{
    for (uint16_t i = 0; i < 4; i++) {
        uint16_t mode = i % 2 == 0 ? CAP_MODE_COPY : CAP_MODE_MOVE;
        list[i] = (struct ring_transfer_descriptor){test_insert(from, &objects[i], mode), mode, 0};
    }
}

static void entries_come_out_once_and_leave_holes(void **state)
{
    (void)state;
    struct cap_prepared entry = {.object = &objects[0]};
    struct cap_prepared out;
    for (uint32_t i = 0; i < 16; i++) {
        entry.object = &objects[i];
        assert_int_equal(cap_transaction_push(&tx, &entry), CAP_OK);
    }
    assert_int_equal(cap_transaction_push(&tx, &entry), CAP_TRANSACTION_FULL);
    assert_int_equal(tx.length, 16);
    assert_true(cap_transaction_take(&tx, 5, &out));
    assert_ptr_equal(out.object, &objects[5]);
    assert_false(cap_transaction_take(&tx, 5, &out));
    assert_false(cap_transaction_take(&tx, 16, &out));
    assert_false(cap_transaction_take(&tx, UINT32_MAX, &out));
    assert_int_equal(tx.length, 16);
    assert_int_equal(cap_transaction_push(&tx, &entry), CAP_TRANSACTION_FULL);
    cap_transaction_clear(&tx, &world.pool);
    assert_int_equal(tx.length, 0);
    assert_false(cap_transaction_take(&tx, 0, &out));
    assert_int_equal(cap_transaction_push(&tx, &entry), CAP_OK);
}

static void whole_transaction_succeeds(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    struct cap_removed removed[16];
    uint32_t ids[16];
    four(list);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_true(cap_table_is_valid(from, 0, 2));
    assert_int_equal(cap_transaction_insert(&tx, to, tokens), CAP_OK);
    assert_int_equal(cap_transaction_commit(&tx, to, tokens, ids), CAP_OK);
    cap_transaction_finish(&tx, from, removed);
    for (uint32_t i = 0; i < 4; i++) {
        bool moved = i % 2 == 1;
        assert_ptr_equal(test_slot(to, ids[i])->object, &objects[i]);
        assert_int_equal(test_slot(to, ids[i])->hold.origin, CAP_ORIGIN_IPC_TRANSFER);
        assert_int_equal(test_lookup(from, list[i].cap_id), moved ? CAP_STALE_GENERATION : CAP_OK);
        assert_ptr_equal(removed[i].object, moved ? &objects[i] : NULL);
    }
    assert_true(cap_table_is_valid(from, 0, 0) && cap_table_is_valid(to, 0, 0));
    assert_int_equal(world.pool.in_use, 4);
    assert_true(cap_epoch_pool_is_valid(&world.pool));
    assert_int_equal(tx.length, 0);
}

static void failed_prepare_undoes_the_earlier_ones(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    four(list);
    list[3].cap_id = 77;
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_NOT_FOUND);
    assert_true(cap_table_is_valid(from, 0, 0));
    assert_int_equal(tx.length, 0);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(test_slot(from, i)->epoch->references, 1);
}

static void seventeenth_descriptor_undoes_everything(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[17];
    for (uint32_t i = 0; i < 17; i++)
        list[i] = (struct ring_transfer_descriptor){test_insert(from, &objects[i], CAP_MODE_MOVE),
                                                    TRANSFER_MODE_MOVE, 0};
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 17, &same), CAP_TRANSACTION_FULL);
    assert_true(cap_table_is_valid(from, 0, 0));
    for (uint32_t i = 0; i < 17; i++)
        assert_int_equal(test_slot(from, i)->epoch->references, 1);
}

static void session_rule_covers_every_entry(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[2];
    struct cap_hold hold = test_hold(CAP_MODE_MOVE);
    struct cap_transfer_rule regrant = {CAP_ORIGIN_RESULT_CAP, false, true};
    uint32_t id;
    for (uint16_t i = 0; i < 2; i++) {
        hold.transfer_scope = i == 0 ? CAP_SCOPE_CROSS_SESSION : CAP_SCOPE_SERVICE_REGRANT;
        assert_int_equal(cap_table_insert(from, &objects[i], &hold, &id), CAP_OK);
        list[i] = (struct ring_transfer_descriptor){id, TRANSFER_MODE_MOVE, 0};
    }
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 2, &other),
                     CAP_TRANSFER_NOT_ALLOWED);
    assert_true(cap_table_is_valid(from, 0, 0));
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 1, &other), CAP_OK);
    cap_transaction_undo(&tx, from);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 2, &regrant), CAP_OK);
    assert_int_equal(tx.entries[1].hold.origin, CAP_ORIGIN_RESULT_CAP);
    cap_transaction_undo(&tx, from);
    assert_true(cap_table_is_valid(from, 0, 0));
}

static void destination_without_room_gets_nothing(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    four(list);
    for (uint32_t i = 0; i < CAP_SLOTS_MAX - 3; i++) {
        objects[i].pages = 0;
        (void)test_insert(to, &objects[i], CAP_MODE_NONE);
    }
    uint32_t cells = world.pool.in_use;
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_int_equal(cap_transaction_insert(&tx, to, tokens), CAP_EXHAUSTED_CAP_SLOTS);
    assert_int_equal(test_used(to, CAP_RESOURCE_CAP_SLOTS), CAP_SLOTS_MAX - 3);
    assert_int_equal(to->slot_count, CAP_SLOTS_MAX - 3); /* found out before the first insertion */
    assert_true(cap_table_is_valid(to, 0, 0));
    cap_transaction_undo(&tx, from);
    assert_true(cap_table_is_valid(from, 0, 0));
    assert_int_equal(world.pool.in_use, cells);
}

static void page_quota_in_the_middle_rolls_back_in_reverse(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    four(list); /* pages 0, 1, 2, 0 */
    assert_int_equal(cap_ledger_reserve(&to->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, 4095),
                     CAP_OK);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_int_equal(cap_transaction_insert(&tx, to, tokens), CAP_EXHAUSTED_FRAME_GRANT_PAGES);
    assert_true(cap_table_is_valid(to, 4095, 0));
    assert_int_equal(test_used(to, CAP_RESOURCE_CAP_SLOTS), 0);
    /* Reverse order leaves the first slot on top of the free list. */
    assert_int_equal(test_insert(to, &objects[3], CAP_MODE_NONE), cap_id_make(1, 0));
    cap_transaction_undo(&tx, from);
    assert_true(cap_table_is_valid(from, 0, 0));
}

static void one_revoked_entry_stops_the_whole_commit(void **state)
{
    (void)state;
    uint64_t epoch;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    uint32_t ids[16] = {99, 99, 99, 99};
    four(list);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_int_equal(cap_transaction_insert(&tx, to, tokens), CAP_OK);
    assert_int_equal(cap_table_revoke(from, list[3].cap_id, &epoch), CAP_OK);
    assert_int_equal(cap_transaction_commit(&tx, to, tokens, ids), CAP_REVOKED);
    assert_int_equal(ids[0], 99);
    cap_transaction_remove(&tx, to, tokens);
    cap_transaction_undo(&tx, from);
    assert_true(cap_ledger_is_empty(&to->ledger));
    assert_true(cap_table_is_valid(from, 0, 0) && cap_table_is_valid(to, 0, 0));
    assert_int_equal(world.pool.in_use, 4);
    assert_int_equal(test_lookup(from, list[1].cap_id), CAP_OK);
    assert_int_equal(test_lookup(from, list[3].cap_id), CAP_REVOKED);
}

static void holes_are_skipped(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    struct cap_removed removed[16];
    uint32_t ids[16] = {0};
    struct cap_prepared taken;
    four(list);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_true(cap_transaction_take(&tx, 1, &taken));
    assert_int_equal(cap_move_rollback(from, taken.source_id), CAP_OK);
    cap_prepared_drop(&world.pool, &taken);
    assert_int_equal(cap_transaction_insert(&tx, to, tokens), CAP_OK);
    assert_int_equal(test_used(to, CAP_RESOURCE_CAP_SLOTS), 3);
    assert_int_equal(cap_transaction_commit(&tx, to, tokens, ids), CAP_OK);
    assert_ptr_equal(test_slot(to, ids[3])->object, &objects[3]);
    cap_transaction_finish(&tx, from, removed);
    assert_int_equal(test_lookup(from, list[1].cap_id), CAP_OK);
    assert_int_equal(test_lookup(from, list[3].cap_id), CAP_STALE_GENERATION);
    assert_true(cap_table_is_valid(from, 0, 0));
}

static void transfer_to_oneself_works(void **state)
{
    (void)state;
    struct ring_transfer_descriptor list[4];
    struct cap_token tokens[16];
    struct cap_removed removed[16];
    uint32_t ids[16];
    four(list);
    assert_int_equal(cap_transaction_prepare(&tx, from, list, 4, &same), CAP_OK);
    assert_int_equal(cap_transaction_insert(&tx, from, tokens), CAP_OK);
    assert_int_equal(cap_transaction_commit(&tx, from, tokens, ids), CAP_OK);
    cap_transaction_finish(&tx, from, removed);
    assert_int_equal(test_used(from, CAP_RESOURCE_CAP_SLOTS), 6);
    assert_true(cap_table_is_valid(from, 0, 0));
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(entries_come_out_once_and_leave_holes),
        T(whole_transaction_succeeds),
        T(failed_prepare_undoes_the_earlier_ones),
        T(seventeenth_descriptor_undoes_everything),
        T(session_rule_covers_every_entry),
        T(destination_without_room_gets_nothing),
        T(page_quota_in_the_middle_rolls_back_in_reverse),
        T(one_revoked_entry_stops_the_whole_commit),
        T(holes_are_skipped),
        T(transfer_to_oneself_works),
    };
    return cmocka_run_group_tests_name("cap_transaction", tests, NULL, NULL);
}
