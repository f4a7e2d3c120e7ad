/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The effective resource profile of a process, fixed when it is created.
 * Source: docs/kernel-semantics.md, "Default resource profile", RP-01 to RP-03.
 * Data only. PROFILE_UNLIMITED in the first four: the profile names no limit.
 */
#pragma once

#include <stdint.h>

#include "abi/limits.h"

#define PROFILE_UNLIMITED UINT64_MAX

struct resource_profile {
    uint64_t process_limit;       /* live children */
    uint64_t cap_limit;           /* slots */
    uint64_t frame_grant_pages;
    uint64_t memory_commit_bytes;
    uint32_t threads;
    uint32_t endpoint_queue;
    uint32_t in_flight;
    uint32_t ring_scratch;        /* bytes */
    uint32_t reply_scratch;       /* bytes */
    uint32_t timer_waiters;
    uint64_t log_bytes;           /* of diagnostics in a second; 0: no limit of its own */
};

/* The built-in default, an initialiser. */
#define RESOURCE_PROFILE_DEFAULT                            \
    {                                                       \
        .process_limit = PROFILE_UNLIMITED,                 \
        .cap_limit = PROFILE_UNLIMITED,                     \
        .frame_grant_pages = PROFILE_UNLIMITED,             \
        .memory_commit_bytes = PROFILE_UNLIMITED,           \
        .threads = PROFILE_DEFAULT_THREADS,                 \
        .endpoint_queue = PROFILE_DEFAULT_ENDPOINT_QUEUE,   \
        .in_flight = PROFILE_DEFAULT_IN_FLIGHT,             \
        .ring_scratch = PROFILE_DEFAULT_RING_SCRATCH,       \
        .reply_scratch = PROFILE_DEFAULT_REPLY_SCRATCH,     \
        .timer_waiters = PROFILE_DEFAULT_TIMER_WAITERS,     \
    }

static inline struct resource_profile resource_profile_default(void)
{
    return (struct resource_profile)RESOURCE_PROFILE_DEFAULT;
}
