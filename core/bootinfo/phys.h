/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A window onto physical memory for parsers of firmware tables: the machine
 * answers which physical bytes may be read now, and where they are mapped.
 * The bytes belong to firmware or the boot loader and do not change while a
 * parser runs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* `len` readable bytes at physical address `paddr`, or NULL if any lies outside the window. */
typedef const uint8_t *(*phys_window_fn)(void *ctx, uint64_t paddr, uint64_t len);

struct phys_window {
    phys_window_fn at;
    void *ctx;
};

static inline const uint8_t *phys_window_at(const struct phys_window *window, uint64_t paddr, uint64_t len)
{
    return window->at(window->ctx, paddr, len);
}
