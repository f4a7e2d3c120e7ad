/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The same work on several processors at once: as many processes (threads,
 * pairs of processes) as there are processors, each doing the whole of it.
 * One line per kind, `S name workers= ns=`, in the guest's clock.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#define PRIMES_BELOW 3000000u
#define PRIMES_SUM 312471072265ul
#define ROUND_TRIPS 2000u

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The sum of the primes, by a sieve of the odd numbers: one bit for each. */
static void *primes(void *argument)
{
    uint8_t *composite = calloc(PRIMES_BELOW / 16, 1);
    uint64_t sum = 2;
    must(composite != NULL, "memory of the sieve", 0);
    for (uint32_t i = 3; i < PRIMES_BELOW; i += 2) {
        if (composite[i / 16] >> (i / 2 % 8) & 1)
            continue;
        sum += i;
        for (uint64_t multiple = (uint64_t)i * i; multiple < PRIMES_BELOW; multiple += 2 * i)
            composite[multiple / 16] |= (uint8_t)(1u << (multiple / 2 % 8));
    }
    free(composite);
    must(sum == PRIMES_SUM, "sum of the primes", (long)sum);
    return argument;
}

static void primes_process(void *argument)
{
    primes(argument);
}

static void pair(void *argument)
{
    int there[2], back[2];
    char byte = 0;
    (void)argument;
    must(pipe(there) == 0 && pipe(back) == 0, "pipe", -errno);
    int child = fork();
    if (child == 0) {
        close(there[1]);
        while (call3(SYS_read, there[0], (long)&byte, 1) == 1)
            call3(SYS_write, back[1], (long)&byte, 1);
        _exit(0);
    }
    for (uint32_t i = 0; i < ROUND_TRIPS; i++) {
        call3(SYS_write, there[1], (long)&byte, 1);
        must(call3(SYS_read, back[0], (long)&byte, 1) == 1, "round trip", 0);
    }
    close(there[1]);
    waitpid(child, NULL, 0);
}

static void run_processes(const char *name, bench_fn *body, int workers)
{
    int children[8];
    uint64_t start = now_ns();
    for (int i = 0; i < workers; i++)
        children[i] = bench_child(body, NULL);
    for (int i = 0; i < workers; i++) {
        int status = 0;
        must(waitpid(children[i], &status, 0) == children[i] && status == 0, name, status);
    }
    printf("S %s workers=%d ns=%lu\n", name, workers, now_ns() - start);
}

static void run_threads(const char *name, int workers)
{
    pthread_t threads[8];
    uint64_t start = now_ns();
    for (int i = 0; i < workers; i++)
        must(pthread_create(&threads[i], NULL, primes, NULL) == 0, "pthread_create", -errno);
    for (int i = 0; i < workers; i++)
        pthread_join(threads[i], NULL);
    printf("S %s workers=%d ns=%lu\n", name, workers, now_ns() - start);
}

void bench_scaling(void)
{
    int workers = (int)sysconf(_SC_NPROCESSORS_ONLN);
    must(workers >= 1 && workers <= 8, "processors", workers);
    run_processes("primes_processes", primes_process, workers);
    run_threads("primes_threads", workers);
    run_processes("round_trip_pairs", pair, workers);
}
