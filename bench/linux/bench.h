/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The Linux side of the performance table: the only program of its machine,
 * started as /init. Same counter, same output lines as user/bench: rows
 * `R name n= per= min= p50= p90= max= mean=` in ticks per operation, the cost of
 * reading the counter taken off. System calls are made without the C library
 * where a row measures one.
 */
#pragma once

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SAMPLES 1000u
#define WARM_UP 300u

typedef void bench_fn(void *argument);

/* Runs fn WARM_UP times, then SAMPLES times, and prints the row. `per` operations are done by one call of fn. */
void bench_row(const char *name, bench_fn *fn, void *argument, unsigned per);

/* Prints why and ends the machine: a workload that does not work must not look fast. */
_Noreturn void bench_fail(const char *what, long value);

static inline uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static inline void must(int holds, const char *what, long value)
{
    if (!holds)
        bench_fail(what, value);
}

static inline long call3(long number, long a, long b, long c)
{
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static inline long call6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

/* A process that runs body(argument) and ends; its id. */
int bench_child(bench_fn *body, void *argument);

/* The groups of rows. */
void bench_calls(void);     /* entering the kernel, io_uring */
void bench_channels(void);  /* round trips between two processes */
void bench_processes(void); /* threads, futexes, pages, programs, sleeping */
void bench_scaling(void);   /* the same work on several processors */
