/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What start-up of a thread sets for the rest of the library. */
#pragma once

#include <stdint.h>

/* The calling thread's buffers for typed calls, 8-byte aligned; those of the first thread are the library's. */
void capos_client_use_buffers(uint8_t *request_buffer, uint8_t *reply_buffer, uint32_t bytes);
