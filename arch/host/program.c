/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Simulated programs: C functions on stacks of their own, entered and left by host_switch. One runs at a time. */
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "arch/host/host.h"
#include "arch/host/sanitizer.h"

#define STACK_BYTES (256u * 1024u) /* host stack; generous because of the sanitizers */

struct sim_thread {
    struct machine_context *context;
    void *here; /* its stack pointer while it does not run */
    struct host_request request;
    struct machine_resume run;
    unsigned char *stack;
    void *local;
};

static struct sim_thread threads[1024];
static unsigned thread_count;
static void *cpu_loop; /* the simulation's own stack pointer meanwhile */
static struct sim_thread *running;
static const void *loop_stack; /* of the host program: the sanitizer wants to know whose stack is whose */
static size_t loop_stack_bytes;

static void leave(struct host_request request)
{
    struct sim_thread *self = running;
    void *fake;
    self->request = request;
    __sanitizer_start_switch_fiber(&fake, loop_stack, loop_stack_bytes);
    host_switch(&self->here, cpu_loop);
    __sanitizer_finish_switch_fiber(fake, &loop_stack, &loop_stack_bytes);
}

uint64_t sim_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    do {
        running->run.context->repeat = false;
        leave((struct host_request){ .step = HOST_SYSCALL, .number = number, .arg0 = arg0, .arg1 = arg1 });
    } while (running->run.context->repeat);
    return running->run.context->result;
}

void **sim_local(void)
{
    return &running->local;
}

void sim_pause(void)
{
    leave((struct host_request){ .step = HOST_PAUSE });
}

_Noreturn void sim_fault(uint64_t address, bool write)
{
    struct machine_fault fault = { .name = "page fault", .address = address, .write = write,
                                   .instruction = running->run.context->entry };
    for (;;)
        leave((struct host_request){ .step = HOST_FAULT, .fault = fault });
}

void *sim_user(uint64_t va, size_t len, bool write)
{
    uint8_t *first = NULL;
    for (size_t done = 0; done < len; done += PAGE_SIZE - (va + done) % PAGE_SIZE) {
        uint8_t *page = host_user_byte(running->run.aspace, va + done, write);
        if (page == NULL || (first != NULL && page != first + done))
            return NULL; /* not mapped so, or not contiguous for the host */
        first = first == NULL ? page : first;
    }
    return first;
}

static void body(void)
{
    __sanitizer_finish_switch_fiber(NULL, &loop_stack, &loop_stack_bytes);
    const struct machine_context *context = running->run.context;
    sim_program_fn *fn = host_program_at(context->entry);
    if (fn == NULL)
        sim_fault(context->entry, false); /* an image that was tampered with: nothing to execute there */
    int64_t code = fn(context->args[0], context->args[1], context->args[2]);
    for (;;)
        sim_syscall(SYSCALL_EXIT, (uint64_t)code, 0);
}

/* One coroutine for each record of the kernel's thread pool; a new thread in the same record starts it afresh. */
static struct sim_thread *thread_of(struct machine_context *context)
{
    for (unsigned i = 0; i < thread_count; i++) {
        if (threads[i].context == context)
            return &threads[i];
    }
    if (thread_count == sizeof threads / sizeof threads[0])
        abort();
    struct sim_thread *thread = &threads[thread_count++];
    thread->context = context;
    thread->stack = malloc(STACK_BYTES);
    if (thread->stack == NULL)
        abort();
    return thread;
}

static void start_afresh(struct sim_thread *thread)
{
    thread->local = NULL;
    ASAN_UNPOISON_MEMORY_REGION(thread->stack, STACK_BYTES); /* the last thread may have ended in the middle */
    thread->here = host_stack(thread->stack, STACK_BYTES, body);
}

struct host_request host_program_step(struct machine_resume run)
{
    running = thread_of(run.context);
    if (!run.context->started) {
        run.context->started = true;
        start_afresh(running);
    }
    running->run = run;
    void *fake;
    __sanitizer_start_switch_fiber(&fake, running->stack, STACK_BYTES);
    host_switch(&cpu_loop, running->here);
    __sanitizer_finish_switch_fiber(fake, NULL, NULL);
    return running->request;
}
