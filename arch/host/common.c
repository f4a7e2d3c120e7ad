/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the two simulated machines have in common, this one and the one of arch/host/threads: images of programs, switching
 * between stacks, registers. Images are tiny ELF files with one empty page of text; the entry address says which function
 * it is, so the real loader runs. All programs are made before the machine starts.
 */
#include <stdlib.h>
#include <string.h>

#include "abi/layout.h"
#include "arch/host/host.h"
#include "core/base/bytes.h"

#define ENTRY_STRIDE 16u
#define IMAGE_BYTES 4112u

static sim_program_fn *programs[SIM_PROGRAMS_MAX];
static uint8_t images[SIM_PROGRAMS_MAX][IMAGE_BYTES];
static unsigned program_count;

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

sim_program_fn *host_program_at(uint64_t entry)
{
    uint64_t index = (entry - USER_IMAGE_BASE) / ENTRY_STRIDE;
    return index < program_count ? programs[index] : NULL;
}

/*
 * Keeps the callee-saved registers on the stack that is left, stores its pointer in *save, and goes on where the stack
 * `load` was left. (swapcontext would ask the host's kernel about signals each time.)
 */
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

void *host_stack(unsigned char *stack, size_t bytes, void (*body)(void))
{
    /* What host_switch takes from a stack: six registers and where to return to; body sees a stack as after a call. */
    uintptr_t *top = (uintptr_t *)(void *)(stack + bytes - 64);
    memset(top - 8, 0, 8 * sizeof *top);
    top[-2] = (uintptr_t)body;
    return top - 8;
}

void machine_context_init(struct machine_context *context, const struct machine_start *start)
{
    *context = (struct machine_context){ .entry = start->entry, .stack = start->stack, .fs_base = start->fs_base };
    memcpy(context->args, start->args, sizeof context->args);
}

void machine_context_set_result(struct machine_context *context, uint64_t value)
{
    context->result = value;
}

void machine_context_repeat_syscall(struct machine_context *context, uint64_t number)
{
    (void)number;
    context->repeat = true;
}

uint64_t machine_context_fs_base(const struct machine_context *context)
{
    return context->fs_base;
}

void machine_context_set_fs_base(struct machine_context *context, uint64_t fs_base)
{
    context->fs_base = fs_base;
}
