/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Boot information: one form for what a boot loader tells the kernel, whatever
 * protocol brought it. Filled once at boot by one of the two parsers here,
 * owned by the caller, read-only afterwards; nothing in it points into loader
 * memory. Nothing is trusted but the length given for the first structure:
 * every pointer goes through the physical window, every size is checked.
 * Sources: Xen public header hvm/start_info (versions 0 and 1), Multiboot2
 * Specification 2.0 section 3.6, ACPI address-range types.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bootinfo/phys.h"

#define BOOTINFO_RANGES_MAX 128u
#define BOOTINFO_CMDLINE_MAX 256u
#define BOOTINFO_RSDP_MAX 36u
#define BOOTINFO_PHYS_LIMIT (1ull << 52) /* what an x86-64 page table entry can name */

#define BOOTINFO_PVH_MAGIC 0x336ec578u        /* first word of the start info */
#define BOOTINFO_MULTIBOOT2_MAGIC 0x36d76289u /* in EAX at entry */

enum bootinfo_error {
    BOOTINFO_OK = 0,
    BOOTINFO_TOO_SMALL,       /* the first structure does not fit the bytes given */
    BOOTINFO_BAD_MAGIC,       /* PVH only */
    BOOTINFO_BAD_SIZE,        /* Multiboot2 total size */
    BOOTINFO_BAD_TAG,         /* a tag too small for its type, past the end, or no end tag */
    BOOTINFO_UNREADABLE,      /* a pointer outside the physical window */
    BOOTINFO_TOO_MANY_RANGES, /* before or after normalising */
    BOOTINFO_NO_MEMORY_MAP,
    BOOTINFO_NO_MEMORY,  /* a map without one usable page */
    BOOTINFO_BAD_MODULE, /* the first module does not lie in usable memory */
    BOOTINFO_ERROR_COUNT,
};

enum bootinfo_protocol { BOOTINFO_PVH = 1, BOOTINFO_MULTIBOOT2 };

/* Address-range types, by rising claim: where ranges overlap, the higher one holds. */
enum bootinfo_memory {
    BOOTINFO_USABLE = 1,
    BOOTINFO_ACPI_RECLAIM,
    BOOTINFO_ACPI_NVS,
    BOOTINFO_RESERVED, /* and every type not known here */
    BOOTINFO_UNUSABLE, /* bad memory */
};

struct bootinfo_range {
    uint64_t start; /* multiple of 4096 */
    uint64_t end;   /* first byte past, multiple of 4096, at most BOOTINFO_PHYS_LIMIT */
    enum bootinfo_memory type;
};

struct boot_info {
    enum bootinfo_protocol protocol;
    uint32_t range_count;
    struct bootinfo_range ranges[BOOTINFO_RANGES_MAX]; /* sorted, disjoint, neighbours of one type merged */
    uint32_t module_count;
    uint64_t module_start; /* the first module, wholly in usable memory; 0 without modules */
    uint64_t module_len;
    uint32_t cmdline_len;
    bool cmdline_truncated;
    char cmdline[BOOTINFO_CMDLINE_MAX]; /* no terminator */
    uint64_t rsdp_paddr;                /* 0 when the protocol hands over a copy, or has none */
    uint32_t rsdp_len;                  /* 0 when there is none to read, else 20 or 36; not yet checked */
    uint8_t rsdp[BOOTINFO_RSDP_MAX];
};

/* *out is valid only on BOOTINFO_OK. An unreadable RSDP is no error: rsdp_len is 0. */
enum bootinfo_error bootinfo_parse_pvh(const uint8_t *start_info, size_t len, const struct phys_window *phys,
                                       struct boot_info *out);
enum bootinfo_error bootinfo_parse_multiboot2(const uint8_t *info, size_t len, struct boot_info *out);

const char *bootinfo_error_text(enum bootinfo_error error);

/* Does [start, start + len) lie in one usable range? False for len 0 and for a range that wraps. */
bool bootinfo_usable(const struct boot_info *info, uint64_t start, uint64_t len);

/* What follows `prefix` in the first word of the command line that begins with it, and its length; NULL without one. */
const char *bootinfo_option(const struct boot_info *info, const char *prefix, size_t *len);

/* First byte past the highest usable page. */
uint64_t bootinfo_usable_end(const struct boot_info *info);
