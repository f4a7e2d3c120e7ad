/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What stands in for the rest of the machine around the sources under check. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t world_syscall_fn(uint64_t number, uint64_t arg0, uint64_t arg1);

struct world {
    world_syscall_fn *syscall; /* what capos_syscall does; NULL: answers 0 */
    uint32_t syscalls;         /* of the one thread that makes them, in models that ask */
    bool modelled_lock;        /* the kernel lock is one operation, not kernel/lock.c */
    bool real_sched;           /* kernel/sched/sched.c chooses, on `cpus` processors */
    uint32_t cpus;
    uint32_t cpu_of[8];        /* which one the thread of the model executes on */
    bool real_park;            /* libcapos' locks wait by PARK, not by a model of it */
};

extern struct world world;

struct thread;
struct machine_resume;
bool checked_sched_block(struct thread *thread, uint64_t deadline);
void checked_sched_wake(struct thread *thread);
struct machine_resume checked_sched_leave(void);
void checked_sched_send_kicks(void);

/* flush.c: the private request of arch/x86_64/flush.c. */
uint32_t *flush_pending_word(void);
void flush_watch(void);
void flush_make(void);

/* lock.c: an object's storage came back. */
void ref_given(void);

world_syscall_fn wakeup_syscall;
