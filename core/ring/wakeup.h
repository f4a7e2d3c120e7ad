/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How a poller of a ring goes to sleep without missing an entry. The producer
 * stores the tail, then reads sq_flags; the poller sets NEED_WAKEUP there, then
 * reads the tail; with a full fence between the two on each side at least one
 * of them sees the other. Source: docs/abi.md, "Wake protocol".
 *
 * State and serialisation as in core/ring/index.h. The caller owns the ring as
 * a poller (core/ring/consumer.h) and holds what keeps ring_consumer_mark_sleeping
 * in one step with the answer: whoever is asked to wake it must find it asleep.
 */
#pragma once

#include <stdbool.h>

#include "core/ring/parked.h"

/*
 * To be asked when nothing can be consumed, because the queue is empty or
 * completions have no room. True: NEED_WAKEUP is set and the poller may sleep.
 * False: there is work after all, and NEED_WAKEUP is clear.
 */
bool ring_poll_may_sleep(const struct ring_view *ring);

/* The poller has been woken: NEED_WAKEUP is cleared before it looks for entries. */
void ring_poll_wakes(const struct ring_view *ring);
