/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * User address spaces: four-level tables whose frames come from the source the
 * kernel gave. Entries are written under the kernel lock and read by hardware.
 * Tables that top-level entries lead to stay until the space is destroyed, so those entries only come; others go when the
 * last page of theirs went (machine_aspace_trim).
 */
#include "arch/x86_64/aspace.h"

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "core/base/bytes.h"

bool machine_aspace_init(struct machine_aspace *as, struct machine_table_source source)
{
    uint64_t frame;
    *as = (struct machine_aspace){.take = source.take, .give = source.give, .owner = source.owner};
    if (!source.take(source.owner, &frame))
        return false;
    as->root = frame << PAGE_SHIFT;
    uint64_t *root = phys_pointer(as->root);
    const uint64_t *own = phys_pointer(kernel_root);
    for (unsigned i = TABLE_KERNEL_HALF; i < TABLE_ENTRIES; i++)
        root[i] = own[i];
    return true;
}

/* Depth is the level of the table: at most 3 calls deep. */
static void give_tables(struct machine_aspace *as, uint64_t table_paddr, unsigned level)
{
    const uint64_t *table = phys_pointer(table_paddr);
    unsigned count = level == 3 ? TABLE_KERNEL_HALF : TABLE_ENTRIES;
    if (level > 0)
        for (unsigned i = 0; i < count; i++)
            if (table[i] != 0)
                give_tables(as, table[i] & PTE_FRAME, level - 1);
    as->give(as->owner, table_paddr >> PAGE_SHIFT);
}

void machine_aspace_destroy(struct machine_aspace *as)
{
    if (as->root != 0)
        give_tables(as, as->root, 3);
    as->root = 0;
}

/* The entry of va in the table of that level, or NULL where none is reached. */
static uint64_t *entry_at(const struct machine_aspace *as, uint64_t va, unsigned lowest)
{
    if (va >= USER_HALF_LIMIT)
        return NULL;
    uint64_t *table = phys_pointer(as->root);
    for (unsigned level = 3; level > lowest; level--) {
        uint64_t entry = table[table_index(va, level)];
        if (entry == 0)
            return NULL;
        table = table_pointer(entry);
    }
    return &table[table_index(va, lowest)];
}

/* A top-level entry. User pages do not run on the kernel's tables where user code has tables of its own; those get it too. */
static void set_top(struct machine_aspace *as, unsigned index, uint64_t entry)
{
    uint64_t *root = phys_pointer(as->root);
    root[index] = entry | (mitigations.isolate ? PTE_NO_EXECUTE : 0);
    if (index >= as->tops)
        as->tops = index + 1;
    for (uint32_t i = 0; mitigations.isolate && i < cpus_found; i++)
        if (cpus[i].aspace == as)
            window_show_one(&cpus[i].window, index, entry);
}

/* The tables on the way to va that are missing, taken before anything changes. */
static bool take_tables(struct machine_aspace *as, uint64_t va, uint64_t frames[3], unsigned *count)
{
    const uint64_t *table = phys_pointer(as->root);
    unsigned level = 3;
    while (level > 0 && table[table_index(va, level)] != 0)
        table = table_pointer(table[table_index(va, level--)]);
    for (*count = 0; *count < level; ++*count)
        if (!as->take(as->owner, &frames[*count])) {
            while (*count > 0)
                as->give(as->owner, frames[--*count]);
            return false;
        }
    return true;
}

/* An entry that is not present holds the complement of its frame's address: speculation past the present bit (L1TF)
 * then reads no memory of ours. */
static uint64_t entry_of(uint64_t frame, uint32_t prot)
{
    uint64_t entry = PTE_KEPT | (uint64_t)(prot & PROT_ALL_BITS) << PTE_PROT_SHIFT;
    if (prot == PROT_NONE_BITS)
        return entry | (~(frame << PAGE_SHIFT) & PTE_FRAME);
    return entry | frame << PAGE_SHIFT | PTE_PRESENT | PTE_USER | ((prot & PROT_WRITE_BIT) != 0 ? PTE_WRITE : 0) |
           ((prot & PROT_EXEC_BIT) != 0 ? 0 : PTE_NO_EXECUTE);
}

bool machine_aspace_map(struct machine_aspace *as, uint64_t va, uint64_t frame, uint32_t prot)
{
    uint64_t frames[3];
    unsigned count;
    if (va >= USER_HALF_LIMIT || !take_tables(as, va, frames, &count))
        return false;
    uint64_t *table = phys_pointer(as->root);
    for (unsigned level = 3; level > 0; level--) {
        uint64_t *entry = &table[table_index(va, level)];
        uint64_t below = PTE_PRESENT | PTE_WRITE | PTE_USER;
        if (*entry == 0 && level == 3)
            set_top(as, table_index(va, 3), frames[--count] << PAGE_SHIFT | below);
        else if (*entry == 0)
            *entry = frames[--count] << PAGE_SHIFT | below;
        table = table_pointer(*entry);
    }
    table[table_index(va, 0)] = entry_of(frame, prot);
    return true;
}

