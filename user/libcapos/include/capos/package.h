/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The programs in the boot package, for a process that holds `boot_package`.
 * Not for several threads at once.
 */
#pragma once

#include <stdint.h>

#include "capos/status.h"

#define CAPOS_PROGRAM_NAME_BYTES 65u /* with the NUL */

/*
 * Program number `index`, in the order of the package: its NUL-terminated name and the size of its file in bytes.
 * CAPOS_NOT_GRANTED: no boot package, or one that does not decode. CAPOS_INVALID_REQUEST: there are not so many.
 */
enum capos_status capos_package_program(uint32_t index, char name[CAPOS_PROGRAM_NAME_BYTES], uint32_t *size);
