/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Capabilities on their way between two processes: transfer.h. */
#include "kernel/ipc/transfer.h"

#include <stddef.h>

#include "kernel/log/audit.h"
#include "kernel/object.h"
#include "kernel/proc/process.h"
#include "kernel/trace.h"

bool transfer_read(struct transfer_request *request, struct process *sender, uint64_t addr, uint32_t count)
{
    request->count = count;
    return count == 0 ||
           aspace_copy_in(&sender->aspace, request->descriptors, addr, count * sizeof request->descriptors[0]);
}

int32_t transfer_prepare(const struct transfer_request *request, struct process *sender, struct cap_transaction *tx)
{
    cap_transaction_init(tx);
    enum cap_error error = cap_descriptors_check(request->descriptors, request->count);
    if (error == CAP_OK)
        error = cap_transaction_prepare(tx, &sender->table, request->descriptors, request->count, &request->rule);
    for (uint32_t i = 0; error == CAP_OK && i < tx->length; i++)
        object_hold(tx->entries[i].object);
    return cap_error_transfer_code(error, false);
}

void transfer_undo(struct cap_transaction *tx, struct process *sender)
{
    struct object *objects[TRANSFER_DESCRIPTORS_MAX];
    uint32_t count = tx->length;
    for (uint32_t i = 0; i < count; i++)
        objects[i] = tx->entries[i].object;
    cap_transaction_undo(tx, &sender->table);
    while (count > 0)
        object_drop(objects[--count]);
}

/* Asked before insertion: what cannot arrive must not use up lives of the receiver's slots. */
static bool any_revoked(const struct cap_transaction *tx)
{
    for (uint32_t i = 0; i < tx->length; i++)
        if (tx->entries[i].hold.object_epoch != tx->entries[i].epoch->value)
            return true;
    return false;
}

enum cap_error transfer_insert(const struct cap_transaction *tx, struct process *receiver, struct transfer_slots *slots)
{
    slots->receiver = receiver;
    if (any_revoked(tx))
        return CAP_REVOKED;
    enum cap_error error = cap_transaction_insert(tx, &receiver->table, slots->tokens);
    if (error != CAP_OK)
        return error;
    error = cap_transaction_commit(tx, &receiver->table, slots->tokens, slots->ids);
    if (error != CAP_OK)
        cap_transaction_remove(tx, &receiver->table, slots->tokens);
    return error;
}

void transfer_take_back(const struct cap_transaction *tx, struct process *receiver, const struct transfer_slots *slots)
{
    cap_transaction_remove(tx, &receiver->table, slots->tokens);
}

bool transfer_write_records(const struct cap_transaction *tx, struct process *receiver, uint64_t addr,
                            const struct transfer_slots *slots)
{
    struct ring_result_cap records[TRANSFER_DESCRIPTORS_MAX];
    for (uint32_t i = 0; i < tx->length; i++)
        records[i] = (struct ring_result_cap){.cap_id = slots->ids[i],
                                              .interface_id = tx->entries[i].hold.interface_id};
    return tx->length == 0 || aspace_copy_out(&receiver->aspace, addr, records, tx->length * sizeof records[0]);
}

void transfer_finish(struct cap_transaction *tx, struct process *sender, const struct transfer_slots *slots)
{
    struct cap_removed removed[TRANSFER_DESCRIPTORS_MAX];
    uint32_t sources[TRANSFER_DESCRIPTORS_MAX];
    uint32_t count = tx->length;
    for (uint32_t i = 0; i < count; i++) {
        sources[i] = tx->entries[i].source_id;
        trace_event(TRACE_CAP_INSERT, slots->ids[i], tx->entries[i].hold.object_id);
        audit_transferred(sender, slots->receiver->pid, slots->ids[i], &tx->entries[i].hold, tx->entries[i].is_move);
        aspace_object_held(&slots->receiver->aspace, tx->entries[i].object);
    }
    cap_transaction_finish(tx, &sender->table, removed);
    for (uint32_t i = 0; i < count; i++) {
        struct object *object = removed[i].object;
        if (object == NULL)
            continue;
        trace_event(TRACE_CAP_REMOVE, sources[i], removed[i].hold.object_id);
        if (object->ops->released != NULL)
            object->ops->released(object, sender, OBJECT_RELEASE_EXPLICIT);
        object_drop(object);
    }
}

uint32_t transfer_moves(const struct cap_transaction *tx)
{
    uint32_t moves = 0;
    for (uint32_t i = 0; i < tx->length; i++)
        moves += tx->entries[i].is_move;
    return moves;
}

uint32_t transfer_copied_pages(const struct cap_transaction *tx)
{
    uint32_t pages = 0;
    for (uint32_t i = 0; i < tx->length; i++) {
        struct object *object = tx->entries[i].object;
        if (!tx->entries[i].is_move && object->ops->frame_pages != NULL)
            pages += object->ops->frame_pages(object);
    }
    return pages;
}
