/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Text output. capos_format writes into bounded text (core/base/text.h);
 * capos_print sends it to the stream the program was granted.
 *
 * Format directives: %s %c %d %i %u %x with l, ll and z; %.*s; minimum widths
 * with optional - and 0 for numbers and texts; %%. Anything else prints as it stands.
 */
#pragma once

#include <stdarg.h>

#include "capos/status.h"
#include "core/base/text.h"

void capos_format(struct text_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
void capos_vformat(struct text_buf *buf, const char *format, va_list args);

/*
 * Prints to the first of these that the CapSet names: `stdio`, `terminal`,
 * `console`. CAPOS_NOT_GRANTED without any. Lines are cut at 1,024 bytes.
 */
enum capos_status capos_print(const char *format, ...) __attribute__((format(printf, 1, 2)));
