/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One endpoint: calls that wait, receives that wait, calls that were received
 * and not answered yet. Says who meets whom, under which call id, and what is
 * refused; copies nothing and tells nobody.
 * Source: docs/kernel-semantics.md, "Endpoints", EN-01 to EN-32.
 *
 * The caller owns endpoint and records and serialises all calls. A record
 * belongs to the process that waits with it, lies in at most one endpoint and
 * must stay until it has left it again. Nothing allocates; every function is
 * linear at most in the endpoint's own limits.
 *
 * Delivery is looked at before it is done: endpoint_match shows the pair whose
 * turn it is, and only endpoint_deliver changes the queues. A delivery that
 * fails therefore leaves call and receive first in their queues, with their
 * places (EN-23).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Links of a ring of records; a lone link points to itself. */
struct endpoint_link {
    struct endpoint_link *next;
    struct endpoint_link *prev;
};

/* A thread of a process, by numbers that are never reused. */
struct endpoint_party {
    uint64_t process;
    uint64_t thread; /* in a question, 0: any thread */
};

enum endpoint_place {
    ENDPOINT_NOWHERE = 0, /* a zeroed record */
    ENDPOINT_QUEUED,
    ENDPOINT_IN_FLIGHT,
    ENDPOINT_RECEIVING,
};

struct endpoint_call {
    struct endpoint_link link;
    struct endpoint_party receiver; /* in flight: who may answer */
    enum endpoint_place place;
    uint32_t bytes; /* of params; counts while queued */
    uint32_t id;    /* in flight: never 0, unique in the endpoint */
};

struct endpoint_receive {
    struct endpoint_link link;
    struct endpoint_party party;
    uint64_t user_data;
    enum endpoint_place place;
};

/* All at least 1. `bytes`: of queued params together; the first in the queue always fits. */
struct endpoint_limits {
    uint32_t queued;
    uint32_t in_flight; /* of receives as well (EN-05) */
    uint32_t bytes;
};

/* Bytes of queued params per place in the queue (EN-06). */
#define ENDPOINT_BYTES_PER_CALL 4096u

struct endpoint {
    struct endpoint_link calls;
    struct endpoint_link receives;
    struct endpoint_link answers; /* calls in flight */
    uint32_t queued;
    uint32_t receiving;
    uint32_t in_flight;
    uint32_t bytes;
    uint32_t last_id;
    struct endpoint_limits limits;
};

enum endpoint_error {
    ENDPOINT_OK = 0,
    ENDPOINT_QUEUE_FULL,
    ENDPOINT_BYTES_FULL,
    ENDPOINT_RECEIVES_FULL,
};

void endpoint_init(struct endpoint *endpoint, const struct endpoint_limits *limits);

/* Puts a call last. Where nothing keeps it from being delivered at once, the queue is empty, so no ceiling refuses it. */
enum endpoint_error endpoint_enqueue(struct endpoint *endpoint, struct endpoint_call *call, uint32_t bytes);
/* Puts a receive last; party and user_data are set. */
enum endpoint_error endpoint_receive(struct endpoint *endpoint, struct endpoint_receive *receive);

/* The oldest call and the oldest receive, if both are there and one more call may be in flight. */
bool endpoint_match(const struct endpoint *endpoint, struct endpoint_call **call, struct endpoint_receive **receive);
/* The oldest receive, or NULL: for a message that is no call. */
struct endpoint_receive *endpoint_first_receive(const struct endpoint *endpoint);
/* The two leave their queues; the call is in flight. Returns its id. */
uint32_t endpoint_deliver(struct endpoint *endpoint, struct endpoint_call *call, struct endpoint_receive *receive);
/* The same for a call that never queued: the receive is the oldest, no call queues, and one more may be in flight. */
uint32_t endpoint_meet(struct endpoint *endpoint, struct endpoint_call *call, struct endpoint_receive *receive);
/* An id for a message that nobody answers: not 0, of no call in flight. */
uint32_t endpoint_spare_id(struct endpoint *endpoint);

/* The call in flight with that id that a thread of `process` received; NULL for any other id. */
struct endpoint_call *endpoint_find(const struct endpoint *endpoint, uint32_t id, uint64_t process);
/* The oldest receive of that very thread with that user_data, or NULL. */
struct endpoint_receive *endpoint_find_receive(const struct endpoint *endpoint, struct endpoint_party party,
                                               uint64_t user_data);

/* Takes a record out, wherever it is: answered, cancelled, its waiter gone. */
void endpoint_remove_call(struct endpoint *endpoint, struct endpoint_call *call);
void endpoint_remove_receive(struct endpoint *endpoint, struct endpoint_receive *receive);

/* For teardown, oldest first until NULL: any call, queued ones first; any receive; what the party received or receives. */
struct endpoint_call *endpoint_pop_call(struct endpoint *endpoint);
struct endpoint_receive *endpoint_pop_receive(struct endpoint *endpoint);
struct endpoint_call *endpoint_pop_received_by(struct endpoint *endpoint, struct endpoint_party party);
struct endpoint_receive *endpoint_pop_receive_of(struct endpoint *endpoint, struct endpoint_party party);

/* Walks all records: counts, places, ids. For tests and debug kernels. */
bool endpoint_is_valid(const struct endpoint *endpoint);
