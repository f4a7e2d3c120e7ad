/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The capability table: core/cap/table.h. An empty slot has neither object nor
 * epoch cell; the free list runs through the empty, not retired slots by
 * index, last in first out.
 */
#include "core/cap/table.h"

#include "core/base/nospec.h"

#define FREE_END UINT32_MAX

void cap_table_init(struct cap_table *table, const struct cap_table_config *config)
{
    *table = (struct cap_table){
        .slots = config->slots,
        .capacity = config->capacity,
        .free_head = FREE_END,
        .epochs = config->epochs,
        .ops = config->ops,
        .table_id = config->table_id,
    };
    cap_ledger_init(&table->ledger, config->page_table_pages, config->image_pages);
}

/* Index and generation: the start of every look-up. NULL with *error set on failure. */
static struct cap_slot *find_slot(const struct cap_table *table, uint32_t id,
                                  enum cap_error *error)
{
    uint32_t index = cap_id_index(id);
    if (index >= table->slot_count) {
        *error = CAP_NOT_FOUND;
        return NULL;
    }
    struct cap_slot *slot = &table->slots[index_nospec(index, table->slot_count)];
    if (slot->generation != cap_id_generation(id)) {
        *error = CAP_STALE_GENERATION;
        return NULL;
    }
    *error = CAP_OK;
    return slot;
}

static bool slot_is_revoked(const struct cap_slot *slot)
{
    if (slot->object == NULL)
        return slot->emptied_revoked;
    return slot->hold.object_epoch != slot->epoch->value;
}

static enum cap_error check_usable(const struct cap_table *table, const struct cap_slot *slot)
{
    if (slot_is_revoked(slot))
        return CAP_REVOKED;
    if (slot->object == NULL)
        return CAP_NOT_FOUND;
    return table->ops->live(slot->object);
}

enum cap_error cap_table_lookup(const struct cap_table *table, uint32_t id,
                                const struct cap_slot **slot)
{
    enum cap_error error;
    const struct cap_slot *found = find_slot(table, id, &error);
    if (found != NULL)
        error = check_usable(table, found);
    if (error == CAP_OK)
        *slot = found;
    return error;
}

enum cap_error cap_table_lookup_raw(const struct cap_table *table, uint32_t id,
                                    const struct cap_slot **slot)
{
    enum cap_error error;
    const struct cap_slot *found = find_slot(table, id, &error);
    if (found != NULL && found->object == NULL)
        error = CAP_NOT_FOUND;
    if (error == CAP_OK)
        *slot = found;
    return error;
}

enum cap_error cap_table_preflight(const struct cap_table *table, uint32_t count)
{
    uint64_t used = cap_ledger_used(&table->ledger, CAP_RESOURCE_CAP_SLOTS);
    if (used + count > (uint64_t)CAP_ID_INDEX_MAX + 1)
        return CAP_TABLE_FULL;
    return cap_ledger_preflight(&table->ledger, CAP_RESOURCE_CAP_SLOTS, count);
}

enum cap_error cap_table_reserve_storage(const struct cap_table *table, uint32_t count)
{
    if (count <= table->free_count)
        return CAP_OK;
    uint64_t end = (uint64_t)table->slot_count + (count - table->free_count);
    if (end > (uint64_t)CAP_ID_INDEX_MAX + 1)
        return CAP_TABLE_FULL;
    if (end > cap_ledger_max(&table->ledger, CAP_RESOURCE_CAP_SLOTS))
        return CAP_EXHAUSTED_CAP_SLOTS;
    return end > table->capacity ? CAP_EXHAUSTED_TABLE_STORAGE : CAP_OK;
}

/* A free index first, then a fresh one. Storage is known to be there. */
static uint32_t take_index(struct cap_table *table)
{
    uint32_t index = table->free_head;
    if (index != FREE_END) {
        table->free_head = table->slots[index].next_free;
        table->free_count--;
        return index;
    }
    index = table->slot_count++;
    table->slots[index] = (struct cap_slot){.generation = 0};
    return index;
}

static enum cap_error charge_insert(struct cap_table *table, uint32_t pages)
{
    enum cap_error error = cap_table_reserve_storage(table, 1);
    if (error != CAP_OK)
        return error;
    error = cap_ledger_reserve(&table->ledger, CAP_RESOURCE_CAP_SLOTS, 1);
    if (error != CAP_OK)
        return error;
    error = cap_ledger_reserve(&table->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages);
    if (error != CAP_OK)
        cap_ledger_release(&table->ledger, CAP_RESOURCE_CAP_SLOTS, 1);
    return error;
}

static void release_insert(struct cap_table *table, uint32_t pages)
{
    cap_ledger_release(&table->ledger, CAP_RESOURCE_CAP_SLOTS, 1);
    cap_ledger_release(&table->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, pages);
}

