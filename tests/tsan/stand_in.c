/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See stand_in.h. */
#include "tests/tsan/stand_in.h"

#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/machine.h"

static _Thread_local uint32_t own;

void stand_in_cpu(uint32_t cpu)
{
    own = cpu;
}

uint32_t machine_cpu(void)
{
    return own;
}

void machine_relax(void)
{
    static _Thread_local uint32_t spins;
    if (++spins % 64 == 0)
        (void)syscall(SYS_sched_yield);
}

void kernel_panic(const char *what, uint64_t detail)
{
    fprintf(stderr, "panic: %s (%llu)\n", what, (unsigned long long)detail);
    _exit(1);
}
