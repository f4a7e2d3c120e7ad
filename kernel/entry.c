/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ways into the kernel (kernel/machine.h, "what the machine calls"). Each
 * takes the kernel lock, does bounded work, and leaves by sched_leave, which
 * says what the CPU does next. Register contents are a program's claims.
 */
#include "abi/errors.h"
#include "abi/syscall.h"
#include "kernel/hooks.h"
#include "kernel/ipc/fast.h"
#include "kernel/proc/fault_report.h"
#include "kernel/state.h"

static struct thread *enter(void)
{
    lock_acquire(&kernel.lock);
    return cpu_state()->current;
}

static struct machine_resume leave(void)
{
    struct machine_resume next = sched_leave();
    lock_release(&kernel.lock);
    sched_send_kicks();
    return next;
}

/* After the short way. */
static struct machine_resume leave_with(struct machine_resume next)
{
    lock_release(&kernel.lock);
    sched_send_kicks();
    return next;
}

static void answer(struct thread *thread, uint64_t value)
{
    machine_context_set_result(&thread->context, value);
    trace_event(TRACE_SYSCALL_EXIT, thread->tid, value);
}

static void cap_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns)
{
    struct ipc_enter_result result = ipc_cap_enter(thread, min_complete, timeout_ns);
    switch (result.action) {
    case IPC_ENTER_ENDED:
        return;
    case IPC_ENTER_AGAIN:
        machine_context_repeat_syscall(&thread->context, SYSCALL_CAP_ENTER);
        sched_yield();
        return;
    case IPC_ENTER_BLOCK:
        if (!sched_block(thread, result.deadline))
            answer(thread, ipc_enter_value(thread));
        return;
    case IPC_ENTER_YIELD:
        sched_yield();
        break;
    case IPC_ENTER_RETURN:
        break;
    }
    answer(thread, result.value);
}

/* Any system call. Apart from the short way, so that this one keeps no registers free for it. */
static __attribute__((noinline)) struct machine_resume general_way(struct thread *thread, uint64_t number, uint64_t arg0, uint64_t arg1)
{
    switch (number) {
    case SYSCALL_EXIT:
        process_end(thread->process, (int64_t)arg0);
        break;
    case SYSCALL_CAP_ENTER:
        cap_enter(thread, arg0, arg1);
        break;
    default:
        answer(thread, SYSCALL_REJECTED);
        break;
    }
    return leave();
}

struct machine_resume kernel_on_syscall(struct machine_context *context, uint64_t number, uint64_t arg0, uint64_t arg1)
{
    struct thread *thread = enter();
    if (thread == NULL || &thread->context != context)
        kernel_panic("system call of a thread that is not running", number);
    trace_event(TRACE_SYSCALL_ENTER, thread->tid, number);
    if (thread->state != THREAD_RUNNING)
        return leave(); /* ended by another CPU meanwhile */
    if (number == SYSCALL_CAP_ENTER) {
        switch (ipc_fast_enter(thread, arg0, arg1)) {
        case IPC_FAST_GOES_ON:
            return leave_with(sched_leave_running());
        case IPC_FAST_BLOCKED:
            return leave_with(sched_leave_blocked());
        case IPC_FAST_NOT:
            break;
        }
    }
    return general_way(thread, number, arg0, arg1);
}

struct machine_resume kernel_on_cpu_start(void)
{
    (void)enter();
    struct cpu_state *cpu = cpu_state();
    cpu->online = true;
    cpu->armed = MACHINE_NO_DEADLINE;
    cpu->floor = SCHED_TICK_NS;
    cpu->idle_started = machine_now_ns();
    return leave();
}

struct machine_resume kernel_on_timer(bool from_user)
{
    struct thread *thread = enter();
    uint64_t now = machine_now_ns();
    cpu_state()->armed = MACHINE_NO_DEADLINE;
    timers_fire(now);
    if (from_user && thread != NULL && thread->state == THREAD_RUNNING && now >= thread->quantum_end)
        ipc_on_tick(thread);
    sched_tick(now);
    return leave();
}

struct machine_resume kernel_on_kick(void)
{
    (void)enter();
    return leave();
}

struct machine_resume kernel_on_fault(const struct machine_fault *fault)
{
    struct thread *thread = enter();
    if (thread == NULL)
        kernel_panic("user fault without a running thread", fault->instruction);
    if (thread->state == THREAD_RUNNING) {
        trace_event(TRACE_FAULT, thread->process->pid, fault->address);
        fault_report(thread, fault);
        process_end(thread->process, EXIT_CODE_FAULT);
    }
    return leave();
}

struct machine_resume kernel_on_console_input(const uint8_t *bytes, size_t len)
{
    (void)enter();
    console_input(bytes, len);
    return leave();
}
