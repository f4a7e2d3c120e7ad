/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The decisions of cap_enter that need no kernel state: when to answer, with
 * what, and when to block. Source: docs/abi.md, "cap_enter" and "Thread-owned
 * entries". Pure; the arguments come from user registers and are not trusted.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A deadline that never comes. */
#define RING_DEADLINE_NEVER UINT64_MAX

struct ring_enter_request {
    uint32_t wanted;   /* completions to wait for, 0..32 */
    bool may_block;    /* neither min_complete nor the timeout is 0 */
    uint64_t deadline; /* monotonic ns; RING_DEADLINE_NEVER without limit */
};

/* `now_ns` is monotonic time. More than 32 completions can never be there, so 32 are enough. */
struct ring_enter_request ring_enter_parse(uint64_t min_complete, uint64_t timeout_ns,
                                           uint64_t now_ns);

enum ring_enter_action {
    RING_ENTER_RETURN,           /* return `value` */
    RING_ENTER_YIELD_AND_RETURN, /* let another thread run first: the caller may be spinning */
    RING_ENTER_BLOCK,            /* until ring_enter_is_satisfied(), the deadline, or teardown */
};

struct ring_enter_decision {
    enum ring_enter_action action;
    uint64_t value;
};

/* After draining. `available` is ring_available(); `foreign_head` when the drain stopped at another thread's entry. */
struct ring_enter_decision ring_enter_decide(const struct ring_enter_request *request,
                                             uint32_t available, bool foreign_head);

/* Should a blocked thread wake because this many completions are available? */
bool ring_enter_is_satisfied(const struct ring_enter_request *request, uint32_t available);
