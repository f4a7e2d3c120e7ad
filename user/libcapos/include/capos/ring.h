/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ring client: queue entries, enter the kernel, take completions. Belongs
 * to the one thread whose ring page it wraps. Typed clients
 * (capos/client.h) are built on it; use it directly for several calls at once.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/ring.h"
#include "capos/status.h"

#define CAPOS_RING_WAITERS 64u /* operations that may be under way at once */

struct capos_completion {
    uint64_t user_data;
    int32_t result;
    uint16_t flags;
    uint16_t cap_count;
    uint64_t badge;
    uint32_t call_id;
};

struct capos_ring {
    struct ring_page *page; /* shared with the kernel */
    uint64_t next_user_data;
    struct capos_completion early[CAPOS_RING_WAITERS]; /* came while another one was waited for */
    uint32_t early_count;
};

/* The ring of the thread that calls; made when the thread starts, never NULL. */
struct capos_ring *capos_ring(void);

/* Checks the page's constants. CAPOS_RING_BROKEN: not a ring of this ABI. */
enum capos_status capos_ring_init(struct capos_ring *ring, struct ring_page *page);

/*
 * Queues *sqe with a fresh user_data, which is stored in *ticket. Does not
 * enter the kernel. CAPOS_RING_FULL: 16 are queued already.
 */
enum capos_status capos_ring_submit(struct capos_ring *ring, const struct ring_sqe *sqe, uint64_t *ticket);

/*
 * Waits for the completion of `ticket` (each ticket once), keeping those of
 * others for their own waits. timeout_ns as in capos_cap_enter.
 * CAPOS_TIMED_OUT: still under way, its buffers stay the kernel's.
 */
enum capos_status capos_ring_wait(struct capos_ring *ring, uint64_t ticket, uint64_t timeout_ns,
                                  struct capos_completion *out);

/*
 * Submits what is queued and blocks until there is a completion that no wait has taken yet, kept ones included; then poll
 * each ticket with time-out 0. CAPOS_TIMED_OUT: there is none.
 */
enum capos_status capos_ring_wait_any(struct capos_ring *ring, uint64_t timeout_ns);

/* Submit and wait for ever. */
enum capos_status capos_ring_run(struct capos_ring *ring, const struct ring_sqe *sqe, struct capos_completion *out);
