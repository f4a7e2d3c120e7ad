/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Normalising the memory map: see bootinfo.h. Usable ranges shrink to whole
 * pages and all others grow, so a page is usable only if all its bytes are.
 */
#include "core/bootinfo/bootinfo_parts.h"

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/base/text.h"

static const char *const error_texts[BOOTINFO_ERROR_COUNT] = {
    [BOOTINFO_OK] = "",
    [BOOTINFO_TOO_SMALL] = "boot information too small",
    [BOOTINFO_BAD_MAGIC] = "boot information has the wrong magic",
    [BOOTINFO_BAD_SIZE] = "boot information size out of bounds",
    [BOOTINFO_BAD_TAG] = "boot information tag out of bounds",
    [BOOTINFO_UNREADABLE] = "boot information points outside memory",
    [BOOTINFO_TOO_MANY_RANGES] = "memory map has too many ranges",
    [BOOTINFO_NO_MEMORY_MAP] = "no memory map",
    [BOOTINFO_NO_MEMORY] = "no usable memory",
    [BOOTINFO_BAD_MODULE] = "boot module outside usable memory",
};

const char *bootinfo_error_text(enum bootinfo_error error)
{
    return (unsigned)error < BOOTINFO_ERROR_COUNT ? error_texts[error] : "";
}

static enum bootinfo_memory memory_type(uint32_t type)
{
    switch (type) {
    case 1:
        return BOOTINFO_USABLE;
    case 3:
        return BOOTINFO_ACPI_RECLAIM;
    case 4:
        return BOOTINFO_ACPI_NVS;
    case 5:
        return BOOTINFO_UNUSABLE;
    default:
        return BOOTINFO_RESERVED;
    }
}

enum bootinfo_error bootinfo_add_range(struct boot_info *info, uint64_t start, uint64_t len, uint32_t type)
{
    const uint64_t offset_bits = PAGE_SIZE - 1;
    enum bootinfo_memory memory = memory_type(type);
    uint64_t end = saturating_add_u64(start, len);

    if (len == 0 || start >= BOOTINFO_PHYS_LIMIT)
        return BOOTINFO_OK;
    if (end > BOOTINFO_PHYS_LIMIT)
        end = BOOTINFO_PHYS_LIMIT;
    if (memory == BOOTINFO_USABLE) {
        start = (start + offset_bits) & ~offset_bits;
        end &= ~offset_bits;
    } else {
        start &= ~offset_bits;
        end = (end + offset_bits) & ~offset_bits;
    }
    if (start >= end)
        return BOOTINFO_OK;
    if (info->range_count == BOOTINFO_RANGES_MAX)
        return BOOTINFO_TOO_MANY_RANGES;
    info->ranges[info->range_count++] = (struct bootinfo_range){ .start = start, .end = end, .type = memory };
    return BOOTINFO_OK;
}

void bootinfo_add_module(struct boot_info *info, uint64_t start, uint64_t len)
{
    info->module_count++;
    if (info->module_len != 0)
        return;
    info->module_start = start;
    info->module_len = len;
}

/* What holds at `at` (0: nothing), and the next address where that may change. */
static uint32_t type_at(const struct boot_info *raw, uint64_t at, uint64_t *next)
{
    uint32_t type = 0;

    *next = BOOTINFO_PHYS_LIMIT;
    for (uint32_t i = 0; i < raw->range_count; i++) {
        const struct bootinfo_range *r = &raw->ranges[i];
        uint64_t edge = at < r->start ? r->start : r->end;
        if (at >= r->end)
            continue;
        if (edge < *next)
            *next = edge;
        if (at >= r->start && (uint32_t)r->type > type)
            type = (uint32_t)r->type;
    }
    return type;
}

/* Appends to a sorted list, joining a neighbour of the same type. */
static bool append(struct bootinfo_range *list, uint32_t *count, struct bootinfo_range range)
{
    if (*count > 0 && list[*count - 1].type == range.type && list[*count - 1].end == range.start) {
        list[*count - 1].end = range.end;
        return true;
    }
    if (*count == BOOTINFO_RANGES_MAX)
        return false;
    list[(*count)++] = range;
    return true;
}

/* Walks from edge to edge; with n ranges at most 2n + 1 steps of n comparisons. */
static enum bootinfo_error normalise(struct boot_info *info)
{
    struct bootinfo_range list[BOOTINFO_RANGES_MAX];
    uint32_t count = 0;
    uint64_t next;

    for (uint64_t at = 0; at < BOOTINFO_PHYS_LIMIT; at = next) {
        uint32_t type = type_at(info, at, &next);
        struct bootinfo_range range = { .start = at, .end = next, .type = (enum bootinfo_memory)type };
        if (type != 0 && !append(list, &count, range))
            return BOOTINFO_TOO_MANY_RANGES;
    }
    if (count > 0)
        memcpy(info->ranges, list, count * sizeof list[0]);
    info->range_count = count;
    return BOOTINFO_OK;
}

bool bootinfo_usable(const struct boot_info *info, uint64_t start, uint64_t len)
{
    uint64_t end;

    if (len == 0 || !checked_add_u64(start, len, &end))
        return false;
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct bootinfo_range *r = &info->ranges[i];
        if (r->type == BOOTINFO_USABLE && start >= r->start && end <= r->end)
            return true;
    }
    return false;
}

uint64_t bootinfo_usable_end(const struct boot_info *info)
{
    for (uint32_t i = info->range_count; i > 0; i--) {
        if (info->ranges[i - 1].type == BOOTINFO_USABLE)
            return info->ranges[i - 1].end;
    }
    return 0;
}

enum bootinfo_error bootinfo_finish(struct boot_info *info)
{
    if (info->range_count == 0)
        return BOOTINFO_NO_MEMORY_MAP;
    enum bootinfo_error err = normalise(info);
    if (err != BOOTINFO_OK)
        return err;
    if (bootinfo_usable_end(info) == 0)
        return BOOTINFO_NO_MEMORY;
    if (info->module_len != 0 && !bootinfo_usable(info, info->module_start, info->module_len))
        return BOOTINFO_BAD_MODULE;
    return BOOTINFO_OK;
}

const char *bootinfo_option(const struct boot_info *info, const char *prefix, size_t *len)
{
    size_t prefix_len = text_len(prefix);
    uint32_t start = 0;
    for (uint32_t i = 0; i <= info->cmdline_len; i++) {
        if (i < info->cmdline_len && info->cmdline[i] != ' ')
            continue;
        if (i - start >= prefix_len && text_equal(info->cmdline + start, prefix_len, prefix, prefix_len)) {
            *len = i - start - prefix_len;
            return info->cmdline + start + prefix_len;
        }
        start = i + 1;
    }
    return NULL;
}
