/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Region set: what every mapped or reserved page range of one address space
 * is for. A sorted array of disjoint ranges in storage that the caller gives;
 * the caller also serialises all calls. Knows nothing of page tables or
 * frames. Addresses and sizes may come straight from a process: they are
 * checked here. Each change is made whole or not at all. Source:
 * docs/abi.md, "User address space"; docs/kernel-semantics.md, MO-05, MO-06,
 * VM-01 to VM-07.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/layout.h"

enum region_error {
    REGION_OK = 0,
    REGION_INVALID,  /* size 0, not page-aligned, wraps, or outside what the call allows */
    REGION_OCCUPIED, /* part of the range belongs to a region already */
    REGION_NO_SPACE, /* no gap that long */
    REGION_FULL,     /* the array has no entry left for the change */
};

enum region_kind {
    REGION_FIXED = 1, /* kernel-owned pages of no other kind */
    REGION_IMAGE,
    REGION_STACK,
    REGION_TLS,
    REGION_RING,
    REGION_CAPSET,
    REGION_ANON,   /* a VirtualMemory reservation; commitment is not recorded here */
    REGION_OBJECT, /* mapping of a MemoryObject or the like */
};

struct region {
    uint64_t start;       /* page-aligned user address */
    uint64_t pages;       /* at least 1 */
    uint64_t tag;         /* the owner's mark, opaque: tells reservations and objects apart */
    uint32_t object_page; /* page of the object that `start` shows; follows splits */
    uint8_t kind;         /* enum region_kind */
    uint8_t prot;         /* PROT_*_BIT */
};

struct region_set {
    struct region *entries; /* by address, disjoint; the first `count` are valid */
    uint32_t capacity;
    uint32_t count;
};

void region_set_init(struct region_set *set, struct region *storage, uint32_t capacity);

/* First byte past a region. */
static inline uint64_t region_end(const struct region *region)
{
    return region->start + region->pages * PAGE_SIZE;
}

/* The claim (addr, size in bytes) as whole pages of the user half, or REGION_INVALID. */
enum region_error region_check_range(uint64_t addr, uint64_t size, uint64_t *pages);

/* Puts `region` exactly where it says, anywhere in the user half. */
enum region_error region_insert(struct region_set *set, const struct region *region);

/*
 * For mappings that a process asks for. hint 0: first fit from USER_MAP_BASE;
 * else exactly at the hint, which must be a page address with the whole range
 * in [USER_MAP_BASE, USER_MAP_LIMIT). region->start is not read; *start is set
 * on REGION_OK.
 */
enum region_error region_place(struct region_set *set, uint64_t hint, const struct region *region, uint64_t *start);

/* The lowest gap of `pages` pages between USER_MAP_BASE and USER_MAP_LIMIT. */
enum region_error region_find_gap(const struct region_set *set, uint64_t pages, uint64_t *start);

/* Cuts the range out of all regions it meets. Cutting the middle out of one needs a free entry. */
enum region_error region_remove(struct region_set *set, uint64_t start, uint64_t pages);

/*
 * Gives the part of every region inside the range a protection. May need two
 * free entries. Pieces that touch and agree in kind, tag, protection and
 * object pages are joined, so reservations that must stay apart need tags.
 */
enum region_error region_protect(struct region_set *set, uint64_t start, uint64_t pages, uint8_t prot);

/* Is every page in regions of this kind, and of this tag unless `tag` is NULL? */
bool region_covered(const struct region_set *set, uint64_t start, uint64_t pages, enum region_kind kind,
                    const uint64_t *tag);

/* The region that holds `addr`, or NULL. */
const struct region *region_find(const struct region_set *set, uint64_t addr);

/*
 * Index of the first region that ends above `addr`: those that meet [start, end) are
 * for (i = region_first(set, start); i < set->count && set->entries[i].start < end; i++).
 */
uint32_t region_first(const struct region_set *set, uint64_t addr);

uint64_t region_pages_of(const struct region_set *set, enum region_kind kind);
