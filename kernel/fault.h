/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The fault counter. Every allocation and every copy to or from user memory
 * asks fault_point first, so a test can make the nth of them fail and see that
 * its caller copes. Only builds with CAPOS_FAULT_INJECTION can be armed; in all
 * others the answer is a constant and the question costs nothing.
 *
 * State: kernel.faults, under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum fault_site {
    FAULT_FRAME,       /* one frame */
    FAULT_FRAME_RUN,   /* frames in a row */
    FAULT_TABLE,       /* a page-table frame */
    FAULT_POOL,        /* a record from a fixed pool: process, thread, object */
    FAULT_TIMER,
    FAULT_REGION,      /* a slot in an address space's region list */
    FAULT_SCRATCH,     /* growth of a message buffer */
    FAULT_COPY_IN,
    FAULT_COPY_OUT,
    FAULT_SITES,
};

struct fault_state {
    uint64_t passed;            /* points passed since the last arming */
    uint64_t fail_at;           /* the point that fails, counted from 1; 0 = not armed */
    uint64_t failed;            /* points that failed */
    bool all_points;            /* set by tests: no entry takes the short way (kernel/ipc/fast.c), which asks fewer */
    uint64_t by_site[FAULT_SITES];
    void (*observer)(enum fault_site site); /* of a test: called where a point fails; NULL = none */
};

#ifdef CAPOS_FAULT_INJECTION
/* True: the caller must fail as if its resource had run out. */
bool fault_point(enum fault_site site);
/* The nth point from now fails, once; 0 disarms. Restarts the count. */
void fault_arm(uint64_t nth);
/* Must every entry go the way on which all fault points lie? */
bool fault_wants_all_points(void);
#else
static inline bool fault_wants_all_points(void)
{
    return false;
}


static inline bool fault_point(enum fault_site site)
{
    (void)site;
    return false;
}
#endif
