/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What every proof uses: arbitrary values, assumptions, and probes that show
 * a path to be reachable. Only for the prover (tools/prove); nothing that runs
 * includes it. A function without a body that is called nondet_... gives an
 * arbitrary value of its type.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool nondet_bool(void);
uint8_t nondet_u8(void);
uint16_t nondet_u16(void);
uint32_t nondet_u32(void);
int32_t nondet_i32(void);
uint64_t nondet_u64(void);
size_t nondet_size(void);
void __ESBMC_assume(bool condition);

static inline void assume(bool condition)
{
    __ESBMC_assume(condition);
}

#ifndef PROBE
#define PROBE 0 /* no probe fires */
#endif

/* Path `number` of a proof, from 1: built with -DPROBE=number, coming here is the failure that must be found. */
static inline void probe(int number)
{
    assert(number != PROBE);
}
