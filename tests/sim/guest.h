/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library of simulated programs: what libcapos is for real ones, over
 * simulated memory. Typed calls are the generated client functions; the
 * implementation of capos_client_call here puts params and results into the
 * program's own stack pages and lets the kernel find them there.
 */
#pragma once

#include "abi/capset.h"
#include "abi/layout.h"
#include "abi/ring.h"
#include "abi/syscall.h"
#include "arch/host/sim.h"
#include "capos/client.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"

/* User addresses that guest programs use in their stack region. */
#define GUEST_PARAMS USER_STACK_BASE               /* 16 KiB */
#define GUEST_RESULTS (USER_STACK_BASE + 0x4000)   /* 32 KiB */
#define GUEST_SPARE (USER_STACK_BASE + 0xc000)     /* for the test itself */
#define GUEST_RESULTS_BYTES 0x8000u

/* Threads beside the first have their buffers here, by the slot of their ring; the first one maps it (GUEST_AREA_BYTES). */
#define GUEST_AREA 0x4000000ull
#define GUEST_AREA_STRIDE 0x4000ull
#define GUEST_AREA_BYTES (16 * GUEST_AREA_STRIDE)

struct guest {
    struct ring_page *page; /* host address of the ring page */
    uint64_t pid;
    uint64_t next_user_data;
    const struct capset_page *capset;
    uint64_t params, results; /* user addresses of its buffers */
    uint32_t results_bytes;
    struct ring_result_cap caps[16]; /* of the last call */
    uint16_t cap_count;
};

/* First act of every program function. */
void guest_start(struct guest *guest, uint64_t ring, uint64_t pid, uint64_t capset);

/* First act of every thread function but the first. */
void guest_thread_start(struct guest *guest, uint64_t tid, uint64_t ring);

uint64_t guest_enter(uint32_t min_complete, uint64_t timeout_ns);
/* Queues the entry as it is, with a user_data of its own if that field is 0. Returns the user_data. */
uint64_t guest_submit(struct ring_sqe sqe);
/* Takes the oldest completion; false when there is none. */
bool guest_take(struct ring_cqe *cqe);
/* Waits for the next completion. */
struct ring_cqe guest_wait(void);
/* Submit and wait: for one operation at a time. */
struct ring_cqe guest_run(struct ring_sqe sqe);
/* A CALL of `method` with params already encoded at GUEST_PARAMS. */
struct ring_sqe guest_call_sqe(uint32_t cap_id, uint16_t method, uint32_t len);
/* The encoded length of params at GUEST_PARAMS. */
uint32_t guest_encode(const struct capos_method *method, const void *in);

/* Client for a CapSet name; ends the test when it is missing. */
struct capos_client guest_open(const char *name);
const struct capset_entry *guest_find(const char *name);
/* Capability `index` of the last call. */
struct capos_client guest_take_cap(uint16_t index);
enum capos_status guest_release(uint32_t cap_id);
bool guest_exception_is(const struct capos_client *client, enum cap_exception_type type, const char *text);
_Noreturn void guest_exit(int64_t code);
