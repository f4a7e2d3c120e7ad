/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/cap/transfer.c: prepare, provisional insertion, move reservations. */
#include "core/cap/fixture_test.h"

static struct test_world world;
static struct test_object objects[CAP_SLOTS_MAX + 2];
static struct cap_table *const from = &world.tables[0];
static struct cap_table *const to = &world.tables[1];

static int set_up(void **state)
{
    (void)state;
    test_world_init(&world);
    for (uint32_t i = 0; i < CAP_SLOTS_MAX + 2; i++)
        objects[i] = (struct test_object){.id = 1000 + i};
    return 0;
}

enum kind { IPC_COPY, IPC_MOVE, SPAWN_COPY, SPAWN_RAW, SPAWN_MOVE, KINDS };

static enum cap_error prepare_as(enum kind kind, uint32_t id, struct cap_prepared *out)
{
    if (kind == IPC_COPY || kind == IPC_MOVE)
        return cap_transfer_prepare(from, id, kind == IPC_MOVE, CAP_ORIGIN_IPC_TRANSFER, out);
    return cap_grant_prepare(from, id,
                             kind == SPAWN_COPY  ? CAP_GRANT_COPY
                             : kind == SPAWN_RAW ? CAP_GRANT_RAW
                                                 : CAP_GRANT_MOVE,
                             out);
}

static void source_modes_follow_the_table(void **state)
{
    (void)state;
    static const struct {
        bool accepts[3]; /* none, copy, move */
        bool locks;
    } expected[KINDS] = {
        [IPC_COPY] = {{false, true, false}, false},  [IPC_MOVE] = {{false, true, true}, true},
        [SPAWN_COPY] = {{false, true, false}, false}, [SPAWN_RAW] = {{true, true, true}, false},
        [SPAWN_MOVE] = {{false, true, true}, true},
    };
    for (unsigned int kind = 0; kind < KINDS; kind++) {
        for (uint16_t mode = 0; mode < 3; mode++) {
            struct cap_prepared prepared = {.object = NULL};
            (void)set_up(NULL);
            (void)test_insert(from, &objects[0], CAP_MODE_NONE); /* so that the id is not 0 */
            uint32_t id = test_insert(from, &objects[1], mode);
            bool accepted = expected[kind].accepts[mode];
            bool locks = accepted && expected[kind].locks;
            assert_int_equal(prepare_as((enum kind)kind, id, &prepared),
                             accepted ? CAP_OK : CAP_TRANSFER_NOT_ALLOWED);
            assert_int_equal(test_slot(from, id)->move_reserved, locks);
            assert_true(cap_table_is_valid(from, 0, locks ? 1 : 0));
            assert_ptr_equal(prepared.object, accepted ? &objects[1] : NULL);
            assert_int_equal(prepared.is_move, locks);
            assert_int_equal(prepared.source_id, locks ? id : 0);
            assert_int_equal(test_slot(from, id)->epoch->references, accepted ? 2 : 1);
        }
    }
}

static void unknown_mode_is_never_accepted(void **state)
{
    (void)state;
    struct cap_prepared prepared;
    uint32_t id = test_insert(from, &objects[0], 3);
    for (unsigned int kind = 0; kind < KINDS; kind++)
        assert_int_equal(prepare_as((enum kind)kind, id, &prepared), CAP_TRANSFER_NOT_ALLOWED);
}

static void origin_is_judged_first_and_changes_nothing(void **state)
{
    (void)state;
    struct cap_prepared prepared;
    static const enum cap_origin wrong[] = {CAP_ORIGIN_KERNEL, CAP_ORIGIN_SPAWN_GRANT,
                                            CAP_ORIGIN_SPAWNER_ENDPOINT};
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_MOVE);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(cap_transfer_prepare(from, 999, true, wrong[i], &prepared),
                         CAP_INVALID_TRANSFER_ORIGIN);
        assert_int_equal(cap_transfer_prepare(from, id, true, wrong[i], &prepared),
                         CAP_INVALID_TRANSFER_ORIGIN);
    }
    assert_true(cap_table_is_valid(from, 0, 0));
    assert_int_equal(cap_transfer_prepare(from, id, true, CAP_ORIGIN_RESULT_CAP, &prepared),
                     CAP_OK);
    assert_int_equal(prepared.hold.origin, CAP_ORIGIN_RESULT_CAP);
}

