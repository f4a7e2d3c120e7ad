/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waiters by key: order, removal from every place, keys that must not meet,
 * and random work against a plain list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/park/park.h"

#define WAITERS 40u

static struct park_table table;
static struct park_waiter waiters[WAITERS];

static int setup(void **state)
{
    (void)state;
    memset(&table, 0xa5, sizeof table);
    memset(waiters, 0, sizeof waiters);
    park_table_init(&table);
    return 0;
}

static void put(uint32_t i, struct park_key key)
{
    assert_true(park_enqueue(&table, &waiters[i], key));
    assert_true(park_table_is_valid(&table));
}

static void expect_take(struct park_key key, const struct park_waiter *want)
{
    assert_ptr_equal(park_take(&table, key), want);
    assert_true(want == NULL || !want->queued);
    assert_true(park_table_is_valid(&table));
}

static void first_in_first_out(void **state)
{
    (void)state;
    struct park_key key = park_key_private(1, 0x1000);
    expect_take(key, NULL);
    for (uint32_t i = 0; i < 5; i++)
        put(i, key);
    assert_int_equal(table.count, 5);
    for (uint32_t i = 0; i < 5; i++)
        expect_take(key, &waiters[i]);
    expect_take(key, NULL);
    assert_int_equal(table.count, 0);
}

static void once_at_a_time(void **state)
{
    (void)state;
    put(0, park_key_private(1, 4));
    assert_false(park_enqueue(&table, &waiters[0], park_key_private(1, 8)));
    assert_int_equal(table.count, 1);
    expect_take(park_key_private(1, 8), NULL);
    expect_take(park_key_private(1, 4), &waiters[0]);
    put(0, park_key_private(1, 8));
    assert_true(park_remove(&table, &waiters[0]));
    assert_false(park_remove(&table, &waiters[0]));
    assert_int_equal(table.count, 0);
}

static void removal_from_every_place(void **state)
{
    (void)state;
    struct park_key key = park_key_shared(3, 64);
    for (uint32_t gone = 0; gone < 4; gone++) {
        setup(NULL);
        for (uint32_t i = 0; i < 4; i++)
            put(i, key);
        assert_true(park_remove(&table, &waiters[gone]));
        assert_true(park_table_is_valid(&table));
        put(4, key);
        for (uint32_t i = 0; i < 5; i++)
            if (i != gone)
                expect_take(key, &waiters[i]);
        expect_take(key, NULL);
    }
}

static void keys_are_apart(void **state)
{
    (void)state;
    struct park_key keys[] = {
        park_key_private(7, 0x2000), park_key_private(8, 0x2000), park_key_private(7, 0x2004), park_key_shared(7, 0x2000),
        park_key_shared(8, 0x2000),  park_key_shared(6, 0x2000), park_key_private(6, 0x2000), park_key_private(14, 0x2000), park_key_private(15, 0x2000),
    };
    uint32_t count = sizeof keys / sizeof keys[0];
    for (uint32_t i = 0; i < count; i++)
        put(i, keys[i]);
    for (uint32_t i = count; i-- > 0;) {
        expect_take(keys[i], &waiters[i]);
        expect_take(keys[i], NULL);
    }
}

static void neighbours_use_many_buckets(void **state)
{
    (void)state;
    static struct park_waiter many[2048];
    uint32_t used = 0;
    memset(many, 0, sizeof many);
    for (uint32_t i = 0; i < 2048; i++)
        assert_true(park_enqueue(&table, &many[i], park_key_private(1 + i / 512, 0x1300000 + i % 512 * 4)));
    for (uint32_t i = 0; i < PARK_BUCKETS; i++)
        used += table.buckets[i].head != NULL;
    assert_true(used > PARK_BUCKETS / 2);
    for (uint32_t i = 2048; i-- > 0;) /* the last ones stand behind others of their bucket */
        expect_take(park_key_private(1 + i / 512, 0x1300000 + i % 512 * 4), &many[i]);
}

/* A plain list in order of arrival. */
static uint32_t model[WAITERS], model_count;

static void model_drop(uint32_t at)
{
    memmove(&model[at], &model[at + 1], (--model_count - at) * sizeof model[0]);
}

static uint32_t next_random(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*seed >> 33);
}

static void model_take(struct park_key key)
{
    for (uint32_t at = 0; at < model_count; at++) {
        struct park_key k = waiters[model[at]].key;
        if (k.space != key.space || k.word != key.word)
            continue;
        expect_take(key, &waiters[model[at]]);
        model_drop(at);
        return;
    }
    expect_take(key, NULL);
}

static void random_work(void **state)
{
    (void)state;
    uint64_t seed = 12345;
    model_count = 0;
    for (uint32_t step = 0; step < 20000; step++) {
        uint32_t i = next_random(&seed) % WAITERS, r = next_random(&seed);
        struct park_key key = (r & 1) != 0 ? park_key_private(r % 3, r % 5 * 4) : park_key_shared(r % 3, r % 5 * 4);
        if (r % 7 < 3) {
            if (park_enqueue(&table, &waiters[i], key))
                model[model_count++] = i;
        } else if (r % 7 < 4) {
            bool removed = park_remove(&table, &waiters[i]);
            uint32_t at = 0;
            while (at < model_count && model[at] != i)
                at++;
            assert_true(removed == (at < model_count));
            if (removed)
                model_drop(at);
        } else {
            model_take(key);
        }
        assert_int_equal(table.count, model_count);
        assert_true(park_table_is_valid(&table));
    }
}

static void broken_tables_are_noticed(void **state)
{
    (void)state;
    put(0, park_key_private(1, 0));
    put(1, park_key_private(1, 0));
    table.count = 1;
    assert_false(park_table_is_valid(&table));
    table.count = 3;
    assert_false(park_table_is_valid(&table));
    table.count = 2;
    waiters[1].prev = NULL;
    assert_false(park_table_is_valid(&table));
    waiters[1].prev = &waiters[0];
    waiters[0].queued = false;
    assert_false(park_table_is_valid(&table));
    waiters[0].queued = true;
    waiters[0].key.word = 4;
    assert_false(park_table_is_valid(&table));
    waiters[0].key.word = 0;
    assert_true(park_table_is_valid(&table));
    for (uint32_t i = 0; i < PARK_BUCKETS; i++)
        if (table.buckets[i].tail != NULL)
            table.buckets[i].tail = &waiters[0];
    assert_false(park_table_is_valid(&table));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(first_in_first_out, setup),
        cmocka_unit_test_setup(once_at_a_time, setup),
        cmocka_unit_test_setup(removal_from_every_place, setup),
        cmocka_unit_test_setup(keys_are_apart, setup),
        cmocka_unit_test_setup(neighbours_use_many_buckets, setup),
        cmocka_unit_test_setup(random_work, setup),
        cmocka_unit_test_setup(broken_tables_are_noticed, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
