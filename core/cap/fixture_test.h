/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests of core/cap share: simple objects, tables over static storage
 * with one epoch pool, and shorthands. Included by tests only.
 */
#pragma once

#include "core/cap/transfer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define TEST_TABLES 3
#define TEST_CELLS 600

struct test_object {
    uint64_t id;
    uint32_t pages;
    bool dead;
    bool nic;
    bool grant_only;
};

static inline uint64_t test_object_id(const void *object)
{
    return ((const struct test_object *)object)->id;
}

static inline enum cap_error test_object_live(const void *object)
{
    return ((const struct test_object *)object)->dead ? CAP_NOT_LIVE : CAP_OK;
}

static inline uint32_t test_object_pages(const void *object)
{
    return ((const struct test_object *)object)->pages;
}

static inline bool test_object_nic(const void *object)
{
    return ((const struct test_object *)object)->nic;
}

static inline bool test_object_grant_only(const void *object)
{
    return ((const struct test_object *)object)->grant_only;
}

static const struct cap_object_ops test_ops = {
    .object_id = test_object_id,
    .live = test_object_live,
    .frame_pages = test_object_pages,
    .released_first = test_object_nic,
    .spawn_grant_only = test_object_grant_only,
};

struct test_world {
    struct cap_epoch cells[TEST_CELLS];
    struct cap_epoch_pool pool;
    struct cap_slot slots[TEST_TABLES][CAP_SLOTS_MAX];
    struct cap_table tables[TEST_TABLES];
};

static inline void test_table_init(struct test_world *world, uint32_t which, uint32_t capacity)
{
    struct cap_table_config config = {
        .slots = world->slots[which],
        .capacity = capacity,
        .epochs = &world->pool,
        .ops = &test_ops,
        .table_id = 100 + which,
        .page_table_pages = 64,
        .image_pages = 32,
    };
    cap_table_init(&world->tables[which], &config);
}

static inline void test_world_init(struct test_world *world)
{
    memset(world, 0xa5, sizeof(*world));
    cap_epoch_pool_init(&world->pool, world->cells, TEST_CELLS);
    for (uint32_t i = 0; i < TEST_TABLES; i++)
        test_table_init(world, i, CAP_SLOTS_MAX);
}

static inline struct cap_hold test_hold(uint16_t mode)
{
    struct cap_hold hold = cap_hold_default(0x1111);
    hold.transfer_mode = mode;
    hold.badge = 77;
    return hold;
}

/* Inserts and insists on success. */
static inline uint32_t test_insert(struct cap_table *table, struct test_object *object,
                                   uint16_t mode)
{
    struct cap_hold hold = test_hold(mode);
    uint32_t id = 0xdddddddd;
    assert_int_equal(cap_table_insert(table, object, &hold, &id), CAP_OK);
    return id;
}

static inline enum cap_error test_lookup(const struct cap_table *table, uint32_t id)
{
    const struct cap_slot *slot;
    return cap_table_lookup(table, id, &slot);
}

static inline const struct cap_slot *test_slot(const struct cap_table *table, uint32_t id)
{
    const struct cap_slot *slot = NULL;
    assert_int_equal(cap_table_lookup_raw(table, id, &slot), CAP_OK);
    return slot;
}

static inline enum cap_error test_remove(struct cap_table *table, uint32_t id)
{
    struct cap_removed removed;
    return cap_table_remove(table, id, &removed);
}

static inline uint64_t test_used(const struct cap_table *table, enum cap_resource resource)
{
    return cap_ledger_used(&table->ledger, resource);
}

/* xorshift64*: the same sequence for the same seed on every machine. */
static inline uint32_t test_random(uint64_t *state, uint32_t bound)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)((*state * 0x2545f4914f6cdd1dull) >> 33) % bound;
}
