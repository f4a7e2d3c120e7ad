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

struct endpoint_object {
    struct object object;
    struct endpoint state;
    uint64_t session;     /* serial of the session of the process it was made for, 0 = none */
    uint32_t message_max; /* bytes of params: that process's ring scratch */
    uint32_t owners;      /* slots that hold it */
    bool open;            /* false: no owner is left, or its hold was revoked */
};

/* The open endpoint behind a capability of either kind; NULL for all else. */
struct endpoint_object *endpoint_behind(struct object *object);
/* The open endpoint that the capability owns; NULL for all else. */
struct endpoint_object *endpoint_owned(struct object *object);

/* A new facet with one reference; NULL when the pool is exhausted. */
struct object *endpoint_facet_create(struct endpoint_object *endpoint);
/* Another table slot holds the endpoint; kernel/objects/endpoint.c learns of its end by itself. */
void endpoint_owner_added(struct endpoint_object *endpoint);
