/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The few atomic operations that shared words need. One place, so that a
 * checked build (-DMODEL_CHECK, tests/loom) can route every operation to a model checker instead.
 * `load_own` reads an index that only the caller writes: it is a separate
 * operation because a checker can then prove that nobody else writes it.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

#ifdef MODEL_CHECK

/* The checker's operations; an order is one of the compiler's __ATOMIC constants. */
uint32_t mc_load32(const uint32_t *p, int order);
uint32_t mc_load_own32(const uint32_t *p);
void mc_store32(uint32_t *p, uint32_t value, int order);
uint32_t mc_exchange32(uint32_t *p, uint32_t value, int order);
uint32_t mc_compare_exchange32(uint32_t *p, uint32_t expected, uint32_t desired, int order);
uint32_t mc_fetch_add32(uint32_t *p, uint32_t value, int order);
void mc_fence(int order);

#define ATOMIC_LOAD(p, order) mc_load32(p, order)
#define ATOMIC_LOAD_OWN(p) mc_load_own32(p)
#define ATOMIC_STORE(p, value, order) mc_store32(p, value, order)
#define ATOMIC_EXCHANGE(p, value, order) mc_exchange32(p, value, order)
#define ATOMIC_ADD(p, value, order) mc_fetch_add32(p, value, order)
#define ATOMIC_FENCE(order) mc_fence(order)

#else

#define ATOMIC_LOAD(p, order) __atomic_load_n(p, order)
#define ATOMIC_LOAD_OWN(p) __atomic_load_n(p, __ATOMIC_RELAXED)
#define ATOMIC_STORE(p, value, order) __atomic_store_n(p, value, order)
#define ATOMIC_EXCHANGE(p, value, order) __atomic_exchange_n(p, value, order)
#define ATOMIC_ADD(p, value, order) __atomic_fetch_add(p, value, order)
#define ATOMIC_FENCE(order) __atomic_thread_fence(order)

#endif

static inline uint32_t load_acquire_u32(const uint32_t *p)
{
    return ATOMIC_LOAD(p, __ATOMIC_ACQUIRE);
}

static inline uint32_t load_relaxed_u32(const uint32_t *p)
{
    return ATOMIC_LOAD(p, __ATOMIC_RELAXED);
}

static inline uint32_t load_own_u32(const uint32_t *p)
{
    return ATOMIC_LOAD_OWN(p);
}

static inline void store_release_u32(uint32_t *p, uint32_t value)
{
    ATOMIC_STORE(p, value, __ATOMIC_RELEASE);
}

static inline void store_relaxed_u32(uint32_t *p, uint32_t value)
{
    ATOMIC_STORE(p, value, __ATOMIC_RELAXED);
}

/* Read-modify-write, acquire and release at once: what locks are made of. */
static inline uint32_t exchange_u32(uint32_t *p, uint32_t value)
{
    return ATOMIC_EXCHANGE(p, value, __ATOMIC_ACQ_REL);
}

/* Stores `desired` if *p is `expected`; returns what *p was. */
static inline uint32_t compare_exchange_u32(uint32_t *p, uint32_t expected, uint32_t desired)
{
#ifdef MODEL_CHECK
    return mc_compare_exchange32(p, expected, desired, __ATOMIC_ACQ_REL);
#else
    (void)__atomic_compare_exchange_n(p, &expected, desired, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return expected;
#endif
}

/* Returns what *p was. */
static inline uint32_t fetch_add_u32(uint32_t *p, uint32_t value)
{
    return ATOMIC_ADD(p, value, __ATOMIC_ACQ_REL);
}

static inline void fence_seq_cst(void)
{
    ATOMIC_FENCE(__ATOMIC_SEQ_CST);
}
