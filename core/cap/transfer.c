/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Single transfers: prepare, provisional insertion, move reservations
 * (core/cap/transfer.h). Transactions are in transaction.c, rules that need no
 * table in facet.c.
 */
#include "core/cap/transfer.h"

/* Which source modes a kind of prepare accepts, and whether it reserves the source. */
struct prepare_kind {
    bool accepts[3]; /* indexed by enum cap_transfer_mode */
    bool reserves;
    bool is_ipc;
};

static const struct prepare_kind ipc_copy = {{false, true, false}, false, true};
static const struct prepare_kind ipc_move = {{false, true, true}, true, true};
static const struct prepare_kind grant_kinds[] = {
    [CAP_GRANT_COPY] = {{false, true, false}, false, false},
    [CAP_GRANT_RAW] = {{true, true, true}, false, false},
    [CAP_GRANT_MOVE] = {{false, true, true}, true, false},
};

static bool kind_accepts(const struct cap_table *source, const struct cap_slot *slot,
                         const struct prepare_kind *kind)
{
    if (kind->is_ipc && source->ops->spawn_grant_only != NULL &&
        source->ops->spawn_grant_only(slot->object))
        return false;
    return slot->hold.transfer_mode <= CAP_MODE_MOVE && kind->accepts[slot->hold.transfer_mode];
}

static enum cap_error prepare(struct cap_table *source, uint32_t id,
                              const struct prepare_kind *kind, enum cap_origin origin,
                              struct cap_prepared *out)
{
    const struct cap_slot *slot = NULL;
    enum cap_error error = cap_table_lookup(source, id, &slot);
    if (error != CAP_OK)
        return error;
    if (slot->move_reserved)
        return CAP_TRANSFER_PENDING;
    if (!kind_accepts(source, slot, kind))
        return CAP_TRANSFER_NOT_ALLOWED;
    *out = (struct cap_prepared){
        .object = slot->object,
        .hold = slot->hold,
        .epoch = slot->epoch,
        .source_id = kind->reserves ? id : 0,
        .is_move = kind->reserves,
    };
    out->hold.origin = (uint8_t)origin;
    cap_epoch_ref(out->epoch);
    if (kind->reserves)
        source->slots[slot - source->slots].move_reserved = true;
    return CAP_OK;
}

enum cap_error cap_transfer_prepare(struct cap_table *source, uint32_t id, bool is_move,
                                    enum cap_origin origin, struct cap_prepared *out)
{
    if (origin != CAP_ORIGIN_IPC_TRANSFER && origin != CAP_ORIGIN_RESULT_CAP)
        return CAP_INVALID_TRANSFER_ORIGIN;
    return prepare(source, id, is_move ? &ipc_move : &ipc_copy, origin, out);
}

enum cap_error cap_grant_prepare(struct cap_table *source, uint32_t id, enum cap_grant_kind kind,
                                 struct cap_prepared *out)
{
    return prepare(source, id, &grant_kinds[kind], CAP_ORIGIN_SPAWN_GRANT, out);
}

void cap_prepared_drop(struct cap_epoch_pool *pool, struct cap_prepared *prepared)
{
    if (prepared->epoch != NULL)
        cap_epoch_drop(pool, prepared->epoch);
    *prepared = (struct cap_prepared){.object = NULL};
}

enum cap_error cap_transfer_insert(struct cap_table *destination,
                                   const struct cap_prepared *prepared, struct cap_token *token)
{
    uint32_t id;
    enum cap_error error = cap_table_insert_shared(destination, prepared->object, &prepared->hold,
                                                   prepared->epoch, &id);
    if (error == CAP_OK)
        *token = (struct cap_token){.table_id = destination->table_id, .cap_id = id};
    return error;
}

enum cap_error cap_transfer_validate(const struct cap_table *destination,
                                     const struct cap_token *token)
{
    const struct cap_slot *slot;
    if (token->table_id != destination->table_id)
        return CAP_INVALID_TRANSFER_TOKEN;
    return cap_table_lookup(destination, token->cap_id, &slot);
}

enum cap_error cap_transfer_commit(const struct cap_table *destination,
                                   const struct cap_token *token, uint32_t *id)
{
    enum cap_error error = cap_transfer_validate(destination, token);
    if (error == CAP_OK)
        *id = token->cap_id;
    return error;
}

enum cap_error cap_transfer_rollback(struct cap_table *destination, const struct cap_token *token,
                                     struct cap_removed *removed)
{
    if (token->table_id != destination->table_id)
        return CAP_INVALID_TRANSFER_TOKEN;
    return cap_table_remove(destination, token->cap_id, removed);
}

/* A slot that this file may change, by raw look-up. */
static struct cap_slot *source_slot(struct cap_table *source, uint32_t id, enum cap_error *error)
{
    const struct cap_slot *slot = NULL;
    *error = cap_table_lookup_raw(source, id, &slot);
    return *error == CAP_OK ? &source->slots[slot - source->slots] : NULL;
}

enum cap_error cap_move_rollback(struct cap_table *source, uint32_t id)
{
    enum cap_error error;
    struct cap_slot *slot = source_slot(source, id, &error);
    if (slot != NULL)
        slot->move_reserved = false;
    return error;
}

enum cap_error cap_move_commit(struct cap_table *source, uint32_t id, struct cap_removed *removed)
{
    enum cap_error error;
    struct cap_slot *slot = source_slot(source, id, &error);
    if (slot == NULL)
        return error;
    if (!slot->move_reserved)
        return CAP_TRANSFER_NOT_ALLOWED;
    slot->move_reserved = false;
    return cap_table_remove(source, id, removed);
}
