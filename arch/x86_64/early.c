/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Early frames; see early.h. Boot CPU only. */
#include "arch/x86_64/early.h"

#include "arch/x86_64/paging.h"
#include "arch/x86_64/reserve.h"
#include "arch/x86_64/start.h"
#include "core/base/bytes.h"

#define EARLY_LIMIT (1ull << 32) /* what the boot tables map */

extern uint8_t image_load_start[], image_end[];

static const struct boot_info *memory;
static uint64_t first, next;

static uint64_t page_up(uint64_t value)
{
    return (value + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

void early_init(const struct boot_info *info)
{
    memory = info;
    first = page_up((uint64_t)(uintptr_t)image_end - KERNEL_BASE);
    next = first;
}

/* The next frame at or after `at` that lies in no module and in usable memory. */
static uint64_t usable_from(uint64_t at)
{
    while (at < EARLY_LIMIT) {
        if (at + PAGE_SIZE > memory->module_start && at < memory->module_start + memory->module_len)
            at = page_up(memory->module_start + memory->module_len);
        else if (bootinfo_usable(memory, at, PAGE_SIZE))
            return at;
        else
            at += PAGE_SIZE;
    }
    start_refuse("no memory for the kernel's tables");
}

uint64_t early_frame(void)
{
    uint64_t frame = usable_from(next);
    next = frame + PAGE_SIZE;
    memset(phys_pointer(frame), 0, PAGE_SIZE);
    return frame;
}

bool early_is_memory(uint64_t paddr, uint64_t len)
{
    for (uint32_t i = 0; i < memory->range_count; i++) {
        const struct bootinfo_range *range = &memory->ranges[i];
        if (range->type != BOOTINFO_RESERVED && paddr < range->end && range->start < paddr + len)
            return true;
    }
    return false;
}

bool early_reserve_all(struct boot_info *info)
{
    uint64_t module = info->module_start & ~(PAGE_SIZE - 1);
    return reserve_range(info, 0, 0x100000) &&
           reserve_range(info, (uint64_t)(uintptr_t)image_load_start, next) &&
           reserve_range(info, DIRECT_MAP_MAX, UINT64_MAX) &&
           reserve_range(info, module, page_up(info->module_start + info->module_len));
}
