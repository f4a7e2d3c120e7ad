/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Frame bitmap: which physical frames are in use. One bit per frame, 1 = used,
 * bit k of byte n is frame 8n+k. The storage is the caller's and stays with
 * the bitmap; the caller also serialises all calls. Trusts its own struct,
 * nothing about the indices given. Source: docs/kernel-semantics.md, FB-01 to
 * FB-08.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frames_error {
    FRAMES_OK = 0,
    FRAMES_NONE_FREE,    /* no free frame, no run that long, or a run of 0 asked for */
    FRAMES_OUT_OF_RANGE, /* index at or beyond the total */
    FRAMES_DOUBLE_FREE,  /* that frame is free already */
};

struct frames_bitmap {
    uint8_t *bits;
    size_t total; /* frames */
    size_t free;  /* always the number of zero bits among the first `total` */
    size_t hint;  /* where the next search starts */
};

/* Bytes of storage for `total` frames. */
size_t frames_bitmap_bytes(size_t total);

/* All frames used: boot then marks usable memory free. `bits` holds frames_bitmap_bytes(total). */
void frames_bitmap_init(struct frames_bitmap *map, uint8_t *bits, size_t total);

/* Out-of-range indices are used and cannot be changed. Marking twice counts once. */
bool frames_bitmap_used(const struct frames_bitmap *map, size_t frame);
void frames_bitmap_mark_used(struct frames_bitmap *map, size_t frame);
void frames_bitmap_mark_free(struct frames_bitmap *map, size_t frame);

/* Next fit with one wrap; the hint becomes the frame after. */
enum frames_error frames_bitmap_alloc(struct frames_bitmap *map, size_t *frame);

/* n frames in a row, first from the hint to the end, then from 0. Never wraps. */
enum frames_error frames_bitmap_alloc_run(struct frames_bitmap *map, size_t n, size_t *first);

/* Changes nothing on an error, and never the hint. */
enum frames_error frames_bitmap_release(struct frames_bitmap *map, size_t frame);
