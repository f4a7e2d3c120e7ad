/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Run queues, blocking and waking, choosing the next thread: see sched.h. */
#include "kernel/sched/sched.h"

#include "kernel/log/graph.h"
#include "kernel/state.h"

/* How far a thread that comes from another CPU may be behind those here. */
#define FAIR_LEAD_MAX (4 * SCHED_TICK_NS)

uint64_t sched_ticks(void)
{
    return machine_now_ns() / SCHED_TICK_NS;
}

/* ---- queues ------------------------------------------------------------------ */

static void enqueue(uint32_t cpu, struct thread *thread)
{
    if (thread->queued_on != THREAD_NO_CPU)
        kernel_panic("thread queued twice", thread->generation);
    struct run_queue *queue = &kernel.cpus[cpu].queue;
    struct thread *before = queue->tail;
    while (before != NULL && before->fair > thread->fair)
        before = before->run_prev;
    thread->run_prev = before;
    thread->run_next = before != NULL ? before->run_next : queue->head;
    *(before != NULL ? &before->run_next : &queue->head) = thread;
    *(thread->run_next != NULL ? &thread->run_next->run_prev : &queue->tail) = thread;
    queue->count++;
    queue->entered++;
    thread->queued_on = cpu;
    thread->state = THREAD_RUNNABLE;
}

static void dequeue(struct thread *thread)
{
    struct run_queue *queue = &kernel.cpus[thread->queued_on].queue;
    if (thread->run_prev != NULL)
        thread->run_prev->run_next = thread->run_next;
    else
        queue->head = thread->run_next;
    if (thread->run_next != NULL)
        thread->run_next->run_prev = thread->run_prev;
    else
        queue->tail = thread->run_prev;
    queue->count--;
    thread->queued_on = THREAD_NO_CPU;
}

/* Would a thread that is queued there run at once? */
static bool is_idle(uint32_t cpu)
{
    const struct cpu_state *state = &kernel.cpus[cpu];
    bool runs = state->current != NULL && state->current->state == THREAD_RUNNING;
    return state->online && !runs && state->queue.count == 0;
}

/* The lowest idle CPU other than the calling one, THREAD_NO_CPU without. */
static uint32_t idle_cpu(void)
{
    uint32_t count = machine_cpu_count();
    for (uint32_t cpu = 0; cpu < count; cpu++)
        if (cpu != machine_cpu() && is_idle(cpu))
            return cpu;
    return THREAD_NO_CPU;
}

static void kick_later(uint32_t cpu)
{
    cpu_state()->kicks |= 1u << cpu;
}

static void send_kicks(struct cpu_state *self)
{
    for (uint32_t cpu = 0; self->kicks != 0; cpu++) {
        if ((self->kicks & 1u << cpu) != 0)
            machine_kick(cpu);
        self->kicks &= ~(1u << cpu);
    }
}

void sched_send_kicks(void)
{
    struct cpu_state *self = cpu_state();
    if (self->kicks != 0)
        send_kicks(self);
}

/* Ahead or behind by as much as on the CPU it comes from, within bounds. */
static void rescale(struct thread *thread, uint32_t from, uint32_t to)
{
    uint64_t then = kernel.cpus[from].floor, now = kernel.cpus[to].floor;
    uint64_t lead = thread->fair > then ? thread->fair - then : 0;
    uint64_t lag = thread->fair < then ? then - thread->fair : 0;
    if (from != to)
        thread->fair = now + (lead < FAIR_LEAD_MAX ? lead : FAIR_LEAD_MAX) - (lag < SCHED_TICK_NS ? lag : SCHED_TICK_NS);
}

static void place(struct thread *thread)
{
    struct cpu_state *self = cpu_state();
    uint32_t cpu = thread->cpu;
    if (thread == self->favoured && cpu == machine_cpu() && self->handed == NULL) {
        self->handed = thread;
        thread->state = THREAD_RUNNABLE;
        return;
    }
    if (!is_idle(cpu)) {
        uint32_t other = is_idle(machine_cpu()) ? machine_cpu() : idle_cpu();
        if (other != THREAD_NO_CPU)
            cpu = other;
    }
    bool must_kick = cpu != machine_cpu() && is_idle(cpu);
    rescale(thread, thread->cpu, cpu);
    enqueue(cpu, thread);
    if (must_kick)
        kick_later(cpu);
}

