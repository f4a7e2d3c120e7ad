/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The capability table: one operation on one arbitrary valid table. The
 * invariant is per slot (occupied, free or retired, and the free list runs
 * through exactly the free ones), so that it is kept by induction over any
 * sequence of operations. What is shown: a look-up answers in the documented
 * order and never resolves a stale id; an insertion takes an empty slot, gives
 * an id that resolves to it alone and leaves every other slot as it was; a
 * removal makes the id stale for ever; a slot that used up its generations
 * never comes back.
 */
#include "core/base/base_proof.h"
#include "core/cap/epoch.c"
#include "core/cap/ledger.c"
#include "core/cap/table.c"

#ifndef SLOTS /* a proof's `flags` may say less */
#define SLOTS 3u
#endif
#define CELLS 4u

static struct cap_slot slots[SLOTS];
static struct cap_slot before[SLOTS];
static struct cap_epoch cells[CELLS];
static struct cap_epoch_pool pool;
static struct cap_table table;
static char objects[SLOTS + 1]; /* only their addresses count */
static bool all_live;

static uint64_t proof_object_id(const void *object)
{
    return (uint64_t)((const char *)object - objects) + 1;
}

static enum cap_error proof_live(const void *object)
{
    (void)object;
    return all_live ? CAP_OK : CAP_NOT_LIVE;
}

static uint32_t proof_pages(const void *object)
{
    (void)object;
    return 3;
}

static const struct cap_object_ops ops = {.object_id = proof_object_id, .live = proof_live, .frame_pages = proof_pages};

static bool is_free(const struct cap_slot *slot)
{
    return slot->object == NULL && !slot->retired;
}

/* Slot i as any history may have left it: occupied with cell i, free, or retired. */
static void any_slot(uint32_t i)
{
    struct cap_slot *slot = &slots[i];
    slot->generation = nondet_u8();
    slot->retired = nondet_bool();
    bool occupied = nondet_bool();
    assume(!slot->retired || (!occupied && slot->generation == 255));
    slot->object = occupied ? &objects[i] : NULL;
    slot->epoch = occupied ? &cells[i] : NULL;
    slot->frame_pages = occupied ? 3 : 0;
    slot->hold.object_id = occupied ? 1 + (uint64_t)nondet_bool() : 0; /* several holds of one object occur */
    slot->hold.object_epoch = occupied ? nondet_u64() : 0;
    slot->move_reserved = occupied && nondet_bool();
    slot->emptied_revoked = !occupied && nondet_bool();
    slot->next_free = nondet_u32();
    cells[i].value = nondet_u64();
    cells[i].references = occupied ? 2 : 0; /* another hold shares it: a removal frees no cell, which epoch_proof.c covers */
}

/* Does the free list go through every free slot once, in whatever order, and through nothing else? */
static bool free_list_is_sound(void)
{
    uint32_t at = table.free_head;
    bool seen[SLOTS] = {false};
    if (table.slot_count > SLOTS || table.free_count > SLOTS)
        return false;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (i >= table.free_count)
            break;
        if (at >= table.slot_count || seen[at])
            return false;
        seen[at] = true;
        at = slots[at].next_free;
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (seen[i] != (i < table.slot_count && is_free(&slots[i])))
            return false;
    }
    return at == FREE_END;
}

/* The two counters are at least what one occupied slot charged; that they move by exactly one is shown for each operation. */
static void any_table(void)
{
    all_live = nondet_bool();
    cap_epoch_pool_init(&pool, cells, CELLS);
    pool.free_head = SLOTS;
    pool.in_use = SLOTS;
    table = (struct cap_table){.slots = slots, .capacity = SLOTS, .slot_count = nondet_u32(), .free_head = nondet_u32(),
                               .free_count = nondet_u32(), .epochs = &pool, .ops = &ops, .table_id = 1};
    cap_ledger_init(&table.ledger, 0, 0);
    for (uint32_t i = 0; i < SLOTS; i++)
        any_slot(i);
    assume(free_list_is_sound());
    struct cap_ledger_pair *charged = &table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS];
    charged->used = nondet_u8();
    charged->max = nondet_u8();
    assume(charged->used >= 1 && charged->used <= charged->max);
    table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].used = 3 * charged->used;
    for (uint32_t i = 0; i < SLOTS; i++)
        before[i] = slots[i];
}

