/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Transfers of several capabilities that succeed or fail together
 * (core/cap/transfer.h). Each step either does all entries or none.
 */
#include "core/cap/transfer.h"

void cap_transaction_init(struct cap_transaction *tx)
{
    tx->length = 0;
    for (uint32_t i = 0; i < TRANSFER_DESCRIPTORS_MAX; i++)
        tx->present[i] = false;
}

enum cap_error cap_transaction_push(struct cap_transaction *tx, const struct cap_prepared *entry)
{
    if (tx->length == TRANSFER_DESCRIPTORS_MAX)
        return CAP_TRANSACTION_FULL;
    tx->entries[tx->length] = *entry;
    tx->present[tx->length] = true;
    tx->length++;
    return CAP_OK;
}

bool cap_transaction_take(struct cap_transaction *tx, uint32_t index, struct cap_prepared *out)
{
    if (index >= tx->length || !tx->present[index])
        return false;
    *out = tx->entries[index];
    tx->present[index] = false;
    return true;
}

void cap_transaction_clear(struct cap_transaction *tx, struct cap_epoch_pool *pool)
{
    for (uint32_t i = 0; i < tx->length; i++) {
        if (tx->present[i])
            cap_prepared_drop(pool, &tx->entries[i]);
    }
    cap_transaction_init(tx);
}

static enum cap_error prepare_one(struct cap_transaction *tx, struct cap_table *source,
                                  const struct ring_transfer_descriptor *descriptor,
                                  const struct cap_transfer_rule *rule)
{
    struct cap_prepared entry;
    bool is_move = descriptor->transfer_mode == TRANSFER_MODE_MOVE;
    enum cap_error error =
        cap_transfer_prepare(source, descriptor->cap_id, is_move, rule->origin, &entry);
    if (error != CAP_OK)
        return error;
    error = cap_transaction_push(tx, &entry);
    if (error == CAP_OK)
        return error;
    if (is_move)
        (void)cap_move_rollback(source, descriptor->cap_id);
    cap_prepared_drop(source->epochs, &entry);
    return error;
}

enum cap_error cap_transaction_prepare(struct cap_transaction *tx, struct cap_table *source,
                                       const struct ring_transfer_descriptor *descriptors,
                                       uint32_t count, const struct cap_transfer_rule *rule)
{
    enum cap_error error = CAP_OK;
    for (uint32_t i = 0; error == CAP_OK && i < count; i++) {
        error = prepare_one(tx, source, &descriptors[i], rule);
        if (error == CAP_OK && !cap_scope_allows(tx->entries[tx->length - 1].hold.transfer_scope,
                                                 rule->same_session, rule->service_regrant))
            error = CAP_TRANSFER_NOT_ALLOWED;
    }
    if (error != CAP_OK)
        cap_transaction_undo(tx, source);
    return error;
}

/* Removes the provisional insertions below `end`, last one first. */
static void remove_below(const struct cap_transaction *tx, struct cap_table *destination,
                         const struct cap_token *tokens, uint32_t end)
{
    struct cap_removed removed;
    for (uint32_t i = end; i > 0; i--) {
        if (tx->present[i - 1])
            (void)cap_transfer_rollback(destination, &tokens[i - 1], &removed);
    }
}

static uint32_t present_count(const struct cap_transaction *tx)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < tx->length; i++)
        count += tx->present[i];
    return count;
}

enum cap_error cap_transaction_insert(const struct cap_transaction *tx,
                                      struct cap_table *destination, struct cap_token *tokens)
{
    enum cap_error error = cap_table_reserve_storage(destination, present_count(tx));
    for (uint32_t i = 0; error == CAP_OK && i < tx->length; i++) {
        if (!tx->present[i])
            continue;
        error = cap_transfer_insert(destination, &tx->entries[i], &tokens[i]);
        if (error != CAP_OK)
            remove_below(tx, destination, tokens, i);
    }
    return error;
}

enum cap_error cap_transaction_commit(const struct cap_transaction *tx,
                                      const struct cap_table *destination,
                                      const struct cap_token *tokens, uint32_t *ids)
{
    for (uint32_t i = 0; i < tx->length; i++) {
        if (!tx->present[i])
            continue;
        enum cap_error error = cap_transfer_validate(destination, &tokens[i]);
        if (error != CAP_OK)
            return error;
    }
    for (uint32_t i = 0; i < tx->length; i++) {
        if (tx->present[i])
            ids[i] = tokens[i].cap_id;
    }
    return CAP_OK;
}

void cap_transaction_remove(const struct cap_transaction *tx, struct cap_table *destination,
                            const struct cap_token *tokens)
{
    remove_below(tx, destination, tokens, tx->length);
}

void cap_transaction_finish(struct cap_transaction *tx, struct cap_table *source,
                            struct cap_removed *removed)
{
    for (uint32_t i = 0; i < tx->length; i++) {
        removed[i] = (struct cap_removed){.object = NULL};
        if (tx->present[i] && tx->entries[i].is_move)
            (void)cap_move_commit(source, tx->entries[i].source_id, &removed[i]);
    }
    cap_transaction_clear(tx, source->epochs);
}

void cap_transaction_undo(struct cap_transaction *tx, struct cap_table *source)
{
    for (uint32_t i = tx->length; i > 0; i--) {
        if (tx->present[i - 1] && tx->entries[i - 1].is_move)
            (void)cap_move_rollback(source, tx->entries[i - 1].source_id);
    }
    cap_transaction_clear(tx, source->epochs);
}
