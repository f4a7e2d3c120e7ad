/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Texts and codes of failed capability operations: core/cap/errors.h. Pure;
 * constant tables only.
 */
#include "core/cap/errors.h"

static const char *const texts[CAP_ERROR_COUNT] = {
    [CAP_OK] = "ok",
    [CAP_NOT_FOUND] = "capability not found",
    [CAP_STALE_GENERATION] = "stale capability reference",
    [CAP_REVOKED] = "capability has been revoked",
    [CAP_NOT_LIVE] = "capability object is not live",
    [CAP_TABLE_FULL] = "capability table full",
    [CAP_TRANSFER_NOT_ALLOWED] = "capability hold is not transferable",
    [CAP_TRANSFER_PENDING] = "capability transfer is already pending",
    [CAP_INVALID_TRANSFER_ORIGIN] = "invalid capability transfer origin",
    [CAP_INVALID_TRANSFER_TOKEN] = "invalid provisional transfer token",
    [CAP_INTERFACE_RELABEL] = "capability interface cannot be relabelled",
    [CAP_RECEIVER_COOKIE_RELABEL] = "receiver cookie cannot be relabelled",
    [CAP_TRANSACTION_FULL] = "capability transaction full",
    [CAP_INVALID_DESCRIPTOR] = "invalid transfer descriptor",
    [CAP_EXHAUSTED_CAP_SLOTS] = "capability resource exhausted: cap slots",
    [CAP_EXHAUSTED_OUTSTANDING_CALLS] = "capability resource exhausted: outstanding calls",
    [CAP_EXHAUSTED_SCRATCH_BYTES] = "capability resource exhausted: scratch bytes",
    [CAP_EXHAUSTED_FRAME_GRANT_PAGES] = "capability resource exhausted: frame grant pages",
    [CAP_EXHAUSTED_VIRTUAL_RESERVATION_PAGES] =
        "capability resource exhausted: virtual reservation pages",
    [CAP_EXHAUSTED_PAGE_TABLE_PAGES] = "capability resource exhausted: page table pages",
    [CAP_EXHAUSTED_IMAGE_PAGES] = "capability resource exhausted: image pages",
    [CAP_EXHAUSTED_TABLE_STORAGE] = "capability resource exhausted: cap table storage",
    [CAP_EXHAUSTED_OBJECT_EPOCHS] = "capability resource exhausted: object epochs",
    [CAP_EXHAUSTED_OBJECT_COLLECTION] = "capability resource exhausted: cap object collection",
};

const char *cap_error_text(enum cap_error error)
{
    unsigned int index = (unsigned int)error;
    return index < CAP_ERROR_COUNT ? texts[index] : "unknown capability error";
}

bool cap_error_is_exhausted(enum cap_error error)
{
    return error == CAP_TABLE_FULL ||
           (error >= CAP_EXHAUSTED_CAP_SLOTS && error < CAP_ERROR_COUNT);
}

int32_t cap_error_lookup_code(enum cap_error error, bool is_call)
{
    if (error == CAP_OK)
        return 0;
    if (error == CAP_NOT_LIVE && is_call)
        return CAP_ERR_APPLICATION_EXCEPTION;
    return CAP_ERR_INVOKE_FAILED;
}

int32_t cap_error_release_code(enum cap_error error)
{
    bool released = error == CAP_OK || error == CAP_REVOKED || error == CAP_NOT_LIVE;
    return released ? 0 : CAP_ERR_INVALID_REQUEST;
}

int32_t cap_error_transfer_code(enum cap_error error, bool prepared)
{
    if (error == CAP_OK)
        return 0;
    if (prepared)
        return CAP_ERR_TRANSFER_ABORTED;
    switch ((int)error) {
    case CAP_NOT_FOUND:
    case CAP_STALE_GENERATION:
    case CAP_REVOKED:
    case CAP_NOT_LIVE:
    case CAP_TRANSACTION_FULL:
    case CAP_INVALID_DESCRIPTOR:
        return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
    case CAP_TRANSFER_NOT_ALLOWED:
    case CAP_INTERFACE_RELABEL:
    case CAP_RECEIVER_COOKIE_RELABEL:
        return CAP_ERR_TRANSFER_NOT_SUPPORTED;
    default:
        return CAP_ERR_TRANSFER_ABORTED;
    }
}

enum cap_exception_type cap_error_exception_type(enum cap_error error)
{
    return cap_error_is_exhausted(error) ? CAP_EXCEPTION_OVERLOADED : CAP_EXCEPTION_FAILED;
}
