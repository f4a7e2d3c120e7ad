/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Page-table words, and the kernel's own half (kernel_map.c). The kernel's
 * tables are built by the boot CPU and never change after kernel_boot began,
 * so every address space shares them by copying the upper top-level entries.
 * What user code sees of them when it is isolated: window.h.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/layout.h"
#include "arch/x86_64/offsets.h"
#include "core/bootinfo/bootinfo.h"

#define PTE_PRESENT (1ull << 0)
#define PTE_WRITE (1ull << 1)
#define PTE_USER (1ull << 2)
#define PTE_WRITE_THROUGH (1ull << 3)
#define PTE_NO_CACHE (1ull << 4)
#define PTE_LARGE (1ull << 7)
#define PTE_GLOBAL (1ull << 8)
#define PTE_KEPT (1ull << 9)       /* ours: the entry names a frame even when not present, then by its complement */
#define PTE_PROT_SHIFT 52          /* ours: the PROT_* bits asked for, 3 bits */
#define PTE_NO_EXECUTE (1ull << 63)
#define PTE_FRAME 0x000ffffffffff000ull

#define TABLE_ENTRIES 512u
#define TABLE_KERNEL_HALF 256u /* first top-level entry of the kernel's half */
#define LARGE_PAGE 0x200000ull
#define DIRECT_MAP_MAX (1ull << 39) /* one top-level entry; memory beyond is not used */

enum stack_kind { STACK_KERNEL, STACK_DOUBLE_FAULT, STACK_NMI, STACK_MACHINE_CHECK, STACK_KINDS };

/* Physical address of the kernel's own top-level table. */
extern uint64_t kernel_root;

static inline void *phys_pointer(uint64_t paddr)
{
    return (void *)(uintptr_t)(DIRECT_MAP + paddr); /* NOLINT: the direct map is how frames are reached */
}

static inline uint64_t *table_pointer(uint64_t entry)
{
    return phys_pointer(entry & PTE_FRAME);
}

static inline unsigned table_index(uint64_t va, unsigned level)
{
    return (unsigned)(va >> (12 + 9 * level) & 511);
}

/* Boot only: the entry for va at `level` (0 = 4 KiB, 1 = 2 MiB); makes the tables above it. window.c */
uint64_t *table_entry(uint64_t root, uint64_t va, unsigned level);
/* Builds the final tables and loads them. Needs early_init. */
void kernel_map_build(const struct boot_info *info);
/* Boot only: stacks of one CPU, and device registers (uncached, read and write). NULL when firmware names an address
 * that cannot be a device's: in memory, misaligned, or more than the processor can address. */
void kernel_map_stacks(uint32_t cpu);
volatile void *kernel_map_device(uint64_t paddr, uint64_t len);
/* Removes the boot loader's identity mapping from the tables that processors start on. */
void kernel_map_drop_identity(void);
uint64_t kernel_stack_top(uint32_t cpu, enum stack_kind kind);
/* Physical address of a page that the kernel's tables map with 4 KiB. */
uint64_t kernel_map_paddr(uint64_t va);