/* A CPU without work takes what another keeps in hand: that one's queue, the thread in it; `none` without. */
static uint32_t queue_kept(uint32_t none)
{
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++) {
        struct thread *kept = kernel.cpus[cpu].kept;
        if (kept == NULL)
            continue;
        kernel.cpus[cpu].kept = NULL;
        enqueue(cpu, kept);
        return cpu;
    }
    return none;
}

/* Own queue first, then the head of the longest one. */
static struct thread *take_next(uint32_t self)
{
    uint32_t from = self;
    if (kernel.cpus[self].queue.count == 0)
        for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
            if (kernel.cpus[cpu].queue.count > kernel.cpus[from].queue.count)
                from = cpu;
    if (kernel.cpus[from].queue.count == 0)
        from = queue_kept(from);
    struct thread *thread = kernel.cpus[from].queue.head;
    if (thread == NULL)
        return NULL;
    dequeue(thread);
    rescale(thread, from, self);
    if (thread->fair > kernel.cpus[self].floor)
        kernel.cpus[self].floor = thread->fair;
    return thread;
}

/* ---- states ------------------------------------------------------------------ */

/* It begins where its creator stands: a row of threads that each make the next is worth one thread. */
void sched_admit(struct thread *thread)
{
    const struct cpu_state *cpu = cpu_state();
    const struct thread *creator = cpu->current;
    uint64_t now = machine_now_ns();
    thread->cpu = machine_cpu();
    thread->fair = cpu->floor;
    if (creator != NULL) {
        uint64_t had = creator->fair + (now > creator->run_started ? now - creator->run_started : 0);
        thread->fair = had > cpu->floor ? had : cpu->floor;
    }
    place(thread);
}

static void wait_expired(void *context)
{
    struct thread *thread = context;
    thread->timer = TIMER_NONE; /* it has fired */
    sched_wake(thread);
}

bool sched_block(struct thread *thread, uint64_t deadline)
{
    if (thread->state != THREAD_RUNNING)
        return false;
    if (deadline != MACHINE_NO_DEADLINE) {
        thread->timer = timer_start(deadline, wait_expired, thread);
        if (thread->timer == TIMER_NONE)
            return false;
    }
    thread->state = THREAD_BLOCKED;
    trace_event(TRACE_BLOCK, thread->tid, deadline);
    return true;
}

static void wake(struct thread *thread, uint64_t value)
{
    machine_context_set_result(&thread->context, value);
    trace_event(TRACE_SYSCALL_EXIT, thread->tid, value);
    uint64_t floor = kernel.cpus[thread->cpu].floor;
    if (thread->fair + SCHED_TICK_NS < floor)
        thread->fair = floor - SCHED_TICK_NS;
    place(thread);
    trace_event(TRACE_WAKE, thread->tid, thread->queued_on);
}

void sched_wake(struct thread *thread)
{
    if (thread->state != THREAD_BLOCKED)
        return;
    timer_stop(thread->timer);
    thread->timer = TIMER_NONE;
    wake(thread, ipc_enter_value(thread));
}

void sched_hand_off(struct thread *thread)
{
    cpu_state()->favoured = thread;
}

void sched_hand_over(struct thread *thread, uint64_t value, bool wait_is_over)
{
    struct cpu_state *cpu = cpu_state();
    cpu->favoured = thread;
    if (wait_is_over && thread->state == THREAD_BLOCKED)
        wake(thread, value);
}

void sched_yield(void)
{
    cpu_state()->yield = true;
    cpu_state()->give_way = true;
}

static uint32_t active_on(const struct thread *thread)
{
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
        if (kernel.cpus[cpu].active == thread)
            return cpu;
    return THREAD_NO_CPU;
}

bool sched_remove(struct thread *thread)
{
    bool first = thread->state != THREAD_DEAD;
    if (cpu_state()->handed == thread)
        cpu_state()->handed = NULL;
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
        if (kernel.cpus[cpu].kept == thread)
            kernel.cpus[cpu].kept = NULL;
    if (thread->queued_on != THREAD_NO_CPU)
        dequeue(thread);
    timer_stop(thread->timer);
    thread->timer = TIMER_NONE;
    thread->state = THREAD_DEAD;
    uint32_t cpu = active_on(thread);
    if (cpu == THREAD_NO_CPU)
        return true;
    if (first && cpu != machine_cpu())
        kick_later(cpu);
    return false;
}

/* ---- the way out of the kernel ------------------------------------------------- */

