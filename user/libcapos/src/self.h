/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of the library share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/capn/dispatch.h"

/* The calling thread's buffers for typed calls, 8-byte aligned; those of the first thread are the library's. */
void capos_client_use_buffers(uint8_t *request_buffer, uint8_t *reply_buffer, uint32_t bytes);

/* Reads a CapException message; bytes behind it are ignored. False: it is none. */
bool capos_exception_read(const uint8_t *bytes, size_t len, struct capn_exception *out);
