/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Multiboot2 information parser: see bootinfo.h. Total size at 0, tags from 8
 * on, each at a multiple of 8 with type and size (header included) in front;
 * type 0 ends the list.
 */
#include "core/bootinfo/bootinfo_parts.h"

#include "core/base/bytes.h"

#define TAG_HEADER_BYTES 8u
#define MAP_HEADER_BYTES 16u
#define MAP_ENTRY_BYTES 24u

enum tag_type {
    TAG_END = 0,
    TAG_CMDLINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_RSDP_OLD = 14, /* copy of the 20-byte form */
    TAG_RSDP_NEW = 15, /* copy of the 36-byte form */
};

static void take_cmdline(const uint8_t *text, size_t len, struct boot_info *out)
{
    out->cmdline_len = 0;
    out->cmdline_truncated = false;
    for (size_t i = 0; i < len && text[i] != 0; i++) {
        if (out->cmdline_len == BOOTINFO_CMDLINE_MAX) {
            out->cmdline_truncated = true;
            return;
        }
        out->cmdline[out->cmdline_len++] = (char)text[i];
    }
}

static enum bootinfo_error take_module(const uint8_t *body, size_t len, struct boot_info *out)
{
    if (len < 8)
        return BOOTINFO_BAD_TAG;
    uint32_t start = load_le32(body);
    uint32_t end = load_le32(body + 4);
    if (end < start)
        return BOOTINFO_BAD_MODULE;
    bootinfo_add_module(out, start, end - start);
    return BOOTINFO_OK;
}

static enum bootinfo_error take_map(const uint8_t *body, size_t len, struct boot_info *out)
{
    if (len < MAP_HEADER_BYTES - TAG_HEADER_BYTES)
        return BOOTINFO_BAD_TAG;
    uint32_t entry_bytes = load_le32(body);
    if (entry_bytes < MAP_ENTRY_BYTES)
        return BOOTINFO_BAD_TAG;
    const uint8_t *entries = body + (MAP_HEADER_BYTES - TAG_HEADER_BYTES);
    size_t count = (len - (MAP_HEADER_BYTES - TAG_HEADER_BYTES)) / entry_bytes;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *e = entries + i * entry_bytes;
        enum bootinfo_error err = bootinfo_add_range(out, load_le64(e), load_le64(e + 8), load_le32(e + 16));
        if (err != BOOTINFO_OK)
            return err;
    }
    return BOOTINFO_OK;
}

/* The longer form wins, in whichever order the two come. */
static enum bootinfo_error take_rsdp(const uint8_t *body, size_t len, uint32_t want, struct boot_info *out)
{
    if (len < want)
        return BOOTINFO_BAD_TAG;
    if (want < out->rsdp_len)
        return BOOTINFO_OK;
    memcpy(out->rsdp, body, want);
    out->rsdp_len = want;
    return BOOTINFO_OK;
}

static enum bootinfo_error take_tag(uint32_t type, const uint8_t *body, size_t len, struct boot_info *out)
{
    switch (type) {
    case TAG_CMDLINE:
        take_cmdline(body, len, out);
        return BOOTINFO_OK;
    case TAG_MODULE:
        return take_module(body, len, out);
    case TAG_MEMORY_MAP:
        return take_map(body, len, out);
    case TAG_RSDP_OLD:
        return take_rsdp(body, len, 20, out);
    case TAG_RSDP_NEW:
        return take_rsdp(body, len, BOOTINFO_RSDP_MAX, out);
    default:
        return BOOTINFO_OK;
    }
}

enum bootinfo_error bootinfo_parse_multiboot2(const uint8_t *info, size_t len, struct boot_info *out)
{
    if (len < TAG_HEADER_BYTES)
        return BOOTINFO_TOO_SMALL;
    size_t total = load_le32(info);
    if (total < TAG_HEADER_BYTES || total > len)
        return BOOTINFO_BAD_SIZE;
    *out = (struct boot_info){ .protocol = BOOTINFO_MULTIBOOT2 };
    size_t at = TAG_HEADER_BYTES;
    while (at < total && total - at >= TAG_HEADER_BYTES) {
        uint32_t type = load_le32(info + at);
        size_t size = load_le32(info + at + 4);
        if (size < TAG_HEADER_BYTES || size > total - at)
            return BOOTINFO_BAD_TAG;
        if (type == TAG_END)
            return bootinfo_finish(out);
        enum bootinfo_error err = take_tag(type, info + at + TAG_HEADER_BYTES, size - TAG_HEADER_BYTES, out);
        if (err != BOOTINFO_OK)
            return err;
        at += (size + 7) & ~(size_t)7;
    }
    return BOOTINFO_BAD_TAG;
}
