/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Queues of one endpoint: core/endpoint/endpoint.h.
 */
#include "core/endpoint/endpoint.h"

#include <stddef.h>

/* ---- rings of links ------------------------------------------------------------ */

static void ring_init(struct endpoint_link *head)
{
    head->next = head;
    head->prev = head;
}

static void ring_append(struct endpoint_link *head, struct endpoint_link *link)
{
    link->next = head;
    link->prev = head->prev;
    head->prev->next = link;
    head->prev = link;
}

static void ring_remove(struct endpoint_link *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    ring_init(link);
}

/* The link is the first member of both kinds of records. */
static struct endpoint_call *call_at(struct endpoint_link *link)
{
    return (struct endpoint_call *)link;
}

static struct endpoint_receive *receive_at(struct endpoint_link *link)
{
    return (struct endpoint_receive *)link;
}

/* ---- entering ------------------------------------------------------------------- */

void endpoint_init(struct endpoint *endpoint, const struct endpoint_limits *limits)
{
    *endpoint = (struct endpoint){.limits = *limits};
    ring_init(&endpoint->calls);
    ring_init(&endpoint->receives);
    ring_init(&endpoint->answers);
}

enum endpoint_error endpoint_enqueue(struct endpoint *endpoint, struct endpoint_call *call, uint32_t bytes)
{
    if (endpoint->queued >= endpoint->limits.queued)
        return ENDPOINT_QUEUE_FULL;
    if (endpoint->queued > 0 && (uint64_t)endpoint->bytes + bytes > endpoint->limits.bytes)
        return ENDPOINT_BYTES_FULL;
    call->place = ENDPOINT_QUEUED;
    call->bytes = bytes;
    endpoint->bytes += bytes;
    endpoint->queued++;
    ring_append(&endpoint->calls, &call->link);
    return ENDPOINT_OK;
}

enum endpoint_error endpoint_receive(struct endpoint *endpoint, struct endpoint_receive *receive)
{
    if (endpoint->receiving >= endpoint->limits.in_flight)
        return ENDPOINT_RECEIVES_FULL;
    receive->place = ENDPOINT_RECEIVING;
    endpoint->receiving++;
    ring_append(&endpoint->receives, &receive->link);
    return ENDPOINT_OK;
}

/* ---- meeting --------------------------------------------------------------------- */

bool endpoint_match(const struct endpoint *endpoint, struct endpoint_call **call, struct endpoint_receive **receive)
{
    if (endpoint->queued == 0 || endpoint->receiving == 0 || endpoint->in_flight >= endpoint->limits.in_flight)
        return false;
    *call = call_at(endpoint->calls.next);
    *receive = receive_at(endpoint->receives.next);
    return true;
}

struct endpoint_receive *endpoint_first_receive(const struct endpoint *endpoint)
{
    return endpoint->receiving > 0 ? receive_at(endpoint->receives.next) : NULL;
}

static struct endpoint_call *find_id(const struct endpoint *endpoint, uint32_t id)
{
    for (struct endpoint_link *link = endpoint->answers.next; link != &endpoint->answers; link = link->next)
        if (call_at(link)->id == id)
            return call_at(link);
    return NULL;
}

uint32_t endpoint_spare_id(struct endpoint *endpoint)
{
    do
        endpoint->last_id++;
    while (endpoint->last_id == 0 || find_id(endpoint, endpoint->last_id) != NULL);
    return endpoint->last_id;
}

uint32_t endpoint_deliver(struct endpoint *endpoint, struct endpoint_call *call, struct endpoint_receive *receive)
{
    endpoint_remove_call(endpoint, call);
    return endpoint_meet(endpoint, call, receive);
}

uint32_t endpoint_meet(struct endpoint *endpoint, struct endpoint_call *call, struct endpoint_receive *receive)
{
    endpoint_remove_receive(endpoint, receive);
    call->id = endpoint_spare_id(endpoint);
    call->receiver = receive->party;
    call->place = ENDPOINT_IN_FLIGHT;
    endpoint->in_flight++;
    ring_append(&endpoint->answers, &call->link);
    return call->id;
}

/* ---- finding ----------------------------------------------------------------------- */

static bool party_matches(struct endpoint_party asked, struct endpoint_party party)
{
    return party.process == asked.process && (asked.thread == 0 || party.thread == asked.thread);
}

struct endpoint_call *endpoint_find(const struct endpoint *endpoint, uint32_t id, uint64_t process)
{
    struct endpoint_call *call = find_id(endpoint, id);
    return call != NULL && call->receiver.process == process ? call : NULL;
}

struct endpoint_receive *endpoint_find_receive(const struct endpoint *endpoint, struct endpoint_party party,
                                               uint64_t user_data)
{
    for (struct endpoint_link *link = endpoint->receives.next; link != &endpoint->receives; link = link->next)
        if (receive_at(link)->user_data == user_data && party_matches(party, receive_at(link)->party))
            return receive_at(link);
    return NULL;
}

/* ---- leaving ------------------------------------------------------------------------- */

void endpoint_remove_call(struct endpoint *endpoint, struct endpoint_call *call)
{
    if (call->place == ENDPOINT_QUEUED) {
        endpoint->queued--;
        endpoint->bytes -= call->bytes;
    } else if (call->place == ENDPOINT_IN_FLIGHT) {
        endpoint->in_flight--;
    } else {
        return;
    }
    call->place = ENDPOINT_NOWHERE;
    ring_remove(&call->link);
}

void endpoint_remove_receive(struct endpoint *endpoint, struct endpoint_receive *receive)
{
    if (receive->place != ENDPOINT_RECEIVING)
        return;
    endpoint->receiving--;
    receive->place = ENDPOINT_NOWHERE;
    ring_remove(&receive->link);
}

struct endpoint_call *endpoint_pop_call(struct endpoint *endpoint)
{
    struct endpoint_link *head = endpoint->queued > 0 ? &endpoint->calls : &endpoint->answers;
    if (head->next == head)
        return NULL;
    struct endpoint_call *call = call_at(head->next);
    endpoint_remove_call(endpoint, call);
    return call;
}

struct endpoint_receive *endpoint_pop_receive(struct endpoint *endpoint)
{
    if (endpoint->receiving == 0)
        return NULL;
    struct endpoint_receive *first = receive_at(endpoint->receives.next);
    endpoint_remove_receive(endpoint, first);
    return first;
}

struct endpoint_call *endpoint_pop_received_by(struct endpoint *endpoint, struct endpoint_party party)
{
    for (struct endpoint_link *link = endpoint->answers.next; link != &endpoint->answers; link = link->next)
        if (party_matches(party, call_at(link)->receiver)) {
            endpoint_remove_call(endpoint, call_at(link));
            return call_at(link);
        }
    return NULL;
}

struct endpoint_receive *endpoint_pop_receive_of(struct endpoint *endpoint, struct endpoint_party party)
{
    for (struct endpoint_link *link = endpoint->receives.next; link != &endpoint->receives; link = link->next)
        if (party_matches(party, receive_at(link)->party)) {
            endpoint_remove_receive(endpoint, receive_at(link));
            return receive_at(link);
        }
    return NULL;
}
