/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel against itself: every count that it keeps, counted again from what
 * is counted. Needs no model, so other simulations can use it as well.
 */
#pragma once

#include <string.h>

#include "arch/host/host.h"
#include "core/cap/transfer.h"
#include "kernel/check/check.h"
#include "kernel/objects/endpoint.h"
#include "kernel/state.h"

#define RECOUNT_OBJECTS 16384u

static struct {
    const struct object *objects[RECOUNT_OBJECTS];
    uint32_t references[RECOUNT_OBJECTS];
    uint32_t slots[RECOUNT_OBJECTS]; /* of them in tables */
    uint32_t distinct;
    uint16_t place[65536];           /* by hash; 0: none */
    const char *wrong;
    uint64_t detail;
} recount;

static inline void recount_blame(const char *what, uint64_t detail)
{
    if (recount.wrong != NULL)
        return;
    recount.wrong = what;
    recount.detail = detail;
}

static inline uint32_t recount_find(const struct object *object)
{
    uint32_t at = (uint32_t)((uintptr_t)object / 64 * 2654435761u) & 0xffff;
    while (recount.place[at] != 0 && recount.objects[recount.place[at] - 1] != object)
        at = (at + 1) & 0xffff;
    if (recount.place[at] == 0) {
        if (recount.distinct == RECOUNT_OBJECTS)
            abort();
        recount.objects[recount.distinct] = object;
        recount.references[recount.distinct] = 0;
        recount.slots[recount.distinct] = 0;
        recount.place[at] = (uint16_t)++recount.distinct;
    }
    return recount.place[at] - 1u;
}

static inline void recount_hold(const struct object *object)
{
    recount.references[recount_find(object)]++;
}

/* How often each epoch cell is named, and which are. */
#define RECOUNT_CELLS 65536u
static uint32_t recount_cells[RECOUNT_CELLS], recount_touched[RECOUNT_CELLS], recount_cell_count;

static inline void recount_cell(const struct cap_epoch *cell)
{
    uint64_t index = (uint64_t)(cell - kernel.epochs.cells);
    if (index >= kernel.epochs.capacity || index >= RECOUNT_CELLS) {
        recount_blame("epoch cell outside its pool", index);
        return;
    }
    if (recount_cells[index]++ == 0)
        recount_touched[recount_cell_count++] = (uint32_t)index;
}

static inline void recount_call(const struct process *process, const struct call *call, uint64_t *scratch)
{
    if (call->state == CALL_FREE)
        return;
    *scratch += call->held.charged;
    if (call->process != process)
        recount_blame("a call in another process's record", process->pid);
    if (call->state != CALL_PENDING)
        return;
    recount_hold(call->object);
    for (uint32_t i = 0; call->transfers != NULL && i < call->transfers->length; i++)
        if (call->transfers->present[i]) {
            recount_hold(call->transfers->entries[i].object);
            recount_cell(call->transfers->entries[i].epoch);
        }
}

static inline void recount_process(struct process *process)
{
    uint64_t scratch = process->scratch.input.charged + process->scratch.reply.charged;
    for (uint32_t i = 0; i < process->table.slot_count; i++) {
        const struct cap_slot *slot = &process->slots[i];
        if (slot->object == NULL)
            continue;
        uint32_t place = recount_find(slot->object);
        recount.references[place]++;
        recount.slots[place]++;
        recount_cell(slot->epoch);
    }
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        recount_call(process, &process->calls.records[i], &scratch);
    for (uint32_t i = 0; i < PENDING_RECEIVES_MAX; i++)
        recount_call(process, &process->calls.receives[i], &scratch);
    const struct region_set *regions = &process->aspace.regions;
    for (uint32_t i = 0; i < regions->count; i++) {
        const struct object *object = (const struct object *)(uintptr_t)(regions->entries[i].tag & ~1ull);
        bool first = regions->entries[i].kind == REGION_OBJECT;
        for (uint32_t j = 0; j < i && first; j++)
            first = regions->entries[j].kind != REGION_OBJECT || (regions->entries[j].tag & ~1ull) != (uintptr_t)object;
        if (first)
            recount_hold(object);
    }
    if (cap_ledger_used(process_ledger(process), CAP_RESOURCE_SCRATCH_BYTES) != scratch)
        recount_blame("scratch bytes and their ledger differ", process->pid);
}

