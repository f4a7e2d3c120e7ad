/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Entering the kernel and back, and io_uring entries that do nothing. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define RING_ENTRIES 128u

/* A ring of io_uring, mapped. */
static struct {
    int fd;
    uint32_t *sq_tail, *sq_mask, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
} ring;

static int null_device;

static void empty_call(void *argument)
{
    (void)argument;
    call3(SYS_getppid, 0, 0, 0);
}

static void write_to_null(void *argument)
{
    must(call3(SYS_write, null_device, (long)"", 1) == 1, argument, 0);
}

static void clock_call(void *argument)
{
    struct timespec now;
    must(call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0) == 0, argument, 0);
}

static void *map_ring(size_t bytes, long offset)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring.fd, offset);
    must(at != MAP_FAILED, "mapping io_uring", -errno);
    return at;
}

static void open_ring(void)
{
    struct io_uring_params params = { 0 };
    ring.fd = (int)syscall(SYS_io_uring_setup, RING_ENTRIES, &params);
    must(ring.fd >= 0, "io_uring_setup", -errno);
    size_t sq_bytes = params.sq_off.array + params.sq_entries * sizeof(uint32_t);
    size_t cq_bytes = params.cq_off.cqes + params.cq_entries * sizeof(struct io_uring_cqe);
    char *base = map_ring(sq_bytes > cq_bytes ? sq_bytes : cq_bytes, IORING_OFF_SQ_RING);
    ring.sqes = map_ring(params.sq_entries * sizeof(struct io_uring_sqe), (long)IORING_OFF_SQES);
    ring.sq_tail = (uint32_t *)(base + params.sq_off.tail);
    ring.sq_mask = (uint32_t *)(base + params.sq_off.ring_mask);
    ring.cq_head = (uint32_t *)(base + params.cq_off.head);
    ring.cq_tail = (uint32_t *)(base + params.cq_off.tail);
    ring.cq_mask = (uint32_t *)(base + params.cq_off.ring_mask);
    ring.cqes = (struct io_uring_cqe *)(base + params.cq_off.cqes);
    for (uint32_t i = 0; i < params.sq_entries; i++)
        ((uint32_t *)(base + params.sq_off.array))[i] = i;
}

static void enter_ring(void *argument)
{
    (void)argument;
    call6(SYS_io_uring_enter, ring.fd, 0, 0, 0, 0, 0);
}

/* Submits `count` NOPs in one call, waits for them and takes their completions. */
static void nops(void *argument)
{
    uint32_t count = (uint32_t)(uintptr_t)argument, tail = *ring.sq_tail;
    for (uint32_t i = 0; i < count; i++) {
        struct io_uring_sqe *sqe = &ring.sqes[(tail + i) & *ring.sq_mask];
        memset(sqe, 0, sizeof *sqe);
        sqe->opcode = IORING_OP_NOP;
    }
    __atomic_store_n(ring.sq_tail, tail + count, __ATOMIC_RELEASE);
    long entered = call6(SYS_io_uring_enter, ring.fd, count, count, IORING_ENTER_GETEVENTS, 0, 0);
    must(entered == (long)count, "io_uring_enter", entered);
    uint32_t head = *ring.cq_head, ready = __atomic_load_n(ring.cq_tail, __ATOMIC_ACQUIRE);
    must(ready - head == count, "completions", ready - head);
    for (; head != ready; head++)
        must(ring.cqes[head & *ring.cq_mask].res == 0, "NOP", ring.cqes[head & *ring.cq_mask].res);
    __atomic_store_n(ring.cq_head, head, __ATOMIC_RELEASE);
}

void bench_calls(void)
{
    null_device = open("/dev/null", O_RDWR);
    bench_row("null_call", empty_call, NULL, 1);
    bench_row("clock_call", clock_call, "clock_gettime", 1);
    bench_row("write_null", write_to_null, "write", 1);
    open_ring();
    bench_row("uring_enter_empty", enter_ring, NULL, 1);
    for (unsigned count = 1; count <= 16; count *= 2) {
        char name[32];
        snprintf(name, sizeof name, "uring_nop_%u", count);
        bench_row(name, nops, (void *)(uintptr_t)count, count);
    }
    close(ring.fd);
}
