/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Texts of the status values. */
#include "capos/status.h"

const char *capos_status_text(enum capos_status status)
{
    switch (status) {
    case CAPOS_OK: return "ok";
    case CAPOS_INVALID_REQUEST: return "invalid request";
    case CAPOS_INVALID_PARAMS: return "parameters are not readable memory";
    case CAPOS_INVALID_RESULT: return "result buffer is not writable memory";
    case CAPOS_NO_SUCH_CAP: return "no such capability";
    case CAPOS_UNSUPPORTED: return "unsupported operation";
    case CAPOS_TRANSFER_REFUSED: return "capability may not be transferred";
    case CAPOS_BAD_DESCRIPTOR: return "bad transfer descriptor";
    case CAPOS_TRANSFER_ABORTED: return "transfer aborted";
    case CAPOS_EXCEPTION: return "exception";
    case CAPOS_EXCEPTION_TRUNCATED: return "exception that did not fit";
    case CAPOS_NOT_GRANTED: return "not granted";
    case CAPOS_TOO_LARGE: return "request too large";
    case CAPOS_BAD_REPLY: return "reply does not decode";
    case CAPOS_RING_FULL: return "submission queue full";
    case CAPOS_TIMED_OUT: return "timed out";
    case CAPOS_RING_BROKEN: return "ring broken";
    case CAPOS_OUT_OF_MEMORY: return "out of memory";
    }
    return "unknown status";
}
