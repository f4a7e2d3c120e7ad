/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User address spaces within this room. The tables belong to the kernel lock;
 * only the flush request is read by other CPUs.
 */
#pragma once

#include "arch/x86_64/paging.h"
#include "kernel/machine.h"

/* The 4 KiB entry of a user address, or NULL where no table reaches it. Every access to user memory begins here. */
static inline uint64_t *aspace_entry(const struct machine_aspace *as, uint64_t va)
{
    if (va >= USER_HALF_LIMIT)
        return NULL;
    const uint64_t *top = phys_pointer(as->root);
    uint64_t entry = top[table_index(va, 3)];
    if (entry == 0 || (entry = table_pointer(entry)[table_index(va, 2)]) == 0 ||
        (entry = table_pointer(entry)[table_index(va, 1)]) == 0)
        return NULL;
    return &table_pointer(entry)[table_index(va, 0)];
}

/* flush.c. Serves a request that names this CPU, if there is one; takes no lock. */
void flush_serve(void);
