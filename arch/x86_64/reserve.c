/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See reserve.h. The caller owns the map; the bounds come from the kernel's own layout, not from outside. */
#include "arch/x86_64/reserve.h"

static bool insert_after(struct boot_info *info, uint32_t at, struct bootinfo_range range)
{
    if (info->range_count == BOOTINFO_RANGES_MAX)
        return false;
    for (uint32_t i = info->range_count; i > at + 1; i--)
        info->ranges[i] = info->ranges[i - 1];
    info->ranges[at + 1] = range;
    info->range_count++;
    return true;
}

static void remove_at(struct boot_info *info, uint32_t at)
{
    info->range_count--;
    for (uint32_t i = at; i < info->range_count; i++)
        info->ranges[i] = info->ranges[i + 1];
}

bool reserve_range(struct boot_info *info, uint64_t start, uint64_t end)
{
    for (uint32_t i = 0; i < info->range_count;) {
        struct bootinfo_range *range = &info->ranges[i];
        struct bootinfo_range tail = {.start = end, .end = range->end, .type = range->type};
        if (range->type != BOOTINFO_USABLE || range->end <= start || range->start >= end) {
            i++;
            continue;
        }
        if (tail.end > tail.start && range->start >= start) {
            range->start = end;
            i++;
        } else if (tail.end > tail.start) {
            range->end = start;
            return insert_after(info, i, tail);
        } else if (range->start < start) {
            range->end = start;
            i++;
        } else {
            remove_at(info, i);
        }
    }
    return true;
}
