/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The record of one CALL. Private to kernel/ipc, except that struct process
 * embeds a struct call_table and struct thread a struct thread_ring. Objects
 * see kernel/ipc/call.h only.
 *
 * A call runs on a record of the dispatcher's own; only a call that pends
 * takes one of the process's 64, which is charged to outstanding calls. A RECV
 * takes one of the process's receive records, of which an endpoint's limit on
 * receives is the usual bound.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "abi/ring.h"
#include "core/capn/dispatch.h"
#include "core/endpoint/endpoint.h"
#include "core/ring/parked.h"
#include "kernel/object.h"

struct cap_transaction;

enum call_state {
    CALL_FREE,
    CALL_RUNNING,  /* inside dispatch */
    CALL_PENDING,  /* charged, waits for its object */
    CALL_FINISHED, /* has its completion, which waits for room or for the end of a dispatch */
};

/* What a running call has made so far; on the dispatcher's stack. */
struct call_running {
    struct capn_call_context context;
    uint32_t cap_ids[RESULT_CAPS_MAX];
    uint32_t cap_count;
    int32_t unwritten; /* the result if an exception cannot be written; 0: its usual code */
};

/* Kernel memory that messages pass through; grows on demand and is charged to scratch bytes. */
struct scratch_buffer {
    uint64_t frame;   /* first frame of a run; meaningless while pages is 0 */
    uint32_t pages;
    uint32_t charged; /* bytes */
};

struct call {
    enum call_state state;
    bool receives;         /* of a RECV */
    struct process *process;
    struct thread *thread;
    struct object *object; /* one reference while pending */
    uint64_t badge;        /* of the hold */
    struct ring_sqe sqe;   /* the kernel's copy */
    struct ring_parked parked;
    struct call_running *running; /* NULL once pending */
    uint64_t words[3];     /* free for the object while pending */
    struct call *next;     /* the same */
    /* kernel/ipc/endpoint.c */
    union {
        struct endpoint_call sent;
        struct endpoint_receive receive;
    };
    uint64_t interface_id;            /* of the hold */
    uint64_t disclosure;              /* of the hold */
    const uint8_t *message;           /* params of a call that was not delivered yet */
    struct cap_transaction *transfers; /* its capabilities, NULL without */
    struct scratch_buffer held;       /* where the two lie while it waits */
    uint32_t held_pages;              /* of the copies among them: the sender may let go of its own */
};

/* RECVs of one process that wait, or whose completion does: eight endpoints with as many as they take. Ours. */
#define PENDING_RECEIVES_MAX 128u

struct call_table {
    struct call records[OUTSTANDING_CALLS_MAX];
    struct call receives[PENDING_RECEIVES_MAX];
};

struct call_scratch {
    struct scratch_buffer input;
    struct scratch_buffer reply;
};
