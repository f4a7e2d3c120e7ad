/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Taking memory out of a boot memory map. Pure; keeps the map sorted and disjoint. */
#pragma once

#include "core/bootinfo/bootinfo.h"

/* Takes [start, end) out of the usable ranges; both multiples of 4096. False when the table of ranges is full. */
bool reserve_range(struct boot_info *info, uint64_t start, uint64_t end);
