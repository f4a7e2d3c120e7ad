/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ELF image parser: see elf.h. Every field is read from a range that was
 * checked against the length first; sums of file values are checked.
 */
#include "core/elf/elf.h"

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "core/base/checked.h"

#define EHDR_BYTES 64u
#define PHDR_BYTES 56u
#define MACHINE_X86_64 0x3eu
#define TYPE_EXEC 2u
#define PT_LOAD_TYPE 1u
#define PT_TLS_TYPE 7u

/* One program header, copied out of the bytes. */
struct phdr {
    uint32_t type;
    uint32_t flags;
    uint64_t offset;
    uint64_t vaddr;
    uint64_t filesz;
    uint64_t memsz;
    uint64_t align;
};

/* The program header table: count entries of `stride` bytes at `offset`. */
struct phdr_table {
    uint64_t offset;
    uint32_t stride;
    uint32_t count;
};

static const char *const error_texts[ELF_ERROR_COUNT] = {
    [ELF_OK] = "",
    [ELF_TOO_SMALL] = "ELF too small",
    [ELF_BAD_MAGIC] = "bad ELF magic",
    [ELF_NOT_64_BIT] = "not ELF64",
    [ELF_NOT_LITTLE_ENDIAN] = "not little-endian",
    [ELF_BAD_VERSION] = "bad ELF version",
    [ELF_NOT_X86_64] = "not x86_64",
    [ELF_NOT_EXEC] = "not ET_EXEC",
    [ELF_PHENTSIZE_TOO_SMALL] = "phentsize too small",
    [ELF_TABLE_OVERFLOW] = "overflow",
    [ELF_TABLE_OUT_OF_BOUNDS] = "program headers out of bounds",
    [ELF_READ_OUT_OF_BOUNDS] = "read out of bounds",
    [ELF_OFFSET_MISMATCH] = "segment file/virtual page offset mismatch",
    [ELF_BAD_ALIGNMENT] = "segment alignment is not a power of two",
    [ELF_SEGMENT_OUTSIDE_USER] = "segment outside user address space",
    [ELF_FILE_OVERFLOW] = "offset + filesz overflow",
    [ELF_FILE_OUT_OF_BOUNDS] = "segment file data out of bounds",
    [ELF_MEMSZ_BELOW_FILESZ] = "memsz < filesz",
    [ELF_TLS_MULTIPLE] = "multiple PT_TLS segments",
    [ELF_TLS_OUTSIDE_USER] = "TLS segment outside user address space",
    [ELF_TLS_FILE_OVERFLOW] = "offset + filesz overflow",
    [ELF_TLS_FILE_OUT_OF_BOUNDS] = "TLS file data out of bounds",
    [ELF_TLS_MEMSZ_BELOW_FILESZ] = "TLS memsz < filesz",
    [ELF_TLS_BAD_ALIGNMENT] = "TLS alignment is not a power of two",
    [ELF_NO_SEGMENTS] = "no PT_LOAD segments",
    [ELF_SEGMENTS_OVERLAP] = "overlapping PT_LOAD segments",
    [ELF_ENTRY_OUTSIDE_USER] = "entry point outside user address space",
    [ELF_ENTRY_NOT_EXECUTABLE] = "entry point not in any executable segment",
    [ELF_WRITABLE_AND_EXECUTABLE] = "segment is writable and executable",
    [ELF_OUTSIDE_IMAGE_REGION] = "segment outside process image region",
    [ELF_TOO_MANY_SEGMENTS] = "too many PT_LOAD segments",
    [ELF_TLS_TOO_LARGE] = "TLS segment too large",
    [ELF_NO_FRAMES] = "out of physical frames",
    [ELF_MEMORY_LIMIT] = "process memory limit exceeded",
};

const char *elf_error_text(enum elf_error error)
{
    return (unsigned)error < ELF_ERROR_COUNT ? error_texts[error] : "";
}

static enum elf_error check_ident(const uint8_t *bytes, size_t len)
{
    static const uint8_t magic[4] = { 0x7f, 'E', 'L', 'F' };

    if (len < EHDR_BYTES)
        return ELF_TOO_SMALL;
    if (memcmp(bytes, magic, sizeof magic) != 0)
        return ELF_BAD_MAGIC;
    if (bytes[4] != 2)
        return ELF_NOT_64_BIT;
    if (bytes[5] != 1)
        return ELF_NOT_LITTLE_ENDIAN;
    if (bytes[6] != 1)
        return ELF_BAD_VERSION;
    if (load_le16(bytes + 18) != MACHINE_X86_64)
        return ELF_NOT_X86_64;
    if (load_le16(bytes + 16) != TYPE_EXEC)
        return ELF_NOT_EXEC;
    return ELF_OK;
}

static enum elf_error check_table(const uint8_t *bytes, size_t len, struct phdr_table *out)
{
    uint64_t size;
    uint64_t end;

    out->offset = load_le64(bytes + 32);
    out->stride = load_le16(bytes + 54);
    out->count = load_le16(bytes + 56);
    if (out->stride < PHDR_BYTES)
        return ELF_PHENTSIZE_TOO_SMALL;
    if (!checked_mul_u64(out->count, out->stride, &size) || !checked_add_u64(out->offset, size, &end))
        return ELF_TABLE_OVERFLOW;
    return end <= len ? ELF_OK : ELF_TABLE_OUT_OF_BOUNDS;
}

