/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Capability ids: generation in the top 8 bits, slot index in the low 24.
 * Pure arithmetic; any caller. An id comes from user space and proves nothing
 * until a table has looked it up. Source: docs/abi.md, "Capability ids".
 */
#pragma once

#include <stdint.h>

#define CAP_ID_INDEX_MAX 0xffffffu
#define CAP_ID_GENERATION_MAX 255u

/* `index` must be at most CAP_ID_INDEX_MAX. The first id of a fresh table is 0: zero is no null. */
static inline uint32_t cap_id_make(uint8_t generation, uint32_t index)
{
    return (uint32_t)generation << 24 | (index & CAP_ID_INDEX_MAX);
}

static inline uint32_t cap_id_index(uint32_t id)
{
    return id & CAP_ID_INDEX_MAX;
}

static inline uint8_t cap_id_generation(uint32_t id)
{
    return (uint8_t)(id >> 24);
}
