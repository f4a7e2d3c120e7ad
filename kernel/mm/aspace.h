/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One user address space: the machine's page tables, the list of address
 * ranges in use, and the charges for both in the process's ledger.
 *
 * Everything under the kernel lock. Addresses and sizes of the operations that
 * objects call come from programs and are checked here; every operation is all
 * or nothing. An operation that takes pages away returns when no CPU holds a
 * stale translation, and only then frees frames. Whether a page of a reservation
 * is committed is known by the page tables alone.
 * Source: docs/kernel-semantics.md, MO-05 to MO-08, FG-01 to FG-04, VR-01, VM-01 to VM-11.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "core/cap/ledger.h"
#include "core/region/region.h"
#include "kernel/machine.h"
#include "kernel/mm/frames.h"

#define ASPACE_REGIONS_MAX 256u

struct object;
struct process;

enum aspace_error {
    ASPACE_OK = 0,
    ASPACE_INVALID_RANGE, /* size 0, unaligned, wraps, or outside the mappable range */
    ASPACE_INVALID_PROT,  /* unknown bits, or write and execute together */
    ASPACE_OCCUPIED,      /* an exact hint hits something */
    ASPACE_NOT_RESERVED,  /* not wholly inside reservations (or mappings of this object) */
    ASPACE_COMMITTED,     /* commit of a committed page */
    ASPACE_NOT_COMMITTED, /* protect of an uncommitted page */
    ASPACE_OUTSIDE_OBJECT,
    /* Overloaded from here on. */
    ASPACE_NO_SPACE,      /* hint 0 and no gap */
    ASPACE_NO_REGION,     /* the region list is full */
    ASPACE_NO_FRAMES,
    ASPACE_FRAME_GRANTS,  /* ledger */
    ASPACE_RESERVATIONS,  /* ledger */
    ASPACE_TABLES,        /* page-table frames refused */
    ASPACE_ERRORS,
};

enum cap_exception_type aspace_error_type(enum aspace_error error);
/* Static text for call_exception. */
const char *aspace_error_text(enum aspace_error error);

struct aspace {
    struct machine_aspace machine;
    struct region_set regions;
    struct region region_storage[ASPACE_REGIONS_MAX];
    struct process *process;    /* owner of the charges */
    struct cap_ledger *ledger;  /* that process's */
    uint64_t reservations;      /* ever made; marks each one's regions */
    uint64_t committed;         /* anonymous pages charged to frame grants */
    uint64_t mapping_pages;     /* pages of objects charged only because they are mapped (FG-04) */
    bool table_refused;         /* by the ledger, not for want of frames; of the running operation */
};

/* An empty space. False: not even the root table could be had. */
bool aspace_init(struct aspace *as, struct process *process, struct cap_ledger *ledger);
/* Unmaps everything, frees what belongs to this space alone, drops object
 * references, returns all charges. No CPU has the space active. The struct is
 * then an empty space that nothing may be mapped into. */
void aspace_destroy(struct aspace *as);

/* ---- fixed pages, for kernel/proc ---------------------------------------------- */

/* Takes zeroed frames, charges them as image pages and maps them at va. All or
 * nothing. `kind` is neither REGION_ANON nor REGION_OBJECT. */
enum aspace_error aspace_map_fixed(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot,
                                   enum region_kind kind);
/* Takes back pages that aspace_map_fixed mapped as one. */
void aspace_unmap_fixed(struct aspace *as, uint64_t va, uint64_t pages);
/* Writes into mapped pages whatever their protection; false when one is missing. */
bool aspace_fill(struct aspace *as, uint64_t va, const void *bytes, uint64_t len);
/* Kernel address of the page mapped at va, NULL when none is. */
void *aspace_page(const struct aspace *as, uint64_t va);

/* ---- anonymous memory ------------------------------------------------------------- */

/* hint 0 = the lowest gap, else exact. */
enum aspace_error aspace_reserve(struct aspace *as, uint64_t hint, uint64_t size, uint64_t *addr);
enum aspace_error aspace_commit(struct aspace *as, uint64_t addr, uint64_t size, uint32_t prot);
enum aspace_error aspace_decommit(struct aspace *as, uint64_t addr, uint64_t size);
/* Reserve and commit as one. */
enum aspace_error aspace_map(struct aspace *as, uint64_t hint, uint64_t size, uint32_t prot, uint64_t *addr);
enum aspace_error aspace_unmap(struct aspace *as, uint64_t addr, uint64_t size);
enum aspace_error aspace_protect(struct aspace *as, uint64_t addr, uint64_t size, uint32_t prot);

/* ---- memory objects ------------------------------------------------------------------ */

/* The part of a memory object that mapping needs. */
struct aspace_memory {
    struct object *object;
    uint64_t first_frame; /* pages frames in a row, class FRAME_OBJECT */
    uint64_t pages;
};

struct aspace_mapping {
    uint64_t hint;
    uint64_t offset;
    uint64_t size;
    uint32_t prot;
};

/* Each mapping holds a reference on the object. */
enum aspace_error aspace_map_object(struct aspace *as, const struct aspace_memory *memory,
                                    const struct aspace_mapping *mapping, uint64_t *addr);
enum aspace_error aspace_unmap_object(struct aspace *as, struct object *object, uint64_t addr, uint64_t size);
enum aspace_error aspace_protect_object(struct aspace *as, const struct object *object, uint64_t addr, uint64_t size,
                                        uint32_t prot);
/* The memory object that a mapping shows at addr, and the byte of it; NULL when there is no such mapping. */
const struct object *aspace_object_at(const struct aspace *as, uint64_t addr, uint64_t *offset);
/* To be called from the object's `released` hook: if the process holds the
 * object no more but maps it, the mappings take over its charge. */
void aspace_object_released(struct aspace *as, const struct object *object);
/* The process has got a hold on the object, of whatever kind, which pays for it: its mappings no longer do. */
void aspace_object_held(struct aspace *as, const struct object *object);

/* ---- user memory ------------------------------------------------------------------------ */

/* False when any byte is not mapped for that access. Pass the fault counter. */
bool aspace_copy_in(struct aspace *as, void *dst, uint64_t src, size_t len);
bool aspace_copy_out(struct aspace *as, uint64_t dst, const void *src, size_t len);
/* An aligned word in one load: another thread may be changing it. */
bool aspace_read_word(struct aspace *as, uint64_t addr, uint32_t *word);
bool aspace_range_ok(struct aspace *as, uint64_t addr, uint64_t len, bool write);
