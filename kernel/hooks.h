/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the entry path asks of kernel/objects. Implemented there; under the
 * kernel lock. (kernel/ipc says what it offers in ipc.h.)
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Bytes typed on the console. */
void console_input(const uint8_t *bytes, size_t len);
/* There is room again in the output buffer, for somebody who found none (kernel/log/output.h). */
void console_drained(void);
