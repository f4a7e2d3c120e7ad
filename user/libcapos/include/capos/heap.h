/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A small heap: first fit with merging, over a static arena of
 * CAPOS_HEAP_BYTES (zero-filled memory of the program image, so it costs the
 * process its frames at start). For any thread.
 */
#pragma once

#include <stddef.h>

#define CAPOS_HEAP_BYTES 262144u

/* 16-byte aligned, not zeroed; NULL when the arena has no such piece. Size 0 gives NULL. */
void *capos_alloc(size_t bytes);
/* NULL is fine. Anything else must come from capos_alloc, once. */
void capos_free(void *memory);
/* Bytes in use, headers included; 0 when everything was given back. */
size_t capos_heap_used(void);
