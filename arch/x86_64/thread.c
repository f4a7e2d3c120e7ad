/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Thread contexts, and what a CPU must load before it runs one. Called under
 * the kernel lock. A context whose state is in a CPU's registers is that CPU's
 * `context`; nobody else may run it until that CPU has activated another.
 */
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"

uint32_t machine_cpu(void)
{
    return this_cpu()->index;
}

uint32_t machine_cpu_count(void)
{
    return cpus_found;
}

/* Values that would fault in the kernel become ones that fault in user mode. */
static uint64_t user_address(uint64_t value, uint64_t otherwise)
{
    return value < USER_HALF_LIMIT ? value : otherwise;
}

void machine_context_init(struct machine_context *context, const struct machine_start *start)
{
    struct cpu *cpu = this_cpu();
    if (cpu->context == context)
        cpu->context = NULL; /* a dead thread's record used again: its registers must not come along */
    *context = (struct machine_context){
        .rip = user_address(start->entry, USER_HALF_LIMIT - 1),
        .rsp = start->stack,
        .rflags = RFLAGS_FIXED,
        .rdi = start->args[0],
        .rsi = start->args[1],
        .rdx = start->args[2],
        .fs_base = user_address(start->fs_base, 0),
    };
    fpu_init_state(context);
}

void machine_context_set_result(struct machine_context *context, uint64_t value)
{
    context->rax = value;
}

/* RDI and RSI are as they were; the instruction, 0F 05, stands two bytes before where it would return to. */
void machine_context_repeat_syscall(struct machine_context *context, uint64_t number)
{
    context->rax = number;
    context->rip -= 2;
}

uint64_t machine_context_fs_base(const struct machine_context *context)
{
    return context->fs_base;
}

void machine_context_set_fs_base(struct machine_context *context, uint64_t fs_base)
{
    context->fs_base = user_address(fs_base, 0);
}

/* User code may load the data selectors; they must not travel to the next thread. */
static void clear_selectors(struct cpu *cpu)
{
    uint32_t ds, es, fs, gs;
    __asm__ volatile("movl %%ds, %0; movl %%es, %1; movl %%fs, %2; movl %%gs, %3" : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
    if ((ds | es | fs | gs) == 0)
        return;
    __asm__ volatile("movl %0, %%ds; movl %0, %%es; movl %0, %%fs; movl %0, %%gs" : : "r"(0) : "memory");
    write_msr(MSR_GS_BASE, (uint64_t)(uintptr_t)cpu); /* loading GS cleared it */
    write_msr(MSR_KERNEL_GS_BASE, 0);
}

static void switch_context(struct cpu *cpu, struct machine_context *next)
{
    if (cpu->context != NULL)
        fpu_save(cpu->context);
    cpu->context = next;
    if (next == NULL)
        return;
    fpu_load(next);
    clear_selectors(cpu);
    cpu->fs_base = UINT64_MAX; /* unknown: a null selector that user code loaded has cleared it and left no trace */
}

/* User code's tables show the next space; what the last one's entries left on the window's page goes. */
static void turn_window(struct cpu *cpu, const struct machine_aspace *next)
{
    window_show(&cpu->window, next != NULL ? phys_pointer(next->root) : NULL, next != NULL ? next->tops : 0);
    uint64_t *words = cpu->entry_words.words;
    words[0] = words[1] = words[2] = words[3] = words[4] = words[5] = words[6] = words[7] = 0;
    cpu->user_rsp = 0;
}

/* What the last program taught the branch predictors is not for the next. */
static void forget_branches(void)
{
    if (mitigations.predictor_barrier)
        write_msr(MSR_PRED_CMD, 1);
    if (mitigations.fill_return_stack)
        cpu_fill_return_stack();
}

static void switch_aspace(struct cpu *cpu, struct machine_aspace *next)
{
    if (cpu->aspace == next)
        return;
    uint32_t bit = 1u << cpu->index;
    if (next != NULL)
        next->cpus |= bit;
    cpu->kernel_root = next != NULL ? next->root : kernel_root;
    write_cr3(cpu->kernel_root);
    if (mitigations.isolate)
        turn_window(cpu, next);
    if (next != NULL)
        forget_branches();
    if (cpu->aspace != NULL)
        cpu->aspace->cpus &= ~bit;
    cpu->aspace = next;
}

void machine_activate(struct machine_resume next)
{
    struct cpu *cpu = this_cpu();
    if (next.context != cpu->context)
        switch_context(cpu, next.context);
    switch_aspace(cpu, next.context != NULL ? next.aspace : NULL);
    if (next.context != NULL && next.context->fs_base != cpu->fs_base) {
        write_msr(MSR_FS_BASE, next.context->fs_base);
        cpu->fs_base = next.context->fs_base;
    }
}
