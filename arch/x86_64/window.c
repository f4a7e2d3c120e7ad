/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* User code's tables, one for each CPU; see window.h. */
#include "arch/x86_64/window.h"

#include "arch/x86_64/early.h"
#include "arch/x86_64/paging.h"

#define PTE_TOUCHED 0x60ull /* accessed, dirty: the processor's */

uint64_t *table_entry(uint64_t root, uint64_t va, unsigned level)
{
    uint64_t *table = phys_pointer(root);
    for (unsigned at = 3; at > level; at--) {
        uint64_t *entry = &table[table_index(va, at)];
        if (*entry == 0)
            *entry = early_frame() | PTE_PRESENT | PTE_WRITE;
        table = table_pointer(*entry);
    }
    return &table[table_index(va, level)];
}

void window_init(struct window *w)
{
    *w = (struct window){.root = early_frame()};
}

void window_add(struct window *w, uint64_t va, uint64_t paddr, uint64_t rights)
{
    uint64_t entry = paddr | rights | PTE_PRESENT;
    *table_entry(w->root, va, 0) = entry;
    w->pages[w->count].va = va;
    w->pages[w->count++].entry = entry;
}

/* In the kernel's own tables the user half cannot run; here it can. */
static uint64_t runnable(uint64_t entry)
{
    return entry & ~PTE_NO_EXECUTE;
}

void window_show(struct window *w, const uint64_t *top, unsigned tops)
{
    uint64_t *own = phys_pointer(w->root);
    for (unsigned i = 0; i < tops; i++)
        own[i] = runnable(top[i]);
    for (unsigned i = tops; i < w->tops; i++)
        own[i] = 0;
    w->tops = tops;
}

void window_show_one(struct window *w, unsigned index, uint64_t entry)
{
    uint64_t *own = phys_pointer(w->root);
    own[index] = runnable(entry);
    if (index >= w->tops)
        w->tops = index + 1;
}

static bool violation(struct text_buf *why, const char *what, uint64_t va)
{
    text_buf_append_str(why, what);
    text_buf_append_str(why, " at ");
    text_buf_append_hex(why, va);
    return false;
}

static uint64_t listed_entry(const struct window *w, uint64_t va)
{
    for (unsigned i = 0; i < w->count; i++)
        if (w->pages[i].va == va)
            return w->pages[i].entry;
    return 0; /* not of the window */
}

struct found {
    const struct window *w;
    struct text_buf *why;
    unsigned count;
};

/* Depth is the level of the table: at most 3 calls deep. */
static bool only_the_window(struct found *found, const uint64_t *table, unsigned level, uint64_t base)
{
    for (unsigned i = level == 3 ? TABLE_KERNEL_HALF : 0; i < TABLE_ENTRIES; i++) {
        uint64_t va = base + ((uint64_t)i << (12 + 9 * level));
        if (table[i] == 0)
            continue;
        bool leaf = level == 0 || (table[i] & PTE_LARGE) != 0;
        if (leaf && listed_entry(found->w, va) != (table[i] & ~PTE_TOUCHED))
            return violation(found->why, "user tables show the kernel", va);
        found->count += leaf;
        if (!leaf && !only_the_window(found, table_pointer(table[i]), level - 1, va))
            return false;
    }
    return true;
}

bool window_is_valid(const struct window *w, const uint64_t *top, unsigned tops, struct text_buf *why)
{
    const uint64_t *own = phys_pointer(w->root);
    struct found found = {w, why, 0};
    for (unsigned i = 0; i < TABLE_KERNEL_HALF; i++) {
        uint64_t entry = i < tops ? top[i] & ~PTE_TOUCHED : 0;
        if ((own[i] & ~PTE_TOUCHED) != runnable(entry))
            return violation(why, "user tables differ from their address space", (uint64_t)i << 39);
        if (entry != 0 && entry == runnable(entry))
            return violation(why, "the kernel's tables let user pages run", (uint64_t)i << 39);
    }
    if (!only_the_window(&found, own, 3, 0xffff000000000000ull))
        return false;
    return found.count == w->count || violation(why, "window page missing", w->pages[0].va);
}
