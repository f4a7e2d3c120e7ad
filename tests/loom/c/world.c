/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rest of the machine: see world.h. */
#include "world.h"

#include <string.h>

#include "capos/syscall.h"
#include "check.h"
#include "kernel/ipc/ipc.h"
#include "kernel/lock.h"
#include "kernel/log/graph.h"
#include "kernel/machine.h"
#include "kernel/mm/pool.h"
#include "kernel/object.h"
#include "kernel/proc/process.h"
#include "kernel/sched/timers.h"
#include "words.h"

struct world world;

/* ---- libcapos ------------------------------------------------------------------- */

int32_t mc_word_wait(const uint32_t *word, uint32_t expected);
void mc_word_wake(const uint32_t *word, uint32_t count);
int32_t checked_capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns);
void checked_capos_word_wake(const uint32_t *word, uint32_t count);

uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    return world.syscall != NULL ? world.syscall(number, arg0, arg1) : 0;
}

int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    return world.real_park ? checked_capos_word_wait(word, expected, timeout_ns) : mc_word_wait(word, expected);
}

void capos_word_wake(const uint32_t *word, uint32_t count)
{
    if (world.real_park)
        checked_capos_word_wake(word, count);
    else
        mc_word_wake(word, count);
}

/* ---- the machine ------------------------------------------------------------------- */

uint32_t machine_cpu(void)
{
    return world.real_sched ? world.cpu_of[mc_thread()] : mc_thread();
}

uint32_t machine_cpu_count(void)
{
    return world.cpus;
}

void machine_set_timer(uint64_t deadline_ns)
{
    (void)deadline_ns;
}

void machine_activate(struct machine_resume next)
{
    (void)next;
}

uint64_t machine_now_ns(void)
{
    return 1;
}

void checked_lock_acquire(struct lock *lock);
void checked_lock_release(struct lock *lock);

void lock_acquire(struct lock *lock)
{
    if (world.modelled_lock)
        mc_lock();
    else
        checked_lock_acquire(lock);
}

void lock_release(struct lock *lock)
{
    if (world.modelled_lock)
        mc_unlock();
    else
        checked_lock_release(lock);
}

_Noreturn void kernel_panic(const char *what, uint64_t value)
{
    (void)value;
    mc_fail(what);
    __builtin_unreachable();
}

/* ---- the kernel ----------------------------------------------------------------------- */

uint32_t timer_start(uint64_t deadline_ns, timer_fire_fn *fire, void *context)
{
    (void)deadline_ns, (void)fire, (void)context;
    mc_fail("a timer that no model starts");
    return TIMER_NONE;
}

uint64_t timers_next(void)
{
    return MACHINE_NO_DEADLINE;
}

bool process_reap(void)
{
    return false;
}

bool ipc_tell_releases(void)
{
    return false;
}

void graph_on_idle(void)
{
}

void timer_stop(uint32_t timer)
{
    CHECK(timer == TIMER_NONE);
}

/* One object is all that a model makes. */
static _Alignas(16) uint8_t storage[OBJECT_BYTES];

void *pool_take(struct pool *pool)
{
    pool->in_use = 1;
    memset(storage, 0, sizeof storage);
    return storage;
}

void pool_give(struct pool *pool, void *item)
{
    CHECK(item == storage);
    pool->in_use = 0;
    ref_given();
}
