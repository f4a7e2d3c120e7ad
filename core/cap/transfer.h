/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Handing capabilities from one table to another: prepare at the source,
 * provisional insertion at the destination, commit or rollback, alone or as a
 * transaction of up to 16. Source: docs/kernel-semantics.md, "Transfer
 * transactions", "Cross-session rule", "Facets of service objects".
 *
 * Pure; the caller owns everything, serialises all calls on tables of one
 * epoch pool, and counts object references: one for a prepared transfer, one
 * for a provisional or final slot. Ids and descriptors are untrusted.
 */
#pragma once

#include "abi/limits.h"
#include "abi/ring.h"
#include "core/cap/table.h"

/* A badge in a facet grant that means: keep the badge of the source. */
#define CAP_BADGE_PRESERVE UINT64_MAX

/* One capability on its way. Holds one reference to the epoch cell. */
struct cap_prepared {
    void *object;
    struct cap_hold hold; /* new origin; everything else, the observed epoch included, as at the source */
    struct cap_epoch *epoch;
    uint32_t source_id; /* meaningful for moves only */
    bool is_move;
};

/* A provisional insertion. */
struct cap_token {
    uint64_t table_id;
    uint32_t cap_id;
};

/*
 * IPC and result transfers. Order: `origin` must be IPC transfer or result cap
 * (CAP_INVALID_TRANSFER_ORIGIN), the full look-up, CAP_TRANSFER_PENDING,
 * mode (CAP_TRANSFER_NOT_ALLOWED; also for objects that only spawn grants may
 * pass on). A move reserves the source, which stays usable but can neither be
 * transferred nor released until committed or rolled back.
 */
enum cap_error cap_transfer_prepare(struct cap_table *source, uint32_t id, bool is_move,
                                    enum cap_origin origin, struct cap_prepared *out);

enum cap_grant_kind {
    CAP_GRANT_COPY, /* source mode copy */
    CAP_GRANT_RAW,  /* any source mode; the spawner itself restricts this to endpoints */
    CAP_GRANT_MOVE, /* source mode copy or move; reserves the source */
};

/* Spawn grants; the new origin is "spawn grant". Checks as above without the first. */
enum cap_error cap_grant_prepare(struct cap_table *source, uint32_t id, enum cap_grant_kind kind,
                                 struct cap_prepared *out);

/* Gives back the cell reference of a prepared transfer; its move reservation is not touched. */
void cap_prepared_drop(struct cap_epoch_pool *pool, struct cap_prepared *prepared);

/* May a hold of this scope go to another process? */
bool cap_scope_allows(uint8_t scope, bool same_session, bool service_regrant);

/* Session ids, 0 = none; processes without a session count as being in one session. */
bool cap_sessions_equal(uint64_t a, uint64_t b);

/* A grant may ask for an interface and a cookie; this says what it gets. */
struct cap_facet {
    uint64_t interface_id;
    uint64_t badge;
};

/*
 * A source that may mint (an endpoint owner) gets what it asks for, with
 * CAP_BADGE_PRESERVE replaced by its own badge. Any other must ask for its own
 * interface (CAP_INTERFACE_RELABEL) and badge (CAP_RECEIVER_COOKIE_RELABEL).
 */
enum cap_error cap_facet_resolve(const struct cap_hold *source, bool may_mint,
                                 const struct cap_facet *requested, struct cap_facet *out);

/* Receiver cookies of services: marker 0x51C0, generation 1..0xFFFFFF, index 24 bits. */
bool cap_cookie_make(uint32_t generation, uint32_t index, uint64_t *cookie);
bool cap_cookie_split(uint64_t cookie, uint32_t *generation, uint32_t *index);

/*
 * Inserts with the observed epoch and charges the destination. The capability
 * is visible at once, but its id must not be revealed before the commit.
 */
enum cap_error cap_transfer_insert(struct cap_table *destination,
                                   const struct cap_prepared *prepared, struct cap_token *token);

