/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's changing state: see state.h. */
#include "kernel/state.h"

struct kernel kernel;

struct cpu_state *cpu_state(void)
{
    return &kernel.cpus[machine_cpu()];
}
