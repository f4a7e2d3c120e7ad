/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's half of every address space: the image in 4 KiB pages with one
 * right each, all memory at DIRECT_MAP (never executable, and not writable
 * where it holds the image's text and constants), stacks with unmapped guard
 * pages, device registers. Also the walker that checks just that.
 */
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/early.h"
#include "arch/x86_64/paging.h"
#include "kernel/machine.h"

#define STACK_STRIDE (1ull << STACK_STRIDE_SHIFT)

extern uint8_t image_load_start[], image_start[], image_text_end[], image_rodata_end[], image_end[];
extern uint64_t boot_pml4[], boot_pdpt[], boot_pd[];

uint64_t kernel_root;
static uint64_t mmio_next = MMIO_BASE;

/* Pages from the start of a CPU's stack area; the page below each is never mapped. */
static const struct {
    uint32_t first, pages;
} stacks[STACK_KINDS] = {
    [STACK_KERNEL] = {1, 8},
    [STACK_DOUBLE_FAULT] = {10, 4},
    [STACK_NMI] = {15, 1},
    [STACK_MACHINE_CHECK] = {17, 4},
};

static uint64_t address_of(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

static void map(uint64_t va, uint64_t paddr, uint64_t flags)
{
    *table_entry(kernel_root, va, 0) = paddr | flags | PTE_PRESENT | PTE_GLOBAL;
}

static void map_image(const uint8_t *start, const uint8_t *end, uint64_t flags)
{
    for (uint64_t va = address_of(start); va < address_of(end); va += PAGE_SIZE)
        map(va, va - KERNEL_BASE, flags);
}

/* Does [start, end) hold text or constants of the image? */
static bool is_fixed(uint64_t start, uint64_t end)
{
    return end > address_of(image_load_start) && start < address_of(image_rodata_end) - KERNEL_BASE;
}

static void map_direct(uint64_t paddr)
{
    if (!is_fixed(paddr, paddr + LARGE_PAGE)) {
        *table_entry(kernel_root, DIRECT_MAP + paddr, 1) =
            paddr | PTE_PRESENT | PTE_WRITE | PTE_LARGE | PTE_GLOBAL | PTE_NO_EXECUTE;
        return;
    }
    for (uint64_t at = paddr; at < paddr + LARGE_PAGE; at += PAGE_SIZE)
        map(DIRECT_MAP + at, at, PTE_NO_EXECUTE | (is_fixed(at, at + PAGE_SIZE) ? 0 : PTE_WRITE));
}

void kernel_map_build(const struct boot_info *info)
{
    kernel_root = early_frame();
    map_image(image_start, image_text_end, 0);
    map_image(image_text_end, image_rodata_end, PTE_NO_EXECUTE);
    map_image(image_rodata_end, image_end, PTE_WRITE | PTE_NO_EXECUTE);
    uint64_t done = 0; /* ranges are sorted; large pages of neighbours may overlap */
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct bootinfo_range *range = &info->ranges[i];
        if (range->type == BOOTINFO_RESERVED || range->type == BOOTINFO_UNUSABLE)
            continue;
        uint64_t at = range->start & ~(LARGE_PAGE - 1);
        for (at = at < done ? done : at; at < range->end && at < DIRECT_MAP_MAX; at += LARGE_PAGE)
            map_direct(at);
        done = at;
    }
    (void)table_entry(kernel_root, STACKS_BASE, 0);
    (void)table_entry(kernel_root, MMIO_BASE, 0);
    write_cr3(kernel_root);
    /* Other processors start on the boot tables: the same kernel half, and 2 MiB at their own address. */
    const uint64_t *root = phys_pointer(kernel_root);
    for (unsigned i = TABLE_KERNEL_HALF; i < TABLE_ENTRIES; i++)
        boot_pml4[i] = root[i];
    for (unsigned i = 1; i < TABLE_ENTRIES; i++)
        boot_pdpt[i] = boot_pd[i] = 0;
}

void kernel_map_drop_identity(void)
{
    boot_pml4[0] = 0;
}

void kernel_map_stacks(uint32_t cpu)
{
    for (unsigned kind = 0; kind < STACK_KINDS; kind++)
        for (uint32_t i = 0; i < stacks[kind].pages; i++)
            map(STACKS_BASE + cpu * STACK_STRIDE + (stacks[kind].first + i) * PAGE_SIZE, early_frame(),
                PTE_WRITE | PTE_NO_EXECUTE);
}

uint64_t kernel_stack_top(uint32_t cpu, enum stack_kind kind)
{
    return STACKS_BASE + cpu * STACK_STRIDE + (stacks[kind].first + stacks[kind].pages) * PAGE_SIZE;
}

uint64_t kernel_map_paddr(uint64_t va)
{
    return *table_entry(kernel_root, va, 0) & PTE_FRAME;
}

volatile void *kernel_map_device(uint64_t paddr, uint64_t len)
{
    uint64_t offset = paddr & (PAGE_SIZE - 1);
    uint64_t va = mmio_next;
    if (paddr % 8 != 0 || paddr >= 1ull << cpu_features.physical_bits || early_is_memory(paddr, len))
        return NULL;
    for (uint64_t at = 0; at < offset + len; at += PAGE_SIZE, mmio_next += PAGE_SIZE)
        map(mmio_next, paddr - offset + at, PTE_WRITE | PTE_NO_EXECUTE | PTE_NO_CACHE | PTE_WRITE_THROUGH);
    return (volatile void *)(uintptr_t)(va + offset);
}

/* ---- the walker ---- */

struct walk {
    struct text_buf *why;
    uint64_t va;
};

static bool violation(const struct walk *walk, const char *what)
{
    text_buf_append_str(walk->why, what);
    text_buf_append_str(walk->why, " at ");
    text_buf_append_hex(walk->why, walk->va);
    return false;
}

/* `rights`: PTE_WRITE and PTE_USER where every level grants it, PTE_NO_EXECUTE where any level sets it. */
static bool leaf_is_valid(const struct walk *walk, uint64_t entry, uint64_t rights, uint64_t size)
{
    if ((rights & PTE_WRITE) != 0 && (rights & PTE_NO_EXECUTE) == 0)
        return violation(walk, "kernel page writable and executable");
    if ((rights & PTE_USER) != 0)
        return violation(walk, "kernel page open to user code");
    uint64_t paddr = entry & PTE_FRAME & ~(size - 1);
    if ((rights & PTE_WRITE) != 0 && is_fixed(paddr, paddr + size))
        return violation(walk, "kernel text or constants writable");
    return true;
}

/* Depth is the level of the table: at most 3 calls deep. */
static bool table_is_valid(struct walk *walk, const uint64_t *table, unsigned level, uint64_t rights)
{
    uint64_t base = walk->va;
    uint64_t size = 1ull << (12 + 9 * level);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
        uint64_t entry = table[i];
        walk->va = base + i * size;
        if ((entry & PTE_PRESENT) == 0)
            continue;
        uint64_t here = (rights & entry & (PTE_WRITE | PTE_USER)) | ((rights | entry) & PTE_NO_EXECUTE);
        bool leaf = level == 0 || (entry & PTE_LARGE) != 0;
        if (leaf ? !leaf_is_valid(walk, entry, here, size)
                 : !table_is_valid(walk, table_pointer(entry), level - 1, here))
            return false;
    }
    return true;
}

