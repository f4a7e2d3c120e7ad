/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PARK and UNPARK: threads that wait for a word to change. The waiters' table
 * is kernel.parks; each thread has room for one PARK. Everything under the
 * kernel lock, so comparing and queueing are one step.
 * Source: docs/abi.md, "PARK and UNPARK".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/park/park.h"
#include "core/ring/parked.h"

struct process;
struct thread;

/* A thread's one PARK. */
struct thread_park {
    struct park_waiter waiter; /* queued until the PARK is answered */
    bool outstanding;          /* until its completion has been posted */
    uint64_t addr;             /* of the word */
    uint64_t user_data;
    uint32_t timer;            /* TIMER_NONE without */
    struct ring_parked record; /* of the completion */
};

/* A PARK that passed the wire check, of the thread that runs it. True: *cqe is its completion. False: it waits. */
bool park_wait(struct thread *thread, const struct ring_sqe *sqe, struct ring_cqe *cqe);
/* An UNPARK: the number of waiters woken, or a negative result code. */
int32_t park_wake(struct thread *thread, const struct ring_sqe *sqe);

/* Whose it is. */
struct thread *park_thread(struct park_waiter *waiter);
/* The user range loses its memory: the process's parks on it are answered (VM-09). */
void park_unmapped(struct process *process, uint64_t addr, uint64_t size);
/* The thread ends: its PARK goes without an answer. */
void park_drop(struct thread *thread);
/* The completion has been posted: the thread may park again. */
void park_done(struct thread *thread);
