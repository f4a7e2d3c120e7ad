/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Everything that goes over a whole capability table: snapshots, the order of
 * release hooks, collections, and the invariants (core/cap/table.h). All reads.
 */
#include "core/cap/table.h"

static void fill_row(const struct cap_table *table, uint32_t index, struct cap_row *row)
{
    const struct cap_slot *slot = &table->slots[index];
    *row = (struct cap_row){
        .id = cap_id_make(slot->generation, index), .object = slot->object, .hold = slot->hold};
}

bool cap_table_next_occupied(const struct cap_table *table, uint32_t *cursor, struct cap_row *row)
{
    while (*cursor < table->slot_count) {
        uint32_t index = (*cursor)++;
        if (table->slots[index].object != NULL) {
            fill_row(table, index, row);
            return true;
        }
    }
    return false;
}

bool cap_table_next_live(const struct cap_table *table, uint32_t *cursor, struct cap_row *row)
{
    struct cap_row candidate;
    while (cap_table_next_occupied(table, cursor, &candidate)) {
        const struct cap_slot *slot;
        if (cap_table_lookup(table, candidate.id, &slot) == CAP_OK) {
            *row = candidate;
            return true;
        }
    }
    return false;
}

static bool released_first(const struct cap_table *table, const void *object)
{
    return table->ops->released_first != NULL && table->ops->released_first(object);
}

bool cap_table_next_release(const struct cap_table *table, struct cap_release_cursor *cursor,
                            struct cap_row *row)
{
    for (;;) {
        while (cap_table_next_occupied(table, &cursor->next, row)) {
            if (released_first(table, row->object) != cursor->second_pass) {
                cursor->count++;
                return true;
            }
        }
        if (cursor->second_pass)
            return false;
        cursor->second_pass = true;
        cursor->next = 0;
    }
}

enum cap_error cap_table_collect(const struct cap_table *table, cap_object_predicate_fn wanted,
                                 void **objects, uint32_t capacity, uint32_t *count)
{
    struct cap_row row;
    uint32_t cursor = 0;
    *count = 0;
    while (cap_table_next_occupied(table, &cursor, &row)) {
        if (!wanted(row.object))
            continue;
        if (*count == capacity)
            return CAP_EXHAUSTED_OBJECT_COLLECTION;
        objects[(*count)++] = row.object;
    }
    return CAP_OK;
}

/* What the slots of a table add up to. */
struct slot_sums {
    uint32_t occupied;
    uint32_t free;
    uint32_t reserved;
    uint64_t pages;
};

static bool slot_is_valid(const struct cap_table *table, const struct cap_slot *slot)
{
    if (slot->retired && slot->generation != CAP_ID_GENERATION_MAX)
        return false;
    if (slot->object == NULL)
        return slot->epoch == NULL && !slot->move_reserved && slot->frame_pages == 0;
    return slot->epoch != NULL && slot->epoch->references != 0 && !slot->retired &&
           slot->hold.object_id == table->ops->object_id(slot->object);
}

static bool sum_slots(const struct cap_table *table, struct slot_sums *sums)
{
    *sums = (struct slot_sums){.occupied = 0};
    for (uint32_t i = 0; i < table->slot_count; i++) {
        const struct cap_slot *slot = &table->slots[i];
        if (!slot_is_valid(table, slot))
            return false;
        sums->occupied += slot->object != NULL;
        sums->free += slot->object == NULL && !slot->retired;
        sums->reserved += slot->move_reserved;
        sums->pages += slot->frame_pages;
    }
    return true;
}

/* A walk of exactly free_count steps that ends at the end mark met no slot twice. */
static bool free_list_is_valid(const struct cap_table *table)
{
    uint32_t at = table->free_head;
    for (uint32_t i = 0; i < table->free_count; i++) {
        if (at >= table->slot_count)
            return false;
        const struct cap_slot *slot = &table->slots[at];
        if (slot->object != NULL || slot->retired)
            return false;
        at = slot->next_free;
    }
    return at == UINT32_MAX;
}

bool cap_table_is_valid(const struct cap_table *table, uint64_t other_frame_pages,
                        uint32_t moves_pending)
{
    const struct cap_ledger *ledger = &table->ledger;
    struct slot_sums sums;
    if (table->slot_count > table->capacity || !sum_slots(table, &sums))
        return false;
    return free_list_is_valid(table) && sums.free == table->free_count &&
           sums.reserved == moves_pending &&
           sums.occupied == cap_ledger_used(ledger, CAP_RESOURCE_CAP_SLOTS) &&
           sums.pages + other_frame_pages ==
               cap_ledger_used(ledger, CAP_RESOURCE_FRAME_GRANT_PAGES) &&
           ledger->over_releases == 0;
}
