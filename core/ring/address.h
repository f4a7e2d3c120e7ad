/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sizes, transfer descriptors and address ranges of a submission entry, by
 * arithmetic alone: no page is touched. Source: docs/abi.md, "Result codes",
 * order of checks 3 to 5. Pure; any caller. The entry is a private copy that
 * passed ring_wire_check(); its numbers are not trusted.
 */
#pragma once

#include "abi/ring.h"

#include <stdbool.h>
#include <stdint.h>

/* Bytes in front of the payload of a delivered message: the smallest RECV buffer. */
#define RING_MESSAGE_HEADER_BYTES 56u

/* No wrap and nothing at or above the end of the user half. Length 0 is fine with any address. */
bool ring_range_is_user(uint64_t addr, uint64_t len);

/*
 * The result code to post, or 0. `scratch` is the process's effective ring
 * scratch in bytes. CALL: len, then result_len, above it -1; descriptors more
 * than 16, misaligned or wrapping -7; params or descriptors outside -2; result
 * outside -3. RETURN: the same for len and descriptors. RECV: result range
 * outside or shorter than a message header -3. UNPARK with count 0: -1. PARK
 * and UNPARK: word misaligned or outside -2. Other opcodes: 0.
 */
int32_t ring_address_check(const struct ring_sqe *sqe, uint32_t scratch);
