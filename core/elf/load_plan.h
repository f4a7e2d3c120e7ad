/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Load plan: what the loader must map for a parsed image, or why it must not.
 * Adds the rules of this system to those of the format: no page both writable
 * and executable, everything inside the image region, a TLS block that fits.
 * Pure; trusts that `image` came from elf_parse. Source:
 * docs/kernel-semantics.md, rows L1 to L6; docs/abi.md, "Thread-local storage".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/elf/elf.h"

#define ELF_COMMIT_UNLIMITED UINT64_MAX

/* One mapped piece. Page bounds are derived; a segment of zero bytes maps no page. */
struct elf_load_segment {
    struct elf_segment file;
    uint64_t first_page; /* user address of the first page */
    uint64_t pages;
    bool writable;
    bool executable;
};

/*
 * The first thread's TLS block. Pages start at USER_TLS_BASE, are writable and
 * never executable, and are zero except for the image and the word at tp,
 * which holds tp itself. FS base is tp. No TLS: everything is zero.
 */
struct elf_tls_plan {
    uint64_t tp;
    uint64_t image_va; /* where filesz bytes from `offset` of the image go */
    uint64_t offset;
    uint64_t filesz;
    uint64_t pages;
};

struct elf_load_plan {
    uint64_t entry;
    uint64_t image_pages; /* charged to memory commit, without the TLS pages */
    uint32_t segment_count;
    struct elf_load_segment segments[ELF_LOAD_SEGMENTS_MAX];
    struct elf_tls_plan tls;
};

/*
 * commit_limit_bytes: the profile's memory commit limit, ELF_COMMIT_UNLIMITED
 * when the profile names none. *out is valid only on ELF_OK. Refusals: L1, L2,
 * L4, L6 in this order; L3 is the parser's.
 */
enum elf_error elf_plan_load(const struct elf_image *image, uint64_t commit_limit_bytes, struct elf_load_plan *out);
