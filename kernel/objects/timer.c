/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Timer: the monotonic clock, and sleeping. A sleeper is its pending call and
 * one timer of kernel/sched; words[0] is the timer's id.
 */
#include "core/base/checked.h"
#include "kernel/ipc/call.h"
#include "kernel/machine.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "kernel/sched/timers.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome timer_now(void *env, void *object, const struct capos_timer_now_params *in,
                                   struct capos_timer_now_results *out)
{
    (void)env, (void)object, (void)in;
    out->monotonic_ns = machine_now_ns();
    out->tick = sched_ticks();
    return CAPN_DONE;
}

static void wake(void *context)
{
    struct call *call = context;
    call_process(call)->sleepers--;
    call_finish(call, &capos_timer_sleep_reply, NULL);
}

static enum capn_outcome timer_sleep(void *env, void *object, const struct capos_timer_sleep_params *in,
                                     struct capos_timer_sleep_results *out)
{
    (void)object, (void)out;
    struct call *call = env;
    struct process *process = call_process(call);
    if (in->duration_ns == 0)
        return CAPN_DONE;
    if (process->sleepers >= process->profile.timer_waiters)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "too many sleepers");
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return CAPN_EXCEPTION;
    uint32_t timer = timer_start(saturating_add_u64(machine_now_ns(), in->duration_ns), wake, pending);
    if (timer == TIMER_NONE) {
        call_unpend(pending);
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "no timer left");
    }
    call_words(pending)[0] = timer;
    process->sleepers++;
    return CAPN_PENDING;
}

static void cancel(struct object *object, struct call *call)
{
    (void)object;
    timer_stop((uint32_t)call_words(call)[0]);
    call_process(call)->sleepers--;
}

static const struct capos_timer_ops methods = {.now = timer_now, .sleep = timer_sleep};

const struct object_ops timer_ops = {
    .interface_id = CAPOS_TIMER_INTERFACE_ID,
    .label = "timer",
    .methods = &methods,
    .serve = capos_timer_serve,
    .cancel = cancel,
};
