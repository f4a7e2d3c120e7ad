/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thread: user registers, a ring, and where it stands with the scheduler.
 * Records come from one pool (kernel.processes.threads) and belong to their
 * process. Thread ids count from 1 in each process and are never reused; the
 * generation is unique in a boot. Under the kernel lock.
 *
 * The first thread is made with its process. Others: thread_create, then
 * thread_start, or thread_abandon, which undoes it. thread_end marks a thread;
 * process_reap takes it apart as soon as no CPU runs it.
 * Source: docs/kernel-semantics.md, PL-26 to PL-32.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/park.h"
#include "kernel/machine.h"

#define THREADS_MAX (PROCESSES_MAX * THREADS_PER_PROCESS_MAX) /* at most: every process can have all of its own */

struct process;
struct process_refusal;

/* Told once, after the thread's ring and calls have gone, unless its process ends with it. */
typedef void thread_exited_fn(void *context, int64_t code);

enum thread_state {
    THREAD_NEW,      /* not yet runnable */
    THREAD_RUNNABLE, /* on a run queue */
    THREAD_RUNNING,  /* current of one CPU */
    THREAD_BLOCKED,
    THREAD_DEAD,     /* out of every queue; its record is about to be given back */
};

/* What the thread asked for last; for the report of a fault. */
struct thread_last_call {
    uint64_t interface_id; /* 0 = no CALL was dispatched yet */
    uint16_t method_id;
    bool running;          /* the call has no completion yet */
};

struct thread {
    struct machine_context context;
    struct process *process;
    struct thread *next_in_process;
    uint32_t tid;
    uint32_t ring_slot;   /* 0 = first thread; ring page at USER_RING_BASE + slot * stride */
    uint64_t generation;

    struct machine_start start; /* what the context is made of when the thread becomes runnable */
    struct thread_ring ring;    /* kernel/ipc */
    struct thread_park park;    /* kernel/ipc */
    struct thread_last_call last_call;

    /* kernel/sched */
    enum thread_state state;
    uint32_t queued_on;   /* CPU whose queue holds it, THREAD_NO_CPU otherwise */
    uint32_t cpu;         /* runs there, or ran there last */
    struct thread *run_next;
    struct thread *run_prev;
    uint32_t timer;       /* of the wait, TIMER_NONE without */
    uint64_t run_started; /* ns, while running */
    uint64_t quantum_end; /* ns, while running */
    uint64_t fair;        /* ns had, on the scale of its CPU's queue */
    uint64_t cpu_time;    /* ns, finished stretches */

    /* Its end. */
    int64_t exit_code;
    thread_exited_fn *exited; /* NULL: nobody holds a handle */
    void *exited_context;
    struct thread *next_ending;
};

#define THREAD_NO_CPU UINT32_MAX

/* One more thread of a live process, in state NEW, with a ring page in the lowest free slot. False: nothing has changed.
 * RDI of `start` is given; the other arguments are the thread's id and ring. */
bool thread_create(struct process *process, const struct machine_start *start, struct thread **out,
                   struct process_refusal *why);
void thread_start(struct thread *thread);
void thread_abandon(struct thread *thread);
/* The thread ends when the running kernel entry does; the last one takes its process with it. */
void thread_end(struct thread *thread, int64_t code);
