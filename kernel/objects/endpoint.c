/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoints, their facets, and how they come to their end: endpoint.h. What
 * passes through them is kernel/ipc/endpoint.c.
 */
#include "kernel/objects/endpoint.h"

#include <stddef.h>

#include "core/cap/errors.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "schema/generated/capos_dispatch.h"

static bool is_facet(const struct object *object)
{
    return object->ops == &endpoint_facet_ops;
}

static bool is_owner(const struct object *object)
{
    return object->ops == &endpoint_ops || object->ops == &service_endpoint_ops;
}

struct endpoint_object *endpoint_owned(struct object *object)
{
    struct endpoint_object *endpoint = (struct endpoint_object *)object;
    return is_owner(object) && endpoint->open ? endpoint : NULL;
}

struct endpoint_object *endpoint_behind(struct object *object)
{
    if (!is_facet(object))
        return endpoint_owned(object);
    struct endpoint_facet *facet = (struct endpoint_facet *)object;
    return facet->endpoint->object.id == facet->endpoint_id ? endpoint_owned(&facet->endpoint->object) : NULL;
}

struct object *endpoint_facet_create(struct endpoint_object *endpoint)
{
    _Static_assert(sizeof(struct endpoint_facet) <= OBJECT_BYTES, "pool block");
    struct endpoint_facet *facet = (struct endpoint_facet *)object_new(&endpoint_facet_ops);
    if (facet == NULL)
        return NULL;
    facet->endpoint = endpoint;
    facet->endpoint_id = endpoint->object.id;
    return &facet->object;
}

void endpoint_owner_added(struct endpoint_object *endpoint)
{
    endpoint->owners++;
}

/* Made for a process: its profile sets the limits. */
static void granted(struct object *object, const struct process *process)
{
    _Static_assert(sizeof(struct endpoint_object) <= OBJECT_BYTES, "pool block");
    struct endpoint_object *endpoint = (struct endpoint_object *)object;
    struct endpoint_limits limits = {
        .queued = process->profile.endpoint_queue,
        .in_flight = process->profile.in_flight,
        .bytes = process->profile.endpoint_queue * ENDPOINT_BYTES_PER_CALL,
    };
    endpoint_init(&endpoint->state, &limits);
    endpoint->session = session_serial(process->session);
    endpoint->message_max = process->profile.ring_scratch;
    endpoint->owners = 1;
    endpoint->open = true;
    endpoint->notifies = object->ops == &service_endpoint_ops;
    endpoint->home_pid = process->pid;
    endpoint->home_generation = process->generation;
}

static bool is_held_by(struct process *process, const struct object *object)
{
    uint32_t cursor = 0;
    struct cap_row row;
    while (cap_table_next_occupied(&process->table, &cursor, &row))
        if (row.object == object)
            return true;
    return false;
}

static void close_endpoint(struct endpoint_object *endpoint, const char *text)
{
    endpoint_stop_telling(endpoint);
    ipc_endpoint_close(endpoint, text);
}

static void released(struct object *object, struct process *holder, enum object_release_reason reason)
{
    struct endpoint_object *endpoint = (struct endpoint_object *)object;
    bool leaves = --endpoint->owners == 0 || reason == OBJECT_RELEASE_EXIT || !is_held_by(holder, object);
    if (leaves && holder->generation == endpoint->home_generation)
        endpoint_stop_telling(endpoint);
    if (endpoint->owners == 0)
        close_endpoint(endpoint, "endpoint owner exited");
    else if (leaves)
        ipc_endpoint_leave(endpoint, (struct endpoint_party){.process = holder->generation});
}

/* All owner holds descend from one insertion, so they are revoked together. */
static void revoked(struct object *object)
{
    close_endpoint((struct endpoint_object *)object, cap_error_text(CAP_REVOKED));
}

static bool is_live(const struct object *object)
{
    if (is_owner(object))
        return ((const struct endpoint_object *)object)->open;
    const struct endpoint_facet *facet = (const struct endpoint_facet *)object;
    return facet->endpoint->object.id == facet->endpoint_id && facet->endpoint->open;
}

const struct object_ops endpoint_ops = {
    .interface_id = CAPOS_ENDPOINT_INTERFACE_ID,
    .label = "endpoint",
    .granted = granted,
    .released = released,
    .revoked = revoked,
    .is_live = is_live,
    .cancel = ipc_endpoint_cancel,
};

const struct object_ops service_endpoint_ops = {
    .interface_id = CAPOS_ENDPOINT_INTERFACE_ID,
    .label = "service_endpoint",
    .granted = granted,
    .released = released,
    .revoked = revoked,
    .is_live = is_live,
    .cancel = ipc_endpoint_cancel,
};

const struct object_ops endpoint_facet_ops = {
    .interface_id = CAPOS_ENDPOINT_INTERFACE_ID,
    .label = "endpoint_client",
    .is_live = is_live,
    .cancel = ipc_endpoint_cancel,
    .destroy = endpoint_facet_destroy,
};
