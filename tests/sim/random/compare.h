/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's tables, rings, memory and queues against the model. See world.h. */
#pragma once

#include "kernel/objects/endpoint.h"
#include "kernel/objects/objects.h"
#include "tests/sim/random/spawn.h"

/* ---- records that the kernel made in this entry ------------------------------------------------------------- */

static inline void bind_threads(struct proc *p)
{
    for (uint32_t i = 0; i < p->thread_count; i++) {
        struct thr *t = p->threads[i];
        struct thread *k = kernel_thread(p, t->tid);
        MUST(k != NULL, "thread %u of pid %u is missing", t->tid, p->pid);
        if (t->k == NULL)
            t->page = k->ring.page;
        t->k = k;
    }
}

static inline void bind_processes(void)
{
    uint32_t cursor = 0, known = 0;
    for (struct process *k; (k = process_next(&cursor)) != NULL;) {
        struct proc *found = NULL, *fresh = NULL;
        for (uint32_t i = 0; i < W_PROCS; i++) {
            struct proc *p = &W.procs[i];
            if (p->used && p->k != NULL && p->generation == k->generation)
                found = p;
            if (p->used && p->k == NULL && p->parent_pid == k->parent_pid && fresh == NULL)
                fresh = p;
        }
        if (found == NULL) {
            MUST(fresh != NULL, "process %u came from nowhere", k->pid);
            fresh->k = k;
            fresh->pid = k->pid;
            fresh->generation = k->generation;
            for (uint32_t i = 0; i < W_PROCS; i++) /* its manager knows it by its generation */
                for (uint32_t s = 0; s < W.procs[i].slot_count; s++)
                    if (W.procs[i].slots[s].obj != NULL && W.procs[i].slots[s].obj->kind == K_MANAGER &&
                        W.procs[i].slots[s].obj->proc == fresh && W.procs[i].slots[s].obj->stamps[0] == 0)
                        W.procs[i].slots[s].obj->stamps[0] = k->generation;
            found = fresh;
        }
        known++;
    }
    for (uint32_t i = 0; i < W_PROCS; i++)
        if (W.procs[i].used) {
            MUST(W.procs[i].k != NULL && is_there(&W.procs[i]), "process %u is gone", W.procs[i].pid);
            known--;
        }
    SAME(known, 0, "processes");
}

/* ---- authority ------------------------------------------------------------------------------------------------ */

static uint64_t newest_object;

static inline void same_object(const struct object *object, struct obj *obj, uint64_t iface)
{
    if (obj->id == 0) {
        MUST(object->id > W.last_object, "object %llu is not new", (unsigned long long)object->id);
        obj->id = object->id;
    }
    newest_object = object->id > newest_object ? object->id : newest_object;
    SAME(object->id, obj->id, "object");
    SAME(object->ops->interface_id, obj->kind == K_FACET ? CAPOS_ENDPOINT_INTERFACE_ID : obj->iface, "kind of object");
    (void)iface;
}

static inline void same_slot(const struct proc *p, uint32_t i)
{
    const struct cap_slot *k = &p->k->slots[i];
    const struct hold *m = &p->slots[i];
    MUST((k->object != NULL) == (m->obj != NULL), "slot %u of pid %u: kernel %p, model %p", i, p->pid, k->object, (void *)m->obj);
    MUST(k->generation == m->generation && k->retired == m->retired, "generation of slot %u of pid %u", i, p->pid);
    if (m->obj == NULL) {
        SAME(k->emptied_revoked, m->emptied_revoked, "emptied_revoked");
        return;
    }
    same_object(k->object, m->obj, m->iface);
    SAME(k->hold.object_id, m->obj->id, "object of a hold");
    SAME(k->hold.interface_id, m->iface, "interface");
    SAME(k->hold.badge, m->badge, "badge");
    SAME(k->hold.disclosure_scope, m->disclosure, "disclosure");
    SAME(k->hold.transfer_mode, m->mode, "mode");
    SAME(k->hold.transfer_scope, 0, "scope");
    SAME(k->hold.origin, m->origin, "origin");
    SAME(k->move_reserved, m->reserved, "move reservation");
    SAME(k->hold.object_epoch, m->seen, "epoch of a hold");
    SAME(k->epoch->value, m->cell->value, "epoch");
    SAME(k->frame_pages, pages_of(m->obj), "pages of a slot");
}