static void source_must_resolve(void **state)
{
    (void)state;
    uint64_t epoch;
    struct cap_prepared prepared;
    for (unsigned int kind = 0; kind < KINDS; kind++) {
        (void)set_up(NULL);
        uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
        uint32_t gone = test_insert(from, &objects[1], CAP_MODE_COPY);
        uint32_t dead = test_insert(from, &objects[2], CAP_MODE_COPY);
        assert_int_equal(test_remove(from, gone), CAP_OK);
        objects[2].dead = true;
        assert_int_equal(prepare_as((enum kind)kind, 44, &prepared), CAP_NOT_FOUND);
        assert_int_equal(prepare_as((enum kind)kind, gone, &prepared), CAP_STALE_GENERATION);
        assert_int_equal(prepare_as((enum kind)kind, cap_id_make(1, 1), &prepared),
                         CAP_NOT_FOUND);
        assert_int_equal(prepare_as((enum kind)kind, dead, &prepared), CAP_NOT_LIVE);
        assert_int_equal(cap_table_revoke(from, id, &epoch), CAP_OK);
        assert_int_equal(prepare_as((enum kind)kind, id, &prepared), CAP_REVOKED);
        assert_true(cap_table_is_valid(from, 0, 0));
    }
}

static void spawn_only_objects_refuse_ipc(void **state)
{
    (void)state;
    objects[0].grant_only = true;
    for (unsigned int kind = 0; kind < KINDS; kind++) {
        struct cap_prepared prepared;
        bool ipc = kind == IPC_COPY || kind == IPC_MOVE;
        test_world_init(&world);
        uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
        assert_int_equal(prepare_as((enum kind)kind, id, &prepared),
                         ipc ? CAP_TRANSFER_NOT_ALLOWED : CAP_OK);
    }
}

static void reserved_source_is_usable_but_fixed(void **state)
{
    (void)state;
    struct cap_prepared first;
    struct cap_prepared second;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
    assert_int_equal(prepare_as(IPC_MOVE, id, &first), CAP_OK);
    assert_int_equal(test_lookup(from, id), CAP_OK);
    for (unsigned int kind = 0; kind < KINDS; kind++)
        assert_int_equal(prepare_as((enum kind)kind, id, &second), CAP_TRANSFER_PENDING);
    assert_int_equal(test_remove(from, id), CAP_TRANSFER_PENDING);
    assert_int_equal(cap_move_rollback(from, id), CAP_OK);
    assert_int_equal(cap_move_rollback(from, id), CAP_OK);
    assert_int_equal(test_remove(from, id), CAP_OK);
    assert_int_equal(cap_move_rollback(from, id), CAP_STALE_GENERATION);
    assert_int_equal(cap_move_rollback(from, cap_id_make(1, 0)), CAP_NOT_FOUND);
}

