/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads of this process. Each has a stack, its own ring and its own copies of
 * all _Thread_local variables; typed clients, the heap and capos_print work in
 * every thread. Needs `thread_spawner` and `thread_control` in the CapSet;
 * locks are in capos/park.h.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "capos/client.h"

#define CAPOS_THREAD_STACK_BYTES 16384u

/* What it returns is the thread's exit code. */
typedef int64_t capos_thread_fn(void *argument);

struct capos_thread {
    struct capos_client handle;
    void *memory; /* of the heap: stack, call buffers, thread-local variables */
};

/* NULL or zero fields: a stack of CAPOS_THREAD_STACK_BYTES from the heap. */
struct capos_thread_options {
    void *stack; /* the caller's, until the thread has been joined */
    size_t stack_bytes;
};

/*
 * Starts `fn`. CAPOS_NOT_GRANTED, CAPOS_OUT_OF_MEMORY, or what ThreadSpawner.create ends with (CAPOS_EXCEPTION: no
 * thread left); nothing was started then.
 */
enum capos_status capos_thread_start(struct capos_thread *thread, capos_thread_fn *fn, void *argument,
                                     const struct capos_thread_options *options);
/* Waits for the end of the thread and frees what it had. Once for each thread that was started. */
enum capos_status capos_thread_join(struct capos_thread *thread, int64_t *exit_code);
/* Ends the calling thread; the last one ends the process. */
_Noreturn void capos_thread_exit(int64_t code);
/* Of the calling thread: 1 for the first, never reused in a process. */
uint32_t capos_thread_id(void);
