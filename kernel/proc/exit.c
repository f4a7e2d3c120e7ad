/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How processes end: process.h. Ending is a mark and a place on a list; the
 * entry path comes to process_reap after it has loaded another thread, so
 * neither this CPU nor (sched_remove) any other runs what is taken apart.
 */
#include "core/base/bytes.h"
#include "kernel/check/check.h"
#include "kernel/halt.h"
#include "kernel/log/audit.h"
#include "kernel/log/diagnose.h"
#include "kernel/log/graph.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/proc/internal.h"
#include "kernel/state.h"

void process_end(struct process *process, int64_t code)
{
    if (process->state != PROCESS_LIVE)
        return;
    process->state = PROCESS_ENDING;
    process->exit_code = code;
    process->next_ending = kernel.processes.ending;
    kernel.processes.ending = process;
    thread_forget_ending(process);
    for (struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process) {
        park_drop(thread); /* nobody wakes it in place of another */
        sched_remove(thread);
    }
}

void process_forget(struct process *process)
{
    struct process_table *table = &kernel.processes;
    struct process *parent = process_find(process->parent_pid);
    if (parent != NULL)
        parent->children--;
    for (uint32_t i = 0; i < table->capacity; i++)
        if (table->live[i] == process)
            table->live[i] = NULL;
    table->count--;
    session_release(process->session);
    pool_give(&table->pool, process);
}

/* Gives back everything but the record. The ledger then shows nothing, unless the kernel lost count. */
static void take_apart(struct process *process)
{
    for (struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process)
        ipc_thread_exit(thread);
    aspace_destroy(&process->aspace);
    ipc_process_exit(process);
    while (process->threads != NULL) {
        struct thread *thread = process->threads;
        process->threads = thread->next_in_process;
        pool_give(&kernel.processes.threads, thread);
    }
}

void process_abandon(struct process *process)
{
    take_apart(process);
    process_forget(process);
}

static void append_pair(struct text_buf *text, const char *key, uint64_t value)
{
    text_buf_append_str(text, key);
    text_buf_append_u64(text, value);
}

static void report_exit(const struct process *process)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "exit pid=", process->pid);
    text_buf_append_str(text, " code=");
    text_buf_append_i64(text, process->exit_code);
    text_buf_append_str(text, " name=");
    text_buf_append(text, process->name, process->name_len);
    log_verdict(&line);
}

static void append_ledger(struct text_buf *text, const struct cap_ledger_pair *left)
{
    append_pair(text, " caps=", left[CAP_RESOURCE_CAP_SLOTS].used);
    append_pair(text, " calls=", left[CAP_RESOURCE_OUTSTANDING_CALLS].used);
    append_pair(text, " scratch=", left[CAP_RESOURCE_SCRATCH_BYTES].used);
    append_pair(text, " frames=", left[CAP_RESOURCE_FRAME_GRANT_PAGES].used);
    append_pair(text, " vres=", left[CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES].used);
}

/* On the console only when the command line asks for it (docs/kernel-semantics.md, 18.3). */
static void report_quota(const struct process *process)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "[quota] pid=", process->pid);
    text_buf_append_str(text, " exit ledger");
    append_ledger(text, process->table.ledger.pairs);
    if (kernel.boot.quota_requested)
        log_console(&line);
}

static void report_ledger(const struct process *process)
{
    const struct cap_ledger_pair *left = process->table.ledger.pairs;
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    append_pair(text, "ledger pid=", process->pid);
    append_ledger(text, left);
    append_pair(text, " tables=", left[CAP_RESOURCE_PAGE_TABLE_PAGES].used);
    append_pair(text, " image=", left[CAP_RESOURCE_IMAGE_PAGES].used);
    log_verdict(&line);
}

static bool is_still_running(struct process *process)
{
    bool running = false;
    for (struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process)
        running |= !sched_remove(thread);
    return running;
}

static void finish(struct process *process)
{
    uint32_t pid = process->pid;
    int64_t code = process->exit_code;
    if (pid == 1)
        graph_before_end();
    report_exit(process);
    audit_exited(process);
    trace_event(TRACE_EXIT, pid, (uint64_t)code);
    take_apart(process);
    diagnose_exit(process);
    report_ledger(process);
    report_quota(process);
    process_exited_fn *exited = process->exited;
    void *context = process->exited_context;
    process_forget(process);
    if (exited != NULL)
        exited(context, code);
    if (pid == 1)
        halt_end_all();
    if (!kernel.boot.check_requested)
        return;
    if (kernel.processes.count == 0)
        output_flush(); /* while the console still sends a timer runs that is nobody's */
    check_all(CHECK_FAILURES);
}

bool process_reap(void)
{
    bool cleaned = thread_reap();
    struct process **link = &kernel.processes.ending;
    while (*link != NULL) {
        struct process *process = *link;
        if (is_still_running(process)) {
            link = &process->next_ending;
            continue;
        }
        *link = process->next_ending;
        finish(process);
        cleaned = true;
        link = &kernel.processes.ending; /* finish may have added to the list */
    }
    if (kernel.halting && kernel.processes.count == 0)
        kernel_halt(HALT_OK, "init exited");
    return cleaned;
}