static void hold_travels_unchanged_but_for_the_origin(void **state)
{
    (void)state;
    struct cap_hold hold = {
        .interface_id = 0x1234,
        .badge = 5678,
        .disclosure_scope = 5,
        .transfer_mode = CAP_MODE_COPY,
        .transfer_scope = CAP_SCOPE_SERVICE_REGRANT,
        .origin = CAP_ORIGIN_SPAWNER_ENDPOINT,
    };
    uint32_t id;
    uint32_t copy = 99;
    struct cap_prepared prepared;
    struct cap_token token;
    assert_int_equal(cap_table_insert(from, &objects[3], &hold, &id), CAP_OK);
    assert_int_equal(prepare_as(SPAWN_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_OK);
    cap_prepared_drop(&world.pool, &prepared);
    assert_null(prepared.epoch);
    cap_prepared_drop(&world.pool, &prepared); /* a second time does nothing */
    assert_int_equal(cap_transfer_commit(to, &token, &copy), CAP_OK);
    const struct cap_slot *slot = test_slot(to, copy);
    assert_ptr_equal(slot->object, &objects[3]);
    assert_ptr_equal(slot->epoch, test_slot(from, id)->epoch);
    assert_int_equal(slot->epoch->references, 2);
    assert_int_equal(slot->hold.object_id, 1003);
    assert_int_equal(slot->hold.interface_id, 0x1234);
    assert_int_equal(slot->hold.badge, 5678);
    assert_int_equal(slot->hold.disclosure_scope, 5);
    assert_int_equal(slot->hold.transfer_mode, CAP_MODE_COPY);
    assert_int_equal(slot->hold.transfer_scope, CAP_SCOPE_SERVICE_REGRANT);
    assert_int_equal(slot->hold.origin, CAP_ORIGIN_SPAWN_GRANT);
    assert_int_equal(test_slot(from, id)->hold.origin, CAP_ORIGIN_SPAWNER_ENDPOINT);
    assert_true(cap_table_is_valid(from, 0, 0) && cap_table_is_valid(to, 0, 0));
}

static void revocation_between_prepare_and_insert_shows_at_once(void **state)
{
    (void)state;
    uint64_t epoch;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
    uint32_t got;
    struct cap_prepared prepared;
    struct cap_token token;
    struct cap_removed removed;
    assert_int_equal(prepare_as(IPC_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_table_revoke(from, id, &epoch), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_OK);
    assert_int_equal(test_lookup(to, token.cap_id), CAP_REVOKED);
    assert_int_equal(cap_transfer_commit(to, &token, &got), CAP_REVOKED);
    assert_int_equal(cap_transfer_rollback(to, &token, &removed), CAP_OK);
    assert_ptr_equal(removed.object, &objects[0]);
    cap_prepared_drop(&world.pool, &prepared);
    assert_int_equal(world.pool.in_use, 1);
}

static void tokens_name_their_table(void **state)
{
    (void)state;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
    uint32_t got = 4711;
    struct cap_prepared prepared;
    struct cap_token token;
    struct cap_removed removed;
    assert_int_equal(prepare_as(IPC_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_OK);
    assert_int_equal(cap_transfer_validate(from, &token), CAP_INVALID_TRANSFER_TOKEN);
    assert_int_equal(cap_transfer_commit(from, &token, &got), CAP_INVALID_TRANSFER_TOKEN);
    assert_int_equal(cap_transfer_rollback(from, &token, &removed), CAP_INVALID_TRANSFER_TOKEN);
    assert_int_equal(got, 4711);
    assert_int_equal(cap_transfer_rollback(to, &token, &removed), CAP_OK);
    assert_int_equal(cap_transfer_commit(to, &token, &got), CAP_STALE_GENERATION);
    assert_int_equal(cap_transfer_rollback(to, &token, &removed), CAP_STALE_GENERATION);
}

static void rollback_restores_the_destination_but_for_a_generation(void **state)
{
    (void)state;
    objects[0].pages = 12;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
    struct cap_prepared prepared;
    struct cap_token token;
    struct cap_removed removed;
    assert_int_equal(prepare_as(IPC_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_OK);
    assert_int_equal(test_used(to, CAP_RESOURCE_FRAME_GRANT_PAGES), 12);
    assert_int_equal(test_used(to, CAP_RESOURCE_CAP_SLOTS), 1);
    assert_int_equal(cap_transfer_rollback(to, &token, &removed), CAP_OK);
    assert_true(cap_ledger_is_empty(&to->ledger));
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_OK);
    assert_int_equal(token.cap_id, cap_id_make(1, 0));
    assert_int_equal(test_used(from, CAP_RESOURCE_FRAME_GRANT_PAGES), 12);
}

static void full_destination_leaves_the_source_reserved(void **state)
{
    (void)state;
    uint32_t id = test_insert(from, &objects[256], CAP_MODE_MOVE);
    struct cap_prepared prepared;
    struct cap_token token;
    for (uint32_t i = 0; i < CAP_SLOTS_MAX; i++)
        (void)test_insert(to, &objects[i], CAP_MODE_NONE);
    assert_int_equal(prepare_as(IPC_MOVE, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_EXHAUSTED_CAP_SLOTS);
    assert_true(cap_table_is_valid(from, 0, 1));
    assert_int_equal(prepared.epoch->references, 2);
    assert_int_equal(cap_move_rollback(from, id), CAP_OK);
    assert_int_equal(test_lookup(from, id), CAP_OK);
}

static void page_quota_of_the_destination_counts(void **state)
{
    (void)state;
    objects[0].pages = 4096;
    objects[1].pages = 1;
    uint32_t id = test_insert(from, &objects[1], CAP_MODE_COPY);
    struct cap_prepared prepared;
    struct cap_token token;
    (void)test_insert(to, &objects[0], CAP_MODE_NONE);
    assert_int_equal(prepare_as(IPC_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &token), CAP_EXHAUSTED_FRAME_GRANT_PAGES);
    assert_int_equal(prepared.epoch->references, 2);
    assert_true(cap_table_is_valid(to, 0, 0));
}

static void move_commit_takes_the_source_away(void **state)
{
    (void)state;
    uint64_t epoch;
    struct cap_prepared prepared;
    struct cap_removed removed;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_MOVE);
    assert_int_equal(cap_move_commit(from, id, &removed), CAP_TRANSFER_NOT_ALLOWED);
    assert_int_equal(prepare_as(IPC_MOVE, id, &prepared), CAP_OK);
    assert_int_equal(cap_table_revoke(from, id, &epoch), CAP_OK); /* makes no difference */
    assert_int_equal(cap_move_commit(from, id, &removed), CAP_OK);
    assert_ptr_equal(removed.object, &objects[0]);
    assert_int_equal(test_lookup(from, id), CAP_STALE_GENERATION);
    assert_int_equal(cap_move_commit(from, id, &removed), CAP_STALE_GENERATION);
    assert_int_equal(prepare_as(IPC_MOVE, id, &prepared), CAP_STALE_GENERATION);
    assert_true(cap_table_is_valid(from, 0, 0));
}

static void rollback_works_on_a_revoked_source(void **state)
{
    (void)state;
    uint64_t epoch;
    struct cap_prepared prepared;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_MOVE);
    assert_int_equal(prepare_as(SPAWN_MOVE, id, &prepared), CAP_OK);
    assert_int_equal(cap_table_revoke(from, id, &epoch), CAP_OK);
    assert_int_equal(cap_move_rollback(from, id), CAP_OK);
    assert_true(cap_table_is_valid(from, 0, 0));
    assert_int_equal(test_remove(from, id), CAP_OK);
}

static void repeated_copy_makes_a_second_capability(void **state)
{
    (void)state;
    uint32_t id = test_insert(from, &objects[0], CAP_MODE_COPY);
    struct cap_prepared prepared;
    struct cap_token first;
    struct cap_token second;
    assert_int_equal(prepare_as(IPC_COPY, id, &prepared), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &first), CAP_OK);
    assert_int_equal(cap_transfer_insert(to, &prepared, &second), CAP_OK);
    assert_int_not_equal(first.cap_id, second.cap_id);
    assert_int_equal(test_used(to, CAP_RESOURCE_CAP_SLOTS), 2);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, set_up)
    const struct CMUnitTest tests[] = {
        T(source_modes_follow_the_table),
        T(unknown_mode_is_never_accepted),
        T(origin_is_judged_first_and_changes_nothing),
        T(source_must_resolve),
        T(spawn_only_objects_refuse_ipc),
        T(reserved_source_is_usable_but_fixed),
        T(hold_travels_unchanged_but_for_the_origin),
        T(revocation_between_prepare_and_insert_shows_at_once),
        T(tokens_name_their_table),
        T(rollback_restores_the_destination_but_for_a_generation),
        T(full_destination_leaves_the_source_reserved),
        T(page_quota_of_the_destination_counts),
        T(move_commit_takes_the_source_away),
        T(rollback_works_on_a_revoked_source),
        T(repeated_copy_makes_a_second_capability),
    };
    return cmocka_run_group_tests_name("cap_transfer", tests, NULL, NULL);
}
