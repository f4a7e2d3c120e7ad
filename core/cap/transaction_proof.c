/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Insertion and commit of a transaction: everything or nothing, and in which
 * order. Single transfers
 * are replaced by what transfer_proof.c shows of them, each with an arbitrary
 * answer; every call is written down, and the proofs say which calls there
 * must be, with which arguments, in which order. So a failure gives back
 * exactly what was taken before it, last first, and nothing else.
 */
#include "core/base/base_proof.h"
#include "core/cap/transaction.c"

#define ENTRIES 2u
#define MAX_CALLS 6u

enum call { PREPARE = 1, DROP, ROLLBACK, RESERVE, INSERT, VALIDATE, REMOVE, COMMIT };

static struct {
    enum call call;
    uint32_t id;
} calls[MAX_CALLS];
static uint32_t call_count, prepares, inserts, validates;
static enum cap_error prepare_answers[ENTRIES], insert_answers[ENTRIES], validate_answers[ENTRIES], storage_answer;
static uint8_t scopes[ENTRIES];
static uint32_t storage_asked;

static struct cap_epoch_pool pool;
static struct cap_table source = {.epochs = &pool}, destination;
static struct cap_transaction tx;
static struct ring_transfer_descriptor descriptors[ENTRIES];
static struct cap_token tokens[ENTRIES];
static struct cap_removed removed[ENTRIES];
static char object;
static uint32_t length;
static const struct cap_prepared prepared_from[] = {{0}, {.hold.badge = 1, .source_id = 1}, {.hold.badge = 2, .source_id = 2}};

static void note(enum call call, uint32_t id)
{
    assert(call_count < MAX_CALLS);
    calls[call_count].call = call;
    calls[call_count].id = id;
    call_count++;
}

enum cap_error cap_transfer_prepare(struct cap_table *table, uint32_t id, bool is_move, enum cap_origin origin,
                                    struct cap_prepared *out)
{
    assert(table == &source && origin == CAP_ORIGIN_RESULT_CAP && prepares < ENTRIES);
    assert(is_move == (descriptors[prepares].transfer_mode == TRANSFER_MODE_MOVE));
    note(PREPARE, id);
    if (prepare_answers[prepares] == CAP_OK) {
        *out = prepared_from[id];
        out->source_id = is_move ? id : 0;
        out->is_move = is_move;
        out->hold.transfer_scope = scopes[prepares];
    }
    return prepare_answers[prepares++];
}

void cap_prepared_drop(struct cap_epoch_pool *asked, struct cap_prepared *prepared)
{
    assert(asked == &pool);
    note(DROP, (uint32_t)prepared->hold.badge);
}

enum cap_error cap_move_rollback(struct cap_table *table, uint32_t id)
{
    assert(table == &source);
    note(ROLLBACK, id);
    return CAP_OK;
}

enum cap_error cap_move_commit(struct cap_table *table, uint32_t id, struct cap_removed *out)
{
    assert(table == &source);
    note(COMMIT, id);
    out->object = &object;
    return CAP_OK;
}

enum cap_error cap_table_reserve_storage(const struct cap_table *table, uint32_t count)
{
    assert(table == &destination);
    storage_asked = count;
    return storage_answer;
}

enum cap_error cap_transfer_insert(struct cap_table *table, const struct cap_prepared *prepared, struct cap_token *token)
{
    assert(table == &destination && inserts < ENTRIES);
    note(INSERT, (uint32_t)prepared->hold.badge);
    if (insert_answers[inserts] == CAP_OK)
        token->cap_id = (uint32_t)prepared->hold.badge + 100;
    return insert_answers[inserts++];
}

enum cap_error cap_transfer_validate(const struct cap_table *table, const struct cap_token *token)
{
    assert(table == &destination && validates < ENTRIES);
    note(VALIDATE, token->cap_id);
    return validate_answers[validates++];
}

