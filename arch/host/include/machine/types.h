/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What kernel/machine.h leaves to the machine, for the one that lives in a Linux process. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* One simulated thread: its registers are the few that the kernel can see. */
struct machine_context {
    uint64_t entry, stack, args[3], fs_base;
    uint64_t result; /* of the last system call */
    bool repeat;     /* the system call is to be made again */
    bool started;    /* its coroutine has been set up */
};

struct machine_aspace {
    uint64_t root; /* frame number of the top table */
    uint32_t cpus; /* bit per CPU that has it loaded; arch/host/threads only */
    bool (*take)(void *owner, uint64_t *frame);
    void (*give)(void *owner, uint64_t frame);
    void *owner;
};
