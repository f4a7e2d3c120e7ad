/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The wire check of a submission entry: opcode and reserved fields, before any
 * look-up or memory access. Source: docs/abi.md, "Wire-validation matrix".
 * Pure; any caller. Trusts nothing in the entry, but the entry must be a
 * private copy that no user can change.
 */
#pragma once

#include "abi/errors.h"
#include "abi/ring.h"

#include <stdbool.h>

/* The values are the results to post. */
enum ring_wire_result {
    RING_WIRE_OK = 0,
    RING_WIRE_INVALID_REQUEST = CAP_ERR_INVALID_REQUEST,
    RING_WIRE_UNSUPPORTED_OPCODE = CAP_ERR_UNSUPPORTED_OPCODE,
};

/* Opcode 7 is refused, as every kernel that is not built for measurement does. */
enum ring_wire_result ring_wire_check(const struct ring_sqe *sqe);

/* The same for a measurement kernel, which accepts a well-formed opcode 7. */
enum ring_wire_result ring_wire_check_measurement(const struct ring_sqe *sqe);

/* For an entry that passed: may only another thread than `thread_id` dispatch it? */
bool ring_wire_is_foreign(const struct ring_sqe *sqe, uint32_t thread_id);

/*
 * For the tick: may this entry be answered from a timer interrupt? False for
 * CALL, PARK, UNPARK and PARK_BENCH, where servicing stops.
 */
bool ring_wire_is_tick_safe(const struct ring_sqe *sqe);

/* Entries that one tick may consume (docs/abi.md, "Timer-side servicing"). */
#define RING_TICK_ENTRIES_MAX 4u
