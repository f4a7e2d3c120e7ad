/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The short way through cap_enter (fast.c). Under the kernel lock; for the entry path alone.
 */
#pragma once

#include <stdint.h>

struct thread;

enum ipc_fast_end {
    IPC_FAST_NOT,     /* the general way is to be taken; entries that are done are consumed */
    IPC_FAST_GOES_ON, /* the thread has its result: sched_leave_running */
    IPC_FAST_BLOCKED, /* it waits: sched_leave_blocked */
};

/* cap_enter of `thread`, which is current and running. What was done is what the general way would have done. */
enum ipc_fast_end ipc_fast_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns);
