/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Array indexing with an index that user space chose. A processor may run past
 * a bounds check on a guess; the mask below is data flow, not control flow, so
 * even a mispredicted path reads inside the array. Any caller; no state.
 */
#pragma once

#include <stdint.h>

/*
 * `index` when index < count, else 0. Call it after the ordinary bounds check.
 * The volatile copy keeps the compiler from using what that check proved,
 * which would remove the mask.
 */
static inline uint32_t index_nospec(uint32_t index, uint32_t count)
{
    volatile uint64_t bound = count;
    uint64_t borrow = ((uint64_t)index - bound) >> 63; /* 1 when index < count */
    return index & (uint32_t)(0 - borrow);
}
