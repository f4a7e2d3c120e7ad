/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process: the unit of authority, address space and accounting. Records come
 * from one pool (kernel.processes.pool); pids count from 1 and are never reused
 * in a boot. Everything under the kernel lock; nothing blocks.
 *
 * Life: process_create makes it with image, stack, TLS and one thread, not
 * runnable. The spawner fills its capability table, then process_seal writes
 * the CapSet page, then process_start lets it run; process_abandon undoes
 * everything instead. process_end marks it for its end; the entry path calls
 * process_reap, which cleans up as soon as no CPU runs it.
 * Source: docs/kernel-semantics.md, "Process and thread lifecycle".
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/capset.h"
#include "abi/errors.h"
#include "core/cap/table.h"
#include "core/diag/diag.h"
#include "kernel/ipc/call_record.h"
#include "kernel/mm/aspace.h"
#include "kernel/mm/pool.h"
#include "kernel/proc/profile.h"
#include "kernel/proc/thread.h"

/* How many there is room for: PROCESSES_MIN, or more on a machine with memory for it (kernel/boot). Ours. */
#define PROCESSES_MIN 64u
#define PROCESSES_MAX 256u
#define PROCESS_NAME_BYTES 64u
#define PROCESS_TABLE_PAGES_MAX 1024u /* page-table frames; ours */
#define PROCESS_IMAGE_PAGES_MAX 4096u /* image region, stack, TLS, rings and CapSet fit; ours */

enum process_state {
    PROCESS_NEW,     /* created, not started */
    PROCESS_LIVE,
    PROCESS_ENDING,  /* process_end was called; cleanup to come */
};

/* Told once, after everything of the process has been given back. */
typedef void process_exited_fn(void *context, int64_t code);

struct process {
    uint32_t pid;
    uint32_t parent_pid;  /* 0 for the first process */
    uint64_t generation;  /* unique in a boot */
    enum process_state state;
    uint32_t name_len;
    char name[PROCESS_NAME_BYTES]; /* what the spawner called it */
    struct session *session;       /* on whose account; one reference, NULL = none. Never changes */
    struct resource_profile profile;

    struct aspace aspace;
    struct cap_table table; /* with the ledger */
    struct cap_slot slots[CAP_SLOTS_MAX];
    struct call_table calls;     /* kernel/ipc */
    struct call_scratch scratch; /* kernel/ipc */

    struct thread *threads;      /* list by next_in_process */
    uint32_t thread_count;
    uint32_t threads_ending;     /* of them */
    uint32_t next_tid;
    uint64_t image_pages;        /* of the load plan, for listings */
    uint32_t children;           /* live processes with this parent */
    uint32_t sleepers;           /* pending Timer.sleep calls; kernel/objects/timer.c */
    uint32_t service_objects;    /* of its service endpoints; kernel/objects/service_endpoint.c */
    uint32_t denials;            /* refusals so far; kernel/log/audit.c */
    struct diag_budget log_budget; /* kernel/log/diagnose.c */

    int64_t exit_code;
    process_exited_fn *exited;   /* NULL: nobody holds a handle */
    void *exited_context;

    uint64_t start_ns;
    uint64_t cpu_time;           /* ns of threads that have ended */
    struct process *next_ending;
};

struct process_table {
    struct pool pool;
    struct pool threads;
    uint32_t capacity;                   /* places in use of `live`, set at boot */
    struct process *live[PROCESSES_MAX]; /* NULL = free place; new, live and ending ones */
    uint32_t count;
    uint32_t next_pid;
    uint64_t next_generation;      /* of processes and threads */
    struct process *ending;        /* waits for process_reap */
    struct thread *ending_threads; /* of processes that go on; the same */
};

struct process_spec {
    const char *name;      /* at most PROCESS_NAME_BYTES are kept */
    uint32_t name_len;
    const uint8_t *elf;    /* must not change during the call */
    uint64_t elf_len;
    struct process *parent;                 /* NULL for the first process */
    struct session *session;                /* given by a trusted path; NULL = the parent's (PL-15) */
    const struct resource_profile *profile; /* NULL = the session's, or the default (RP-03) */
};

/* Why something was refused, ready for call_exception. text is static. */
struct process_refusal {
    enum cap_exception_type type;
    const char *text;
};

/* True: *out is a process in state NEW with an empty table. False: nothing has changed. */
bool process_create(const struct process_spec *spec, struct process **out, struct process_refusal *why);
/* Builds and maps the CapSet page; with count 0 there is none. At most
 * CAPSET_ENTRIES_MAX. Last act before process_start. */
bool process_seal(struct process *process, const struct capset_entry *entries, uint32_t count,
                  struct process_refusal *why);
void process_start(struct process *process);
/* Removes a NEW process: release hooks run for what its table holds. */
void process_abandon(struct process *process);

/* The process ends with `code` when the running kernel entry ends, wherever its
 * threads are. Of several calls the first wins; NEW processes are left alone. */
void process_end(struct process *process, int64_t code);
/* Cleans up ending processes and threads that no CPU runs. True when it cleaned up one. */
bool process_reap(void);

/* Live or new process with that pid, NULL when there is none. */
struct process *process_find(uint32_t pid);
/* The same, but only when the generation matches as well. */
struct process *process_find_exact(uint32_t pid, uint64_t generation);
/* Every process in pid order: start with *cursor = 0; NULL at the end. */
struct process *process_next(uint32_t *cursor);

/* What the CapSet of the process calls the capability; empty when it does not name it. */
struct capn_text process_cap_name(const struct process *process, uint32_t cap_id);

/* Shorthands for the ledger inside the table. */
static inline struct cap_ledger *process_ledger(struct process *process)
{
    return &process->table.ledger;
}