void sched_tick(uint64_t now)
{
    struct cpu_state *cpu = cpu_state();
    if (cpu->current != NULL && now >= cpu->current->quantum_end)
        cpu->yield = true;
}

/* Current leaves the CPU if it must; true when it goes on. */
static bool keep_current(struct cpu_state *cpu, uint64_t now)
{
    struct thread *current = cpu->current;
    bool yield = cpu->yield, give_way = cpu->give_way;
    cpu->yield = false;
    cpu->give_way = false;
    if (current == NULL)
        return false;
    if (current->state == THREAD_RUNNING && !(yield && cpu->queue.count > 0)) {
        if (yield)
            current->quantum_end = now + SCHED_TICK_NS;
        return true;
    }
    if (now > current->run_started) {
        current->cpu_time += now - current->run_started;
        current->fair += now - current->run_started;
    }
    cpu->current = NULL;
    if (give_way && cpu->queue.count > 0 && cpu->queue.tail->fair > current->fair)
        current->fair = cpu->queue.tail->fair;
    if (current->state == THREAD_RUNNING)
        enqueue(machine_cpu(), current);
    return false;
}

static void install(struct cpu_state *cpu, struct thread *thread, uint64_t now)
{
    cpu->current = thread;
    if (thread != NULL) {
        thread->state = THREAD_RUNNING;
        thread->cpu = machine_cpu();
        thread->run_started = now;
        thread->quantum_end = now + SCHED_TICK_NS;
    }
}

/* Loads `current` into the machine; until then the previous thread counts as active. */
static struct machine_resume activate(struct cpu_state *cpu, uint64_t now)
{
    struct thread *thread = cpu->current;
    struct machine_resume next = {NULL, NULL};
    if (thread != NULL)
        next = (struct machine_resume){&thread->context, &thread->process->aspace.machine};
    if (thread != cpu->active) {
        if (cpu->active == NULL)
            cpu->idle_ns += now - cpu->idle_started;
        if (thread == NULL)
            cpu->idle_started = now;
        trace_event(TRACE_SWITCH, thread != NULL ? thread->tid : 0, thread != NULL ? thread->process->pid : 0);
    }
    machine_activate(next);
    cpu->active = thread;
    return next;
}

/* Is some other CPU's timer set no later than that? */
static bool covered_by_other(uint64_t deadline)
{
    for (uint32_t cpu = 0; cpu < machine_cpu_count(); cpu++)
        if (cpu != machine_cpu() && kernel.cpus[cpu].online && kernel.cpus[cpu].armed <= deadline)
            return true;
    return false;
}

static void arm(struct cpu_state *cpu)
{
    uint64_t deadline = cpu->current != NULL ? cpu->current->quantum_end : MACHINE_NO_DEADLINE;
    uint64_t next = timers_next();
    if (next < deadline && !covered_by_other(next))
        deadline = next;
    if (deadline == cpu->armed)
        return;
    cpu->armed = deadline;
    machine_set_timer(deadline);
}

/* Caller and callee bear together what they use together: a pair gets two shares, however it divides its work. */
static void share(struct thread *from, struct thread *to)
{
    uint64_t lesser = from->fair < to->fair ? from->fair : to->fair;
    uint64_t apart = from->fair + to->fair - 2 * lesser;
    if (apart > 2 * SCHED_TICK_NS)
        return;
    from->fair = lesser + apart / 2;
    to->fair = lesser + (apart - apart / 2);
}

/* Woken at once to run here, but this CPU has chosen already: it queues like others. */
static void queue_handed(struct cpu_state *cpu)
{
    struct thread *handed = cpu->handed;
    cpu->handed = NULL;
    cpu->favoured = NULL;
    if (handed != NULL)
        place(handed);
}

/* The thread to which this CPU may be handed: what was woken last, in this entry or in one before it. */
static struct thread *in_hand(struct cpu_state *cpu)
{
    struct thread *handed = cpu->handed, *kept = cpu->kept;
    cpu->handed = NULL;
    cpu->favoured = NULL;
    cpu->kept = NULL;
    if (handed == NULL)
        return kept;
    if (kept != NULL)
        place(kept);
    return handed;
}

/*
 * What this CPU runs from now on. A handed-over CPU keeps its quantum, so its end still comes. While the running thread
 * goes on, what it woke stays in hand: it may answer in one entry and wait in the next, and nobody else ran in between.
 */
