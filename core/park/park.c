/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Waiters by key: core/park/park.h. A hash of buckets; a bucket is a list in
 * the order of arrival, so the first of a key found in it waits longest.
 */
#include "core/park/park.h"

struct park_key park_key_private(uint64_t process, uint64_t addr)
{
    return (struct park_key){.space = process << 1, .word = addr};
}

struct park_key park_key_shared(uint64_t object, uint64_t offset)
{
    return (struct park_key){.space = object << 1 | 1, .word = offset};
}

static bool same_key(struct park_key a, struct park_key b)
{
    return a.space == b.space && a.word == b.word;
}

static uint32_t bucket_of(struct park_key key)
{
    uint64_t hash = (key.space * 0x9e3779b97f4a7c15ull ^ key.word) * 0xd6e8feb86659fd93ull;
    return (uint32_t)(hash >> 32) % PARK_BUCKETS;
}

void park_table_init(struct park_table *table)
{
    *table = (struct park_table){.count = 0};
}

bool park_enqueue(struct park_table *table, struct park_waiter *waiter, struct park_key key)
{
    if (waiter->queued)
        return false;
    struct park_bucket *bucket = &table->buckets[bucket_of(key)];
    *waiter = (struct park_waiter){.key = key, .prev = bucket->tail, .queued = true};
    if (bucket->tail != NULL)
        bucket->tail->next = waiter;
    else
        bucket->head = waiter;
    bucket->tail = waiter;
    table->count++;
    return true;
}

bool park_remove(struct park_table *table, struct park_waiter *waiter)
{
    if (!waiter->queued)
        return false;
    struct park_bucket *bucket = &table->buckets[bucket_of(waiter->key)];
    if (waiter->prev != NULL)
        waiter->prev->next = waiter->next;
    else
        bucket->head = waiter->next;
    if (waiter->next != NULL)
        waiter->next->prev = waiter->prev;
    else
        bucket->tail = waiter->prev;
    waiter->next = NULL;
    waiter->prev = NULL;
    waiter->queued = false;
    table->count--;
    return true;
}

struct park_waiter *park_first(const struct park_table *table, struct park_key key)
{
    struct park_waiter *waiter = table->buckets[bucket_of(key)].head;
    while (waiter != NULL && !same_key(waiter->key, key))
        waiter = waiter->next;
    return waiter;
}

struct park_waiter *park_take(struct park_table *table, struct park_key key)
{
    struct park_waiter *waiter = park_first(table, key);
    if (waiter != NULL)
        park_remove(table, waiter);
    return waiter;
}

bool park_table_is_valid(const struct park_table *table)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < PARK_BUCKETS; i++) {
        const struct park_waiter *prev = NULL;
        for (const struct park_waiter *w = table->buckets[i].head; w != NULL; w = w->next) {
            if (!w->queued || w->prev != prev || bucket_of(w->key) != i || ++count > table->count)
                return false;
            prev = w;
        }
        if (table->buckets[i].tail != prev)
            return false;
    }
    return count == table->count;
}
