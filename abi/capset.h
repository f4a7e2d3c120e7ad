/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The CapSet page: read-only, at USER_CAPSET_BASE, naming the capabilities a
 * process was started with, in grant order. Source: docs/abi.md, "CapSet
 * page". Data and assertions only.
 */
#pragma once

#include <stdint.h>

#define CAPSET_MAGIC 0x3176746573706163ull /* bytes "capsetv1" */
#define CAPSET_VERSION 1u
#define CAPSET_ENTRIES_MAX 85u
#define CAPSET_NAME_BYTES 32u

struct capset_entry {
    uint32_t cap_id;
    uint32_t name_len;
    uint64_t interface_id;
    char name[CAPSET_NAME_BYTES]; /* not NUL-terminated when 32 long; the rest zero */
};

struct capset_page {
    uint64_t magic;
    uint32_t version;
    uint32_t count;
    struct capset_entry entries[CAPSET_ENTRIES_MAX];
};

_Static_assert(sizeof(struct capset_entry) == 48, "CapSet entry size");
_Static_assert(sizeof(struct capset_page) == 4096, "CapSet fills one page");
