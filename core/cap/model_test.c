/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Random operations on three tables, judged step by step by a model that keeps
 * the same facts in the plainest way: an array of slots, a stack of free
 * indices, a number per group of copies. After each step every invariant is
 * checked. Seeds are fixed.
 */
#include "core/cap/fixture_test.h"

#define OBJECTS 12
#define STEPS 30000
#define GROUPS_MAX 65536
#define PENDING_MAX 6

struct model_slot {
    struct test_object *object; /* NULL = empty */
    uint32_t generation;
    uint32_t group;
    uint64_t seen;
    uint32_t pages;
    uint16_t mode;
    bool reserved;
    bool retired;
    bool was_revoked;
};

struct model_table {
    struct model_slot slots[CAP_SLOTS_MAX];
    uint32_t created;
    uint32_t stack[CAP_SLOTS_MAX];
    uint32_t stacked;
    uint32_t capacity;
    uint32_t used;
    uint64_t pages;
};

/* A prepared transfer in flight. */
struct model_pending {
    bool active;
    struct cap_prepared prepared;
    uint32_t table;
    uint32_t id;
    uint32_t group;
    uint64_t seen;
    uint16_t mode;
};

static struct test_world world;
static struct test_object objects[OBJECTS];
static struct model_table model[TEST_TABLES];
static struct model_pending pending[PENDING_MAX];
static uint64_t group_epoch[GROUPS_MAX];
static uint32_t groups;
static uint64_t rng;
static uint32_t reached[16]; /* how often each kind of outcome occurred */

static enum cap_error expect_raw(struct model_table *m, uint32_t id, struct model_slot **slot)
{
    uint32_t index = id & 0xffffff;
    if (index >= m->created)
        return CAP_NOT_FOUND;
    *slot = &m->slots[index];
    return (*slot)->generation != id >> 24 ? CAP_STALE_GENERATION : CAP_OK;
}

static enum cap_error expect_lookup(struct model_table *m, uint32_t id,
                                    struct model_slot **slot)
{
    enum cap_error error = expect_raw(m, id, slot);
    if (error != CAP_OK)
        return error;
    if ((*slot)->object == NULL)
        return (*slot)->was_revoked ? CAP_REVOKED : CAP_NOT_FOUND;
    if (group_epoch[(*slot)->group] != (*slot)->seen)
        return CAP_REVOKED;
    return (*slot)->object->dead ? CAP_NOT_LIVE : CAP_OK;
}

static enum cap_error expect_insert(const struct model_table *m, uint32_t pages)
{
    if (m->stacked == 0 && m->created == CAP_SLOTS_MAX)
        return CAP_EXHAUSTED_CAP_SLOTS;
    if (m->stacked == 0 && m->created == m->capacity)
        return CAP_EXHAUSTED_TABLE_STORAGE;
    if (m->used == CAP_SLOTS_MAX)
        return CAP_EXHAUSTED_CAP_SLOTS;
    return m->pages + pages > FRAME_GRANT_PAGES_MAX ? CAP_EXHAUSTED_FRAME_GRANT_PAGES : CAP_OK;
}

/* The id that the next insertion must give, and the slot that it fills. */
static uint32_t model_insert(struct model_table *m, const struct model_slot *content)
{
    uint32_t index = m->stacked > 0 ? m->stack[--m->stacked] : m->created++;
    struct model_slot *slot = &m->slots[index];
    uint32_t generation = slot->generation;
    *slot = *content;
    slot->generation = generation;
    m->used++;
    m->pages += slot->pages;
    return generation << 24 | index;
}

static void model_remove(struct model_table *m, uint32_t id)
{
    struct model_slot *slot = &m->slots[id & 0xffffff];
    struct model_slot empty = {.generation = slot->generation};
    empty.was_revoked = group_epoch[slot->group] != slot->seen;
    m->used--;
    m->pages -= slot->pages;
    if (slot->generation == 255) {
        empty.retired = true;
        reached[0]++;
    } else {
        empty.generation++;
        m->stack[m->stacked++] = id & 0xffffff;
    }
    *slot = empty;
}

/* Mostly ids that exist or existed, sometimes anything. */
static uint32_t any_id(const struct model_table *m)
{
    if (m->created == 0 || test_random(&rng, 20) == 0)
        return test_random(&rng, 0x7fffffff) << 1;
    uint32_t index = test_random(&rng, m->created);
    uint32_t back = test_random(&rng, 8) == 0 ? 1 : 0;
    return (m->slots[index].generation - back) << 24 | index;
}

