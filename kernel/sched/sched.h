/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which thread runs where. One queue of runnable threads per CPU: who has had
 * the least time runs first, of equals who came first, for a quantum of one
 * tick. Time counts against the thread that used it even when a CPU is handed
 * over within a quantum, so threads that keep calling each other get no more
 * than others. Who slept is a tick ahead at most. A CPU that finds its queue
 * empty takes from the longest one. The queue links lie in the thread, so
 * nothing here allocates or fails.
 *
 * A thread is in exactly one state: running (current of one CPU), runnable
 * (on one queue), blocked (on nothing but a possible timer), or dead.
 * Everything under the kernel lock. Source: docs/kernel-semantics.md;
 * the tick is 10 ms (docs/abi.md, "Timer-side servicing").
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/machine.h"

#define SCHED_TICK_NS 10000000ull

struct process;
struct thread;

struct run_queue {
    struct thread *head;
    struct thread *tail;
    uint32_t count;
    uint64_t entered; /* threads that ever queued here */
};

/* Ticks since boot: time / 10 ms. */
uint64_t sched_ticks(void);

/* Makes a new thread runnable for the first time. */
void sched_admit(struct thread *thread);
/* The running thread stops being runnable until sched_wake. At the deadline
 * (MACHINE_NO_DEADLINE: never) it wakes by itself. False, and the thread goes
 * on, when no timer is left. Only the entry path calls this. */
bool sched_block(struct thread *thread, uint64_t deadline);
/* A blocked thread becomes runnable, with ipc_enter_value as the result of its
 * system call: on its last CPU if that idles, else on an
 * idle one, else on its last. Anything but a blocked thread is left alone. */
void sched_wake(struct thread *thread);
/* If the next thing in this kernel entry wakes that thread, and if it last ran here, the CPU goes straight to it once the
 * running thread blocks, for the rest of the quantum: in this entry, or in a later one if no other CPU is idle meanwhile
 * (docs/kernel-semantics.md, EN-25). */
void sched_hand_off(struct thread *thread);
/* The same together with sched_wake, if the wait is over, of a thread that waits without a timer; `value` is its result. */
void sched_hand_over(struct thread *thread, uint64_t value, bool wait_is_over);
/* The running thread goes to the end of its queue when this entry ends. */
void sched_yield(void);
/* Takes a thread out of queue and timers for ever; false while it runs on some
 * CPU, which is then told to enter the kernel and let go of it. */
bool sched_remove(struct thread *thread);

/* For the entry path: accounts time, chooses what this CPU runs, arms its timer. */
struct machine_resume sched_leave(void);
/* The same for an entry after which nothing needs looking after (kernel/ipc/fast.c, F5): the running thread goes on, with
 * its result set, or has blocked. */
struct machine_resume sched_leave_running(void);
struct machine_resume sched_leave_blocked(void);
/* For the entry path, after it has let go of the lock: wakes the CPUs that got
 * something to do. Earlier they would only wait for the lock. */
void sched_send_kicks(void);
/* For the entry path: the quantum of the running thread is over if its time has come. */
void sched_tick(uint64_t now);
/* CPU time of the process up to now, in nanoseconds. */
uint64_t sched_process_time(const struct process *process);