static inline void same_table(const struct proc *p)
{
    const struct cap_table *table = &p->k->table;
    SAME(table->slot_count, p->slot_count, "slots ever used");
    SAME(table->free_count, p->free_count, "free slots");
    for (uint32_t i = 0; i < p->slot_count; i++)
        same_slot(p, i);
    SAME(cap_ledger_used(&table->ledger, CAP_RESOURCE_CAP_SLOTS), p->used_slots, "slots charged");
    SAME(cap_ledger_used(&table->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES), frame_pages(p), "pages charged");
    uint64_t reserved = 0, calls = 0;
    for (uint32_t i = 0; i < W_PAGES; i++)
        reserved += p->pages[i].state == PG_RESERVED || p->pages[i].state == PG_COMMITTED;
    for (uint32_t i = 0; i < W_CALLS; i++)
        calls += p->calls[i].place != P_FREE;
    SAME(cap_ledger_used(&table->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES), reserved, "reservations charged");
    SAME(cap_ledger_used(&table->ledger, CAP_RESOURCE_OUTSTANDING_CALLS), calls, "calls charged");
}

/* ---- rings ------------------------------------------------------------------------------------------------------ */

static inline void same_cqe(const struct thr *t, const struct ring_cqe *k, const struct ring_cqe *m)
{
    bool same = memcmp(k, m, sizeof *k) == 0;
    MUST(same, "pid %u tid %u: completion of %llu is %d caps %u flags %u badge %llx call %u, expected %llu: %d caps %u flags %u badge %llx call %u",
         t->proc->pid, t->tid, (unsigned long long)k->user_data, k->result, k->cap_count, k->flags, (unsigned long long)k->badge, k->call_id,
         (unsigned long long)m->user_data, m->result, m->cap_count, m->flags, (unsigned long long)m->badge, m->call_id);
}

static inline void same_ring(struct thr *t)
{
    const struct thread_ring *k = &t->k->ring;
    if (t->k->state == THREAD_DEAD || t->ending || t->proc->ending)
        return; /* nothing is owed to it any more */
    for (; t->seen_tail != t->cq_tail && t->seen_tail != k->state.cq_tail; t->seen_tail++)
        same_cqe(t, &t->page->cqes[t->seen_tail & RING_CQ_MASK], &t->cq[t->seen_tail & RING_CQ_MASK]);
    if (k->state.cq_tail - t->cq_tail - 1u < 32)
        same_cqe(t, &t->page->cqes[t->cq_tail & RING_CQ_MASK], &(struct ring_cqe){ 0 });
    SAME(k->state.cq_tail, t->cq_tail, "completions posted");
    SAME(k->state.sq_head, t->sq_head, "entries consumed");
    SAME(k->state.cq_overflow, t->overflow, "completions that found no room");
    SAME(k->state.corruptions, t->corruptions, "corruptions");
    SAME(k->parked.count, t->late_count, "completions that wait");
    SAME(k->finished != NULL || k->dispatching, 0, "completions kept back");
    SAME(t->k->park.outstanding, t->park.outstanding, "PARK outstanding");
    SAME(t->k->park.waiter.queued, t->park.queued, "PARK queued");
    /* A thread waits only for what is not there. */
    MUST(t->k->state != THREAD_BLOCKED || !ring_enter_is_satisfied(&k->wait, ring_available(&k->state, k->page)), "a lost wake-up");
    MUST((t->k->state == THREAD_BLOCKED && k->wait.deadline != UINT64_MAX) == (t->k->timer != TIMER_NONE), "timer of a blocked thread");
}