static void step_insert(uint32_t t)
{
    struct test_object *object = &objects[test_random(&rng, OBJECTS)];
    uint16_t mode = (uint16_t)test_random(&rng, 3);
    struct cap_hold hold = test_hold(mode);
    uint32_t id;
    enum cap_error expected = expect_insert(&model[t], object->pages);
    assert_int_equal(cap_table_insert(&world.tables[t], object, &hold, &id), expected);
    if (expected != CAP_OK) {
        reached[1]++;
        return;
    }
    struct model_slot content = {
        .object = object, .group = groups, .pages = object->pages, .mode = mode};
    group_epoch[groups++] = 0;
    assert_int_equal(id, model_insert(&model[t], &content));
}

static void step_remove(uint32_t t)
{
    struct model_slot *slot = NULL;
    struct cap_removed removed;
    uint32_t id = any_id(&model[t]);
    enum cap_error expected = expect_raw(&model[t], id, &slot);
    if (expected == CAP_OK && slot->reserved)
        expected = CAP_TRANSFER_PENDING;
    else if (expected == CAP_OK && slot->object == NULL)
        expected = CAP_NOT_FOUND;
    assert_int_equal(cap_table_remove(&world.tables[t], id, &removed), expected);
    reached[2] += expected == CAP_TRANSFER_PENDING;
    if (expected != CAP_OK)
        return;
    assert_ptr_equal(removed.object, slot->object);
    model_remove(&model[t], id);
}

static void step_lookup(uint32_t t)
{
    struct model_slot *slot = NULL;
    const struct cap_slot *found = NULL;
    uint32_t id = any_id(&model[t]);
    enum cap_error expected = expect_lookup(&model[t], id, &slot);
    assert_int_equal(cap_table_lookup(&world.tables[t], id, &found), expected);
    reached[3] += expected == CAP_REVOKED;
    reached[4] += expected == CAP_STALE_GENERATION;
    if (expected == CAP_OK) {
        assert_ptr_equal(found->object, slot->object);
        assert_int_equal(found->hold.object_id, slot->object->id);
        assert_int_equal(found->hold.transfer_mode, slot->mode);
    }
}

static void step_revoke(uint32_t t)
{
    struct model_slot *slot = NULL;
    uint64_t epoch;
    bool bumped[CAP_SLOTS_MAX] = {false};
    uint32_t id = any_id(&model[t]);
    enum cap_error expected = expect_lookup(&model[t], id, &slot);
    assert_int_equal(cap_table_revoke(&world.tables[t], id, &epoch), expected);
    if (expected != CAP_OK)
        return;
    reached[5]++;
    for (uint32_t i = 0; i < model[t].created; i++) {
        for (uint32_t j = 0; j < i; j++)
            bumped[i] |= model[t].slots[j].object == slot->object &&
                         model[t].slots[j].group == model[t].slots[i].group;
        if (model[t].slots[i].object == slot->object && !bumped[i])
            group_epoch[model[t].slots[i].group]++;
    }
}

static struct model_pending *free_pending(void)
{
    for (uint32_t i = 0; i < PENDING_MAX; i++) {
        if (!pending[i].active)
            return &pending[i];
    }
    return NULL;
}

static void step_prepare(uint32_t t)
{
    struct model_pending *p = free_pending();
    struct model_slot *slot = NULL;
    if (p == NULL)
        return;
    bool is_move = test_random(&rng, 2) == 0;
    uint32_t id = any_id(&model[t]);
    enum cap_error expected = expect_lookup(&model[t], id, &slot);
    if (expected == CAP_OK && slot->reserved)
        expected = CAP_TRANSFER_PENDING;
    else if (expected == CAP_OK && !(slot->mode == 1 || (is_move && slot->mode == 2)))
        expected = CAP_TRANSFER_NOT_ALLOWED;
    assert_int_equal(cap_transfer_prepare(&world.tables[t], id, is_move, CAP_ORIGIN_IPC_TRANSFER,
                                          &p->prepared),
                     expected);
    if (expected != CAP_OK)
        return;
    slot->reserved |= is_move;
    p->active = true;
    p->table = t;
    p->id = id;
    p->group = slot->group;
    p->seen = slot->seen;
    p->mode = slot->mode;
}

