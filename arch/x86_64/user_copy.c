/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User memory. The only code that touches it. In the active space the user's
 * own address is used, with SMAP open for just that instruction, and a fault
 * ends in the exception table; in any other space the tables are walked and
 * the frame is reached through the direct map.
 */
#include "arch/x86_64/aspace.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"

uint64_t user_copy_bytes(void *dst, const void *src, size_t n); /* entry.S: 0, or not 0 after a fault */

static bool in_user_half(struct user_ptr at, uint64_t len)
{
    uint64_t end;
    return len == 0 || (checked_add_u64(at.addr, len, &end) && end <= USER_HALF_LIMIT);
}

/* The address within the user half whatever it is, so that a processor that runs past the range check reads none of the
 * kernel's memory. Nothing that the check lets through changes. */
static uint64_t masked(uint64_t address)
{
    return address & (USER_HALF_LIMIT - 1);
}

static bool copy_active(void *dst, const void *src, size_t len)
{
    if (cpu_features.smap)
        __asm__ volatile("stac" : : : "memory");
    bool ok = user_copy_bytes(dst, src, len) == 0;
    if (cpu_features.smap)
        __asm__ volatile("clac" : : : "memory");
    return ok;
}

/* Kernel address of the user byte, NULL when it may not be read (or written). */
static uint8_t *user_byte(const struct machine_aspace *as, uint64_t va, bool write)
{
    uint64_t needs = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
    const uint64_t *entry = aspace_entry(as, va);
    if (entry == NULL || (*entry & needs) != needs)
        return NULL;
    return (uint8_t *)phys_pointer(*entry & PTE_FRAME) + (va & (PAGE_SIZE - 1));
}

/* The entries of `count` pages from va on, one after the other; a walk for each table that they lie in. */
struct leaf_walk {
    const struct machine_aspace *as;
    const uint64_t *entry; /* of the page before */
    uint64_t va;           /* of the page to come */
    uint64_t needs;
};

static inline struct leaf_walk walk_from(const struct machine_aspace *as, uint64_t va, bool write)
{
    uint64_t needs = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0);
    return (struct leaf_walk){as, NULL, masked(va) & ~(PAGE_SIZE - 1), needs};
}

/* The page's entry, 0 when it may not be read (or written). */
static inline uint64_t next_page(struct leaf_walk *walk)
{
    bool same_table = walk->entry != NULL && table_index(walk->va, 0) != 0;
    walk->entry = same_table ? walk->entry + 1 : aspace_entry(walk->as, walk->va);
    walk->va += PAGE_SIZE;
    if (walk->entry == NULL || (*walk->entry & walk->needs) != walk->needs)
        return 0;
    return *walk->entry;
}

bool machine_user_pages(const struct machine_aspace *as, struct user_ptr at, uint32_t count, bool write, uint8_t **pages)
{
    uint64_t needs = PTE_PRESENT | PTE_USER | (write ? PTE_WRITE : 0), va = masked(at.addr) & ~(PAGE_SIZE - 1);
    const uint64_t *entry = at.addr < USER_HALF_LIMIT ? aspace_entry(as, va) : NULL;
    for (uint32_t i = 0;;) {
        if (entry == NULL || (*entry & needs) != needs)
            return false;
        pages[i] = phys_pointer(*entry & PTE_FRAME);
        if (++i >= count)
            return true;
        va += PAGE_SIZE; /* above the user half there is no table */
        entry = table_index(va, 0) != 0 ? entry + 1 : aspace_entry(as, va);
    }
}

static size_t within_page(uint64_t va, size_t len)
{
    size_t room = PAGE_SIZE - (va & (PAGE_SIZE - 1));
    return len < room ? len : room;
}

bool machine_copy_in(struct machine_aspace *as, void *dst, struct user_ptr src, size_t len)
{
    if (!in_user_half(src, len))
        return false;
    if (as == this_cpu()->aspace)
        return copy_active(dst, (const void *)(uintptr_t)masked(src.addr), len);
    uint8_t *to = dst;
    for (uint64_t va = masked(src.addr); len > 0;) {
        size_t part = within_page(va, len);
        const uint8_t *from = user_byte(as, va, false);
        if (from == NULL)
            return false;
        memcpy(to, from, part);
        to += part;
        va += part;
        len -= part;
    }
    return true;
}

bool machine_copy_out(struct machine_aspace *as, struct user_ptr dst, const void *src, size_t len)
{
    if (!in_user_half(dst, len))
        return false;
    if (as == this_cpu()->aspace)
        return copy_active((void *)(uintptr_t)masked(dst.addr), src, len);
    const uint8_t *from = src;
    for (uint64_t va = masked(dst.addr); len > 0;) {
        size_t part = within_page(va, len);
        uint8_t *to = user_byte(as, va, true);
        if (to == NULL)
            return false;
        memcpy(to, from, part);
        from += part;
        va += part;
        len -= part;
    }
    return true;
}

bool machine_user_range_ok(const struct machine_aspace *as, struct user_ptr at, uint64_t len, bool write)
{
    uint64_t end = at.addr + len;
    struct leaf_walk walk = walk_from(as, at.addr, write);
    if (!in_user_half(at, len))
        return false;
    while (len > 0 && walk.va < end)
        if (next_page(&walk) == 0)
            return false;
    return true;
}