static bool slot_is_unchanged(uint32_t i)
{
    return slots[i].object == before[i].object && slots[i].generation == before[i].generation &&
           slots[i].epoch == before[i].epoch && slots[i].retired == before[i].retired &&
           slots[i].hold.object_epoch == before[i].hold.object_epoch && slots[i].move_reserved == before[i].move_reserved &&
           slots[i].hold.object_id == before[i].hold.object_id && slots[i].frame_pages == before[i].frame_pages &&
           slots[i].emptied_revoked == before[i].emptied_revoked;
}

/* What any_table() assumed holds again, and the charges moved by `change` slots. */
static void assert_valid(const struct cap_table *old, int change)
{
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (i >= table.slot_count)
            break;
        assert((slots[i].object == NULL) == (slots[i].epoch == NULL));
        assert(!slots[i].retired || (slots[i].object == NULL && slots[i].generation == 255));
        assert(!slots[i].move_reserved || slots[i].object != NULL);
    }
    assert(free_list_is_sound());
    const struct cap_ledger_pair *pairs = table.ledger.pairs;
    const struct cap_ledger_pair *was = old->ledger.pairs;
    assert(pairs[CAP_RESOURCE_CAP_SLOTS].used == was[CAP_RESOURCE_CAP_SLOTS].used + (uint64_t)change);
    assert(pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].used == was[CAP_RESOURCE_FRAME_GRANT_PAGES].used + 3 * (uint64_t)change);
    assert(pairs[CAP_RESOURCE_CAP_SLOTS].used <= pairs[CAP_RESOURCE_CAP_SLOTS].max);
}

/* PROOF lookup_in_order
 * of: cap_table_lookup, find_slot, check_usable, slot_is_revoked
 * bound: 3 slots: a look-up reads one slot; the others only have to stay apart
 * next: 4 slots: about four times the time
 * unwind: 8
 * solver: boolector
 */
void lookup_in_order(void)
{
    any_table();
    uint32_t id = nondet_u32();
    uint32_t index = id & 0xffffff;
    const struct cap_slot *found = NULL;
    enum cap_error error = cap_table_lookup(&table, id, &found);
    if (index >= table.slot_count) {
        probe(1);
        assert(error == CAP_NOT_FOUND && found == NULL);
        return;
    }
    const struct cap_slot *slot = &slots[index];
    bool revoked = slot->object == NULL ? slot->emptied_revoked : slot->hold.object_epoch != slot->epoch->value;
    if (slot->generation != id >> 24) {
        probe(2);
        assert(error == CAP_STALE_GENERATION && found == NULL);
    } else if (revoked) {
        probe(3);
        assert(error == CAP_REVOKED && found == NULL);
    } else if (slot->object == NULL) {
        probe(4);
        assert(error == CAP_NOT_FOUND && found == NULL);
    } else if (!all_live) {
        probe(5);
        assert(error == CAP_NOT_LIVE && found == NULL);
    } else {
        probe(6);
        assert(error == CAP_OK && found == slot);
    }
}

/* What an insertion into this table must answer: storage, the slot's charge, the pages' charge, the epoch cell, in this order. */
static enum cap_error insertion_error(void)
{
    const struct cap_ledger_pair *charged = &table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS];
    const struct cap_ledger_pair *pages = &table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES];
    if (table.free_count == 0 && table.slot_count >= charged->max)
        return CAP_EXHAUSTED_CAP_SLOTS;
    if (table.free_count == 0 && table.slot_count == SLOTS)
        return CAP_EXHAUSTED_TABLE_STORAGE;
    if (charged->used == charged->max)
        return CAP_EXHAUSTED_CAP_SLOTS;
    if (pages->max - pages->used < 3)
        return CAP_EXHAUSTED_FRAME_GRANT_PAGES;
    return pool.free_head == CELLS ? CAP_EXHAUSTED_OBJECT_EPOCHS : CAP_OK;
}

/* PROOF insertion_takes_an_empty_slot
 * of: cap_table_insert, charge_insert, occupy, take_index, cap_table_reserve_storage
 * bound: 2 slots of storage, limits of 0 to 255: free, fresh and retired slots all occur; an insertion writes one slot and the
 *  head of the free list, and no slot looks at another
 * next: 3 slots: about a minute
 * unwind: 8
 * solver: boolector
 * flags: -DSLOTS=2u
 */