/* Ends one transfer: insertion, then commit or rollback, then the source. */
static void step_finish(uint32_t t)
{
    struct model_pending *p = &pending[test_random(&rng, PENDING_MAX)];
    struct cap_token token;
    struct cap_removed removed;
    struct test_object *object = p->prepared.object;
    uint32_t id;
    bool done = false;
    if (!p->active)
        return;
    enum cap_error expected = expect_insert(&model[t], object->pages);
    assert_int_equal(cap_transfer_insert(&world.tables[t], &p->prepared, &token), expected);
    if (expected == CAP_OK) {
        struct model_slot content = {.object = object, .group = p->group, .seen = p->seen,
                                     .pages = object->pages, .mode = p->mode};
        assert_int_equal(token.cap_id, model_insert(&model[t], &content));
        struct model_slot *slot = NULL;
        expected = expect_lookup(&model[t], token.cap_id, &slot);
        assert_int_equal(cap_transfer_commit(&world.tables[t], &token, &id), expected);
        done = expected == CAP_OK && test_random(&rng, 4) != 0;
        reached[6] += done;
        reached[7] += expected == CAP_REVOKED;
        if (!done) {
            assert_int_equal(cap_transfer_rollback(&world.tables[t], &token, &removed), CAP_OK);
            model_remove(&model[t], token.cap_id);
        }
    }
    if (p->prepared.is_move) {
        struct model_slot *source = &model[p->table].slots[p->id & 0xffffff];
        source->reserved = false;
        if (done) {
            assert_int_equal(cap_move_commit(&world.tables[p->table], p->id, &removed), CAP_OK);
            model_remove(&model[p->table], p->id);
        } else {
            assert_int_equal(cap_move_rollback(&world.tables[p->table], p->id), CAP_OK);
        }
    }
    cap_prepared_drop(&world.pool, &p->prepared);
    p->active = false;
}

static void step_clear(uint32_t t)
{
    if (test_random(&rng, 300) != 0)
        return;
    for (uint32_t i = 0; i < PENDING_MAX; i++) {
        if (pending[i].active && pending[i].table == t) {
            cap_prepared_drop(&world.pool, &pending[i].prepared);
            pending[i].active = false;
        }
    }
    struct cap_ledger before = cap_table_clear(&world.tables[t]);
    assert_int_equal(cap_ledger_used(&before, CAP_RESOURCE_CAP_SLOTS), model[t].used);
    model[t] = (struct model_table){.capacity = model[t].capacity};
    reached[8]++;
}

static void check_invariants(void)
{
    uint32_t references = 0;
    uint32_t holds = 0;
    for (uint32_t t = 0; t < TEST_TABLES; t++) {
        uint32_t moves = 0;
        for (uint32_t i = 0; i < PENDING_MAX; i++)
            moves += pending[i].active && pending[i].table == t && pending[i].prepared.is_move;
        assert_true(cap_table_is_valid(&world.tables[t], 0, moves));
        assert_int_equal(test_used(&world.tables[t], CAP_RESOURCE_CAP_SLOTS), model[t].used);
        assert_int_equal(test_used(&world.tables[t], CAP_RESOURCE_FRAME_GRANT_PAGES),
                         model[t].pages);
        holds += model[t].used;
    }
    for (uint32_t i = 0; i < PENDING_MAX; i++)
        holds += pending[i].active;
    for (uint32_t i = 0; i < TEST_CELLS; i++)
        references += world.cells[i].references;
    assert_true(cap_epoch_pool_is_valid(&world.pool));
    assert_int_equal(references, holds);
}

static void start(uint64_t seed)
{
    static const uint32_t capacity[TEST_TABLES] = {3, 24, CAP_SLOTS_MAX};
    rng = seed * 0x9e3779b97f4a7c15ull + 1;
    groups = 0;
    memset(pending, 0, sizeof(pending));
    test_world_init(&world);
    for (uint32_t t = 0; t < TEST_TABLES; t++) {
        model[t] = (struct model_table){.capacity = capacity[t]};
        test_table_init(&world, t, capacity[t]);
    }
    for (uint32_t i = 0; i < OBJECTS; i++)
        objects[i] = (struct test_object){.id = i + 1, .pages = i < 6 ? 0 : i * 20};
}

static void random_operations_match_the_model(void **state)
{
    (void)state;
    static void (*const steps[])(uint32_t) = {
        step_insert, step_insert, step_insert, step_insert, step_remove, step_remove, step_remove,
        step_lookup, step_lookup, step_revoke, step_prepare, step_prepare, step_finish, step_finish,
        step_clear};
    for (uint64_t seed = 1; seed <= 3; seed++) {
        start(seed);
        for (uint32_t step = 0; step < STEPS; step++) {
            uint32_t kind = test_random(&rng, sizeof(steps) / sizeof(steps[0]));
            steps[kind](test_random(&rng, TEST_TABLES));
            if (test_random(&rng, 50) == 0)
                objects[test_random(&rng, OBJECTS)].dead ^= true;
            check_invariants();
        }
    }
    for (uint32_t i = 0; i <= 8; i++)
        assert_true(reached[i] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_the_model),
    };
    return cmocka_run_group_tests_name("cap_model", tests, NULL, NULL);
}
