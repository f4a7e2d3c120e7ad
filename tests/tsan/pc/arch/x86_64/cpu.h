/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See asm.h. */
#pragma once

#include "kernel/machine.h"

struct cpu {
    uint32_t index;
    uint32_t apic_id;
};

#define CPU_ROW(i) { i, i }
static const struct cpu cpus[MACHINE_CPUS_MAX] = { CPU_ROW(0), CPU_ROW(1), CPU_ROW(2), CPU_ROW(3),
                                                   CPU_ROW(4), CPU_ROW(5), CPU_ROW(6), CPU_ROW(7) };
#define cpus_found machine_cpu_count()

static inline const struct cpu *this_cpu(void)
{
    return &cpus[machine_cpu()];
}
