/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the files of kernel/ipc share among themselves.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/ipc/call.h"
#include "kernel/ipc/call_record.h"
#include "kernel/ipc/ipc.h"
#include "kernel/ipc/park.h"

struct endpoint_object;

/*
 * Makes the buffer hold `bytes` and returns its address; old contents are lost
 * when it moves. NULL when ledger or memory refuse: nothing has changed then.
 */
uint8_t *scratch_reserve(struct process *process, struct scratch_buffer *buffer, uint32_t bytes);
/* The buffer as it is; NULL while it is empty. */
uint8_t *scratch_bytes(const struct scratch_buffer *buffer);
void scratch_free(struct process *process, struct scratch_buffer *buffer);

/* Runs a CALL that passed the wire check. True: *cqe is its completion. False: it pends. */
bool call_invoke(struct thread *thread, const struct ring_sqe *sqe, struct ring_cqe *cqe);

/* The same for one whose target is an open endpoint; params are copied in. */
bool endpoint_invoke(struct endpoint_object *endpoint, struct call *call, struct call_running *run, struct ring_cqe *cqe);
/* Does it serve the session that the process is in? */
bool endpoint_in_session_of(const struct endpoint_object *endpoint, const struct process *process);
/* RECV: 0 when it waits or has its completion, else the result code to post. */
int32_t endpoint_recv(struct thread *thread, const struct ring_sqe *sqe);
/* RETURN and CANCEL: the result code to post. */
int32_t endpoint_return(struct thread *thread, const struct ring_sqe *sqe);
int32_t endpoint_cancel(struct thread *thread, const struct ring_sqe *sqe);
/* A thread of a process that goes on ends: callers whose calls it received are told. */
void endpoint_thread_exit(struct thread *thread);

/* Turns what a dispatch left into the completion, after copying reply or exception out. */
struct ring_cqe call_conclude(struct call *call, struct call_running *run, enum capn_outcome outcome);

/* A pending call got its completion: posts it, or keeps it until it can be posted. */
void ring_complete(struct call *call, const struct ring_cqe *cqe);
/* The same for any operation of `thread` that has a record of its own; once posted, ring_record_done frees it. */
void ring_complete_record(struct thread *thread, struct ring_parked *record, const struct ring_cqe *cqe);
/* The thread's last call, for the report of a fault that comes later. */
void call_note(const struct call *call);
/* Gives a call record back to its process, with its charge. */
void call_free(struct call *call);
