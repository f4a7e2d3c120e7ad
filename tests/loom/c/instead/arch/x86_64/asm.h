/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For arch/x86_64/flush.c in the checker: its instructions as tests/loom/c/lock.c models them. */
#pragma once

#include <stdint.h>

void invalidate_page(uint64_t va);
void spin_pause(void);

static inline uint64_t read_cr3(void)
{
    return 0;
}

static inline void write_cr3(uint64_t value)
{
    invalidate_page(value);
}
