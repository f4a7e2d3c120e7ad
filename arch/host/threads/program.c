/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs of the machine of threads: each thread of a program is a stack of its own, and a fiber to the race detector, which
 * the processor that has it loaded switches to. Its record here belongs to that processor; it passes to
 * another with the kernel's thread, ordered by the kernel's lock or by nothing.
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "arch/host/threads/threads.h"
#include "kernel/state.h"

#ifdef THREADS_CHECKED
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_create_fiber(flags) NULL
#define __tsan_destroy_fiber(fiber) ((void)(fiber))
#define __tsan_switch_to_fiber(fiber, flags) ((void)(fiber))
#define __tsan_get_current_fiber() NULL
#endif

#define STACK_BYTES (128u * 1024u)

struct program_thread {
    void *here; /* its stack pointer while it does not run */
    void *fiber;
    void *local;
    struct host_request request;
};

static struct program_thread threads[THREADS_MAX];
static unsigned char *stacks;

void threads_programs_init(void)
{
    stacks = mmap(NULL, (size_t)THREADS_MAX * STACK_BYTES, PROT_READ | PROT_WRITE,
                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stacks == MAP_FAILED)
        abort();
}

static void leave(struct host_request request)
{
    struct threads_cpu *cpu = threads_cpu();
    struct program_thread *self = cpu->running;
    self->request = request;
    __tsan_switch_to_fiber(cpu->fiber, 0);
    host_switch(&self->here, cpu->loop);
}

uint64_t sim_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    struct machine_context *context = threads_cpu()->now.context;
    do {
        context->repeat = false;
        leave((struct host_request){ .step = HOST_SYSCALL, .number = number, .arg0 = arg0, .arg1 = arg1 });
    } while (context->repeat);
    return context->result;
}

void **sim_local(void)
{
    return &threads_cpu()->running->local;
}

void sim_pause(void)
{
    if (threads_interrupted(threads_cpu()))
        leave((struct host_request){ .step = HOST_PAUSE });
}

_Noreturn void sim_fault(uint64_t address, bool write)
{
    struct machine_fault fault = { .name = "page fault", .address = address, .write = write };
    for (;;)
        leave((struct host_request){ .step = HOST_FAULT, .fault = fault });
}

void *sim_user(uint64_t va, size_t len, bool write)
{
    struct threads_cpu *cpu = threads_cpu();
    uint8_t *first = NULL;
    for (size_t done = 0; done < len; done += PAGE_SIZE - (va + done) % PAGE_SIZE) {
        uint8_t *bytes = threads_translate(cpu, va + done, write);
        if (bytes == NULL || (first != NULL && bytes != first + done))
            return NULL;
        first = first == NULL ? bytes : first;
    }
    return first;
}

static void body(void)
{
    const struct machine_context *context = threads_cpu()->now.context;
    sim_program_fn *fn = host_program_at(context->entry);
    if (fn == NULL)
        sim_fault(context->entry, false);
    int64_t code = fn(context->args[0], context->args[1], context->args[2]);
    for (;;)
        sim_syscall(SYSCALL_EXIT, (uint64_t)code, 0);
}

/* The kernel's pool gives a record to one thread after the other. */
static size_t index_of(const struct machine_context *context)
{
    const struct pool *pool = &kernel.processes.threads;
    return (size_t)((const uint8_t *)context - pool->items) / pool->item_bytes;
}

struct host_request threads_run(struct threads_cpu *cpu)
{
    size_t index = index_of(cpu->now.context);
    struct program_thread *thread = &threads[index];
    if (!cpu->now.context->started) {
        cpu->now.context->started = true;
        if (thread->fiber != NULL)
            __tsan_destroy_fiber(thread->fiber);
        thread->fiber = __tsan_create_fiber(0);
        thread->local = NULL;
        thread->here = host_stack(stacks + index * STACK_BYTES, STACK_BYTES, body);
    }
    cpu->running = thread;
    cpu->fiber = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread->fiber, 0);
    host_switch(&cpu->loop, thread->here);
    return thread->request;
}

void sim_fail_at(uint64_t nth)
{
    kernel.faults.fail_at = nth;
}
