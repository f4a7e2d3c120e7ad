/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Simulated physical memory and four-level page tables in it. An entry holds
 * frame << 12, the protection bits in bits 0..2, and bit 3 "there". Tables are
 * frames of the simulated memory, so their accounting is the kernel's own.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "arch/host/host.h"
#include "arch/host/sanitizer.h"
#include "kernel/fault.h"
#include "kernel/state.h"

#define ENTRY_THERE 8ull
#define ENTRIES 512u

/* Processors walk the tables while the kernel changes them: on the machine of arch/host/threads also here. */
static uint64_t load_entry(const uint64_t *entry)
{
    return __atomic_load_n(entry, __ATOMIC_ACQUIRE);
}

static void store_entry(uint64_t *entry, uint64_t value)
{
    __atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* What lies behind the package's last byte is nobody's business. */
static void guard_module(uint64_t start, uint64_t end)
{
    ASAN_UNPOISON_MEMORY_REGION(host.memory + start, host.frames * PAGE_SIZE - start);
    ASAN_POISON_MEMORY_REGION(host.memory + end, host.frames * PAGE_SIZE - end);
}

void host_memory_init(void)
{
    uint64_t bytes = host.config.memory_bytes != 0 ? host.config.memory_bytes : 32ull << 20;
    host.frames = bytes / PAGE_SIZE;
    host.memory = aligned_alloc(PAGE_SIZE, host.frames * PAGE_SIZE);
    if (host.memory == NULL)
        abort();
    memset(host.memory, 0xa5, host.frames * PAGE_SIZE); /* whoever forgets to zero a frame is found out */
    MEMORY_IS_NEW(host.memory, host.frames * PAGE_SIZE);
    uint64_t module_pages = (host.config.package_len + PAGE_SIZE - 1) / PAGE_SIZE;
    uint64_t module = (host.frames - module_pages) * PAGE_SIZE;
    struct boot_info *boot = &host.boot;
    *boot = (struct boot_info){ .protocol = BOOTINFO_PVH, .range_count = 1 };
    boot->ranges[0] = (struct bootinfo_range){ PAGE_SIZE, host.frames * PAGE_SIZE, BOOTINFO_USABLE };
    if (host.config.package_len > 0) {
        memcpy(host.memory + module, host.config.package, host.config.package_len);
        boot->module_count = 1;
        boot->module_start = module;
        boot->module_len = host.config.package_len;
        guard_module(module, module + host.config.package_len);
    }
    if (host.config.cmdline != NULL) {
        boot->cmdline_len = (uint32_t)strlen(host.config.cmdline);
        memcpy(boot->cmdline, host.config.cmdline, boot->cmdline_len);
    }
}

/* The first look at the package is the last moment to change it. */
static void offer_package(void)
{
    void (*offer)(uint8_t *package, uint64_t *len) = host.config.at_package;
    uint64_t start = host.boot.module_start;
    uint64_t *len = &kernel.boot.info.module_len;
    host.config.at_package = NULL;
    offer(host.memory + start, len);
    guard_module(start, start + *len);
}

void *machine_frame_address(uint64_t frame)
{
    if (frame >= host.frames)
        kernel_panic("frame outside memory", frame);
    if (host.config.at_package != NULL && frame == host.boot.module_start >> PAGE_SHIFT)
        offer_package();
    return host.memory + frame * PAGE_SIZE;
}

bool machine_aspace_init(struct machine_aspace *as, struct machine_table_source source)
{
    *as = (struct machine_aspace){ .take = source.take, .give = source.give, .owner = source.owner };
    return as->take(as->owner, &as->root);
}

static void destroy_table(struct machine_aspace *as, uint64_t frame, unsigned level)
{
    const uint64_t *table = machine_frame_address(frame);
    for (unsigned i = 0; i < ENTRIES && level > 0; i++) {
        if ((table[i] & ENTRY_THERE) != 0)
            destroy_table(as, table[i] >> PAGE_SHIFT, level - 1);
    }
    as->give(as->owner, frame);
}

void machine_aspace_destroy(struct machine_aspace *as)
{
    destroy_table(as, as->root, 3);
}

/* The entry of a page, or NULL when a table on the way is missing and may not be made. */
static uint64_t *entry_of(const struct machine_aspace *as, uint64_t va, bool make)
{
    uint64_t frame = as->root;
    for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
        uint64_t *entry = (uint64_t *)machine_frame_address(frame) + ((va >> shift) % ENTRIES);
        uint64_t value = load_entry(entry), next;
        if ((value & ENTRY_THERE) == 0) {
            if (!make || !as->take(as->owner, &next))
                return NULL;
            value = next << PAGE_SHIFT | ENTRY_THERE;
            store_entry(entry, value);
        }
        frame = value >> PAGE_SHIFT;
    }
    return (uint64_t *)machine_frame_address(frame) + ((va >> PAGE_SHIFT) % ENTRIES);
}

