/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a program is told about a failed capability operation, for every value
 * of the error, also those that are none: the whole mapping is written down
 * here a second time, by the numbers of the specification.
 */
#include "core/base/base_proof.h"
#include "core/cap/errors.c"

static const struct {
    bool exhausted;
    int32_t checking; /* the code while sources of a transfer are checked */
} expected[] = {
    [CAP_OK] = {false, 0},
    [CAP_NOT_FOUND] = {false, -7},
    [CAP_STALE_GENERATION] = {false, -7},
    [CAP_REVOKED] = {false, -7},
    [CAP_NOT_LIVE] = {false, -7},
    [CAP_TABLE_FULL] = {true, -8},
    [CAP_TRANSFER_NOT_ALLOWED] = {false, -6},
    [CAP_TRANSFER_PENDING] = {false, -8},
    [CAP_INVALID_TRANSFER_ORIGIN] = {false, -8},
    [CAP_INVALID_TRANSFER_TOKEN] = {false, -8},
    [CAP_INTERFACE_RELABEL] = {false, -6},
    [CAP_RECEIVER_COOKIE_RELABEL] = {false, -6},
    [CAP_TRANSACTION_FULL] = {false, -7},
    [CAP_INVALID_DESCRIPTOR] = {false, -7},
    [CAP_EXHAUSTED_CAP_SLOTS] = {true, -8},
    [CAP_EXHAUSTED_OUTSTANDING_CALLS] = {true, -8},
    [CAP_EXHAUSTED_SCRATCH_BYTES] = {true, -8},
    [CAP_EXHAUSTED_FRAME_GRANT_PAGES] = {true, -8},
    [CAP_EXHAUSTED_VIRTUAL_RESERVATION_PAGES] = {true, -8},
    [CAP_EXHAUSTED_PAGE_TABLE_PAGES] = {true, -8},
    [CAP_EXHAUSTED_IMAGE_PAGES] = {true, -8},
    [CAP_EXHAUSTED_TABLE_STORAGE] = {true, -8},
    [CAP_EXHAUSTED_OBJECT_EPOCHS] = {true, -8},
    [CAP_EXHAUSTED_OBJECT_COLLECTION] = {true, -8},
};

#define KNOWN (sizeof expected / sizeof expected[0])

/* PROOF codes_are_as_specified
 * of: cap_error_lookup_code, cap_error_release_code, cap_error_transfer_code
 * bound: none: every error
 */
void codes_are_as_specified(void)
{
    uint32_t number = nondet_u32();
    assume(number < KNOWN && KNOWN == CAP_ERROR_COUNT);
    enum cap_error error = (enum cap_error)number;
    bool is_call = nondet_bool(), prepared = nondet_bool();
    int32_t lookup = cap_error_lookup_code(error, is_call);
    if (error == CAP_OK) {
        probe(1);
        assert(lookup == 0);
    } else if (error == CAP_NOT_LIVE && is_call) {
        probe(2);
        assert(lookup == -9);
    } else {
        probe(3);
        assert(lookup == -4);
    }
    if (error == CAP_OK || error == CAP_REVOKED || error == CAP_NOT_LIVE) {
        probe(4);
        assert(cap_error_release_code(error) == 0);
    } else {
        probe(5);
        assert(cap_error_release_code(error) == -1);
    }
    int32_t transfer = cap_error_transfer_code(error, prepared);
    if (prepared && error != CAP_OK) {
        probe(6);
        assert(transfer == -8);
    } else {
        probe(7);
        assert(transfer == expected[number].checking);
    }
}

/* PROOF overloaded_where_a_later_try_may_succeed
 * of: cap_error_is_exhausted, cap_error_exception_type
 * bound: none: every error, and every number that is none
 */
void overloaded_where_a_later_try_may_succeed(void)
{
    uint32_t number = nondet_u32();
    enum cap_error error = (enum cap_error)number;
    bool exhausted = cap_error_is_exhausted(error);
    assert(cap_error_exception_type(error) == (exhausted ? CAP_EXCEPTION_OVERLOADED : CAP_EXCEPTION_FAILED));
    if (number < KNOWN && expected[number].exhausted) {
        probe(1);
        assert(exhausted);
    } else {
        probe(2);
        assert(!exhausted);
    }
}

/* PROOF every_error_has_its_text
 * of: cap_error_text
 * bound: none: every error, and every number that is none
 */
void every_error_has_its_text(void)
{
    uint32_t number = nondet_u32();
    const char *text = cap_error_text((enum cap_error)number);
    if (number >= CAP_ERROR_COUNT) {
        probe(1);
        assert(text[0] == 'u' && text[8] == 'c');
    } else {
        probe(2);
        assert(text == texts[number] && text != NULL);
    }
}