static bool is_mapped(uint64_t va)
{
    const uint64_t *table = phys_pointer(kernel_root);
    for (unsigned level = 3;; level--) {
        uint64_t entry = table[table_index(va, level)];
        if ((entry & PTE_PRESENT) == 0)
            return false;
        if (level == 0 || (entry & PTE_LARGE) != 0)
            return true;
        table = table_pointer(entry);
    }
}

static bool guards_are_unmapped(struct walk *walk)
{
    for (uint32_t cpu = 0; cpu < cpus_found; cpu++)
        for (unsigned kind = 0; kind < STACK_KINDS; kind++) {
            uint64_t top = kernel_stack_top(cpu, kind);
            walk->va = top - (stacks[kind].pages + 1) * PAGE_SIZE;
            if (is_mapped(walk->va) || is_mapped(top))
                return violation(walk, "kernel stack guard mapped");
        }
    return true;
}

bool machine_kernel_half_is_valid(const struct machine_aspace *as, struct text_buf *why)
{
    const uint64_t *root = phys_pointer(as->root);
    const uint64_t *own = phys_pointer(kernel_root);
    struct walk walk = {.why = why};
    for (unsigned i = TABLE_KERNEL_HALF; i < TABLE_ENTRIES; i++) {
        walk.va = 0xffff000000000000ull | (uint64_t)i << 39;
        if (root[i] != own[i])
            return violation(&walk, "kernel half differs");
        if ((root[i] & PTE_PRESENT) == 0)
            continue;
        uint64_t rights = root[i] & (PTE_WRITE | PTE_USER | PTE_NO_EXECUTE);
        if (!table_is_valid(&walk, table_pointer(root[i]), 2, rights))
            return false;
    }
    return guards_are_unmapped(&walk);
}