/* Each thread is in exactly the place that its state says. */
static inline void recount_thread(const struct thread *thread)
{
    uint32_t current = 0, queued = 0, kept = 0;
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++) {
        const struct cpu_state *state = &kernel.cpus[cpu];
        current += state->current == thread;
        kept += state->kept == thread;
        for (const struct thread *t = state->queue.head; t != NULL; t = t->run_next)
            queued += t == thread;
    }
    bool good = (thread->state == THREAD_RUNNING && current == 1 && queued == 0 && kept == 0) ||
                (thread->state == THREAD_RUNNABLE && current == 0 && queued + kept == 1) ||
                (thread->state == THREAD_BLOCKED && current == 0 && queued + kept == 0) ||
                (thread->state == THREAD_DEAD && queued + kept == 0);
    if (!good)
        recount_blame("a thread is not where its state says", thread->generation);
}

static inline void recount_schedule(void)
{
    uint64_t timers = 0;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;) {
        for (const struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process) {
            recount_thread(thread);
            timers += (uint64_t)(thread->timer != TIMER_NONE) + (thread->park.timer != TIMER_NONE);
            if (thread->park.waiter.queued && thread->park.timer == TIMER_NONE && thread->state == THREAD_DEAD)
                recount_blame("a dead thread is parked", thread->generation);
        }
        timers += process->sleepers;
        bool runs = false;
        for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
            runs |= kernel.cpus[cpu].active != NULL && kernel.cpus[cpu].active->process == process;
        if (process->state == PROCESS_ENDING && !runs)
            recount_blame("a process that ends runs nowhere and is still there", process->pid);
    }
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++) {
        uint32_t count = 0;
        for (const struct thread *t = kernel.cpus[cpu].queue.head; t != NULL; t = t->run_next)
            count++;
        if (count != kernel.cpus[cpu].queue.count)
            recount_blame("a run queue and its count differ", cpu);
        if (kernel.cpus[cpu].online && kernel.cpus[cpu].current == NULL && count > 0 && !host.cpus[cpu].kicked)
            recount_blame("an idle CPU has something to run and is not told", cpu);
        if (kernel.cpus[cpu].handed != NULL || kernel.cpus[cpu].favoured != NULL)
            recount_blame("a hand-over is left", cpu);
    }
    if (kernel.timers.count < timers || kernel.timers.count > timers + TIMERS_RESERVED)
        recount_blame("timers and those who wait for them differ", kernel.timers.count);
}

static inline void recount_objects(void)
{
    for (uint32_t i = 0; i < recount.distinct; i++) {
        const struct object *object = recount.objects[i];
        if (object->refs != recount.references[i])
            recount_blame(object->refs > recount.references[i] ? "an object has references that nobody holds"
                                                              : "an object has fewer references than holders", object->id);
        if (object->ops->label != NULL && strcmp(object->ops->label, "endpoint") == 0) {
            const struct endpoint_object *endpoint = (const struct endpoint_object *)(const void *)object;
            if (endpoint->owners != recount.slots[i])
                recount_blame("an endpoint's owners and their count differ", object->id);
            struct endpoint_call *call;
            struct endpoint_receive *receive;
            if (!endpoint_is_valid(&endpoint->state))
                recount_blame("an endpoint's queues are broken", object->id);
            if (endpoint->open && endpoint_match(&endpoint->state, &call, &receive))
                recount_blame("a call and a receive wait for each other", object->id);
        }
    }
    if (recount.distinct != object_live_count())
        recount_blame("objects that nobody holds", object_live_count() - recount.distinct);
    for (uint32_t i = 0; i < recount_cell_count; i++)
        if (kernel.epochs.cells[recount_touched[i]].references != recount_cells[recount_touched[i]])
            recount_blame("an epoch cell's references differ", recount_touched[i]);
    if (recount_cell_count != kernel.epochs.in_use)
        recount_blame("epoch cells in use differ", recount_cell_count);
}

/* NULL: all agrees. *detail belongs to the answer. */
static inline const char *recount_all(uint64_t *detail)
{
    memset(recount.place, 0, sizeof recount.place);
    while (recount_cell_count > 0)
        recount_cells[recount_touched[--recount_cell_count]] = 0;
    recount.distinct = 0;
    recount.wrong = NULL;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        recount_process(process);
    recount_objects();
    recount_schedule();
    *detail = recount.detail;
    return recount.wrong;
}