void insertion_takes_an_empty_slot(void)
{
    any_table();
    assume(insertion_error() == CAP_OK);
    const struct cap_table old = table;
    const struct cap_hold hold = {.badge = nondet_u64()};
    uint32_t id = 0;
    enum cap_error error = cap_table_insert(&table, &objects[SLOTS], &hold, &id);
    uint32_t other = nondet_u32();
    assume(other < SLOTS && other < old.slot_count);
    uint32_t index = id & 0xffffff;
    assert(error == CAP_OK);
    if (index == old.slot_count) {
        probe(1);
    } else {
        probe(2);
        assert(index < SLOTS && is_free(&before[index]) && slots[index].generation == before[index].generation);
    }
    assert(slots[index].object == &objects[SLOTS] && slots[index].hold.badge == hold.badge);
    assert(slots[index].generation == id >> 24 && slots[index].hold.object_epoch == slots[index].epoch->value);
    assert(slots[index].hold.object_id == SLOTS + 1 && slots[index].frame_pages == 3);
    assert(!slots[index].move_reserved && !slots[index].retired);
    assert(slots[index].epoch == &cells[SLOTS] && cells[SLOTS].references == 1 && pool.in_use == SLOTS + 1);
    assert(other == index || slot_is_unchanged(other));
    assert_valid(&old, 1);
}

/* PROOF a_refused_insertion_changes_nothing
 * of: cap_table_insert, charge_insert, cap_table_reserve_storage, release_insert
 * bound: 2 slots of storage, limits of 0 to 255 slots and up to 255 pages left: each of the four reasons occurs
 * next: 3 slots: about twice the time
 * unwind: 8
 * solver: boolector
 * flags: -DSLOTS=2u
 */
void a_refused_insertion_changes_nothing(void)
{
    any_table();
    table.ledger.pairs[CAP_RESOURCE_FRAME_GRANT_PAGES].max = 3 * table.ledger.pairs[CAP_RESOURCE_CAP_SLOTS].used + nondet_u8();
    pool.free_head = pool.in_use = nondet_bool() ? CELLS : SLOTS; /* no cell is left, or some are */
    const uint32_t cells_in_use = pool.in_use;
    const enum cap_error expected = insertion_error();
    assume(expected != CAP_OK);
    const struct cap_table old = table;
    const struct cap_hold hold = {.badge = nondet_u64()};
    uint32_t id = 0;
    assert(cap_table_insert(&table, &objects[SLOTS], &hold, &id) == expected);
    if (expected == CAP_EXHAUSTED_CAP_SLOTS)
        probe(1);
    if (expected == CAP_EXHAUSTED_TABLE_STORAGE)
        probe(2);
    if (expected == CAP_EXHAUSTED_FRAME_GRANT_PAGES)
        probe(3);
    if (expected == CAP_EXHAUSTED_OBJECT_EPOCHS)
        probe(4);
    for (uint32_t i = 0; i < SLOTS; i++)
        assert(slot_is_unchanged(i) && slots[i].next_free == before[i].next_free);
    assert(id == 0 && pool.in_use == cells_in_use && pool.free_head == (cells_in_use == CELLS ? CELLS : SLOTS));
    assert(table.slot_count == old.slot_count && table.free_head == old.free_head && table.free_count == old.free_count);
    for (uint32_t i = 0; i < CAP_RESOURCE_COUNT; i++)
        assert(table.ledger.pairs[i].used == old.ledger.pairs[i].used);
}

/* PROOF removal_makes_the_id_stale
 * of: cap_table_remove, vacate, release_insert
 * bound: 2 slots: a removal writes one slot and the head of the free list, and no slot looks at another
 * next: 3 slots: about a minute
 * unwind: 8
 * solver: boolector
 * flags: -DSLOTS=2u
 */
