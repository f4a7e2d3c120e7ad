/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads from creation to end: see thread.h. A thread that ends with its process is exit.c's. */
#include "kernel/proc/thread.h"

#include "abi/layout.h"
#include "kernel/ipc/park.h"
#include "kernel/proc/internal.h"
#include "kernel/state.h"

static uint64_t ring_address(uint32_t slot)
{
    return USER_RING_BASE + slot * USER_RING_STRIDE;
}

struct thread *thread_new(struct process *process, uint32_t slot)
{
    struct thread *thread = pool_take(&kernel.processes.threads);
    if (thread == NULL)
        return NULL;
    uint64_t va = ring_address(slot);
    if (aspace_map_fixed(&process->aspace, va, 1, PROT_READ_BIT | PROT_WRITE_BIT, REGION_RING) != ASPACE_OK) {
        pool_give(&kernel.processes.threads, thread);
        return NULL;
    }
    thread->process = process;
    thread->tid = ++process->next_tid;
    thread->generation = ++kernel.processes.next_generation;
    thread->ring_slot = slot;
    thread->queued_on = THREAD_NO_CPU;
    ipc_ring_init(&thread->ring, aspace_page(&process->aspace, va));
    thread->next_in_process = process->threads;
    process->threads = thread;
    process->thread_count++;
    return thread;
}

/* The lowest slot without ring page; there is one, because a process has no more threads than slots. */
static uint32_t free_slot(const struct process *process)
{
    uint32_t taken = 0;
    uint32_t slot = 0;
    for (const struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process)
        taken |= 1u << thread->ring_slot;
    while ((taken & 1u << slot) != 0)
        slot++;
    return slot;
}

bool thread_create(struct process *process, const struct machine_start *start, struct thread **out,
                   struct process_refusal *why)
{
    uint32_t limit = process->profile.threads < THREADS_PER_PROCESS_MAX ? process->profile.threads
                                                                         : THREADS_PER_PROCESS_MAX;
    *why = (struct process_refusal){CAP_EXCEPTION_OVERLOADED, "thread limit reached"};
    if (process->thread_count >= limit)
        return false;
    struct thread *thread = thread_new(process, free_slot(process));
    *why = (struct process_refusal){CAP_EXCEPTION_OVERLOADED, "out of memory for a thread"};
    if (thread == NULL)
        return false;
    thread->start = *start;
    thread->start.args[1] = thread->tid;
    thread->start.args[2] = ring_address(thread->ring_slot);
    *out = thread;
    return true;
}

void thread_start(struct thread *thread)
{
    machine_context_init(&thread->context, &thread->start);
    trace_event(TRACE_THREAD_START, thread->tid, thread->process->pid);
    sched_admit(thread);
}

/* Everything but the record: ring page, place in its process. No CPU runs the thread. */
static void take_apart(struct thread *thread)
{
    struct process *process = thread->process;
    struct thread **link = &process->threads;
    ipc_thread_exit(thread);
    aspace_unmap_fixed(&process->aspace, ring_address(thread->ring_slot), 1);
    park_unmapped(process, ring_address(thread->ring_slot), PAGE_SIZE);
    while (*link != thread)
        link = &(*link)->next_in_process;
    *link = thread->next_in_process;
    process->thread_count--;
    process->cpu_time += thread->cpu_time;
}

void thread_abandon(struct thread *thread)
{
    take_apart(thread);
    pool_give(&kernel.processes.threads, thread);
}

void thread_end(struct thread *thread, int64_t code)
{
    struct process *process = thread->process;
    if (thread->state == THREAD_DEAD || process->state != PROCESS_LIVE)
        return;
    if (process->thread_count - process->threads_ending == 1) {
        process_end(process, code);
        return;
    }
    process->threads_ending++;
    thread->exit_code = code;
    thread->next_ending = kernel.processes.ending_threads;
    kernel.processes.ending_threads = thread;
    trace_event(TRACE_THREAD_END, thread->tid, (uint64_t)code);
    park_drop(thread); /* nobody wakes it in place of another */
    sched_remove(thread);
}

static void finish(struct thread *thread)
{
    thread->process->threads_ending--;
    take_apart(thread); /* its own JOIN may have been the last to hold its handle */
    thread_exited_fn *exited = thread->exited;
    void *context = thread->exited_context;
    int64_t code = thread->exit_code;
    pool_give(&kernel.processes.threads, thread);
    if (exited != NULL)
        exited(context, code);
}

bool thread_reap(void)
{
    bool cleaned = false;
    struct thread **link = &kernel.processes.ending_threads;
    while (*link != NULL) {
        struct thread *thread = *link;
        if (!sched_remove(thread)) {
            link = &thread->next_ending;
            continue;
        }
        *link = thread->next_ending;
        finish(thread);
        cleaned = true;
    }
    return cleaned;
}

void thread_forget_ending(const struct process *process)
{
    struct thread **link = &kernel.processes.ending_threads;
    while (*link != NULL) {
        if ((*link)->process == process)
            *link = (*link)->next_ending;
        else
            link = &(*link)->next_ending;
    }
}
