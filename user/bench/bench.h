/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the measured workloads share. Time is the cycle counter: where the
 * emulator counts instructions (-icount shift=0) that is one per instruction.
 * A row is `R name n= per= min= p50= p90= max= mean=`, in ticks per operation, the
 * cost of reading the counter taken off. Workloads use the ring directly, so
 * that a row shows the kernel's work and not the SDK's.
 */
#pragma once

#include "capos/capos.h"

#define SAMPLES 400u
#define WARM_UP 50u

typedef void bench_fn(void *argument);

/* Runs fn WARM_UP times, then SAMPLES times, and prints the row. `per` operations are done by one call of fn. */
void bench_row(const char *name, bench_fn *fn, void *argument, uint32_t per);

static inline uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Says why and ends the program: a workload that does not work must not look fast. */
_Noreturn void bench_fail(const char *what, int64_t value);

static inline void must(bool holds, const char *what, int64_t value)
{
    if (!holds)
        bench_fail(what, value);
}

/* The next free place of the submission queue, to be filled in. */
static inline struct ring_sqe *next_sqe(struct ring_page *page)
{
    return &page->sqes[page->header.sq_tail & RING_SQ_MASK];
}

/* Publishes the entry that next_sqe() gave. */
static inline void publish(struct ring_page *page)
{
    __atomic_store_n(&page->header.sq_tail, page->header.sq_tail + 1, __ATOMIC_RELEASE);
}

/* Waits for `count` completions, takes them, and returns the result of the last one. */
static inline int32_t reap(struct ring_page *page, uint32_t count)
{
    int32_t result = 0;
    for (;;) {
        uint32_t head = page->header.cq_head;
        uint32_t ready = __atomic_load_n(&page->header.cq_tail, __ATOMIC_ACQUIRE) - head;
        if (ready >= count) {
            result = page->cqes[(head + count - 1) & RING_CQ_MASK].result;
            __atomic_store_n(&page->header.cq_head, head + count, __ATOMIC_RELEASE);
            return result;
        }
        capos_cap_enter(count, CAP_ENTER_WAIT_FOREVER);
    }
}

/* One entry from beginning to end. */
static inline int32_t run_sqe(struct ring_page *page, const struct ring_sqe *sqe)
{
    *next_sqe(page) = *sqe;
    publish(page);
    return reap(page, 1);
}

static inline struct ring_page *own_page(void)
{
    return capos_ring()->page;
}

struct capos_client bench_open(const char *name, uint64_t interface_id);

/* The groups of rows. */
void bench_kernel(void);  /* entering the kernel, NOPs, a kernel object */
void bench_ipc(void);     /* endpoint round trips with another process */
void bench_memory(void);  /* a page from allocation to its end */
void bench_threads(void); /* threads, parking, processes */
void bench_system(void);  /* figures that are no counts of work: `F name value` */

/* The other side of the endpoint rows: a spawned copy of this program. */
_Noreturn void bench_server(uint32_t endpoint);