/* What cap_enter answers, and when: IN-02, IN-03. */
static inline void same_wait(struct thr *t, bool returned)
{
    uint32_t span = RING_CQ_ENTRIES - cq_room(t);
    bool blocked = t->k->state == THREAD_BLOCKED, was = t->blocked;
    uint64_t answer = t->k->context.result;
    t->blocked = blocked;
    if (!thr_lives(t) || t->k->state == THREAD_DEAD || (!was && !returned))
        return;
    if (!was && t->answer >= t->wanted) {
        MUST(!blocked, "it waits for %u and there are %u", t->wanted, t->answer);
        SAME(answer, t->answer, "completions that cap_enter tells of");
    } else if (!blocked) {
        MUST(answer <= span && (answer >= t->wanted || (was && t->deadline <= machine_now_ns())), "cap_enter answers %llu of %u, %u wanted",
             (unsigned long long)answer, span, t->wanted);
    }
}

/* ---- time ------------------------------------------------------------------------------------------------------- */

static inline struct thr *model_of(const struct thread *k)
{
    for (uint32_t i = 0; i < W_PROCS; i++)
        for (uint32_t n = 0; W.procs[i].used && n < W.procs[i].thread_count; n++)
            if (k != NULL && W.procs[i].threads[n]->k == k)
                return W.procs[i].threads[n];
    return NULL;
}

/* What passed since the step before belongs to those who had the CPUs then. */
static inline void spend_time(void)
{
    uint64_t passed = machine_now_ns() - W.then;
    W.then = machine_now_ns();
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++) {
        if (W.on_cpu[cpu] != NULL)
            W.on_cpu[cpu]->ran += passed;
        if (W.idle[cpu])
            W.idled[cpu] += passed;
    }
}

static inline void same_times(void)
{
    uint64_t now = machine_now_ns();
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++) {
        const struct cpu_state *k = &kernel.cpus[cpu];
        W.on_cpu[cpu] = model_of(k->current);
        W.idle[cpu] = k->online && k->current == NULL;
        SAME(k->idle_ns + (W.idle[cpu] ? now - k->idle_started : 0), W.idled[cpu], "idle time");
    }
    for (uint32_t i = 0; i < W_PROCS; i++) {
        if (!W.procs[i].used)
            continue;
        SAME(W.procs[i].k->cpu_time, W.procs[i].ran, "time of threads that ended");
        for (uint32_t n = 0; n < W.procs[i].thread_count; n++) {
            const struct thr *t = W.procs[i].threads[n];
            uint64_t running = t->k->state == THREAD_RUNNING ? now - t->k->run_started : 0;
            if (t->k->state != THREAD_DEAD)
                SAME(t->k->cpu_time + running, t->ran, "time of a thread");
        }
    }
}

/* ---- memory --------------------------------------------------------------------------------------------------------- */

static inline bool all_zero(const uint8_t *bytes)
{
    for (uint32_t i = 0; i < PAGE_SIZE; i += 8)
        if (*(const uint64_t *)(const void *)(bytes + i) != 0)
            return false;
    return true;
}

static inline void same_object_page(struct page *m, const struct machine_page *k)
{
    bool first = m->obj->first == 0;
    if (first)
        m->obj->first = k->frame - m->obj_page;
    SAME(k->frame, m->obj->first + m->obj_page, "frame of a memory object");
    SAME(frames_class(k->frame), FRAME_OBJECT, "class of an object's frame");
    const uint8_t *bytes = machine_frame_address(k->frame);
    for (uint32_t i = 0; first && !W.dirty && i < m->obj->pages; i++)
        MUST(all_zero(machine_frame_address(m->obj->first + i)), "a new object is not zero");
    if (m->obj_page < 8)
        SAME(*(const uint64_t *)(const void *)(bytes + W_STAMP), m->obj->stamps[m->obj_page], "word of a memory object");
}

