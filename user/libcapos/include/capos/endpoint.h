/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The owner's side of an endpoint, one message at a time. A service is easier
 * written with capos/serve.h, which is built on this. All of it belongs to the
 * calling thread and its ring; buffers stay the caller's, and the kernel's
 * while a receive is under way.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/endpoint.h"
#include "capos/client.h"
#include "capos/ring.h"
#include "capos/status.h"

/* No call is larger than this, capabilities included; a smaller buffer may meet one that does not fit (CAPOS_INVALID_RESULT). */
#define CAPOS_RECEIVE_BYTES 65848u

/* A message in the buffer of a receive: views of that buffer. */
struct capos_received {
    uint64_t interface_id; /* of the caller's hold: what it was granted, not what it claims */
    uint64_t badge;        /* of the same: the receiver cookie, or what the facet was granted with */
    uint32_t call_id;      /* for the answer; never 0 */
    uint16_t method;
    uint16_t cap_count;
    uint32_t params_len;
    const uint8_t *params;
    const uint8_t *caps; /* cap_count records: capos_received_cap */
    struct caller_session session; /* flags 0: nothing is disclosed */
    bool is_release;     /* no call: nobody holds the object with that badge any more (docs/service-endpoint.md) */
};

struct capos_answer {
    const uint8_t *bytes; /* a message, or a CapException; 8 * cap_count writable bytes behind it */
    uint32_t len;         /* a multiple of 4 when there are capabilities */
    uint16_t cap_count;
    bool is_exception;
};

/* Queues a receive into `buffer` (at least 56 bytes); capos_ring_wait on *ticket gives its completion. */
enum capos_status capos_endpoint_post(uint32_t endpoint, uint8_t *buffer, uint32_t bytes, uint64_t *ticket);
/* Reads what a completed receive delivered. CAPOS_NO_SUCH_CAP: the endpoint is gone, or the receive was cancelled. */
enum capos_status capos_endpoint_read(const uint8_t *buffer, uint32_t bytes, const struct capos_completion *done,
                                      struct capos_received *out);
/* Post, wait, read. CAPOS_TIMED_OUT: no call came; the receive is cancelled, the buffer is the caller's again. */
enum capos_status capos_endpoint_receive(uint32_t endpoint, uint8_t *buffer, uint32_t bytes, uint64_t timeout_ns,
                                         struct capos_received *out);

/* The record of capability `index` below cap_count. It is in this process's table and must be released. */
void capos_received_cap(const struct capos_received *received, uint16_t index, uint32_t *cap_id, uint64_t *interface_id);

/* Queues the answer to a call; the bytes must stay until it has completed. */
enum capos_status capos_endpoint_post_return(uint32_t endpoint, uint32_t call_id, const struct capos_answer *answer,
                                             uint64_t *ticket);
/*
 * Answers a call. CAPOS_NO_SUCH_CAP: there is no such call (any more). CAPOS_INVALID_RESULT: too large for the caller, who
 * has been told. CAPOS_TRANSFER_*, CAPOS_BAD_DESCRIPTOR, CAPOS_INVALID_PARAMS: the call still waits for another answer.
 */
enum capos_status capos_endpoint_return(uint32_t endpoint, uint32_t call_id, const struct capos_answer *answer);
/* Takes back a queued receive and waits for its end. CAPOS_INVALID_REQUEST: it had a message already; *done tells. */
enum capos_status capos_endpoint_cancel(uint32_t endpoint, uint64_t ticket, struct capos_completion *done);
