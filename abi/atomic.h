/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The few atomic operations that shared words need. One place, so that a
 * checked build can route every operation to a model checker instead.
 * `load_own` reads an index that only the caller writes: it is a separate
 * operation because a checker can then prove that nobody else writes it.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

static inline uint32_t load_acquire_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t load_relaxed_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline uint32_t load_own_u32(const uint32_t *p)
{
    return __atomic_load_n(p, __ATOMIC_RELAXED);
}

static inline void store_release_u32(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELEASE);
}

static inline void store_relaxed_u32(uint32_t *p, uint32_t value)
{
    __atomic_store_n(p, value, __ATOMIC_RELAXED);
}

/* Read-modify-write, acquire and release at once: what locks are made of. */
static inline uint32_t exchange_u32(uint32_t *p, uint32_t value)
{
    return __atomic_exchange_n(p, value, __ATOMIC_ACQ_REL);
}

/* Stores `desired` if *p is `expected`; returns what *p was. */
static inline uint32_t compare_exchange_u32(uint32_t *p, uint32_t expected, uint32_t desired)
{
    (void)__atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
}

/* Returns what *p was. */
static inline uint32_t fetch_add_u32(uint32_t *p, uint32_t value)
{
    return __atomic_fetch_add(p, value, __ATOMIC_ACQ_REL);
}

static inline void fence_seq_cst(void)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
