/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Models of PARK and UNPARK from the program to the table of waiters and back:
 * libcapos' park, ring client and locks, the kernel's entry path, its service
 * of rings (kernel/ipc/enter.c), kernel/ipc/park.c and core/park. Each thread
 * is a CPU with one program thread. Of the scheduler there is what these files
 * rely on: a blocked thread goes on after sched_wake. The kernel lock is one
 * operation here; the models in lock.c show that it is a lock.
 */
#include "check.h"

#include <string.h>

#include "abi/atomic.h"
#include "capos/capset.h"
#include "capos/park.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "capos/thread.h"
#include "kernel/ipc/park.h"
#include "kernel/state.h"
#include "schema/generated/capos.h"
#include "world.h"

#define THREADS 3u
#define SPACE_ID 5u

static struct process process;
static struct thread threads[THREADS];
static struct ring_page pages[THREADS];
static struct capos_ring clients[THREADS];
static struct object_ops space_ops = {.interface_id = CAPOS_PARK_SPACE_INTERFACE_ID};
static struct object space = {.ops = &space_ops, .id = 1, .refs = 1};
static struct cap_slot slot = {.object = &space};
static const struct capset_entry capset = {.cap_id = SPACE_ID, .interface_id = CAPOS_PARK_SPACE_INTERFACE_ID};

static uint32_t word;    /* the program's */
static uint32_t answer;  /* another */
static uint32_t payload; /* plain, of whoever the word says */

/* ---- the program's runtime ------------------------------------------------------------ */

struct capos_ring *capos_ring(void)
{
    return &clients[mc_thread()];
}

uint32_t capos_thread_id(void)
{
    return mc_thread() + 1;
}

const struct capset_entry *capos_capset_entry(uint32_t i)
{
    return i == 0 ? &capset : NULL;
}

/* ---- processors, for the models with the real scheduler ---------------------------------- */

/* A thread of the model that has to wait acts for any processor that idles: it takes the kicks. */
static struct {
    bool idle[THREADS], kicked[THREADS];
    bool goes_on[THREADS];     /* program threads that a processor has taken up */
    uint32_t there[THREADS];   /* which one */
} machine;

void machine_kick(uint32_t cpu)
{
    mc_lock();
    machine.kicked[cpu] = true;
    mc_wake_all();
    mc_unlock();
}

static void leave_to(uint32_t cpu, struct machine_resume next)
{
    mc_lock();
    machine.idle[cpu] = next.context == NULL;
    for (uint32_t i = 0; i < THREADS; i++)
        if (next.context == &threads[i].context) {
            machine.goes_on[i] = true;
            machine.there[i] = cpu;
            if (i != mc_thread())
                mc_seen("cpu: left one thread for another");
        }
    mc_wake_all();
    mc_unlock();
}

static bool take_kick(void)
{
    for (uint32_t cpu = 0; cpu < THREADS; cpu++)
        if (machine.idle[cpu] && machine.kicked[cpu]) {
            machine.idle[cpu] = machine.kicked[cpu] = false;
            world.cpu_of[mc_thread()] = cpu;
            mc_unlock();
            struct machine_resume next = kernel_on_kick();
            mc_seen(next.context != NULL ? "cpu: a kick brought a thread" : "cpu: another took the thread before the kick");
            leave_to(cpu, next);
            mc_lock();
            return true;
        }
    return false;
}

static void wait_for_processor(void)
{
    uint32_t me = mc_thread();
    mc_lock();
    while (!machine.goes_on[me])
        if (!take_kick())
            mc_sleep();
    machine.goes_on[me] = false;
    world.cpu_of[me] = machine.there[me];
    mc_unlock();
}

static uint64_t enter_kernel_and_schedule(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    struct thread *thread = &threads[mc_thread()];
    leave_to(machine_cpu(), kernel_on_syscall(&thread->context, number, arg0, arg1));
    wait_for_processor();
    return thread->context.result;
}

static uint64_t enter_kernel(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    struct thread *thread = &threads[mc_thread()];
    (void)kernel_on_syscall(&thread->context, number, arg0, arg1);
    CHECK(!thread->context.repeat);
    return thread->context.result;
}

/* ---- the kernel's surroundings ----------------------------------------------------------- */

enum cap_error cap_table_lookup(const struct cap_table *table, uint32_t id, const struct cap_slot **found)
{
    (void)table;
    *found = &slot;
    return id == SPACE_ID ? CAP_OK : CAP_NOT_LIVE;
}

bool aspace_read_word(struct aspace *as, uint64_t addr, uint32_t *value)
{
    (void)as;
    *value = load_acquire_u32((const uint32_t *)(uintptr_t)addr);
    return true;
}

