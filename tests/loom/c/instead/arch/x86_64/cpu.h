/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For arch/x86_64/flush.c in the checker: a CPU is a thread of the model. */
#pragma once

#include "kernel/machine.h"

struct cpu {
    uint32_t index;
    uint32_t apic_id;
};

extern struct cpu cpus[MACHINE_CPUS_MAX];
extern uint32_t cpus_found;

struct cpu *this_cpu(void);
