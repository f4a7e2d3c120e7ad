/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The invariants of one endpoint: core/endpoint/endpoint.h. For tests.
 */
#include "core/endpoint/endpoint.h"

#include <stddef.h>

/* Links in the ring, or a number above `limit` when it is broken. */
static uint32_t ring_length(const struct endpoint_link *head, uint32_t limit)
{
    uint32_t count = 0;
    for (const struct endpoint_link *link = head->next; link != head && count <= limit; link = link->next) {
        if (link->next->prev != link || link->prev->next != link)
            return limit + 1;
        count++;
    }
    return count;
}

static bool calls_are_valid(const struct endpoint *endpoint)
{
    uint64_t bytes = 0;
    for (const struct endpoint_link *link = endpoint->calls.next; link != &endpoint->calls; link = link->next) {
        const struct endpoint_call *call = (const struct endpoint_call *)link;
        if (call->place != ENDPOINT_QUEUED)
            return false;
        bytes += call->bytes;
    }
    return bytes == endpoint->bytes;
}

static bool answers_are_valid(const struct endpoint *endpoint)
{
    for (const struct endpoint_link *link = endpoint->answers.next; link != &endpoint->answers; link = link->next) {
        const struct endpoint_call *call = (const struct endpoint_call *)link;
        if (call->place != ENDPOINT_IN_FLIGHT || call->id == 0)
            return false;
        for (const struct endpoint_link *other = link->next; other != &endpoint->answers; other = other->next)
            if (((const struct endpoint_call *)other)->id == call->id)
                return false;
    }
    return true;
}

bool endpoint_is_valid(const struct endpoint *endpoint)
{
    const struct endpoint_limits *limits = &endpoint->limits;
    return endpoint->queued <= limits->queued && endpoint->in_flight <= limits->in_flight &&
           endpoint->receiving <= limits->in_flight &&
           ring_length(&endpoint->calls, limits->queued) == endpoint->queued &&
           ring_length(&endpoint->answers, limits->in_flight) == endpoint->in_flight &&
           ring_length(&endpoint->receives, limits->in_flight) == endpoint->receiving &&
           calls_are_valid(endpoint) && answers_are_valid(endpoint);
}
