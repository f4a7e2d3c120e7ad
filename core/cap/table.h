/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The capability table of one process: slots that tie an id to an object, a
 * hold and an epoch cell, and the process's resource ledger.
 * Source: docs/kernel-semantics.md, "Capability ids, slots and the table" and
 * "Holds, object ids, epochs, revocation".
 *
 * The caller owns the table, the slot array, the epoch pool and the objects,
 * and serialises all calls that touch tables sharing one epoch pool. The table
 * never looks into an object, except through struct cap_object_ops, and does
 * not count references on it: each occupied slot stands for one reference that
 * whoever inserted it took, and that whoever removes it gets back through
 * struct cap_removed. No function blocks, allocates or calls a release hook.
 *
 * Ids come from user space and are not trusted. Everything else is.
 */
#pragma once

#include "core/cap/epoch.h"
#include "core/cap/errors.h"
#include "core/cap/id.h"
#include "core/cap/ledger.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cap_transfer_mode {
    CAP_MODE_NONE = 0,
    CAP_MODE_COPY = 1,
    CAP_MODE_MOVE = 2,
};

enum cap_scope {
    CAP_SCOPE_SAME_SESSION = 0,
    CAP_SCOPE_CROSS_SESSION = 1,
    CAP_SCOPE_SERVICE_REGRANT = 2,
};

enum cap_origin {
    CAP_ORIGIN_KERNEL = 0,
    CAP_ORIGIN_SPAWN_GRANT = 1,
    CAP_ORIGIN_IPC_TRANSFER = 2,
    CAP_ORIGIN_RESULT_CAP = 3,
    CAP_ORIGIN_SPAWNER_ENDPOINT = 4,
};

struct cap_hold {
    uint64_t object_id;    /* set by the table at insertion */
    uint64_t object_epoch; /* epoch value seen when the hold was made; set by the table */
    uint64_t interface_id;
    uint64_t badge; /* receiver cookie; 0 for kernel objects */
    uint64_t disclosure_scope;
    uint16_t transfer_mode; /* enum cap_transfer_mode */
    uint8_t transfer_scope; /* enum cap_scope */
    uint8_t origin;         /* enum cap_origin */
};

/*
 * What the table must know about an object. `object_id` comes from a counter
 * that never hands out 0 or the same value twice; object and id stay together
 * for the object's life. `live` answers CAP_OK or CAP_NOT_LIVE. The two
 * predicates may be NULL, which means "no".
 */
struct cap_object_ops {
    uint64_t (*object_id)(const void *object);
    enum cap_error (*live)(const void *object);
    uint32_t (*frame_pages)(const void *object);      /* charged on insert, released on removal */
    bool (*released_first)(const void *object);       /* label `nic`: hooks run before all others */
    bool (*spawn_grant_only)(const void *object);     /* console, terminal: no IPC descriptor may name it */
};

struct cap_slot {
    struct cap_hold hold;
    struct cap_epoch *epoch; /* NULL exactly when the slot is empty */
    void *object;            /* NULL exactly when the slot is empty */
    uint32_t frame_pages;    /* what the insertion charged */
    uint32_t next_free;
    uint8_t generation;
    bool move_reserved;
    bool retired;         /* generation 255 is used up; never occupied again */
    bool emptied_revoked; /* the last object here was revoked when it was removed */
};

struct cap_table {
    struct cap_slot *slots;
    uint32_t capacity;   /* slots in the array */
    uint32_t slot_count; /* slots ever used, retired ones included */
    uint32_t free_head;
    uint32_t free_count;
    struct cap_epoch_pool *epochs;
    const struct cap_object_ops *ops;
    uint64_t table_id; /* never reused; names this table in provisional tokens */
    struct cap_ledger ledger;
};

struct cap_table_config {
    struct cap_slot *slots; /* storage of any content; CAP_SLOTS_MAX slots make the usual table */
    uint32_t capacity;
    struct cap_epoch_pool *epochs;
    const struct cap_object_ops *ops;
    uint64_t table_id;
    uint64_t page_table_pages; /* ledger maxima, see cap_ledger_init() */
    uint64_t image_pages;
};

/* What came out of a slot. The caller owns the slot's reference to `object` and runs its release hook. */
struct cap_removed {
    void *object;
    struct cap_hold hold;
    uint32_t frame_pages; /* already given back to the ledger */
};

/* One row of an iteration. */
struct cap_row {
    uint32_t id;
    void *object;
    struct cap_hold hold;
};

void cap_table_init(struct cap_table *table, const struct cap_table_config *config);

/*
 * The normal look-up. Order of checks: index (CAP_NOT_FOUND), generation
 * (CAP_STALE_GENERATION), epoch (CAP_REVOKED), the object's own word
 * (CAP_NOT_LIVE), presence (CAP_NOT_FOUND). On CAP_OK *slot stays valid until
 * the table changes; on failure it is left alone.
 */