enum cap_error cap_transfer_rollback(struct cap_table *table, const struct cap_token *token, struct cap_removed *out)
{
    (void)out;
    assert(table == &destination);
    note(REMOVE, token->cap_id);
    return CAP_OK;
}

bool cap_scope_allows(uint8_t scope, bool same_session, bool service_regrant)
{
    return scope == (same_session ? 1 : 0) + (service_regrant ? 2 : 0);
}

static enum cap_error any_error(void)
{
    uint8_t error = nondet_u8();
    assume(error < CAP_ERROR_COUNT);
    return (enum cap_error)error;
}

/* A transaction of up to two entries or holes, as prepared from ids 1 and 2. */
static void any_transaction(void)
{
    length = nondet_u8();
    assume(length <= ENTRIES);
    tx.length = length;
    for (uint32_t i = 0; i < ENTRIES; i++) {
        tx.present[i] = i < length && nondet_bool();
        tx.entries[i] = prepared_from[i + 1];
        tx.entries[i].is_move = nondet_bool();
        tokens[i].cap_id = 50 + i;
        insert_answers[i] = any_error();
        validate_answers[i] = any_error();
        removed[i].object = &tx;
    }
    storage_answer = any_error();
}

static uint32_t next;

static void expect(enum call call, uint32_t id)
{
    assert(next < call_count && calls[next].call == call && calls[next].id == id);
    next++;
}

/* PROOF all_are_inserted_or_none
 * of: cap_transaction_insert, remove_below, present_count, cap_transaction_remove
 * bound: up to 2 entries, with holes, every answer: the second is every one that follows another
 * next: 3: about four times the time
 * unwind: 4
 */
void all_are_inserted_or_none(void)
{
    any_transaction();
    enum cap_error error = cap_transaction_insert(&tx, &destination, tokens);
    assert(storage_asked == (uint32_t)tx.present[0] + tx.present[1] && tx.length == length);
    enum cap_error first = tx.present[0] ? insert_answers[0] : CAP_OK;
    enum cap_error second = !tx.present[1] ? CAP_OK : tx.present[0] ? insert_answers[1] : insert_answers[0];
    if (storage_answer != CAP_OK) {
        probe(1);
        assert(error == storage_answer && call_count == 0);
        return;
    }
    if (tx.present[0])
        expect(INSERT, 1);
    if (first == CAP_OK && tx.present[1])
        expect(INSERT, 2);
    assert(error == (first != CAP_OK ? first : second));
    if (first == CAP_OK && second != CAP_OK && tx.present[0]) {
        probe(2);
        expect(REMOVE, 101);
    }
    if (error == CAP_OK) {
        probe(3);
        cap_transaction_remove(&tx, &destination, tokens);
        if (tx.present[1])
            expect(REMOVE, 102);
        if (tx.present[0])
            expect(REMOVE, 101);
    }
    assert(next == call_count);
}

/* PROOF no_id_before_all_are_valid
 * of: cap_transaction_commit
 * bound: up to 2 entries, with holes, every answer: the second is every one that follows another
 * next: 3: about four times the time
 * unwind: 4
 */
void no_id_before_all_are_valid(void)
{
    any_transaction();
    uint32_t ids[ENTRIES] = {7, 7};
    enum cap_error error = cap_transaction_commit(&tx, &destination, tokens, ids);
    enum cap_error first = tx.present[0] ? validate_answers[0] : CAP_OK;
    enum cap_error second = !tx.present[1] ? CAP_OK : tx.present[0] ? validate_answers[1] : validate_answers[0];
    assert(error == (first != CAP_OK ? first : second));
    if (tx.present[0])
        expect(VALIDATE, 50);
    if (first == CAP_OK && tx.present[1])
        expect(VALIDATE, 51);
    assert(next == call_count);
    if (error == CAP_OK) {
        probe(1);
        assert(ids[0] == (tx.present[0] ? 50 : 7) && ids[1] == (tx.present[1] ? 51 : 7));
    } else {
        probe(2);
        assert(ids[0] == 7 && ids[1] == 7);
    }
}