static inline void same_page(struct proc *p, uint32_t n)
{
    struct machine_page k;
    struct page *m = &p->pages[n];
    bool mapped = machine_aspace_lookup(&p->k->aspace.machine, W_ARENA + n * PAGE_SIZE, &k);
    MUST(mapped == (m->state >= PG_COMMITTED), "page %u of pid %u: mapped %d, model %d", n, p->pid, mapped, (int)m->state);
    if (!mapped)
        return;
    SAME(k.prot, m->prot, "protection");
    if (m->state == PG_OBJECT) {
        same_object_page(m, &k);
        return;
    }
    SAME(frames_class(k.frame), FRAME_ANON, "class of a frame");
    const uint8_t *bytes = machine_frame_address(k.frame);
    if (m->fresh && !W.dirty)
        MUST(all_zero(bytes), "fresh memory is not zero");
    m->fresh = false;
    SAME(*(const uint64_t *)(const void *)(bytes + W_STAMP), m->stamp, "word of a page");
}

static inline void same_memory(struct proc *p)
{
    const struct aspace *as = &p->k->aspace;
    uint64_t anonymous = 0, objects = 0, charged = 0;
    for (uint32_t n = 0; n < W_PAGES; n++) {
        same_page(p, n);
        anonymous += p->pages[n].state == PG_RESERVED || p->pages[n].state == PG_COMMITTED;
        objects += p->pages[n].state == PG_OBJECT;
    }
    for (uint32_t i = 0; i < p->map_count; i++)
        charged += p->maps[i].charged ? p->maps[i].obj->pages : 0;
    SAME(region_pages_of(&as->regions, REGION_ANON), anonymous, "reserved pages");
    SAME(region_pages_of(&as->regions, REGION_OBJECT), objects, "mapped pages of objects");
    SAME(as->mapping_pages, charged, "pages charged to mappings");
    SAME(region_pages_of(&as->regions, REGION_RING), p->thread_count, "ring pages");
    SAME(region_pages_of(&as->regions, REGION_STACK), USER_STACK_PAGES, "stack pages");
}

/* ---- endpoints and processes ------------------------------------------------------------------------------------------- */

static inline void same_endpoint(const struct object *object, const struct obj *m)
{
    const struct endpoint_object *k = (const struct endpoint_object *)(const void *)object;
    SAME(k->open, m->open, "open");
    SAME(k->owners, m->owners, "owners");
    SAME(k->state.queued, m->queued, "calls queued");
    SAME(k->state.in_flight, m->in_flight, "calls in flight");
    SAME(k->state.receiving, m->receiving, "receives");
    MUST(endpoint_is_valid(&k->state), "endpoint");
}

static inline void same_process(struct proc *p)
{
    struct process *k = p->k;
    bind_threads(p);
    SAME(k->thread_count, p->thread_count, "threads");
    SAME(k->threads_ending, p->ending ? k->threads_ending : p->threads_ending, "threads that end");
    SAME(k->state == PROCESS_ENDING, p->ending, "ending");
    SAME(k->parent_pid, p->parent_pid, "parent");
    SAME(k->children, p->children, "children");
    SAME(k->sleepers, p->sleepers, "sleepers");
    SAME(k->next_tid, p->next_tid, "threads ever made");
    same_table(p);
    same_memory(p);
    for (uint32_t i = 0; i < p->thread_count; i++)
        same_ring(p->threads[i]);
    for (uint32_t i = 0; i < p->slot_count; i++)
        if (p->slots[i].obj != NULL && p->slots[i].obj->kind == K_ENDPOINT)
            same_endpoint(p->k->slots[i].object, p->slots[i].obj);
}

static inline void compare_all(void)
{
    newest_object = W.last_object;
    bind_processes();
    for (uint32_t i = 0; i < W_PROCS; i++)
        if (W.procs[i].used)
            same_process(&W.procs[i]);
    same_times();
    W.last_object = newest_object;
    W.dirty = false;
    W.checks++;
}
