/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User address spaces within this room. The tables belong to the kernel lock;
 * only the flush request is read by other CPUs.
 */
#pragma once

#include "kernel/machine.h"

/* The 4 KiB entry of a user address, or NULL where no table reaches it. */
uint64_t *aspace_entry(const struct machine_aspace *as, uint64_t va);

/* flush.c. Serves a request that names this CPU, if there is one; takes no lock. */
void flush_serve(void);
