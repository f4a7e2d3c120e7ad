/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PVH start info parser: see bootinfo.h. Offsets of the start info: magic 0,
 * version 4, modules 12, module list 16, command line 24, RSDP 32; from
 * version 1 memory map 40 and its entry count 48. A zero address means absent.
 */
#include "core/bootinfo/bootinfo_parts.h"

#include "core/base/bytes.h"
#include "core/base/checked.h"

#define START_INFO_BYTES 40u
#define START_INFO_V1_BYTES 56u
#define MODULE_BYTES 32u
#define MAP_ENTRY_BYTES 24u
#define MAP_ENTRIES_MAX 4096u /* more is nonsense; bounds the work */

static enum bootinfo_error take_cmdline(const struct phys_window *phys, uint64_t paddr, struct boot_info *out)
{
    if (paddr == 0)
        return BOOTINFO_OK;
    for (uint64_t i = 0; i <= BOOTINFO_CMDLINE_MAX; i++) {
        uint64_t at = saturating_add_u64(paddr, i);
        const uint8_t *byte = phys_window_at(phys, at, 1);
        if (byte == NULL)
            return BOOTINFO_UNREADABLE;
        if (*byte == 0)
            return BOOTINFO_OK;
        if (i == BOOTINFO_CMDLINE_MAX)
            out->cmdline_truncated = true;
        else
            out->cmdline[out->cmdline_len++] = (char)*byte;
    }
    return BOOTINFO_OK;
}

static enum bootinfo_error take_module(const struct phys_window *phys, uint64_t list, uint32_t count,
                                       struct boot_info *out)
{
    if (count == 0)
        return BOOTINFO_OK;
    const uint8_t *entry = list == 0 ? NULL : phys_window_at(phys, list, MODULE_BYTES);
    if (entry == NULL)
        return BOOTINFO_UNREADABLE;
    bootinfo_add_module(out, load_le64(entry), load_le64(entry + 8));
    out->module_count = count;
    return BOOTINFO_OK;
}

static enum bootinfo_error take_map(const struct phys_window *phys, uint64_t paddr, uint32_t entries,
                                    struct boot_info *out)
{
    if (paddr == 0 || entries == 0)
        return BOOTINFO_NO_MEMORY_MAP;
    if (entries > MAP_ENTRIES_MAX)
        return BOOTINFO_TOO_MANY_RANGES;
    const uint8_t *map = phys_window_at(phys, paddr, (uint64_t)entries * MAP_ENTRY_BYTES);
    if (map == NULL)
        return BOOTINFO_UNREADABLE;
    for (uint32_t i = 0; i < entries; i++) {
        const uint8_t *e = map + (size_t)i * MAP_ENTRY_BYTES;
        enum bootinfo_error err = bootinfo_add_range(out, load_le64(e), load_le64(e + 8), load_le32(e + 16));
        if (err != BOOTINFO_OK)
            return err;
    }
    return BOOTINFO_OK;
}

/* The revision byte (15) says whether the longer form is there. */
static void take_rsdp(const struct phys_window *phys, uint64_t paddr, struct boot_info *out)
{
    out->rsdp_paddr = paddr;
    const uint8_t *rsdp = paddr == 0 ? NULL : phys_window_at(phys, paddr, 20);
    if (rsdp == NULL)
        return;
    uint32_t len = rsdp[15] >= 2 ? BOOTINFO_RSDP_MAX : 20;
    rsdp = phys_window_at(phys, paddr, len);
    if (rsdp == NULL)
        return;
    memcpy(out->rsdp, rsdp, len);
    out->rsdp_len = len;
}

enum bootinfo_error bootinfo_parse_pvh(const uint8_t *start_info, size_t len, const struct phys_window *phys,
                                       struct boot_info *out)
{
    if (len < START_INFO_BYTES)
        return BOOTINFO_TOO_SMALL;
    if (load_le32(start_info) != BOOTINFO_PVH_MAGIC)
        return BOOTINFO_BAD_MAGIC;
    if (load_le32(start_info + 4) == 0)
        return BOOTINFO_NO_MEMORY_MAP;
    if (len < START_INFO_V1_BYTES)
        return BOOTINFO_TOO_SMALL;
    *out = (struct boot_info){ .protocol = BOOTINFO_PVH };
    enum bootinfo_error err = take_map(phys, load_le64(start_info + 40), load_le32(start_info + 48), out);
    if (err == BOOTINFO_OK)
        err = take_module(phys, load_le64(start_info + 16), load_le32(start_info + 12), out);
    if (err == BOOTINFO_OK)
        err = take_cmdline(phys, load_le64(start_info + 24), out);
    if (err != BOOTINFO_OK)
        return err;
    take_rsdp(phys, load_le64(start_info + 32), out);
    return bootinfo_finish(out);
}
