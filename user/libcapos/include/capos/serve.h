/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A service: objects behind one endpoint, each an interface whose generated
 * table of methods (struct X_ops) is filled in.
 *
 *     static const struct adder_ops methods = { .add = add };
 *     struct capos_served objects[] = { { .interface_id = ADDER_INTERFACE_ID, .serve = adder_serve, .ops = &methods } };
 *     struct capos_server server = { .objects = objects, .object_count = 1 };
 *     capos_server_open(&server, "adder");
 *     return capos_serve(&server);
 *
 * A handler gets the struct capos_call as `env` and the object's `object`. Its
 * params, and what they point to, are valid until it returns; what its results
 * point to must live until its call is answered (static, or the object's). It
 * returns CAPN_DONE, capos_call_exception(...), or CAPN_PENDING after
 * capos_call_defer. It may call other services; other calls wait meanwhile.
 *
 * An endpoint of the source `service_endpoint` tells when nobody holds a facet
 * of an object any more (`released`); with any other an object lives until it
 * is revoked here. A caller that has gone shows when its answer is refused.
 *
 * A server belongs to the thread that runs capos_serve; several threads may
 * each serve with a struct of their own, also on one endpoint.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capos/client.h"
#include "capos/endpoint.h"
#include "core/capn/dispatch.h"
#include "schema/method.h"

#define CAPOS_DEFERRED_MAX 15u /* of the 16 calls that an endpoint delivers: one stays for those answered at once */
#define CAPOS_ANSWER_BYTES 65536u

typedef enum capn_outcome capos_serve_fn(const void *ops, void *object, struct capn_call_context *call);

/* What callers reach. */
struct capos_served {
    uint64_t interface_id;
    capos_serve_fn *serve; /* the generated X_serve; NULL: nobody reaches it, its place is free */
    const void *ops;       /* the generated struct X_ops */
    void *object;
    uint32_t generation;   /* 0: for all whose facet has no receiver cookie; else for the cookie with that generation */
};

struct capos_server_state;

struct capos_server {
    uint32_t endpoint;
    struct capos_served *objects; /* the caller's, may change between calls; a receiver cookie has the index */
    uint32_t object_count;
    uint32_t deferred_max;        /* calls that may wait for a later answer, at most CAPOS_DEFERRED_MAX */
    uint64_t tick_ns;             /* 0: no ticks. Needs `timer` in the CapSet */
    void (*tick)(struct capos_server *server);
    void (*released)(struct capos_server *server, uint32_t index); /* nobody holds objects[index] any more; once for each facet */
    void (*wake)(struct capos_server *server); /* after whatever ended the sleep, for operations of one's own on the ring */
    void *context;                /* the program's */
    bool stop;                    /* set by a handler: capos_serve returns when it has answered */
    struct capos_server_state *state;
};

/* The endpoint of that name in the CapSet. CAPOS_NOT_GRANTED without. */
enum capos_status capos_server_open(struct capos_server *server, const char *name);
/*
 * Serves until `stop` (CAPOS_OK; calls that are still deferred are answered as disconnected), the endpoint is gone
 * (CAPOS_NO_SUCH_CAP), or it cannot go on: CAPOS_NOT_GRANTED (no timer for the ticks), CAPOS_OUT_OF_MEMORY (130 KiB of heap).
 */
enum capos_status capos_serve(struct capos_server *server);

/* ---- in handlers -------------------------------------------------------------------------- */

struct capos_call {
    struct capn_call_context context; /* first: its address is that of the call */
    struct capos_server *server;
    struct capos_received received; /* who calls: badge, interface, session */
    uint16_t taken; /* bit n: capability n has been taken */
    uint16_t give_count;
    struct capos_transfer give[CAPOS_TRANSFERS_MAX];
    bool deferred;
};

/* Returns CAPN_EXCEPTION, to be returned by the handler. `text` is cut at 96 bytes. */
enum capn_outcome capos_call_exception(struct capos_call *call, enum capn_exception_type type, const char *text);

/* Capability `index` of the call's params: CAPOS_BAD_REPLY when there is none of that interface. The taker closes it. */
enum capos_status capos_call_take(struct capos_call *call, uint16_t index, uint64_t interface_id, struct capos_client *out);
/* Puts a capability into the answer; its index, or RESULT_CAP_NONE after 16. A move happens when the answer is accepted. */
uint16_t capos_call_give(struct capos_call *call, uint32_t cap_id, bool moves);

/*
 * The call is answered later: a number for capos_server_answer, never 0. 0: as many wait already as the server allows;
 * the handler then refuses with CAPN_OVERLOADED.
 */
uint32_t capos_call_defer(struct capos_call *call);

/* ---- later answers -------------------------------------------------------------------------- */

struct capos_later {
    const struct capos_method_reply *reply; /* X_METHOD_reply; NULL: the exception */
    const void *results;
    const struct capos_transfer *give;
    uint16_t give_count;
    struct capn_exception exception;
};

/*
 * Answers a deferred call. Any status but CAPOS_OK means that the caller did not get it: it is gone (CAPOS_NO_SUCH_CAP) or
 * got an exception instead. The call is over in every case.
 */
enum capos_status capos_server_answer(struct capos_server *server, uint32_t call_id, const struct capos_later *answer);
/* How many calls wait for a later answer. */
uint32_t capos_server_deferred(const struct capos_server *server);

/* ---- facets --------------------------------------------------------------------------------- */

/* The badge with which a facet reaches objects[index], whose generation must not be 0. 0: there is no such object. */
uint64_t capos_served_cookie(const struct capos_server *server, uint32_t index);
/*
 * Nobody who holds a facet of objects[index] reaches it any more: disconnected. The place can be used again under its new
 * generation, until `generation` is 0 (no more left; then it must stay free).
 */
void capos_served_revoke(struct capos_server *server, uint32_t index);

/* ---- narrowing ------------------------------------------------------------------------------ */

/*
 * A wrapper in front of a capability of another's: served with capos_narrow_serve (`ops` NULL), it passes on the methods in
 * the mask and answers "unimplemented" to the rest. It waits for each answer. Capabilities in the answers are handed on,
 * those in the params as copies: one that may only be moved is refused (failed). (An object of one's own is narrowed by a second struct X_ops with fewer methods.)
 */
struct capos_narrow {
    struct capos_client target;
    uint64_t methods; /* bit n: method n passes; methods above 63 never */
};

enum capn_outcome capos_narrow_serve(const void *ops, void *object, struct capn_call_context *call);