bool machine_aspace_map(struct machine_aspace *as, uint64_t va, uint64_t frame, uint32_t prot)
{
    uint64_t *entry = entry_of(as, va, true);
    if (entry == NULL)
        return false;
    if ((*entry & ENTRY_THERE) != 0 || (va % PAGE_SIZE) != 0 || va >= USER_HALF_LIMIT ||
        (prot & (PROT_WRITE_BIT | PROT_EXEC_BIT)) == (PROT_WRITE_BIT | PROT_EXEC_BIT))
        kernel_panic("bad mapping", va);
    store_entry(entry, frame << PAGE_SHIFT | ENTRY_THERE | prot);
    return true;
}

static uint64_t *mapped_entry(const struct machine_aspace *as, uint64_t va)
{
    uint64_t *entry = entry_of(as, va, false);
    if (entry == NULL || (*entry & ENTRY_THERE) == 0)
        kernel_panic("page is not mapped", va);
    return entry;
}

bool machine_aspace_lookup(const struct machine_aspace *as, uint64_t va, struct machine_page *page)
{
    const uint64_t *entry = va < USER_HALF_LIMIT ? entry_of(as, va, false) : NULL;
    uint64_t value = entry != NULL ? load_entry(entry) : 0;
    if ((value & ENTRY_THERE) == 0)
        return false;
    *page = (struct machine_page){ .frame = value >> PAGE_SHIFT, .prot = (uint32_t)(value & PROT_ALL_BITS), .user = true };
    return true;
}

/* How much of the address space around va has no table for its pages; 0 when there is one. */
static uint64_t missing_span(const struct machine_aspace *as, uint64_t va)
{
    uint64_t frame = as->root;
    for (unsigned shift = 39; shift > PAGE_SHIFT; shift -= 9) {
        uint64_t entry = ((const uint64_t *)machine_frame_address(frame))[(va >> shift) % ENTRIES];
        if ((entry & ENTRY_THERE) == 0)
            return 1ull << shift;
        frame = entry >> PAGE_SHIFT;
    }
    return 0;
}

bool machine_aspace_next(const struct machine_aspace *as, uint64_t *va, uint64_t end, struct machine_page *page)
{
    while (*va < end && *va < USER_HALF_LIMIT) {
        uint64_t missing = missing_span(as, *va);
        if (missing == 0 && machine_aspace_lookup(as, *va, page))
            return true;
        uint64_t span = missing == 0 ? PAGE_SIZE : missing;
        *va = (*va & ~(span - 1)) + span;
    }
    return false;
}

void machine_aspace_unmap(struct machine_aspace *as, uint64_t va)
{
    store_entry(mapped_entry(as, va), 0);
}

void machine_aspace_protect(struct machine_aspace *as, uint64_t va, uint32_t prot)
{
    uint64_t *entry = mapped_entry(as, va);
    store_entry(entry, (*entry & ~(uint64_t)PROT_ALL_BITS) | prot);
}

static bool is_empty(const uint64_t *table)
{
    for (unsigned i = 0; i < ENTRIES; i++)
        if (table[i] != 0)
            return false;
    return true;
}

/* The entry of va that leads to a table of `level`, or NULL. */
static uint64_t *entry_to(const struct machine_aspace *as, uint64_t va, unsigned level)
{
    uint64_t frame = as->root;
    for (unsigned above = 3;; above--) {
        uint64_t *entry = (uint64_t *)machine_frame_address(frame) + (va >> (PAGE_SHIFT + 9 * above)) % ENTRIES;
        if ((*entry & ENTRY_THERE) == 0)
            return NULL;
        if (above == level + 1)
            return entry;
        frame = *entry >> PAGE_SHIFT;
    }
}