static void choose(struct cpu_state *cpu, uint64_t now)
{
    struct thread *handed = in_hand(cpu), *before = cpu->current;
    bool blocked = before != NULL && before->state == THREAD_BLOCKED;
    bool goes_on = before != NULL && before->state == THREAD_RUNNING && !cpu->yield;
    uint64_t quantum_end = blocked ? before->quantum_end : 0;
    bool direct = handed != NULL && blocked && now < quantum_end &&
                  (cpu->queue.count == 0 || handed->fair <= cpu->queue.head->fair + SCHED_TICK_NS);
    if (handed != NULL && goes_on && idle_cpu() == THREAD_NO_CPU)
        cpu->kept = handed;
    else if (handed != NULL && !direct)
        place(handed);
    if (keep_current(cpu, now))
        return;
    install(cpu, direct ? handed : take_next(machine_cpu()), now);
    if (!direct)
        return;
    share(before, handed);
    handed->quantum_end = quantum_end;
}

struct machine_resume sched_leave(void)
{
    struct cpu_state *cpu = cpu_state();
    struct machine_resume next;
    bool cleaned;
    do {
        uint64_t now = machine_now_ns();
        choose(cpu, now);
        next = activate(cpu, now);
        cleaned = process_reap(); /* may make threads runnable, as may what follows from it */
        cleaned |= ipc_tell_releases();
        queue_handed(cpu); /* no other CPU would find it, not even to end it */
    } while (cleaned && (cpu->current == NULL || cpu->current->state == THREAD_DEAD));
    uint32_t helper = cpu->queue.count > 0 ? idle_cpu() : THREAD_NO_CPU;
    if (helper != THREAD_NO_CPU)
        kick_later(helper);
    if (cpu->current == NULL)
        graph_on_idle();
    arm(cpu);
    return next;
}

/* ---- the same where nothing needs looking after: kernel/ipc/fast.c, F5 ---------------- */

/* Would sched_leave do nothing but let the running thread go on, or hand the CPU over? Other CPUs may have left it something
 * to clean up, and one that idles may help with what this one has in its queue or in hand. */
static bool is_settled(const struct cpu_state *cpu)
{
    const struct process_table *table = &kernel.processes;
    bool alone = machine_cpu_count() == 1;
    return table->ending == NULL && table->ending_threads == NULL && (cpu->handed == NULL || cpu->kept == NULL) &&
           (alone || (cpu->queue.count == 0 && kernel.timers.count == 0));
}

struct machine_resume sched_leave_running(void)
{
    struct cpu_state *cpu = cpu_state();
    if (!is_settled(cpu) || (machine_cpu_count() > 1 && (cpu->handed != NULL || cpu->kept != NULL)))
        return sched_leave();
    if (cpu->handed != NULL)
        cpu->kept = cpu->handed;
    cpu->handed = NULL;
    cpu->favoured = NULL;
    return (struct machine_resume){&cpu->current->context, &cpu->current->process->aspace.machine};
}

/* What choose and activate do when the CPU is handed over. The timer stands: the quantum goes with the CPU. */
static struct machine_resume hand_over(struct cpu_state *cpu, struct thread *before, struct thread *handed, uint64_t now)
{
    uint64_t quantum_end = before->quantum_end, ran = now > before->run_started ? now - before->run_started : 0;
    before->cpu_time += ran;
    before->fair += ran;
    cpu->handed = NULL;
    cpu->kept = NULL;
    cpu->favoured = NULL;
    install(cpu, handed, now);
    share(before, handed);
    handed->quantum_end = quantum_end;
    return activate(cpu, now);
}

struct machine_resume sched_leave_blocked(void)
{
    struct cpu_state *cpu = cpu_state();
    struct thread *before = cpu->current, *handed = cpu->handed != NULL ? cpu->handed : cpu->kept;
    if (handed == NULL || !is_settled(cpu))
        return sched_leave();
    uint64_t now = machine_now_ns();
    if (now >= before->quantum_end || (cpu->queue.count > 0 && handed->fair > cpu->queue.head->fair + SCHED_TICK_NS))
        return sched_leave();
    return hand_over(cpu, before, handed, now);
}

uint64_t sched_process_time(const struct process *process)
{
    uint64_t total = process->cpu_time;
    uint64_t now = machine_now_ns();
    for (const struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process) {
        total += thread->cpu_time;
        if (thread->state == THREAD_RUNNING && now > thread->run_started)
            total += now - thread->run_started;
    }
    return total;
}
