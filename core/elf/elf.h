/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Program image parser: decides whether a byte string is an ELF executable
 * this system runs, and lists its segments. Trusts nothing in the bytes and
 * keeps no pointer into them: a struct elf_image holds offsets that were
 * checked against the length given here, so the bytes must not change
 * afterwards. Pure; the caller owns both. Source: docs/kernel-semantics.md,
 * "ELF loading", rows E1 to E27 and EL-01 to EL-04.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ELF_LOAD_SEGMENTS_MAX 32u

/* Segment permissions, the ELF bits. */
#define ELF_FLAG_EXEC 1u
#define ELF_FLAG_WRITE 2u
#define ELF_FLAG_READ 4u

/* In the order of the checks. Two names may share a text. */
enum elf_error {
    ELF_OK = 0,
    ELF_TOO_SMALL,               /* E1 */
    ELF_BAD_MAGIC,               /* E2 */
    ELF_NOT_64_BIT,              /* E3 */
    ELF_NOT_LITTLE_ENDIAN,       /* E4 */
    ELF_BAD_VERSION,             /* E5 */
    ELF_NOT_X86_64,              /* E6 */
    ELF_NOT_EXEC,                /* E7 */
    ELF_PHENTSIZE_TOO_SMALL,     /* E8 */
    ELF_TABLE_OVERFLOW,          /* E9 */
    ELF_TABLE_OUT_OF_BOUNDS,     /* E10 */
    ELF_READ_OUT_OF_BOUNDS,      /* E11: cannot happen after E1, E8 and E10 */
    ELF_OFFSET_MISMATCH,         /* E12 */
    ELF_BAD_ALIGNMENT,           /* E13 */
    ELF_SEGMENT_OUTSIDE_USER,    /* E14 */
    ELF_FILE_OVERFLOW,           /* E15 */
    ELF_FILE_OUT_OF_BOUNDS,      /* E16 */
    ELF_MEMSZ_BELOW_FILESZ,      /* E17 */
    ELF_TLS_MULTIPLE,            /* E18 */
    ELF_TLS_OUTSIDE_USER,        /* E19 */
    ELF_TLS_FILE_OVERFLOW,       /* E20 */
    ELF_TLS_FILE_OUT_OF_BOUNDS,  /* E21 */
    ELF_TLS_MEMSZ_BELOW_FILESZ,  /* E22 */
    ELF_TLS_BAD_ALIGNMENT,       /* E23 */
    ELF_NO_SEGMENTS,             /* E24 */
    ELF_SEGMENTS_OVERLAP,        /* E25 */
    ELF_ENTRY_OUTSIDE_USER,      /* E26 */
    ELF_ENTRY_NOT_EXECUTABLE,    /* E27 */
    ELF_WRITABLE_AND_EXECUTABLE, /* L1 */
    ELF_OUTSIDE_IMAGE_REGION,    /* L2 */
    ELF_TOO_MANY_SEGMENTS,       /* L3 */
    ELF_TLS_TOO_LARGE,           /* L4 */
    ELF_NO_FRAMES,               /* L5: reported by the loader, an overloaded answer */
    ELF_MEMORY_LIMIT,            /* L6: an overloaded answer */
    ELF_ERROR_COUNT,
};

struct elf_segment {
    uint64_t vaddr;
    uint64_t memsz;  /* bytes, >= filesz */
    uint64_t offset; /* into the image bytes; congruent to vaddr modulo the page size */
    uint64_t filesz; /* offset + filesz is within the image bytes */
    uint32_t flags;  /* ELF_FLAG_* and whatever else the file says */
};

struct elf_tls {
    uint64_t vaddr;
    uint64_t memsz; /* 0: a header without an image, which counts as no TLS */
    uint64_t offset;
    uint64_t filesz;
    uint64_t align; /* 0 or a power of two */
};

struct elf_image {
    uint64_t entry;
    uint32_t segment_count;
    bool has_tls_header;
    struct elf_segment segments[ELF_LOAD_SEGMENTS_MAX]; /* by address, disjoint by page */
    struct elf_tls tls;
};

/*
 * Fills *out only on ELF_OK; on a refusal its contents are unspecified.
 * More than 32 loadable segments are refused here, after E24 and before E25:
 * whether an unbounded list overlaps cannot be told in bounded memory and
 * time. Work is linear in the number of headers.
 */
enum elf_error elf_parse(const uint8_t *bytes, size_t len, struct elf_image *out);

/* The text of an error, static, never NULL; "" for ELF_OK. */
const char *elf_error_text(enum elf_error error);
