/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel examines itself: page tables, ledgers, capability tables, frames.
 * Reads everything, changes nothing but a mark per frame that it takes away
 * again. Under the kernel lock. Work is linear in mapped pages and frames.
 * Source: docs/kernel-semantics.md, invariants A3 to A5.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum check_mode {
    CHECK_REPORT,   /* a verdict line for every check */
    CHECK_FAILURES, /* only for those that fail */
};

/* True when every check passed. */
bool check_all(enum check_mode mode);
/* The verdict line `frames free=<n>`. */
void check_report_frames(uint64_t free);