enum cap_error cap_table_lookup(const struct cap_table *table, uint32_t id,
                                const struct cap_slot **slot);

/* Index, generation and presence only. For removal, rollback, move commit and recovery. */
enum cap_error cap_table_lookup_raw(const struct cap_table *table, uint32_t id,
                                    const struct cap_slot **slot);

/*
 * Would `count` more capabilities fit? Compares the used counter and the index
 * bound only, so an insert may still fail where retired slots used up the storage.
 */
enum cap_error cap_table_preflight(const struct cap_table *table, uint32_t count);

/* Makes sure that storage for `count` insertions exists. Charges nothing. */
enum cap_error cap_table_reserve_storage(const struct cap_table *table, uint32_t count);

/* The hold of an object that the kernel inserts itself: no badge, not transferable, same session. */
struct cap_hold cap_hold_default(uint64_t interface_id);

/*
 * Inserts `object` with a new epoch cell. `hold` supplies everything but
 * object_id and object_epoch, which are overwritten. Charges in the order
 * table storage, cap slot, frame pages, epoch cell; a failure undoes what was
 * charged and leaves *id alone. Errors: CAP_TABLE_FULL and CAP_EXHAUSTED_
 * TABLE_STORAGE, CAP_SLOTS, FRAME_GRANT_PAGES, OBJECT_EPOCHS.
 */
enum cap_error cap_table_insert(struct cap_table *table, void *object, const struct cap_hold *hold,
                                uint32_t *id);

/* The same with the source's cell and the observed epoch in `hold`. For core/cap/transfer.c. */
enum cap_error cap_table_insert_shared(struct cap_table *table, void *object,
                                       const struct cap_hold *hold, struct cap_epoch *cell,
                                       uint32_t *id);

/*
 * Empties the slot and releases its charges. A revoked capability can be
 * removed. Order: index, generation, CAP_TRANSFER_PENDING, presence.
 */
enum cap_error cap_table_remove(struct cap_table *table, uint32_t id, struct cap_removed *removed);

/*
 * Revokes the object behind `id`, found by the normal look-up, in this table
 * and, through shared cells, in every table that got it from here. Slots and
 * charges stay. *epoch is the last new value (1 for a first revocation).
 */
enum cap_error cap_table_revoke(struct cap_table *table, uint32_t id, uint64_t *epoch);
enum cap_error cap_table_revoke_object(struct cap_table *table, uint64_t object_id,
                                       uint64_t *epoch);

/*
 * Live snapshot in index order: present, not revoked, live. Start with
 * *cursor = 0; false at the end. Do not change the table in between.
 */
bool cap_table_next_live(const struct cap_table *table, uint32_t *cursor, struct cap_row *row);

/* Every occupied slot in index order, revoked and move-reserved ones included. */
bool cap_table_next_occupied(const struct cap_table *table, uint32_t *cursor, struct cap_row *row);

/*
 * The order of release hooks at process exit: objects that `released_first`
 * names, then all others, each in index order, revoked and move-reserved ones
 * included. Start with a zeroed cursor; `count` holds the rows returned so far.
 */
struct cap_release_cursor {
    uint32_t next;
    uint32_t count;
    bool second_pass;
};
bool cap_table_next_release(const struct cap_table *table, struct cap_release_cursor *cursor,
                            struct cap_row *row);

/*
 * Objects for which `wanted` answers true, in index order, into the caller's
 * array. Too small an array: CAP_EXHAUSTED_OBJECT_COLLECTION, *count = capacity,
 * and the array holds the first ones (callers of the silent form ignore the error).
 */
typedef bool (*cap_object_predicate_fn)(const void *object);
enum cap_error cap_table_collect(const struct cap_table *table, cap_object_predicate_fn wanted,
                                 void **objects, uint32_t capacity, uint32_t *count);

/*
 * Process exit: drops all slots and the free list, resets the ledger, and
 * returns the ledger as it was before. Runs no hooks: iterate with
 * cap_table_next_release() first. Page tables and image pages must be released
 * before, because their charges go with the reset.
 */
struct cap_ledger cap_table_clear(struct cap_table *table);

/*
 * The invariants of one table, in time linear in its slots: every slot is
 * exactly one of occupied, free, retired; occupied slots equal the cap-slot
 * charge; their pages plus `other_frame_pages` (committed memory and objects
 * kept only by mappings) equal the frame-grant charge; the number of move
 * reservations is `moves_pending` and none lies on an empty slot.
 */
bool cap_table_is_valid(const struct cap_table *table, uint64_t other_frame_pages,
                        uint32_t moves_pending);