void machine_aspace_trim(struct machine_aspace *as, uint64_t va, uint64_t pages)
{
    for (unsigned level = 0; level < 2; level++) {
        uint64_t span = 1ull << (PAGE_SHIFT + 9 * (level + 1));
        for (uint64_t at = va & ~(span - 1); at < va + pages * PAGE_SIZE; at += span) {
            uint64_t *entry = entry_to(as, at, level);
            if (entry == NULL || !is_empty(machine_frame_address(*entry >> PAGE_SHIFT)))
                continue;
            uint64_t table = *entry >> PAGE_SHIFT;
            store_entry(entry, 0);
            machine_aspace_flush(as, at, 1);
            as->give(as->owner, table);
        }
    }
}

static bool each(uint64_t frame, unsigned level, uint64_t base, machine_visit_fn *visit, void *context)
{
    const uint64_t *table = machine_frame_address(frame);
    for (uint64_t i = 0; i < ENTRIES; i++) {
        uint64_t va = base + (i << (PAGE_SHIFT + 9 * level));
        if ((table[i] & ENTRY_THERE) == 0)
            continue;
        struct machine_page page = { table[i] >> PAGE_SHIFT, (uint32_t)(table[i] & PROT_ALL_BITS), true };
        if (level > 0 ? !each(page.frame, level - 1, va, visit, context) : !visit(context, va, &page))
            return false;
    }
    return true;
}

void machine_aspace_each(const struct machine_aspace *as, machine_visit_fn *visit, void *context)
{
    each(as->root, 3, 0, visit, context);
}

bool machine_kernel_half_is_valid(const struct machine_aspace *as, struct text_buf *why)
{
    (void)as;
    (void)why;
    return true;
}

bool machine_user_tables_are_valid(struct text_buf *why)
{
    (void)why;
    return true;
}

void machine_describe_mitigations(struct text_buf *out)
{
    text_buf_append_str(out, "none: simulated");
}

uint8_t *host_user_byte(const struct machine_aspace *as, uint64_t va, bool write)
{
    struct machine_page page;
    if (!machine_aspace_lookup(as, va, &page) || page.prot == 0 || (write && (page.prot & PROT_WRITE_BIT) == 0))
        return NULL;
    return (uint8_t *)machine_frame_address(page.frame) + va % PAGE_SIZE;
}

static bool copy(const struct machine_aspace *as, uint64_t va, uint8_t *own, size_t len, bool out)
{
    if (len > 0 && (va > USER_HALF_LIMIT || len > USER_HALF_LIMIT - va))
        return false;
    while (len > 0) {
        uint8_t *user = host_user_byte(as, va, out);
        if (user == NULL)
            return false;
        size_t step = PAGE_SIZE - va % PAGE_SIZE < len ? PAGE_SIZE - va % PAGE_SIZE : len;
        memcpy(out ? user : own, out ? own : user, step);
        own += step;
        va += step;
        len -= step;
    }
    return true;
}

bool machine_copy_in(struct machine_aspace *as, void *dst, struct user_ptr src, size_t len)
{
    return copy(as, src.addr, dst, len, false);
}

bool machine_copy_out(struct machine_aspace *as, struct user_ptr dst, const void *src, size_t len)
{
    union {
        const void *in;
        uint8_t *out;
    } from = { .in = src }; /* copy() only reads it in this direction */
    MEMORY_IS_SHOWN(src, len);
    return copy(as, dst.addr, from.out, len, true);
}

bool machine_user_pages(const struct machine_aspace *as, struct user_ptr at, uint32_t count, bool write, uint8_t **pages)
{
    uint64_t va = at.addr & ~(PAGE_SIZE - 1);
    for (uint32_t i = 0; i < count; i++, va += PAGE_SIZE)
        if (va >= USER_HALF_LIMIT || (pages[i] = host_user_byte(as, va, write)) == NULL)
            return false;
    return true;
}

bool machine_user_range_ok(const struct machine_aspace *as, struct user_ptr at, uint64_t len, bool write)
{
    if (len == 0)
        return true; /* of no page is anything asked, wherever it points */
    if (at.addr > USER_HALF_LIMIT || len > USER_HALF_LIMIT - at.addr)
        return false;
    for (uint64_t va = at.addr & ~(PAGE_SIZE - 1); va < at.addr + len; va += PAGE_SIZE) {
        if (host_user_byte(as, va, write) == NULL)
            return false;
    }
    return true;
}
