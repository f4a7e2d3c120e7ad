/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Why a capability operation failed, its text, and what a program is told
 * about it. Source: docs/kernel-semantics.md, "Errors". Pure; any caller.
 */
#pragma once

#include "abi/errors.h"

#include <stdbool.h>
#include <stdint.h>

enum cap_error {
    CAP_OK = 0,
    CAP_NOT_FOUND,
    CAP_STALE_GENERATION,
    CAP_REVOKED,
    CAP_NOT_LIVE, /* the object itself says that it is dead, such as an endpoint without owner */
    CAP_TABLE_FULL,
    CAP_TRANSFER_NOT_ALLOWED,
    CAP_TRANSFER_PENDING,
    CAP_INVALID_TRANSFER_ORIGIN,
    CAP_INVALID_TRANSFER_TOKEN,
    CAP_INTERFACE_RELABEL,
    CAP_RECEIVER_COOKIE_RELABEL,
    CAP_TRANSACTION_FULL, /* the 17th entry */
    CAP_INVALID_DESCRIPTOR,
    /* Resource exhausted; the order of the first seven is that of enum cap_resource. */
    CAP_EXHAUSTED_CAP_SLOTS,
    CAP_EXHAUSTED_OUTSTANDING_CALLS,
    CAP_EXHAUSTED_SCRATCH_BYTES,
    CAP_EXHAUSTED_FRAME_GRANT_PAGES,
    CAP_EXHAUSTED_VIRTUAL_RESERVATION_PAGES,
    CAP_EXHAUSTED_PAGE_TABLE_PAGES,
    CAP_EXHAUSTED_IMAGE_PAGES,
    CAP_EXHAUSTED_TABLE_STORAGE,
    CAP_EXHAUSTED_OBJECT_EPOCHS,
    CAP_EXHAUSTED_OBJECT_COLLECTION,
    CAP_ERROR_COUNT,
};

/* Complete message text, static storage, "ok" for CAP_OK. Never NULL. */
const char *cap_error_text(enum cap_error error);

/* True for the CAP_EXHAUSTED_ values and CAP_TABLE_FULL: a later try may succeed. */
bool cap_error_is_exhausted(enum cap_error error);

/*
 * The CQE result of a failed look-up of an operation's target: -4, except that a
 * CALL on a dead object is an exception (-9 disconnected). 0 for CAP_OK.
 */
int32_t cap_error_lookup_code(enum cap_error error, bool is_call);

/* The CQE result of RELEASE whose removal ended with `error`: 0 or -1. */
int32_t cap_error_release_code(enum cap_error error);

/*
 * The CQE result of a transfer. `prepared` is false while sources are checked
 * and true afterwards, when a revocation aborts (-8) instead of being a bad descriptor (-7).
 */
int32_t cap_error_transfer_code(enum cap_error error, bool prepared);

/* The exception type when `error` happens inside a method. Not for CAP_OK. */
enum cap_exception_type cap_error_exception_type(enum cap_error error);