static struct phdr read_phdr(const uint8_t *p)
{
    return (struct phdr){
        .type = load_le32(p),
        .flags = load_le32(p + 4),
        .offset = load_le64(p + 8),
        .vaddr = load_le64(p + 16),
        .filesz = load_le64(p + 32),
        .memsz = load_le64(p + 40),
        .align = load_le64(p + 48),
    };
}

static bool inside_user_half(const struct phdr *h)
{
    return h->vaddr < USER_HALF_LIMIT && h->memsz <= USER_HALF_LIMIT - h->vaddr;
}

static bool alignment_ok(const struct phdr *h)
{
    return h->align == 0 || is_power_of_two_u64(h->align);
}

static enum elf_error check_load(const struct phdr *h, size_t len)
{
    uint64_t end;

    if (((h->vaddr ^ h->offset) & (PAGE_SIZE - 1)) != 0)
        return ELF_OFFSET_MISMATCH;
    if (!alignment_ok(h))
        return ELF_BAD_ALIGNMENT;
    if (!inside_user_half(h))
        return ELF_SEGMENT_OUTSIDE_USER;
    if (!checked_add_u64(h->offset, h->filesz, &end))
        return ELF_FILE_OVERFLOW;
    if (end > len)
        return ELF_FILE_OUT_OF_BOUNDS;
    return h->memsz >= h->filesz ? ELF_OK : ELF_MEMSZ_BELOW_FILESZ;
}

static enum elf_error check_tls(const struct phdr *h, size_t len)
{
    uint64_t end;

    if (!inside_user_half(h))
        return ELF_TLS_OUTSIDE_USER;
    if (!checked_add_u64(h->offset, h->filesz, &end))
        return ELF_TLS_FILE_OVERFLOW;
    if (end > len)
        return ELF_TLS_FILE_OUT_OF_BOUNDS;
    if (h->memsz < h->filesz)
        return ELF_TLS_MEMSZ_BELOW_FILESZ;
    return alignment_ok(h) ? ELF_OK : ELF_TLS_BAD_ALIGNMENT;
}

/* Keeps the list sorted by address; equal addresses stay in file order. */
static void insert_segment(struct elf_image *image, const struct phdr *h)
{
    uint32_t at = image->segment_count++;

    while (at > 0 && image->segments[at - 1].vaddr > h->vaddr) {
        image->segments[at] = image->segments[at - 1];
        at--;
    }
    image->segments[at] = (struct elf_segment){
        .vaddr = h->vaddr, .memsz = h->memsz, .offset = h->offset, .filesz = h->filesz, .flags = h->flags
    };
}

static enum elf_error take_header(const struct phdr *h, size_t len, uint32_t *loads, struct elf_image *image)
{
    enum elf_error err = ELF_OK;

    if (h->type == PT_LOAD_TYPE) {
        err = check_load(h, len);
        if (err != ELF_OK)
            return err;
        (*loads)++;
        if (image->segment_count < ELF_LOAD_SEGMENTS_MAX)
            insert_segment(image, h);
    } else if (h->type == PT_TLS_TYPE) {
        if (image->has_tls_header)
            return ELF_TLS_MULTIPLE;
        err = check_tls(h, len);
        if (err != ELF_OK)
            return err;
        image->has_tls_header = true;
        image->tls = (struct elf_tls){
            .vaddr = h->vaddr, .memsz = h->memsz, .offset = h->offset, .filesz = h->filesz, .align = h->align
        };
    }
    return err;
}

/* May two neighbours by address share a page? Both lie in the user half, so nothing wraps. */
static bool pages_overlap(const struct elf_segment *low, const struct elf_segment *high)
{
    uint64_t end = (low->vaddr + low->memsz + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
    return end > (high->vaddr & ~(PAGE_SIZE - 1));
}

static enum elf_error check_whole(const struct elf_image *image)
{
    for (uint32_t i = 1; i < image->segment_count; i++) {
        if (pages_overlap(&image->segments[i - 1], &image->segments[i]))
            return ELF_SEGMENTS_OVERLAP;
    }
    if (image->entry >= USER_HALF_LIMIT)
        return ELF_ENTRY_OUTSIDE_USER;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if ((s->flags & ELF_FLAG_EXEC) != 0 && image->entry >= s->vaddr && image->entry - s->vaddr < s->memsz)
            return ELF_OK;
    }
    return ELF_ENTRY_NOT_EXECUTABLE;
}

enum elf_error elf_parse(const uint8_t *bytes, size_t len, struct elf_image *out)
{
    struct phdr_table table;
    uint32_t loads = 0;
    enum elf_error err = check_ident(bytes, len);

    if (err != ELF_OK)
        return err;
    err = check_table(bytes, len, &table);
    if (err != ELF_OK)
        return err;
    *out = (struct elf_image){ .entry = load_le64(bytes + 24) };
    for (uint32_t i = 0; i < table.count; i++) {
        struct phdr h = read_phdr(bytes + table.offset + (uint64_t)i * table.stride);
        err = take_header(&h, len, &loads, out);
        if (err != ELF_OK)
            return err;
    }
    if (loads == 0)
        return ELF_NO_SEGMENTS;
    if (loads > ELF_LOAD_SEGMENTS_MAX)
        return ELF_TOO_MANY_SEGMENTS;
    return check_whole(out);
}
