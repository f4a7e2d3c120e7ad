/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bytes that a pending call of an object keeps beyond its dispatch, when the
 * params are gone: charged to the caller's scratch bytes. The object gives
 * them back before it finishes the call, and when the call is cancelled.
 */
#pragma once

#include <stdint.h>

struct call;

/* `len` (1 to RING_SCRATCH_MAX) bytes, or NULL when ledger or memory refuse. Once per call. */
uint8_t *call_keep(struct call *pending, uint32_t len);
void call_unkeep(struct call *pending);
