/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests with bare threads. Steps order threads in time without telling the race detector: relaxed words, and waiting
 * that it does not know. So an access is a race to it unless the code under test orders it, whatever the schedule.
 */
#pragma once

#include <linux/futex.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            _exit(1);                                                       \
        }                                                                   \
    } while (0)

static inline void step_done(uint32_t *step)
{
    __atomic_fetch_add(step, 1, __ATOMIC_RELAXED);
}

static inline void step_await(const uint32_t *step, uint32_t number)
{
    while (__atomic_load_n(step, __ATOMIC_RELAXED) < number)
        (void)syscall(SYS_sched_yield);
}

static inline void word_sleep(const uint32_t *word, uint32_t value)
{
    (void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static inline void word_wake(const uint32_t *word)
{
    (void)syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

static inline void run_threads(void *(*const *bodies)(void *), unsigned count)
{
    pthread_t threads[8];
    for (unsigned i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, bodies[i], (void *)(uintptr_t)i) == 0);
    for (unsigned i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}
