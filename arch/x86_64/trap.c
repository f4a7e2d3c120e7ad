/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Exceptions and interrupts: which kernel_on_* each one means. Exceptions of
 * user code are the kernel's business; exceptions of the kernel are recovered
 * only where the exception table says so, i.e. in copies of user memory.
 */
#include "arch/x86_64/trap.h"

#include <stddef.h>

#include "abi/layout.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/aspace.h"
#include "arch/x86_64/clock.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/serial.h"
#include "arch/x86_64/smp.h"
#include "kernel/log/output.h"

#define VECTOR_PAGE_FAULT 14u
#define EXCEPTIONS 32u
#define FAULT_PRESENT 1u
#define FAULT_WRITE 2u
#define FAULT_FETCH 16u

struct recovery {
    uint64_t fault, resume;
};

extern const struct recovery extable_start[], extable_end[];

static const char *const names[EXCEPTIONS] = {
    [0] = "divide error",
    [1] = "debug trap",
    [3] = "breakpoint",
    [4] = "overflow",
    [5] = "bound range exceeded",
    [6] = "invalid instruction",
    [7] = "device not available",
    [8] = "double fault",
    [10] = "invalid task state",
    [11] = "segment not present",
    [12] = "stack segment fault",
    [13] = "general protection",
    [14] = "page fault",
    [16] = "x87 floating point",
    [17] = "alignment check",
    [18] = "machine check",
    [19] = "SIMD floating point",
    [21] = "control protection",
};

static const char *name_of(uint64_t vector)
{
    return vector < EXCEPTIONS && names[vector] != NULL ? names[vector] : "unknown exception";
}

static struct machine_resume stay(const struct cpu *cpu)
{
    return (struct machine_resume){cpu->context, cpu->aspace};
}

/* The first kick after smp_open is a CPU's way in; earlier ones are ignored. */
static struct machine_resume on_kick(struct cpu *cpu)
{
    if (cpu->started)
        return kernel_on_kick();
    if (!smp_is_open())
        return stay(cpu);
    cpu->started = true;
    return kernel_on_cpu_start();
}

static struct machine_resume on_console_input(const struct cpu *cpu)
{
    uint8_t bytes[SERIAL_INPUT_MAX];
    size_t len = serial_take_input(bytes);
    return len > 0 && cpu->started ? kernel_on_console_input(bytes, len) : stay(cpu);
}

static struct machine_resume on_interrupt(uint64_t vector, bool from_user)
{
    struct cpu *cpu = this_cpu();
    if (vector == VECTOR_SPURIOUS)
        return stay(cpu);
    apic_end_of_interrupt();
    switch (vector) {
    case VECTOR_TIMER:
        return clock_deadline_reached() ? kernel_on_timer(from_user) : stay(cpu);
    case VECTOR_KICK:
        return on_kick(cpu);
    case VECTOR_SERIAL:
        return on_console_input(cpu);
    case VECTOR_FLUSH:
        flush_serve();
        return stay(cpu);
    default:
        return stay(cpu);
    }
}

struct machine_resume trap_from_idle(uint64_t vector)
{
    return on_interrupt(vector, false);
}

struct machine_resume trap_from_user(uint64_t vector, uint64_t error)
{
    if (vector >= EXCEPTIONS)
        return on_interrupt(vector, true);
    const struct machine_context *context = this_cpu()->context;
    bool page = vector == VECTOR_PAGE_FAULT;
    if (page && read_cr2() >= USER_HALF_LIMIT)
        error &= ~(uint64_t)FAULT_PRESENT; /* where the kernel has memory is not for the report */
    struct machine_fault fault = {
        .vector = (uint32_t)vector,
        .name = name_of(vector),
        .address = page ? read_cr2() : 0,
        .instruction = context->rip,
        .stack = context->rsp,
        .code = error,
        .write = page && (error & FAULT_WRITE) != 0,
        .execute = page && (error & FAULT_FETCH) != 0,
    };
    return kernel_on_fault(&fault);
}

static void report(const struct trap_frame *frame)
{
    uint64_t found = this_cpu()->found_root, root = found != 0 ? found : read_cr3();
    char storage[320];
    struct text_buf text = text_buf_over(storage, sizeof storage);
    const struct {
        const char *label;
        uint64_t value;
    } words[] = {
        {" on cpu ", this_cpu()->index}, {": rip ", frame->rip}, {" rsp ", frame->rsp}, {" error ", frame->error},
        {" cr2 ", read_cr2()},           {" cr3 ", root},        {" rax ", frame->rax}, {" rdi ", frame->rdi},
        {" rsi ", frame->rsi},           {" rbp ", frame->rbp},
    };
    text_buf_append_str(&text, "\nkernel exception: ");
    text_buf_append_str(&text, name_of(frame->vector));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        text_buf_append_str(&text, words[i].label);
        text_buf_append_hex(&text, words[i].value);
    }
    text_buf_append_str(&text, "\n");
    output_use_timer(false);
    output_say(text.bytes, text.len);
}

void trap_from_kernel(struct trap_frame *frame)
{
    if (frame->vector == VECTOR_PAGE_FAULT)
        for (const struct recovery *r = extable_start; r < extable_end; r++)
            if (r->fault == frame->rip) {
                frame->rip = r->resume;
                return;
            }
    trap_fatal(frame);
}

_Noreturn void trap_fatal(const struct trap_frame *frame)
{
    report(frame);
    kernel_panic(name_of(frame->vector), frame->rip);
}
