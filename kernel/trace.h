/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Numbered trace events, the same on every machine. Ids never change their
 * meaning (docs/trace-events.md lists them); a new event gets a new number.
 * Builds with CAPOS_TRACE keep the last TRACE_RECORDS of them in memory; in
 * all others trace_event is nothing.
 *
 * State: kernel.trace, under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum trace_id {
    TRACE_NONE = 0,
    TRACE_SYSCALL_ENTER = 1, /* tid, number */
    TRACE_SYSCALL_EXIT = 2,  /* tid, result; not when the thread blocks */
    TRACE_SQE_CONSUMED = 3,  /* opcode | method << 16, user_data */
    TRACE_CQE_POSTED = 4,    /* result, user_data */
    TRACE_CQE_PARKED = 5,    /* result, user_data */
    TRACE_CALL_PEND = 6,     /* object id, user_data */
    TRACE_CALL_FINISH = 7,   /* object id, result */
    TRACE_CAP_INSERT = 8,    /* cap id, object id */
    TRACE_CAP_REMOVE = 9,    /* cap id, object id */
    TRACE_CAP_REVOKE = 10,   /* cap id, new epoch */
    TRACE_SPAWN = 11,        /* child pid, 0 */
    TRACE_EXIT = 12,         /* pid, code */
    TRACE_BLOCK = 13,        /* tid, deadline */
    TRACE_WAKE = 14,         /* tid, cpu it goes to */
    TRACE_SWITCH = 15,       /* tid that runs now or 0 for idle, pid */
    TRACE_FRAME_ALLOC = 16,  /* first frame, count | class << 32 */
    TRACE_FRAME_FREE = 17,   /* first frame, count | class << 32 */
    TRACE_FAULT = 18,        /* pid, address */
    TRACE_INJECTED = 19,     /* fault site, count */
    TRACE_THREAD_START = 20, /* tid, its pid */
    TRACE_THREAD_END = 21,   /* tid, code */
    TRACE_PARK = 22,         /* tid, address */
    TRACE_UNPARK = 23,       /* address, threads woken */
    TRACE_IDS,
};

#define TRACE_RECORDS 4096u

struct trace_record {
    uint64_t sequence; /* from 1, without gaps */
    uint16_t id;       /* enum trace_id */
    uint16_t cpu;
    uint32_t pid;      /* of the process running on that CPU, 0 when none */
    uint64_t a;
    uint64_t b;
};

struct trace_state {
#ifdef CAPOS_TRACE
    struct trace_record records[TRACE_RECORDS]; /* sequence s at index s % TRACE_RECORDS */
    uint64_t digest;     /* of all events so far */
    uint64_t short_ways; /* entries that took the short way to its end (kernel/ipc/fast.c) */
#endif
    uint64_t next_sequence; /* of the event to come; 0 counts as 1 */
};

#ifdef CAPOS_TRACE
void trace_event(enum trace_id id, uint64_t a, uint64_t b);
/* The event with that number; false when it was overwritten or is still to come. */
bool trace_read(uint64_t sequence, struct trace_record *out);
/* An entry took the short way: no event, because what a program or another CPU can see of it is the same. */
void trace_short_way(void);
#else
static inline void trace_short_way(void)
{
}

static inline void trace_event(enum trace_id id, uint64_t a, uint64_t b)
{
    (void)id;
    (void)a;
    (void)b;
}
#endif
