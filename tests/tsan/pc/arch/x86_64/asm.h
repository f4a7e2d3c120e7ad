/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * arch/x86_64/flush.c is built unchanged for the machine of threads; this folder stands in for what it includes.
 * Instructions that only the kernel of a PC may use act on the simulated processor.
 */
#pragma once

#include <stdint.h>

#include "arch/host/threads/threads.h"

static inline void spin_pause(void)
{
    threads_spin();
}

static inline void invalidate_page(uint64_t va)
{
    threads_drop(va);
}

static inline uint64_t read_cr3(void)
{
    return 0;
}

static inline void write_cr3(uint64_t value)
{
    (void)value;
    threads_drop_all();
}
