/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests only: messages written down word by word, framed at an odd
 * address so that every read is an unaligned one. No state outside the
 * struct that the test owns.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/bytes.h"
#include "core/capn/message.h"

#define W_STRUCT(offset, data, pointers) \
    ((uint64_t)(uint32_t)((uint32_t)(offset) << 2) | (uint64_t)(data) << 32 | (uint64_t)(pointers) << 48)
#define W_LIST(offset, element, count) \
    ((uint64_t)(uint32_t)((uint32_t)(offset) << 2 | 1) | (uint64_t)(element) << 32 | (uint64_t)(count) << 35)
#define W_FAR(segment, word) (2 | (uint64_t)(word) << 3 | (uint64_t)(segment) << 32)
#define W_DOUBLE_FAR(segment, word) (6 | (uint64_t)(word) << 3 | (uint64_t)(segment) << 32)
#define W_CAP(index) (3 | (uint64_t)(index) << 32)

/* Heap storage of exactly the message's size behind one byte, so that the address sanitizer sees any read too far. */
struct wire {
    uint8_t *storage;
    uint8_t *bytes;
    size_t len;
};

static inline struct wire wire_of(uint32_t segments, const uint32_t *sizes, const uint64_t *words)
{
    size_t total = 0, table = 4 + 4 * (size_t)segments;
    for (uint32_t i = 0; i < segments; i++)
        total += sizes[i];
    table = (table + 7) & ~(size_t)7;
    struct wire wire = { .len = table + total * 8 };
    wire.storage = calloc(1, wire.len + 1);
    wire.bytes = wire.storage + 1;
    store_le32(wire.bytes, segments - 1);
    for (uint32_t i = 0; i < segments; i++)
        store_le32(wire.bytes + 4 + 4 * (size_t)i, sizes[i]);
    for (size_t i = 0; i < total; i++)
        store_le64(wire.bytes + table + 8 * i, words[i]);
    return wire;
}

static inline void wire_free(struct wire *wire)
{
    free(wire->storage);
}