bool sched_block(struct thread *thread, uint64_t deadline)
{
    CHECK(deadline == MACHINE_NO_DEADLINE && thread->state == THREAD_RUNNING);
    if (world.real_sched)
        return checked_sched_block(thread, deadline);
    thread->state = THREAD_BLOCKED;
    return true;
}

void sched_wake(struct thread *thread)
{
    CHECK(thread->state == THREAD_BLOCKED);
    mc_seen("kernel: woke a blocked thread");
    if (world.real_sched) {
        checked_sched_wake(thread);
        return;
    }
    machine_context_set_result(&thread->context, ipc_enter_value(thread));
    thread->state = THREAD_RUNNING;
    mc_wake_all();
}

/* The CPU has nothing else to run: it idles until its thread goes on. */
struct machine_resume sched_leave(void)
{
    if (world.real_sched)
        return checked_sched_leave();
    struct thread *thread = &threads[mc_thread()];
    if (thread->state == THREAD_BLOCKED)
        mc_seen("kernel: thread blocks");
    while (thread->state == THREAD_BLOCKED)
        mc_sleep();
    return (struct machine_resume){&thread->context, NULL};
}

void sched_send_kicks(void)
{
    if (world.real_sched)
        checked_sched_send_kicks();
}

void sched_yield(void)
{
    CHECK(!world.real_sched);
}

void machine_context_set_result(struct machine_context *context, uint64_t value)
{
    context->result = value;
}

/* ---- what all of them begin with ----------------------------------------------------------- */

static void watch(struct ring_page *page)
{
    mc_word(&page->header.sq_head, "sq_head", MC_KERNEL);
    mc_word(&page->header.sq_tail, "sq_tail", MC_USER);
    mc_word(&page->header.sq_flags, "sq_flags", MC_KERNEL);
    mc_word(&page->header.cq_head, "cq_head", MC_USER);
    mc_word(&page->header.cq_tail, "cq_tail", MC_KERNEL);
    mc_word(&page->header.cq_overflow, "cq_overflow", MC_KERNEL);
    mc_plain(page->sqes, sizeof page->sqes, "entries");
    for (uint32_t i = 0; i < RING_CQ_ENTRIES; i++)
        mc_plain(&page->cqes[i], sizeof page->cqes[i], "completion");
}

/* The first thread's queue holds that many completions of others. */
static void make_program(uint32_t completed)
{
    process.state = PROCESS_LIVE;
    process.generation = 1;
    process.profile.ring_scratch = UINT32_MAX;
    park_table_init(&kernel.parks);
    mc_plain(&kernel.parks, sizeof kernel.parks, "parks");
    for (uint32_t i = 0; i < THREADS; i++) {
        struct thread *thread = &threads[i];
        *thread = (struct thread){.process = &process, .tid = i + 1, .state = THREAD_RUNNING, .park = {.timer = TIMER_NONE}};
        ipc_ring_init(&thread->ring, &pages[i]);
        CHECK(capos_ring_init(&clients[i], &pages[i]) == CAPOS_OK);
        kernel.cpus[i].current = thread;
    }
    pages[0].header.cq_tail = threads[0].ring.state.cq_tail = completed;
    clients[0].next_user_data = 1000;
    for (uint32_t i = 0; i < THREADS; i++) {
        watch(&pages[i]);
        mc_plain(&threads[i].context, sizeof threads[i].context, "registers");
        mc_plain(&threads[i].process, sizeof threads[i] - offsetof(struct thread, process), "thread");
    }
    word = payload = 0;
    mc_word(&word, "the program's word", MC_ANYBODY);
    mc_plain(&payload, sizeof payload, "payload");
    world.modelled_lock = world.real_park = true;
    world.syscall = enter_kernel;
}

void park_before(void)
{
    make_program(0);
}

/* ---- each waits for the other, on two processors ---------------------------------------------- */

void idle_before(void)
{
    make_program(0);
    answer = 0;
    mc_word(&answer, "the answer", MC_ANYBODY);
    memset(&machine, 0, sizeof machine);
    for (uint32_t i = 0; i < 2; i++) {
        struct cpu_state *cpu = &kernel.cpus[i];
        *cpu = (struct cpu_state){.current = &threads[i], .active = &threads[i], .online = true, .armed = MACHINE_NO_DEADLINE};
        threads[i].queued_on = THREAD_NO_CPU;
        threads[i].cpu = world.cpu_of[i] = i;
        mc_plain(cpu, offsetof(struct cpu_state, kicks), "processor");
        mc_plain(&cpu->kicks, sizeof cpu->kicks, "kicks to send");
        mc_plain(&cpu->yield, sizeof *cpu - offsetof(struct cpu_state, yield), "processor's choice");
    }
    world.cpus = 2;
    world.real_sched = true;
    world.syscall = enter_kernel_and_schedule;
}

