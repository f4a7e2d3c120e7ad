/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The resource ledger of one process: a used and a maximum number per kind of
 * resource. Everything a process makes the kernel hold is reserved here before
 * it is taken, and released by exactly the same amount afterwards.
 * Source: docs/kernel-semantics.md, "Resource ledger".
 *
 * The caller owns the ledger (it lies inside the process's capability table)
 * and serialises all calls. No function trusts its amounts: a reservation is
 * checked for overflow, a release saturates.
 */
#pragma once

#include "abi/limits.h"
#include "core/cap/errors.h"

#include <stdbool.h>
#include <stdint.h>

/* Units: slots, calls, bytes, then pages of 4096 bytes. The last two are our own additions. */
enum cap_resource {
    CAP_RESOURCE_CAP_SLOTS,
    CAP_RESOURCE_OUTSTANDING_CALLS,
    CAP_RESOURCE_SCRATCH_BYTES,
    CAP_RESOURCE_FRAME_GRANT_PAGES,
    CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES,
    CAP_RESOURCE_PAGE_TABLE_PAGES, /* page tables built for the process */
    CAP_RESOURCE_IMAGE_PAGES,      /* image, stacks, TLS, ring and CapSet pages */
    CAP_RESOURCE_COUNT,
};

struct cap_ledger_pair {
    uint64_t used;
    uint64_t max;
};

struct cap_ledger {
    struct cap_ledger_pair pairs[CAP_RESOURCE_COUNT];
    /* Releases beyond the charge: always a kernel bug, which the owner logs when it first rises. */
    uint64_t over_releases;
};

/* The five built-in maxima (abi/limits.h) and the two given ones; nothing used. */
void cap_ledger_init(struct cap_ledger *ledger, uint64_t page_table_pages, uint64_t image_pages);

/* Back to nothing used and built-in maxima; the page-table and image maxima stay. */
void cap_ledger_reset(struct cap_ledger *ledger);

/* Would `amount` fit? Changes nothing. Used equal to the maximum is allowed; amount 0 always fits. */
enum cap_error cap_ledger_preflight(const struct cap_ledger *ledger, enum cap_resource resource,
                                    uint64_t amount);

/* Checks and adds, or fails with the resource's CAP_EXHAUSTED_ value and changes nothing. */
enum cap_error cap_ledger_reserve(struct cap_ledger *ledger, enum cap_resource resource,
                                  uint64_t amount);

/* Takes `amount` off; never below zero. */
void cap_ledger_release(struct cap_ledger *ledger, enum cap_resource resource, uint64_t amount);

uint64_t cap_ledger_used(const struct cap_ledger *ledger, enum cap_resource resource);
uint64_t cap_ledger_max(const struct cap_ledger *ledger, enum cap_resource resource);

/* The name used in errors and listings, such as "cap slots". Static storage. */
const char *cap_resource_name(enum cap_resource resource);
enum cap_error cap_resource_exhausted(enum cap_resource resource);

/* True when nothing at all is charged: what a process must look like after its exit. */
bool cap_ledger_is_empty(const struct cap_ledger *ledger);