/* Is this token's capability still good? Wrong table: CAP_INVALID_TRANSFER_TOKEN; else the full look-up. */
enum cap_error cap_transfer_validate(const struct cap_table *destination,
                                     const struct cap_token *token);

/* Validates and yields the id. */
enum cap_error cap_transfer_commit(const struct cap_table *destination,
                                   const struct cap_token *token, uint32_t *id);

/* Removes the provisional capability, revoked or not. The slot's generation has then advanced. */
enum cap_error cap_transfer_rollback(struct cap_table *destination, const struct cap_token *token,
                                     struct cap_removed *removed);

/* Clears the reservation, also of a revoked source. Success when there is none; an empty slot is CAP_NOT_FOUND. */
enum cap_error cap_move_rollback(struct cap_table *source, uint32_t id);

/* Needs the reservation (else CAP_TRANSFER_NOT_ALLOWED); removes the source, revoked or not. */
enum cap_error cap_move_commit(struct cap_table *source, uint32_t id, struct cap_removed *removed);

/* Up to 16 prepared transfers. Taking one leaves a hole; the length does not shrink. */
struct cap_transaction {
    struct cap_prepared entries[TRANSFER_DESCRIPTORS_MAX];
    bool present[TRANSFER_DESCRIPTORS_MAX];
    uint32_t length;
};

void cap_transaction_init(struct cap_transaction *tx);

/* CAP_TRANSACTION_FULL leaves the entry with its caller. */
enum cap_error cap_transaction_push(struct cap_transaction *tx, const struct cap_prepared *entry);

/* False for a hole or an index outside. The entry becomes the caller's. */
bool cap_transaction_take(struct cap_transaction *tx, uint32_t index, struct cap_prepared *out);

/* Drops the cell references of all entries. Move reservations stay: see cap_transaction_undo(). */
void cap_transaction_clear(struct cap_transaction *tx, struct cap_epoch_pool *pool);

/*
 * Steps 1 and 2 of a transfer: at most 16, mode exactly copy or move, reserved
 * zero, no id twice when a move is among its uses: else CAP_INVALID_DESCRIPTOR.
 */
enum cap_error cap_descriptors_check(const struct ring_transfer_descriptor *descriptors,
                                     uint32_t count);

/* How the parties stand to each other. */
struct cap_transfer_rule {
    enum cap_origin origin; /* IPC transfer for CALL, result cap for RETURN */
    bool same_session;
    bool service_regrant;
};

/* Step 3: prepares all checked descriptors or, on an error, none. `tx` must be empty. */
enum cap_error cap_transaction_prepare(struct cap_transaction *tx, struct cap_table *source,
                                       const struct ring_transfer_descriptor *descriptors,
                                       uint32_t count, const struct cap_transfer_rule *rule);

/* Step 4: inserts all entries provisionally, or none. tokens[i] belongs to entries[i]. */
enum cap_error cap_transaction_insert(const struct cap_transaction *tx,
                                      struct cap_table *destination, struct cap_token *tokens);

/* Step 6: validates all tokens before any is committed; ids[i] belongs to entries[i]. */
enum cap_error cap_transaction_commit(const struct cap_transaction *tx,
                                      const struct cap_table *destination,
                                      const struct cap_token *tokens, uint32_t *ids);

/* Removes all provisional insertions, last one first. For failures after step 4. */
void cap_transaction_remove(const struct cap_transaction *tx, struct cap_table *destination,
                            const struct cap_token *tokens);

/*
 * Step 7: removes the move sources and drops all cell references. Must follow a
 * successful commit. removed[i].object is NULL for entries that were copies.
 */
void cap_transaction_finish(struct cap_transaction *tx, struct cap_table *source,
                            struct cap_removed *removed);

/* Clears the move reservations, last one first, and drops all cell references. */
void cap_transaction_undo(struct cap_transaction *tx, struct cap_table *source);
