/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Simulated programs: C functions on stacks of their own, entered and left by
 * host_switch. Their images are tiny ELF files with one empty page of text;
 * the entry address says which function it is, so the real loader runs.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "abi/syscall.h"
#include "arch/host/host.h"
#include "arch/host/sanitizer.h"
#include "core/base/bytes.h"

#define ENTRY_STRIDE 16u
#define IMAGE_BYTES 4112u
#define STACK_BYTES (256u * 1024u) /* host stack; generous because of the sanitizers */

struct sim_thread {
    struct machine_context *context;
    void *here; /* its stack pointer while it does not run */
    struct host_request request;
    struct machine_resume run;
    unsigned char *stack;
    void *local;
};

static sim_program_fn *programs[SIM_PROGRAMS_MAX];
static uint8_t images[SIM_PROGRAMS_MAX][IMAGE_BYTES];
static unsigned program_count;
static struct sim_thread threads[1024];
static unsigned thread_count;
static void *cpu_loop; /* the simulation's own stack pointer meanwhile */
static struct sim_thread *running;
static const void *loop_stack; /* of the host program: the sanitizer wants to know whose stack is whose */
static size_t loop_stack_bytes;

void sim_program(sim_program_fn *fn, const uint8_t **elf, size_t *len)
{
    if (program_count == SIM_PROGRAMS_MAX)
        abort();
    unsigned index = program_count++;
    uint8_t *image = images[index];
    programs[index] = fn;
    memcpy(image, "\x7f" "ELF\2\1\1", 7);
    store_le16(image + 16, 2);    /* ET_EXEC */
    store_le16(image + 18, 0x3e); /* x86-64 */
    store_le32(image + 20, 1);
    store_le64(image + 24, USER_IMAGE_BASE + (uint64_t)index * ENTRY_STRIDE);
    store_le64(image + 32, 64);   /* program headers */
    store_le16(image + 52, 64);
    store_le16(image + 54, 56);
    store_le16(image + 56, 1);
    uint8_t *load = image + 64;
    store_le32(load, 1);          /* PT_LOAD */
    store_le32(load + 4, 5);      /* read, execute */
    store_le64(load + 8, PAGE_SIZE);
    store_le64(load + 16, USER_IMAGE_BASE);
    store_le64(load + 24, USER_IMAGE_BASE);
    store_le64(load + 32, IMAGE_BYTES - PAGE_SIZE);
    store_le64(load + 40, PAGE_SIZE);
    store_le64(load + 48, PAGE_SIZE);
    *elf = image;
    *len = IMAGE_BYTES;
}

uint64_t sim_entry(sim_program_fn *fn)
{
    unsigned index = 0;
    while (index < program_count && programs[index] != fn)
        index++;
    if (index == SIM_PROGRAMS_MAX)
        abort();
    if (index == program_count)
        programs[program_count++] = fn;
    return USER_IMAGE_BASE + (uint64_t)index * ENTRY_STRIDE;
}

/*
 * Keeps the callee-saved registers on the stack that is left, stores its pointer in *save, and goes on where the stack
 * `load` was left. (swapcontext would ask the host's kernel about signals each time.)
 */
void host_switch(void **save, void *load);
__asm__(".text\n"
        ".globl host_switch\n"
        ".type host_switch, @function\n"
        "host_switch:\n"
        "    push %rbp\n    push %rbx\n    push %r12\n    push %r13\n    push %r14\n    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n    pop %r14\n    pop %r13\n    pop %r12\n    pop %rbx\n    pop %rbp\n"
        "    ret\n"
        ".size host_switch, . - host_switch\n");

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
    uint64_t index = (context->entry - USER_IMAGE_BASE) / ENTRY_STRIDE;
    if (index >= program_count)
        sim_fault(context->entry, false); /* an image that was tampered with: nothing to execute there */
    sim_program_fn *fn = programs[index];
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
    /* What host_switch takes from a stack: six registers and where to return to; body sees a stack as after a call. */
    uintptr_t *top = (uintptr_t *)(void *)(thread->stack + STACK_BYTES - 64);
    memset(top - 8, 0, 8 * sizeof *top);
    top[-2] = (uintptr_t)body;
    thread->here = top - 8;
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
