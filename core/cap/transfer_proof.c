/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One capability on its way, for every hold: what may be prepared, that a
 * move keeps its source until the commit and gives it back on a rollback, and
 * that a token is good at its own table only. The table is replaced by what
 * table_proof.c shows of it: a look-up finds the slot or answers an error and
 * changes nothing, a removal refuses a reserved slot.
 */
#include "core/base/base_proof.h"
#include "core/cap/epoch.c"
#include "core/cap/transfer.c"

static struct cap_slot slots[1];
static struct cap_epoch cell;
static struct cap_table source = {.slots = slots, .capacity = 1, .slot_count = 1};
static enum cap_error found, found_raw;
static uint32_t asked_id;
static bool grant_only;
static int removals;
static char object;

enum cap_error cap_table_lookup(const struct cap_table *table, uint32_t id, const struct cap_slot **slot)
{
    asked_id = id;
    if (found == CAP_OK)
        *slot = &table->slots[0];
    return found;
}

enum cap_error cap_table_lookup_raw(const struct cap_table *table, uint32_t id, const struct cap_slot **slot)
{
    asked_id = id;
    if (found_raw == CAP_OK)
        *slot = &table->slots[0];
    return found_raw;
}

enum cap_error cap_table_remove(struct cap_table *table, uint32_t id, struct cap_removed *removed)
{
    asked_id = id;
    if (table->slots[0].move_reserved)
        return CAP_TRANSFER_PENDING;
    if (found_raw == CAP_OK) {
        removals++;
        removed->object = &object;
    }
    return found_raw;
}

static bool proof_grant_only(const void *asked)
{
    (void)asked;
    return grant_only;
}

static const struct cap_object_ops ops = {.spawn_grant_only = proof_grant_only};

static enum cap_error any_error(void)
{
    uint32_t error = nondet_u32();
    assume(error <= CAP_NOT_LIVE);
    return (enum cap_error)error;
}

static void any_sender(void)
{
    struct cap_slot *slot = &slots[0];
    source.ops = &ops;
    source.table_id = nondet_u64();
    found = any_error();
    found_raw = any_error();
    grant_only = nondet_bool();
    slot->object = &object;
    slot->epoch = &cell;
    slot->move_reserved = nondet_bool();
    slot->hold.object_epoch = nondet_u64();
    slot->hold.badge = nondet_u64();
    slot->hold.transfer_mode = nondet_u16();
    cell.references = 2;
}

/* PROOF what_may_be_prepared
 * of: cap_transfer_prepare, prepare, kind_accepts
 * bound: none: every hold, id and kind of transfer, every answer of the look-up
 */
void what_may_be_prepared(void)
{
    any_sender();
    struct cap_slot *slot = &slots[0];
    uint16_t mode = slot->hold.transfer_mode;
    uint64_t badge = slot->hold.badge, epoch = slot->hold.object_epoch;
    bool reserved = slot->move_reserved;
    struct cap_prepared out = {.object = NULL};
    uint32_t id = nondet_u32(), origin = nondet_u32();
    bool is_move = nondet_bool();
    assume(origin <= CAP_ORIGIN_SPAWNER_ENDPOINT);
    enum cap_error error = cap_transfer_prepare(&source, id, is_move, (enum cap_origin)origin, &out);
    bool origin_fine = origin == CAP_ORIGIN_IPC_TRANSFER || origin == CAP_ORIGIN_RESULT_CAP;
    bool mode_fine = !grant_only && (mode == CAP_MODE_COPY || (is_move && mode == CAP_MODE_MOVE));
    assert(slot->object == &object); /* the sender keeps it, whatever comes */
    if (error == CAP_OK) {
        probe(1);
        assert(found == CAP_OK && asked_id == id && mode_fine && !reserved && origin_fine);
        assert(slot->move_reserved == is_move && out.is_move == is_move && out.object == &object);
        assert(out.hold.badge == badge && out.hold.object_epoch == epoch && out.hold.origin == origin);
        assert(cell.references == 3 && out.epoch == &cell && (!is_move || out.source_id == id));
    } else {
        probe(2);
        assert(slot->move_reserved == reserved && out.object == NULL && cell.references == 2);
        assert(error == (!origin_fine      ? CAP_INVALID_TRANSFER_ORIGIN
                         : found != CAP_OK ? found
                         : reserved        ? CAP_TRANSFER_PENDING
                                           : CAP_TRANSFER_NOT_ALLOWED));
        assert(!origin_fine || found != CAP_OK || reserved || !mode_fine);
    }
}

/* PROOF a_move_is_given_back_or_done
 * of: cap_move_rollback, cap_move_commit, source_slot
 * bound: none: every hold and id, every answer of the look-up
 */
void a_move_is_given_back_or_done(void)
{
    any_sender();
    bool reserved = slots[0].move_reserved;
    struct cap_removed removed = {.object = NULL};
    uint32_t id = nondet_u32();
    if (nondet_bool()) {
        probe(1);
        assert(cap_move_rollback(&source, id) == found_raw && asked_id == id && removals == 0);
        assert(slots[0].move_reserved == (found_raw == CAP_OK ? false : reserved));
        return;
    }
    enum cap_error error = cap_move_commit(&source, id, &removed);
    assert(asked_id == id);
    if (error == CAP_OK) {
        probe(2);
        assert(found_raw == CAP_OK && reserved && removals == 1 && removed.object == &object);
    } else {
        probe(3);
        assert((found_raw != CAP_OK || !reserved) && removals == 0 && slots[0].move_reserved == reserved);
        assert(error == (found_raw != CAP_OK ? found_raw : CAP_TRANSFER_NOT_ALLOWED));
    }
}

/* PROOF a_token_is_good_at_its_table
 * of: cap_transfer_commit, cap_transfer_validate, cap_transfer_rollback
 * bound: none: every token, every answer of the look-up
 */
void a_token_is_good_at_its_table(void)
{
    any_sender();
    struct cap_token token;
    token.table_id = nondet_u64();
    token.cap_id = nondet_u32();
    struct cap_removed removed = {.object = NULL};
    bool right = token.table_id == source.table_id, reserved = slots[0].move_reserved;
    uint32_t id = ~token.cap_id;
    enum cap_error committed = cap_transfer_commit(&source, &token, &id);
    assert(committed == (right ? found : CAP_INVALID_TRANSFER_TOKEN));
    assert(id == (committed == CAP_OK ? token.cap_id : ~token.cap_id)); /* revealed by a commit only */
    enum cap_error error = cap_transfer_rollback(&source, &token, &removed);
    if (!right) {
        probe(1);
        assert(error == CAP_INVALID_TRANSFER_TOKEN && removals == 0);
    } else {
        probe(2);
        assert(asked_id == token.cap_id && error == (reserved ? CAP_TRANSFER_PENDING : found_raw));
        assert((removals == 1) == (error == CAP_OK));
    }
}
