/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a call can end with. Values -1..-10 are the transport codes of
 * abi/errors.h, the rest are made by this library. No function here allocates
 * or blocks.
 */
#pragma once

#include <stdint.h>

#include "abi/errors.h"

enum capos_status {
    CAPOS_OK = 0,
    CAPOS_INVALID_REQUEST = CAP_ERR_INVALID_REQUEST,
    CAPOS_INVALID_PARAMS = CAP_ERR_INVALID_PARAMS_BUFFER,
    CAPOS_INVALID_RESULT = CAP_ERR_INVALID_RESULT_BUFFER,
    CAPOS_NO_SUCH_CAP = CAP_ERR_INVOKE_FAILED,
    CAPOS_UNSUPPORTED = CAP_ERR_UNSUPPORTED_OPCODE,
    CAPOS_TRANSFER_REFUSED = CAP_ERR_TRANSFER_NOT_SUPPORTED,
    CAPOS_BAD_DESCRIPTOR = CAP_ERR_INVALID_TRANSFER_DESCRIPTOR,
    CAPOS_TRANSFER_ABORTED = CAP_ERR_TRANSFER_ABORTED,
    CAPOS_EXCEPTION = CAP_ERR_APPLICATION_EXCEPTION, /* the client's `exception` says which */
    CAPOS_EXCEPTION_TRUNCATED = CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED,
    CAPOS_NOT_GRANTED = -100,  /* the CapSet has no such name, or it has another interface */
    CAPOS_TOO_LARGE = -101,    /* the request does not fit the request buffer */
    CAPOS_BAD_REPLY = -102,    /* the reply does not decode, or lacks a capability it promises */
    CAPOS_RING_FULL = -103,    /* 16 entries are queued: enter the kernel first */
    CAPOS_TIMED_OUT = -104,
    CAPOS_RING_BROKEN = -105,  /* the kernel rejected the ring, or answered what was not asked */
    CAPOS_OUT_OF_MEMORY = -106,
};

/* A short English phrase; never NULL. */
const char *capos_status_text(enum capos_status status);
