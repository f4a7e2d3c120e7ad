/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel's changing state: what the rooms mm, proc, sched and boot keep,
 * in one place. Objects keep their own (kernel/object.c, kernel/objects/).
 * All of it belongs to the kernel lock, except where a comment says otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/fault.h"
#include "kernel/lock.h"
#include "kernel/machine.h"
#include "kernel/mm/frames.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timers.h"
#include "kernel/trace.h"

struct cpu_state {
    struct thread *current;  /* runs on this CPU; NULL = idle */
    struct thread *active;   /* whose registers and tables the machine has loaded; may lag behind current inside the kernel */
    struct run_queue queue;
    bool online;             /* has passed kernel_on_cpu_start */
    uint32_t kicks;          /* bit per CPU to kick when this one has let go of the lock */
    bool yield;              /* current is to go back to its queue */
    bool give_way;           /* to its end: it asked to */
    uint64_t floor;          /* ns, on the queue's scale: what the thread chosen last had had; never falls */
    struct thread *favoured; /* if woken in this entry, it runs here without passing through a queue */
    struct thread *handed;   /* it was woken */
    struct thread *kept;     /* the same in an entry before this one: runnable, in no queue, until current blocks or yields */
    uint64_t armed;          /* deadline its timer is set to */
    uint64_t idle_ns;        /* finished stretches of idleness */
    uint64_t idle_started;
    uint32_t lock_rank;      /* highest rank held; this CPU alone, without the lock */
};

struct boot_state {
    struct boot_info info;    /* as the machine handed it over */
    const uint8_t *package;   /* the boot module, read-only */
    uint64_t package_len;
    int64_t wall_seconds;     /* since 1970 at boot */
    bool wall_known;
    bool check_requested;     /* capos.check=1 on the command line */
    bool quota_requested;     /* capos.quota=1 */
    uint64_t free_frames;     /* before the first process; all of them come back */
    uint64_t ready_ns;        /* when the first process became ready */
};

struct kernel {
    struct lock lock;                 /* the one big lock */
    struct cpu_state cpus[MACHINE_CPUS_MAX];
    struct frames frames;             /* kernel/mm/frames.c */
    struct process_table processes;   /* kernel/proc */
    struct cap_epoch_pool epochs;     /* one for all tables; storage taken at boot */
    struct timers timers;             /* kernel/sched/timers.c */
    struct park_table parks;          /* kernel/ipc/park.c */
    struct sessions sessions;         /* kernel/proc/session.c */
    struct boot_state boot;           /* written by kernel_boot only */
    struct trace_state trace;         /* kernel/trace.c */
    struct fault_state faults;        /* kernel/fault.c */
    uint64_t next_table_id;           /* names capability tables */
    uint32_t panicking;               /* 1 + the CPU that panics, 0 = none; atomic */
    bool halting;                     /* the machine is being halted: no process is started any more */
};

extern struct kernel kernel;

/* This CPU's part. */
struct cpu_state *cpu_state(void);