void removal_makes_the_id_stale(void)
{
    any_table();
    const struct cap_table old = table;
    uint32_t id = nondet_u32();
    uint32_t index = id & 0xffffff;
    struct cap_removed removed = {NULL, {0}, 0};
    enum cap_error error = cap_table_remove(&table, id, &removed);
    uint32_t other = nondet_u32();
    assume(other < SLOTS && other < table.slot_count);
    if (error != CAP_OK) {
        probe(1);
        assert(slot_is_unchanged(other) && removed.object == NULL);
        if (index >= table.slot_count)
            assert(error == CAP_NOT_FOUND);
        else if (before[index].generation != id >> 24)
            assert(error == CAP_STALE_GENERATION);
        else
            assert(before[index].move_reserved ? error == CAP_TRANSFER_PENDING
                                               : before[index].object == NULL && error == CAP_NOT_FOUND);
    } else {
        probe(2);
        const struct cap_slot *found = NULL;
        assert(before[index].object != NULL && before[index].generation == id >> 24 && !before[index].move_reserved);
        assert(removed.object == before[index].object && slots[index].object == NULL && removed.frame_pages == 3);
        assert(removed.hold.object_id == before[index].hold.object_id && cells[index].references == 1);
        assert(slots[index].emptied_revoked == (before[index].hold.object_epoch != cells[index].value));
        assert(other == index || slot_is_unchanged(other));
        if (before[index].generation == 255) {
            probe(3);
            assert(slots[index].retired && slots[index].generation == 255);
        } else {
            probe(4);
            assert(!slots[index].retired && slots[index].generation == before[index].generation + 1);
        }
        assert(cap_table_lookup(&table, id, &found) != CAP_OK && found == NULL);
        assert(cap_table_lookup_raw(&table, id, &found) != CAP_OK && found == NULL);
    }
    assert_valid(&old, error == CAP_OK ? -1 : 0);
}

/* PROOF no_alias_after_recycling
 * of: cap_table_remove, cap_table_insert, vacate
 * bound: 2 slots, one removal and one insertion: further ones are covered because both keep the invariant
 * next: 3 slots (proved too): 41 s
 * unwind: 8
 * solver: boolector
 * flags: -DSLOTS=2u
 */
void no_alias_after_recycling(void)
{
    any_table();
    uint32_t old = nondet_u32();
    uint32_t fresh = 0;
    struct cap_removed removed;
    const struct cap_hold hold = {0};
    const struct cap_slot *found = NULL;
    assume(cap_table_remove(&table, old, &removed) == CAP_OK);
    assume(cap_table_insert(&table, &objects[SLOTS], &hold, &fresh) == CAP_OK);
    probe(1);
    assert(fresh != old);
    assert(cap_table_lookup(&table, old, &found) != CAP_OK && found == NULL);
    if ((fresh & 0xffffff) == (old & 0xffffff))
        probe(2);
}

/* PROOF revocation_reaches_every_hold
 * of: cap_table_revoke_object, cap_epoch_bump
 * bound: 3 slots: each is treated alike
 * next: 4 slots: about four times the time
 * unwind: 8
 * solver: boolector
 */
void revocation_reaches_every_hold(void)
{
    any_table();
    uint64_t object = nondet_u64();
    uint64_t epoch = 0;
    uint32_t slot = nondet_u32();
    pool.revocations = nondet_u32();
    for (uint32_t i = 0; i < SLOTS; i++)
        assume(cells[i].revoke_mark <= pool.revocations);
    if (slots[0].object != NULL && slots[1].object != NULL && slots[0].hold.object_id == slots[1].hold.object_id && nondet_bool())
        slots[1].epoch = &cells[0]; /* two holds that share a cell */
    assume(slot < SLOTS && slot < table.slot_count && slots[slot].object != NULL);
    assume(slots[slot].hold.object_epoch == slots[slot].epoch->value);
    uint64_t old = slots[slot].epoch->value;
    enum cap_error error = cap_table_revoke_object(&table, object, &epoch);
    if (slots[slot].hold.object_id == object) {
        probe(1);
        const struct cap_slot *found = NULL;
        assert(error == CAP_OK && slots[slot].epoch->value == (old == UINT64_MAX ? 1 : old + 1) && epoch != 0);
        assert(cap_table_lookup(&table, cap_id_make(slots[slot].generation, slot), &found) == CAP_REVOKED);
    } else {
        probe(2);
        assert(slots[slot].epoch->value == old);
    }
    assert(slots[slot].object == before[slot].object);
}
