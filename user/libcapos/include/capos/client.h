/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Typed clients. A struct capos_client is a capability id with the interface
 * it is used as. The generated functions (schema/generated/capos_client.h)
 * send one CALL through it and wait for the answer:
 *
 *     struct capos_client timer;
 *     capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID);
 *     struct capos_timer_now_results now;
 *     if (capos_timer_now(&timer, &(struct capos_timer_now_params){ 0 }, &now) != CAPOS_OK) ...
 *
 * Texts, data and lists of the results point into the reply buffer of the
 * thread's ring and stay valid until its next typed call. Capabilities that a
 * reply carries and that nobody takes before the next typed call are released.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "capos/status.h"
#include "core/capn/build.h"
#include "core/capn/dispatch.h"
#include "core/capn/read.h"
#include "schema/method.h"

/* Request and reply, each. Larger ones (the kernel takes up to 65,536) go through capos/ring.h with own buffers. */
#define CAPOS_CALL_BUFFER_BYTES 16384u
#define CAPOS_THREAD_CALL_BUFFER_BYTES 4096u /* the same in threads beside the first */

struct capos_client {
    uint32_t cap_id;
    uint64_t interface_id;
    bool owned;                      /* release with capos_client_close */
    struct capn_exception exception; /* of the last call that returned CAPOS_EXCEPTION: enum cap_exception_type and text */
};

/*
 * A client for the CapSet entry `name`. CAPOS_NOT_GRANTED: no such name, or another interface. A plain facet of an
 * endpoint serves for any interface: what is behind it answers "unimplemented" to what it does not know.
 */
enum capos_status capos_client_open(struct capos_client *client, const char *name, uint64_t interface_id);
/* A client for an id this process holds otherwise. */
struct capos_client capos_client_for(uint32_t cap_id, uint64_t interface_id);
/* Releases an owned capability; a borrowed one stays. The client must not be used any more. */
void capos_client_close(struct capos_client *client);

/* A call as a value: the constant of the method (X_METHOD_method of the generated client) and its two structs. */
struct capos_method_call {
    const struct capos_method *method;
    const void *in;
    void *out;
};

/* What the generated functions call. `in` and `out` are the method's structs. Blocks until the answer is there. */
enum capos_status capos_client_call(struct capos_client *client, const struct capos_method *method, const void *in,
                                    void *out);

#define CAPOS_TRANSFERS_MAX 16u

/* A capability on its way to another process: moved, or a copy of it. Which of the two it allows is in its hold. */
struct capos_transfer {
    uint32_t cap_id;
    bool moves;
};

/*
 * A call through an endpoint that carries capabilities, at most CAPOS_TRANSFERS_MAX. A call that fails before it is delivered
 * leaves them here.
 */
enum capos_status capos_client_call_with(struct capos_client *client, const struct capos_method_call *call,
                                         const struct capos_transfer *caps, uint16_t cap_count);

/*
 * Releases an id. CAPOS_INVALID_REQUEST: not held (any more).
 */
enum capos_status capos_release(uint32_t cap_id);

/* Takes capability number `index` of the last reply; it must have the given interface. The taker closes it. */
enum capos_status capos_reply_take(uint16_t index, uint64_t interface_id, struct capos_client *out);
