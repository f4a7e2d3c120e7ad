/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The capabilities this process was started with, by name. The page is
 * read-only and never changes; look-ups do not enter the kernel.
 */
#pragma once

#include <stdint.h>

#include "abi/capset.h"
#include "capos/status.h"

/* Number of entries; 0 for a process without authority. */
uint32_t capos_capset_count(void);
/* Entry i < count, in grant order. */
const struct capset_entry *capos_capset_entry(uint32_t i);
/* The first entry of that name, or NULL. `name` is NUL-terminated. */
const struct capset_entry *capos_capset_find(const char *name);
