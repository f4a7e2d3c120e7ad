/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Going to sleep and waking up: core/ring/wakeup.h.
 */
#include "core/ring/wakeup.h"

void ring_poll_wakes(const struct ring_view *ring)
{
    ring_set_need_wakeup(ring->state, ring->page, false);
}

bool ring_poll_may_sleep(const struct ring_view *ring)
{
    ring_set_need_wakeup(ring->state, ring->page, true);
    if (!ring_has_new_work(ring->state, ring->page) || !ring_may_consume(ring))
        return true;
    ring_poll_wakes(ring);
    return false;
}
