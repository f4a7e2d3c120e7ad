/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoints as kernel objects. The owner's capability names the endpoint
 * itself; a client's names a facet, which only knows which endpoint it leads
 * to. Interface and badge that a caller shows are those of its hold.
 *
 * An endpoint is open as long as a table holds it. A facet keeps no reference:
 * it remembers the endpoint's id, and finds nothing once another object, or
 * none, is in that place. Under the kernel lock.
 * Source: docs/kernel-semantics.md, EN-01 to EN-06, EN-29, EN-32.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/endpoint/endpoint.h"
#include "kernel/object.h"

struct process;

struct endpoint_facet;

struct endpoint_object {
    struct object object;
    struct endpoint state;
    uint64_t session;     /* serial of the session of the process it was made for, 0 = none */
    uint32_t message_max; /* bytes of params: that process's ring scratch */
    uint32_t owners;      /* slots that hold it */
    bool open;            /* false: no owner is left, or its hold was revoked */
    /* Of a service endpoint; kernel/objects/service_endpoint.c. */
    bool notifies;                     /* its owner is told when a service object has no holder any more */
    uint32_t home_pid;                 /* whom it was made for; while that process holds it, it notifies */
    uint64_t home_generation;
    struct endpoint_facet *released;   /* not told yet, oldest first */
};

struct endpoint_facet {
    struct object object;
    struct endpoint_object *endpoint; /* may be gone: compare its id first */
    uint64_t endpoint_id;
    /* A service object of a service endpoint: */
    bool watched;
    uint32_t home_pid;                /* counts it */
    uint64_t home_generation;
    uint64_t interface_id, badge;     /* as minted */
    struct endpoint_facet *next;      /* once its last hold has gone */
};

/* The open endpoint behind a capability of either kind; NULL for all else. */
struct endpoint_object *endpoint_behind(struct object *object);
/* The open endpoint that the capability owns; NULL for all else. */
struct endpoint_object *endpoint_owned(struct object *object);

/* A new facet with one reference; NULL when the pool is exhausted. */
struct object *endpoint_facet_create(struct endpoint_object *endpoint);
/* Those that were minted with a receiver cookie by a service endpoint are watched. False: its process has too many of them. */
bool endpoint_watch(struct endpoint_facet *facet, uint64_t interface_id, uint64_t badge);
/* The oldest service object without holder that the owner was not told of; NULL when there is none. */
const struct endpoint_facet *endpoint_untold(const struct endpoint_object *endpoint);
void endpoint_told(struct endpoint_object *endpoint);
/* Objects that died in this kernel entry go to their endpoints, one with each call; NULL: no more. */
struct endpoint_object *endpoint_next_released(void);
/* It tells nothing any more. */
void endpoint_stop_telling(struct endpoint_object *endpoint);
/* object_ops.destroy of facets */
void endpoint_facet_destroy(struct object *facet);

/* Another table slot holds the endpoint; kernel/objects/endpoint.c learns of its end by itself. */
void endpoint_owner_added(struct endpoint_object *endpoint);
