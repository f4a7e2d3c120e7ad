/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The simulated machine with one thread of the host for each processor, for the race detector (tests/tsan). It implements
 * arch/host/sim.h, and runs the same kernel and programs as the machine of one thread, but nothing decides an order: processors
 * enter the kernel when they do, programs run beside it, and only what the kernel does itself keeps them apart. So
 * nothing here may order what the kernel should order: words that processors tell each other are relaxed atomics, and waiting
 * is a bare futex, of which the detector knows nothing.
 *
 * Programs are C functions on stacks of their own (program.c); an interrupt reaches them in sim_pause and in system calls. They
 * reach memory through sim_user, whose address holds until then, as a translation does on a real processor: each CPU
 * keeps translations until it is told to drop them. The flush itself, and what a CPU does while it waits for the
 * lock, are the PC's (arch/x86_64/flush.c, which is built against tests/tsan/pc).
 */
#pragma once

#include "arch/host/host.h"

#if defined(__SANITIZE_THREAD__)
#define THREADS_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREADS_CHECKED 1
#endif
#endif

#define TRANSLATIONS 16u
#define THREADS_SPEED 8u /* simulated nanoseconds in one of the host: quanta and timers end often */

struct translation {
    uint64_t va;    /* of the page; 1 = none */
    uint8_t *bytes;
    bool write;
};

/* Its own thread's, but for `kicked`. */
struct threads_cpu {
    struct machine_resume now;    /* what it runs */
    struct machine_aspace *space; /* whose translations it may hold */
    uint64_t timer;
    uint64_t random;
    uint64_t entries;             /* into the kernel */
    uint32_t index;
    uint32_t kicked;              /* atomic; others set it */
    struct translation translations[TRANSLATIONS];
    struct program_thread *running;
    void *loop;                   /* its own stack pointer while a program runs */
    void *fiber;                  /* what the race detector calls its own thread */
    jmp_buf end;
};

/* The calling thread's processor. A function that the compiler knows nothing about: a program goes on on another one. */
struct threads_cpu *threads_cpu(void);
/* Has somebody ended the machine? */
bool threads_ended(void);
/* Must the running program be interrupted? Serves flushes first. */
bool threads_interrupted(struct threads_cpu *cpu);
uint8_t *threads_translate(struct threads_cpu *cpu, uint64_t va, bool write);

/* program.c: runs the context of `now` until it enters the kernel or is interrupted. */
struct host_request threads_run(struct threads_cpu *cpu);
void threads_programs_init(void);

/* For tests/tsan/pc: what the PC's flush does to a processor. */
void threads_drop(uint64_t va);
void threads_drop_all(void);
/* One step of a wait; does not return when the machine has ended. */
void threads_spin(void);