static uint64_t frame_of(uint64_t entry)
{
    return (((entry & PTE_PRESENT) != 0 ? entry : ~entry) & PTE_FRAME) >> PAGE_SHIFT;
}

static struct machine_page page_of(uint64_t entry)
{
    return (struct machine_page){
        .frame = frame_of(entry),
        .prot = (uint32_t)(entry >> PTE_PROT_SHIFT & PROT_ALL_BITS),
        .user = (entry & PTE_PRESENT) == 0 || (entry & PTE_USER) != 0,
    };
}

bool machine_aspace_lookup(const struct machine_aspace *as, uint64_t va, struct machine_page *page)
{
    const uint64_t *entry = aspace_entry(as, va);
    if (entry == NULL || *entry == 0)
        return false;
    *page = page_of(*entry);
    return true;
}

/* The leaf table of va, or NULL and how much of the address space the missing table covers. */
static const uint64_t *leaf_table(const struct machine_aspace *as, uint64_t va, uint64_t *missing)
{
    const uint64_t *table = phys_pointer(as->root);
    for (unsigned level = 3; level > 0; level--) {
        uint64_t entry = table[table_index(va, level)];
        *missing = 1ull << (PAGE_SHIFT + 9 * level);
        if (entry == 0)
            return NULL;
        table = table_pointer(entry);
    }
    return table;
}

bool machine_aspace_next(const struct machine_aspace *as, uint64_t *va, uint64_t end, struct machine_page *page)
{
    while (*va < end && *va < USER_HALF_LIMIT) {
        uint64_t missing;
        const uint64_t *table = leaf_table(as, *va, &missing);
        if (table == NULL) {
            *va = (*va & ~(missing - 1)) + missing;
            continue;
        }
        for (unsigned i = table_index(*va, 0); i < TABLE_ENTRIES && *va < end; i++, *va += PAGE_SIZE) {
            if (table[i] != 0) {
                *page = page_of(table[i]);
                return true;
            }
        }
    }
    return false;
}

/* Entries of an active space are read by walkers of other CPUs: one store each. */
static void set_entry(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

void machine_aspace_unmap(struct machine_aspace *as, uint64_t va)
{
    uint64_t *entry = aspace_entry(as, va);
    if (entry != NULL)
        set_entry(entry, 0);
}

void machine_aspace_protect(struct machine_aspace *as, uint64_t va, uint32_t prot)
{
    uint64_t *entry = aspace_entry(as, va);
    if (entry != NULL && *entry != 0)
        set_entry(entry, entry_of(frame_of(*entry), prot));
}

static bool is_empty(const uint64_t *table)
{
    for (unsigned i = 0; i < TABLE_ENTRIES; i++)
        if (table[i] != 0)
            return false;
    return true;
}

/*
 * Unlinks the empty tables of the range that entries of `level` lead to. The list of them runs through their first entries:
 * walkers that are still in one find nothing present there.
 */
static uint64_t unlink_empty(struct machine_aspace *as, uint64_t va, uint64_t end, unsigned level, uint64_t list)
{
    uint64_t span = 1ull << (PAGE_SHIFT + 9 * level);
    for (uint64_t at = va & ~(span - 1); at < end; at += span) {
        uint64_t *entry = entry_at(as, at, level);
        if (entry == NULL || *entry == 0 || !is_empty(table_pointer(*entry)))
            continue;
        uint64_t table = *entry & PTE_FRAME;
        set_entry(entry, 0);
        set_entry(phys_pointer(table), list);
        list = table;
    }
    return list;
}

void machine_aspace_trim(struct machine_aspace *as, uint64_t va, uint64_t pages)
{
    uint64_t end = va + pages * PAGE_SIZE;
    uint64_t list = unlink_empty(as, va, end, 2, unlink_empty(as, va, end, 1, 0));
    if (list == 0)
        return;
    machine_aspace_flush(as, va, pages);
    while (list != 0) {
        uint64_t table = list;
        list = *(const uint64_t *)phys_pointer(table);
        as->give(as->owner, table >> PAGE_SHIFT);
    }
}

struct each {
    machine_visit_fn *visit;
    void *context;
};

/* Depth is the level of the table: at most 3 calls deep. */
static bool visit_table(const struct each *each, const uint64_t *table, unsigned level, uint64_t base)
{
    unsigned count = level == 3 ? TABLE_KERNEL_HALF : TABLE_ENTRIES;
    for (unsigned i = 0; i < count; i++) {
        uint64_t va = base + ((uint64_t)i << (12 + 9 * level));
        if (table[i] == 0)
            continue;
        if (level > 0) {
            if (!visit_table(each, table_pointer(table[i]), level - 1, va))
                return false;
            continue;
        }
        struct machine_page page = page_of(table[i]);
        if (!each->visit(each->context, va, &page))
            return false;
    }
    return true;
}

void machine_aspace_each(const struct machine_aspace *as, machine_visit_fn *visit, void *context)
{
    struct each each = {visit, context};
    (void)visit_table(&each, phys_pointer(as->root), 3, 0);
}

void *machine_frame_address(uint64_t frame)
{
    return phys_pointer(frame << PAGE_SHIFT);
}
