/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Frame ledger: a fixed-size list of distinct frame numbers, used to remember
 * exactly what must be given back. The storage is the caller's. This is a
 * primitive; the enforcing accounts live elsewhere. Source:
 * docs/kernel-semantics.md, "Frame ledger".
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frames_ledger_error {
    FRAMES_LEDGER_OK = 0,
    FRAMES_LEDGER_QUOTA,           /* the list is full; reported before a duplicate */
    FRAMES_LEDGER_ALREADY_TRACKED, /* in the list, or twice in the range */
    FRAMES_LEDGER_NOT_TRACKED,
};

struct frames_ledger {
    uint64_t *entries; /* capacity of them; the first `count` are valid */
    size_t capacity;
    size_t count;
};

void frames_ledger_init(struct frames_ledger *ledger, uint64_t *storage, size_t capacity);
bool frames_ledger_contains(const struct frames_ledger *ledger, uint64_t frame);
enum frames_ledger_error frames_ledger_track(struct frames_ledger *ledger, uint64_t frame);

/* The last entry takes the freed place. */
enum frames_ledger_error frames_ledger_untrack(struct frames_ledger *ledger, uint64_t frame);

/* Removes the last entry; false when there is none. */
bool frames_ledger_pop(struct frames_ledger *ledger, uint64_t *frame);

/*
 * start, start + stride, ... (n of them), all or nothing. Quota first; a range
 * that overflows is a quota error too; then duplicates, against the list and
 * inside the range (stride 0).
 */
enum frames_ledger_error frames_ledger_track_range(struct frames_ledger *ledger, uint64_t start, size_t n,
                                                   uint64_t stride);
