/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Checked arithmetic for sizes and offsets that come from outside. Each
 * function returns true and stores the result, or returns false and leaves
 * *out alone. Typed builtins, because the proof tools know only those.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

static inline bool checked_add_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    unsigned long sum;
    if (__builtin_uaddl_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool checked_sub_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    if (b > a)
        return false;
    *out = a - b;
    return true;
}

static inline bool checked_mul_u64(uint64_t a, uint64_t b, uint64_t *out)
{
    unsigned long product;
    if (__builtin_umull_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

static inline bool checked_add_u32(uint32_t a, uint32_t b, uint32_t *out)
{
    unsigned int sum;
    if (__builtin_uadd_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

static inline bool checked_mul_u32(uint32_t a, uint32_t b, uint32_t *out)
{
    unsigned int product;
    if (__builtin_umul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

/* Rounds up to a multiple of `align`, which must be a power of two. */
static inline bool checked_align_up_u64(uint64_t value, uint64_t align, uint64_t *out)
{
    uint64_t sum;
    if (!checked_add_u64(value, align - 1, &sum))
        return false;
    *out = sum & ~(align - 1);
    return true;
}

/* now + delta that stays at the end of time instead of wrapping. */
static inline uint64_t saturating_add_u64(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return checked_add_u64(a, b, &sum) ? sum : UINT64_MAX;
}

static inline bool is_power_of_two_u64(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}