/* Everything is charged: this cannot fail. Takes over one reference to `cell`. */
static uint32_t occupy(struct cap_table *table, const struct cap_slot *content)
{
    uint32_t index = take_index(table);
    struct cap_slot *slot = &table->slots[index];
    uint8_t generation = slot->generation;
    *slot = *content;
    slot->generation = generation;
    slot->hold.object_id = table->ops->object_id(content->object);
    return cap_id_make(generation, index);
}

struct cap_hold cap_hold_default(uint64_t interface_id)
{
    return (struct cap_hold){.interface_id = interface_id};
}

enum cap_error cap_table_insert(struct cap_table *table, void *object, const struct cap_hold *hold,
                                uint32_t *id)
{
    uint32_t pages = table->ops->frame_pages(object);
    enum cap_error error = charge_insert(table, pages);
    if (error != CAP_OK)
        return error;
    struct cap_epoch *cell = cap_epoch_new(table->epochs);
    if (cell == NULL) {
        release_insert(table, pages);
        return CAP_EXHAUSTED_OBJECT_EPOCHS;
    }
    struct cap_slot content = {
        .hold = *hold, .epoch = cell, .object = object, .frame_pages = pages};
    content.hold.object_epoch = cell->value;
    *id = occupy(table, &content);
    return CAP_OK;
}

enum cap_error cap_table_insert_shared(struct cap_table *table, void *object,
                                       const struct cap_hold *hold, struct cap_epoch *cell,
                                       uint32_t *id)
{
    uint32_t pages = table->ops->frame_pages(object);
    enum cap_error error = charge_insert(table, pages);
    if (error != CAP_OK)
        return error;
    cap_epoch_ref(cell);
    struct cap_slot content = {
        .hold = *hold, .epoch = cell, .object = object, .frame_pages = pages};
    *id = occupy(table, &content);
    return CAP_OK;
}

/* Removes what is in the slot and makes the index reusable, unless its generations are used up. */
static void vacate(struct cap_table *table, struct cap_slot *slot)
{
    bool revoked = slot_is_revoked(slot);
    release_insert(table, slot->frame_pages);
    cap_epoch_drop(table->epochs, slot->epoch);
    struct cap_slot empty = {.generation = slot->generation, .emptied_revoked = revoked};
    if (slot->generation == CAP_ID_GENERATION_MAX) {
        empty.retired = true;
    } else {
        empty.generation++;
        empty.next_free = table->free_head;
        table->free_head = (uint32_t)(slot - table->slots);
        table->free_count++;
    }
    *slot = empty;
}

enum cap_error cap_table_remove(struct cap_table *table, uint32_t id, struct cap_removed *removed)
{
    enum cap_error error;
    struct cap_slot *slot = find_slot(table, id, &error);
    if (slot == NULL)
        return error;
    if (slot->move_reserved)
        return CAP_TRANSFER_PENDING;
    if (slot->object == NULL)
        return CAP_NOT_FOUND;
    *removed = (struct cap_removed){
        .object = slot->object, .hold = slot->hold, .frame_pages = slot->frame_pages};
    vacate(table, slot);
    return CAP_OK;
}

enum cap_error cap_table_revoke_object(struct cap_table *table, uint64_t object_id,
                                       uint64_t *epoch)
{
    enum cap_error error = CAP_NOT_FOUND;
    uint64_t mark = ++table->epochs->revocations;
    for (uint32_t i = 0; i < table->slot_count; i++) {
        struct cap_slot *slot = &table->slots[i];
        if (slot->object == NULL || slot->hold.object_id != object_id)
            continue;
        error = CAP_OK;
        if (slot->epoch->revoke_mark == mark)
            continue;
        slot->epoch->revoke_mark = mark;
        *epoch = cap_epoch_bump(slot->epoch);
    }
    return error;
}

enum cap_error cap_table_revoke(struct cap_table *table, uint32_t id, uint64_t *epoch)
{
    const struct cap_slot *slot = NULL;
    enum cap_error error = cap_table_lookup(table, id, &slot);
    if (error != CAP_OK)
        return error;
    return cap_table_revoke_object(table, slot->hold.object_id, epoch);
}

struct cap_ledger cap_table_clear(struct cap_table *table)
{
    struct cap_ledger before = table->ledger;
    for (uint32_t i = 0; i < table->slot_count; i++) {
        if (table->slots[i].object != NULL)
            cap_epoch_drop(table->epochs, table->slots[i].epoch);
    }
    table->slot_count = 0;
    table->free_count = 0;
    table->free_head = FREE_END;
    cap_ledger_reset(&table->ledger);
    return before;
}
