/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Models of kernel/lock.c: what it protects is plain memory; of arch/x86_64's
 * translation flush, which a CPU must also serve while it waits for the lock;
 * and of the references of kernel/object.c, plain numbers under that lock.
 * A CPU is a thread.
 */
#include "check.h"

#include "abi/atomic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/aspace.h"
#include "kernel/object.h"
#include "kernel/state.h"
#include "world.h"

#define CPUS 3u

static uint32_t count; /* what the lock protects */
static uint32_t relaxed[CPUS]; /* turns each CPU has waited */

struct cpu cpus[MACHINE_CPUS_MAX];
uint32_t cpus_found = CPUS;

struct cpu *this_cpu(void)
{
    return &cpus[mc_thread()];
}

void spin_pause(void)
{
    relaxed[mc_thread()]++;
    mc_pause();
}

static void make_lock(void)
{
    lock_init(&kernel.lock, "kernel", LOCK_RANK_KERNEL);
    mc_word(&kernel.lock.taken, "lock.taken", MC_ANYBODY);
    mc_word(&kernel.lock.impatient, "lock.impatient", MC_ANYBODY);
    for (uint32_t i = 0; i < CPUS; i++) {
        kernel.cpus[i].lock_rank = 0;
        cpus[i] = (struct cpu){.index = i, .apic_id = i};
        relaxed[i] = 0;
    }
    count = 0;
    mc_plain(&count, sizeof count, "what the lock protects");
    world.modelled_lock = false;
}

void lock_before(void)
{
    make_lock();
    flush_make();
}

static void note_waiting(void)
{
    uint32_t turns = relaxed[mc_thread()];
    mc_seen(turns == 0 ? "lock: at once" : turns < LOCK_PATIENCE ? "lock: waited" : "lock: out of patience");
}

void lock_count(void)
{
    lock_acquire(&kernel.lock);
    note_waiting();
    count++;
    lock_release(&kernel.lock);
}

void lock_count_twice(void)
{
    lock_count();
    lock_count();
}

void lock_after(void)
{
    CHECK(count == 3 && load_relaxed_u32(&kernel.lock.impatient) == 0);
    CHECK(kernel.cpus[0].lock_rank == 0 && kernel.cpus[1].lock_rank == 0);
}

/* ---- translations ------------------------------------------------------------------ */

#define PAGE_VA 0x400000u

static struct machine_aspace space;
static uint32_t entry;          /* the page's, 1 while it is mapped; any CPU's walker reads it */
static uint32_t buffered[CPUS]; /* what each CPU believes about the page; its own */
static uint32_t frame;          /* the page's memory */
static uint32_t interrupt[CPUS];

/* The CPU may look the page up again at once, so that is what it does. */
void invalidate_page(uint64_t va)
{
    CHECK(va == PAGE_VA);
    buffered[mc_thread()] = load_relaxed_u32(&entry);
}

void apic_send(uint32_t id, uint32_t vector)
{
    CHECK(vector == VECTOR_FLUSH);
    store_relaxed_u32(&interrupt[id], 1);
}

void flush_make(void)
{
    mc_word(flush_pending_word(), "request.pending", MC_ANYBODY);
    flush_watch();
}

static void make_spaces(uint32_t count_of_cpus)
{
    make_lock();
    flush_make();
    space = (struct machine_aspace){.cpus = (1u << count_of_cpus) - 1};
    cpus_found = count_of_cpus;
    entry = 1;
    frame = 7;
    mc_word(&entry, "page table entry", MC_ANYBODY);
    mc_plain(&frame, sizeof frame, "frame");
    for (uint32_t i = 0; i < count_of_cpus; i++) {
        buffered[i] = 1;
        interrupt[i] = 0;
        mc_word(&interrupt[i], "interrupt", MC_ANYBODY);
        mc_plain(&buffered[i], sizeof buffered[i], "translation buffer");
    }
}

void flush_before(void)
{
    make_spaces(2);
}

void flush_three_before(void)
{
    make_spaces(3);
}

/* Unmaps the page and uses its frame for something else. */
void flush_unmap(void)
{
    lock_acquire(&kernel.lock);
    store_relaxed_u32(&entry, 0);
    machine_aspace_flush(&space, PAGE_VA, 1);
    for (uint32_t i = 0; i < cpus_found; i++)
        CHECK(buffered[i] == 0);
    frame = 8;
    lock_release(&kernel.lock);
}

static void use_page(void)
{
    if (buffered[mc_thread()] == 0)
        mc_seen("user: page is gone");
    else if (frame == 7)
        mc_seen("user: page is there");
    else
        mc_fail("a page's frame is somebody else's");
}

static void take_interrupts(void)
{
    while (buffered[mc_thread()] != 0) {
        if (load_relaxed_u32(&interrupt[mc_thread()]) != 0) {
            flush_serve();
            if (buffered[mc_thread()] == 0)
                mc_seen("flush: served by the interrupt");
        }
        mc_pause();
    }
}

/* A CPU that stays in user mode. */
void flush_user(void)
{
    use_page();
    take_interrupts();
    use_page();
}

/* User code, an entry into the kernel, user code; the interrupt comes when it comes. */
void flush_other(void)
{
    use_page();
    uint32_t before = buffered[mc_thread()];
    lock_acquire(&kernel.lock);
    if (before != buffered[mc_thread()])
        mc_seen("flush: served while waiting for the lock");
    lock_release(&kernel.lock);
    use_page();
    take_interrupts();
}

void flush_after(void)
{
    CHECK(load_relaxed_u32(&entry) == 0);
    cpus_found = CPUS;
}

/* ---- references ---------------------------------------------------------------------- */

static struct object *shared;
static uint32_t destroyed, given;

static void destroy(struct object *object)
{
    CHECK(object == shared && count > 0); /* what every holder wrote before it let go is there */
    destroyed++;
    mc_seen(mc_thread() == 0 ? "ref: first thread destroys" : "ref: other thread destroys");
}

static const struct object_ops ops = {.label = "checked", .destroy = destroy};

void ref_given(void)
{
    CHECK(destroyed == 1);
    given++;
}

void ref_before(void)
{
    make_lock();
    flush_make();
    destroyed = given = 0;
    shared = object_new(&ops);
    object_hold(shared);
    mc_plain(shared, sizeof *shared, "object");
    mc_plain(&destroyed, sizeof destroyed, "destroyed");
    mc_plain(&given, sizeof given, "given back");
}

/* Each holder lets go; it uses the object before. */
void ref_drop(void)
{
    lock_acquire(&kernel.lock);
    CHECK(destroyed == 0);
    count++;
    object_drop(shared);
    lock_release(&kernel.lock);
}

/* One more holder for a while. */
void ref_hold_and_drop(void)
{
    lock_acquire(&kernel.lock);
    CHECK(destroyed == 0);
    count++;
    object_hold(shared);
    lock_release(&kernel.lock);
    lock_acquire(&kernel.lock);
    object_drop(shared);
    if (destroyed == 0)
        mc_seen("ref: not the last");
    object_drop(shared);
    lock_release(&kernel.lock);
}

void ref_after(void)
{
    CHECK(destroyed == 1 && given == 1);
}
