/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who waits on which word: a table of waiters by key, first in, first out per
 * key. Pure; the caller serialises all calls and owns table and waiters.
 * Nothing allocates, so nothing fails: a waiter is a record in its thread.
 * Source: docs/abi.md, "PARK and UNPARK".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PARK_BUCKETS 256u

/* A word. Keys of processes and of memory objects never meet, whatever the numbers. */
struct park_key {
    uint64_t space; /* whose word: number << 1, lowest bit set for a memory object */
    uint64_t word;  /* user address, or byte offset in the object */
};

/* `process` is a number that no other process of this boot has; below 2^63. */
struct park_key park_key_private(uint64_t process, uint64_t addr);
/* `object` is an object id; below 2^63. */
struct park_key park_key_shared(uint64_t object, uint64_t offset);

/* Starts zeroed. Must stay where it is while it is queued. */
struct park_waiter {
    struct park_key key;
    struct park_waiter *next;
    struct park_waiter *prev;
    bool queued;
};

struct park_bucket {
    struct park_waiter *head;
    struct park_waiter *tail;
};

struct park_table {
    struct park_bucket buckets[PARK_BUCKETS];
    uint32_t count; /* waiters queued */
};

void park_table_init(struct park_table *table);

/* Puts a waiter that is not queued behind all others of its key. False, and nothing changes, when it is queued already. */
bool park_enqueue(struct park_table *table, struct park_waiter *waiter, struct park_key key);
/* Takes a waiter out, wherever it stands. False when it was not queued. */
bool park_remove(struct park_table *table, struct park_waiter *waiter);
/* The waiter of this key that waits longest; NULL when there is none. */
struct park_waiter *park_first(const struct park_table *table, struct park_key key);
/* Takes out and returns the waiter of this key that waits longest; NULL when there is none. */
struct park_waiter *park_take(struct park_table *table, struct park_key key);

/* The table's invariants: links, keys in their buckets, the count. Linear. */
bool park_table_is_valid(const struct park_table *table);
