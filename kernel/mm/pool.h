/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pools of equal records, each from one run of frames taken at boot and never
 * given back. Taking and giving are constant time. A record comes zeroed.
 * Under the kernel lock. Rooms own their pools; all of them are created in
 * kernel/boot/boot.c.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pool_free {
    struct pool_free *next;
};

struct pool {
    const char *name;
    uint8_t *items;
    size_t item_bytes; /* rounded up to 64 */
    uint32_t capacity;
    uint32_t in_use;
    struct pool_free *free;
};

/* False when boot memory does not suffice. */
bool pool_init(struct pool *pool, const char *name, size_t item_bytes, uint32_t capacity);
/* NULL when all are in use. */
void *pool_take(struct pool *pool);
/* `item` must be a record in use of this pool. */
void pool_give(struct pool *pool, void *item);
