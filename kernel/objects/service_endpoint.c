/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Service endpoints: endpoints whose owner is told when a service object, a
 * facet that was minted with a receiver cookie, has no holder any more. The
 * facet itself is the record of that: it stays until the owner was told, or
 * cannot be. How many there are is charged to the process that the endpoint
 * was made for; when that process lets go of it, nothing is told any more.
 * Source: docs/service-endpoint.md.
 */
#include <stddef.h>

#include "core/cap/transfer.h"
#include "kernel/objects/endpoint.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"

/* Died in this kernel entry, oldest first. Told at its end, when no transfer is half done. */
static struct endpoint_facet *fresh;

static void append(struct endpoint_facet **list, struct endpoint_facet *facet)
{
    while (*list != NULL)
        list = &(*list)->next;
    facet->next = NULL;
    *list = facet;
}

static void unwatch(struct endpoint_facet *facet)
{
    struct process *home = process_find_exact(facet->home_pid, facet->home_generation);
    if (home != NULL)
        home->service_objects--;
    facet->watched = false;
}

/* Gives back the reference that kept it beyond its last hold. */
static void let_go(struct endpoint_facet *facet)
{
    unwatch(facet);
    object_drop(&facet->object);
}

bool endpoint_watch(struct endpoint_facet *facet, uint64_t interface_id, uint64_t badge)
{
    uint32_t generation, index;
    struct endpoint_object *endpoint = facet->endpoint;
    if (!endpoint->notifies || !cap_cookie_split(badge, &generation, &index))
        return true;
    struct process *home = process_find_exact(endpoint->home_pid, endpoint->home_generation);
    if (home == NULL || home->service_objects >= SERVICE_OBJECTS_MAX)
        return false;
    home->service_objects++;
    facet->watched = true;
    facet->home_pid = endpoint->home_pid;
    facet->home_generation = endpoint->home_generation;
    facet->interface_id = interface_id;
    facet->badge = badge;
    return true;
}

void endpoint_facet_destroy(struct object *object)
{
    struct endpoint_facet *facet = (struct endpoint_facet *)object;
    if (!facet->watched)
        return;
    struct endpoint_object *endpoint = endpoint_behind(object);
    if (endpoint == NULL || !endpoint->notifies) {
        unwatch(facet);
        return;
    }
    object_hold(object);
    append(&fresh, facet);
}

struct endpoint_object *endpoint_next_released(void)
{
    struct endpoint_facet *facet = fresh;
    if (facet == NULL)
        return NULL;
    fresh = facet->next;
    append(&facet->endpoint->released, facet); /* open, or endpoint_stop_telling had taken it off the list */
    return facet->endpoint;
}

const struct endpoint_facet *endpoint_untold(const struct endpoint_object *endpoint)
{
    return endpoint->released;
}

void endpoint_told(struct endpoint_object *endpoint)
{
    struct endpoint_facet *facet = endpoint->released;
    endpoint->released = facet->next;
    let_go(facet);
}

void endpoint_stop_telling(struct endpoint_object *endpoint)
{
    struct endpoint_facet **link = &fresh;
    endpoint->notifies = false;
    while (*link != NULL) {
        struct endpoint_facet *facet = *link;
        if (facet->endpoint != endpoint) {
            link = &facet->next;
            continue;
        }
        *link = facet->next;
        let_go(facet);
    }
    while (endpoint->released != NULL)
        endpoint_told(endpoint);
}
