/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an object's handler may do with the call it serves. All under the
 * kernel lock, from inside the handler unless said otherwise.
 *
 * A handler either fills its results and returns CAPN_DONE, or returns the
 * value of one of the refusals below, or CAPN_PENDING after call_pend. A pending call is
 * ended later by exactly one call_finish_*, from any context that holds the
 * lock. Exactly one completion results either way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/errors.h"
#include "core/cap/errors.h"
#include "core/capn/dispatch.h"
#include "kernel/object.h"
#include "schema/method.h"

struct call;

struct process *call_process(const struct call *call);
struct object *call_object(const struct call *call);
/* The thread that submitted it. */
struct thread *call_thread(const struct call *call);

/* Refusals. `text` is cut to CAPN_EXCEPTION_TEXT_MAX bytes. */
enum capn_outcome call_exception(struct call *call, enum cap_exception_type type, const char *text);
/* Type and text of a failed capability operation inside a method (docs/kernel-semantics.md 7.4). */
enum capn_outcome call_cap_exception(struct call *call, enum cap_error error);
/* Docs: invalidArgument for a value that the method's contract refuses. */
enum capn_outcome call_invalid(struct call *call, const char *text);

/* What the refusal says, after one of them. */
struct capn_text call_exception_text(const struct call *call);

/*
 * Will a reply of `bytes` (whole message) and `caps` records reach the caller?
 * False: *outcome is the refusal to return. For methods whose effect could not
 * be undone after the reply failed to fit.
 */
bool call_reply_fits(struct call *call, uint32_t bytes, uint32_t caps, enum capn_outcome *outcome);
/* Bytes of message that fit the reply scratch and the result buffer. */
uint32_t call_reply_room(const struct call *call);

/*
 * Adds a result capability and takes over the caller's reference, also on
 * failure. The slot is provisional: it goes again if the reply does not reach
 * the user. *index is its record number, for the ...Index field of the results.
 */
struct call_result_cap {
    struct object *object;
    uint8_t transfer_mode; /* enum cap_transfer_mode */
    uint8_t disclosure;    /* scope, bits of SESSION_DISCLOSURE_MASK */
    uint8_t origin;        /* enum cap_origin; 0 means CAP_ORIGIN_RESULT_CAP */
};
enum cap_error call_add_result_cap(struct call *call, struct call_result_cap cap, uint16_t *index);
/* Takes all of them back; what a refusal after them does anyway, but sooner. */
void call_undo_result_caps(struct call *call);

/*
 * Makes the call outlive this dispatch: the record to remember, or NULL when
 * the process has no outstanding call left (the exception is set then, return
 * CAPN_EXCEPTION). Return CAPN_PENDING otherwise. Needs ops->cancel. Until the
 * call is finished or cancelled, words[] and next belong to the object.
 */
struct call *call_pend(struct call *call);
/* Gives the record back before the handler returns, which then refuses the call. */
void call_unpend(struct call *pending);
uint64_t *call_words(struct call *call); /* three */
/*
 * `len` (1 to RING_SCRATCH_MAX) bytes for what a pending call needs beyond its dispatch, charged to the caller's scratch
 * bytes; NULL when ledger or memory refuse. Once per call. Given back before the call is finished, and when it is cancelled.
 */
uint8_t *call_keep(struct call *pending, uint32_t len);
void call_unkeep(struct call *pending);
struct call **call_next(struct call *call);

/*
 * Ends of a pending call. `reply` is the generated capos_X_METHOD_reply, `results` the matching
 * results struct; what it points to is copied before the function returns. The call's object may be
 * gone afterwards, so touch it before.
 */
void call_finish(struct call *call, const struct capos_method_reply *reply, const void *results);
void call_finish_exception(struct call *call, enum cap_exception_type type, const char *text);
