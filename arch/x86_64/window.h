/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The tables that a CPU loads while it runs user code, where page tables are
 * isolated: one top-level table for each CPU. Its user half repeats the
 * entries of the address space that the CPU has loaded; its kernel half is the
 * CPU's window, a handful of pages without which no entry into the kernel
 * would work, at the addresses that they have in the kernel's own tables.
 *
 * A table for each CPU and not for each address space: so no CPU shows what is
 * on another's window, a process costs no frame more, and making one cannot
 * fail for want of it. The price is that switching copies `tops` entries.
 *
 * Built at boot by the boot CPU; the user half changes under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/base/text.h"

#define WINDOW_PAGES_MAX 12u

struct window {
    uint64_t root;   /* physical address of the table; 0: there is no window */
    unsigned tops;   /* entries of the user half in use are below this */
    unsigned count;
    struct {
        uint64_t va, entry;
    } pages[WINDOW_PAGES_MAX]; /* for the check: all that the kernel half may hold */
};

/* A new, empty one. */
void window_init(struct window *w);
/* rights: PTE_WRITE, PTE_NO_EXECUTE. At most WINDOW_PAGES_MAX pages. */
void window_add(struct window *w, uint64_t va, uint64_t paddr, uint64_t rights);
/* The user half becomes that of an address space: its top-level table, of which the first `tops` entries may be in use. */
void window_show(struct window *w, const uint64_t *top, unsigned tops);
/* The address space that is shown has a new top-level entry. */
void window_show_one(struct window *w, unsigned index, uint64_t entry);
/* Holds the kernel half exactly the pages added, and the user half exactly what is shown, which the kernel's
 * own tables never let run? False: why says what. */
bool window_is_valid(const struct window *w, const uint64_t *top, unsigned tops, struct text_buf *why);