static void wait_on(const uint32_t *at)
{
    while (load_acquire_u32(at) == 0) {
        int32_t result = capos_park(SPACE_ID, at, 0, CAPOS_WAIT_FOREVER);
        CHECK(result == CAPOS_PARK_WOKEN || result == CAPOS_PARK_DIFFERENT);
        mc_seen(result == CAPOS_PARK_WOKEN ? "park: woken" : "park: the word had changed");
    }
}

static void wake_on(uint32_t *at)
{
    store_release_u32(at, 1);
    CHECK(capos_unpark(SPACE_ID, at, 1) >= 0);
}

void idle_answer(void)
{
    wait_on(&word);
    wake_on(&answer);
}

void idle_ask(void)
{
    wake_on(&word);
    wait_on(&answer);
}

void idle_after(void)
{
    CHECK(kernel.cpus[0].queue.count == 0 && kernel.cpus[1].queue.count == 0);
    CHECK(kernel.cpus[0].kicks == 0 && kernel.cpus[1].kicks == 0);
    CHECK(threads[0].state == THREAD_RUNNING && threads[1].state == THREAD_RUNNING && threads[0].cpu != threads[1].cpu);
    world.real_sched = false;
    world.cpus = 0;
    park_after();
}

void park_after(void)
{
    CHECK(kernel.parks.count == 0 && park_table_is_valid(&kernel.parks));
    for (uint32_t i = 0; i < THREADS; i++)
        CHECK(threads[i].ring.parked.count == 0 && !threads[i].park.outstanding);
    world.modelled_lock = world.real_park = false;
    world.syscall = NULL;
}

/* ---- one waits for the other ------------------------------------------------------------------ */

void park_wait_for_word(void)
{
    while (load_acquire_u32(&word) == 0) {
        int32_t result = capos_park(SPACE_ID, &word, 0, CAPOS_WAIT_FOREVER);
        CHECK(result == CAPOS_PARK_WOKEN || result == CAPOS_PARK_DIFFERENT);
        mc_seen(result == CAPOS_PARK_WOKEN ? "park: woken" : "park: the word had changed");
    }
    CHECK(payload == 7);
}

void park_change_word(void)
{
    payload = 7;
    store_release_u32(&word, 1);
    int32_t woken = capos_unpark(SPACE_ID, &word, 1);
    CHECK(woken == 0 || woken == 1);
    mc_seen(woken == 1 ? "unpark: woke one" : "unpark: nobody waited");
}

/* Of two that wait each is woken, by one UNPARK. */
void park_change_for_two(void)
{
    payload = 7;
    store_release_u32(&word, 1);
    int32_t woken = capos_unpark(SPACE_ID, &word, 2);
    mc_seen(woken == 2 ? "unpark: woke two" : woken == 1 ? "unpark: woke one" : "unpark: nobody waited");
}

/* ---- the completion of a PARK finds no room ------------------------------------------------------ */

void park_full_before(void)
{
    make_program(RING_CQ_ENTRIES - 1);
}

/* Behind the PARK a NOP, which takes the last place; then all but that one are given back at once. */
void park_full_wait(void)
{
    struct capos_completion done;
    uint64_t park, nop;
    struct ring_sqe sqe = {.opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = SPACE_ID, .call_id = 1,
                           .addr = (uintptr_t)&word, .len = 0, .pipeline_dep = CAPOS_WAIT_FOREVER};
    struct ring_sqe nothing = {.opcode = RING_OP_NOP};
    CHECK(capos_ring_submit(&clients[0], &sqe, &park) == CAPOS_OK);
    CHECK(capos_ring_submit(&clients[0], &nothing, &nop) == CAPOS_OK);
    capos_cap_enter(0, 0);
    store_release_u32(&pages[0].header.cq_head, RING_CQ_ENTRIES - 1);
    CHECK(capos_ring_wait(&clients[0], park, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK);
    CHECK(done.result == CAPOS_PARK_WOKEN || done.result == CAPOS_PARK_DIFFERENT);
    mc_seen(done.result == CAPOS_PARK_WOKEN ? "park: woken" : "park: the word had changed");
    mc_lock();
    if (threads[0].ring.state.cq_overflow > 0)
        mc_seen("park: its completion was parked");
    mc_unlock();
    CHECK(capos_ring_wait(&clients[0], nop, 0, &done) == CAPOS_OK && done.result == 0);
}

/* ---- the mutex of libcapos on all of it -------------------------------------------------------------- */

static struct capos_mutex mutex;

void park_mutex_before(void)
{
    make_program(0);
    mutex.word = 0;
    mc_word(&mutex.word, "mutex", MC_ANYBODY);
}

void park_mutex_count(void)
{
    capos_mutex_lock(&mutex);
    payload++;
    capos_mutex_unlock(&mutex);
}

void park_mutex_after(void)
{
    CHECK(payload == 2);
    park_after();
}
