/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Rings and calls as the rest of the kernel sees them. Everything under the
 * kernel lock. struct thread embeds one struct thread_ring named `ring`;
 * struct process embeds `struct call_table calls` and `struct call_scratch
 * scratch` (kernel/ipc/call_record.h).
 * Source: docs/abi.md, "cap_enter".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/ring/consumer.h"
#include "core/ring/enter.h"
#include "core/ring/parked.h"
#include "kernel/ipc/call_record.h"

struct process;
struct thread;

/* The kernel's half of one thread's ring. */
struct thread_ring {
    struct ring_state state;
    struct ring_page *page; /* the kernel's mapping; NULL once the thread has ended */
    struct ring_parked_queue parked;
    struct ring_parked own; /* room for the completion of an entry that never became a pending call */
    struct ring_consumer consumer;
    struct ring_parked *finished; /* completions that arose while an entry was being dispatched, oldest first */
    struct ring_parked *finished_last;
    bool dispatching;
    struct ring_enter_request wait; /* what the thread is blocked for, while it is */
};

void ipc_ring_init(struct thread_ring *ring, struct ring_page *page);

enum ipc_enter_action {
    IPC_ENTER_RETURN, /* give `value` to the thread */
    IPC_ENTER_YIELD,  /* the same, after letting others run */
    IPC_ENTER_AGAIN,  /* it took long, and entries are left: others get the CPU, then the thread makes the call again */
    IPC_ENTER_BLOCK,  /* until ipc wakes it through sched, or `deadline` (ns, RING_DEADLINE_NEVER: none) */
    IPC_ENTER_ENDED,  /* the calling thread is no more: do not touch it */
};

struct ipc_enter_result {
    enum ipc_enter_action action;
    uint64_t value;
    uint64_t deadline;
};

/* The cap_enter system call of `thread`, which is current. */
struct ipc_enter_result ipc_cap_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns);

/* What cap_enter answers to a thread that stops waiting now, for whatever reason. */
uint64_t ipc_enter_value(const struct thread *thread);

/* Services the ring of the thread that a tick interrupted in user mode (docs/abi.md, "Timer-side servicing"). */
void ipc_on_tick(struct thread *thread);

/* Tells owners of service endpoints what died in this kernel entry; at its end. True when there was anything. */
bool ipc_tell_releases(void);

/* The thread ends: its pending calls are cancelled, nothing more is posted to its ring. */
void ipc_thread_exit(struct thread *thread);

/* The process's threads have all ended: release hooks in their order, every slot emptied, scratch freed.
 * What the ledger shows afterwards was charged by others. */
void ipc_process_exit(struct process *process);
