/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Frames before there is a frame allocator. The boot CPU takes them one after
 * the other above the kernel image, never gives one back, and finally removes
 * all that is in use from the memory map that the kernel gets.
 */
#pragma once

#include "core/bootinfo/bootinfo.h"

void early_init(const struct boot_info *info);
/* Physical address of a zeroed frame below 4 GiB; stops the boot when there is none. */
uint64_t early_frame(void);
/* Does any byte of [paddr, paddr + len) belong to memory, by the map of early_init? */
bool early_is_memory(uint64_t paddr, uint64_t len);
/* Takes the first MiB, the image, the early frames and the boot module out of the usable ranges. */
bool early_reserve_all(struct boot_info *info);
