/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One processor: its record, descriptor tables, and control registers. A
 * struct cpu is written by its own CPU (and by the boot CPU before it starts);
 * others read only index, apic_id and online. Reached through GS in the kernel.
 */
#pragma once

#include "arch/x86_64/features.h"
#include "kernel/machine.h"

struct tss {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map; /* past the limit: no port is open to user code */
} __attribute__((packed));

/* A page each, in .bss.entry: all that entry.S touches before it could switch page tables. */
struct cpu {
    struct cpu *self;                /* CPU_SELF */
    struct machine_context *context; /* whose registers the next entry saves; NULL in idle */
    uint64_t stack;                  /* top of the kernel stack */
    uint64_t user_rsp;               /* scratch of entry_syscall */
    struct machine_aspace *aspace;   /* loaded in CR3; NULL = the kernel's own tables */
    uint64_t fs_base;                /* loaded in FS */
    uint64_t deadline;               /* of the timer, MACHINE_NO_DEADLINE when disarmed */
    uint32_t index;
    uint32_t apic_id;
    uint32_t online;                 /* set once by the CPU itself, release */
    bool started;                    /* kernel_on_cpu_start has run */
    uint64_t gdt[8];
    struct tss tss;
    _Alignas(4096) uint8_t entry_stack[4096]; /* user interrupts arrive here, 6 words at a time */
};

extern struct cpu cpus[MACHINE_CPUS_MAX];
extern uint32_t cpus_found;    /* written at boot only */
extern uint32_t cpus_stopping; /* panic: every CPU that gets an NMI halts */
extern struct cpu_features cpu_features; /* of the boot CPU; all are taken to be alike */

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    __asm__("mov %%gs:0, %0" : "=r"(cpu));
    return cpu;
}

/* Boot CPU, once, before the final page tables: they map the descriptor table read-only. */
void cpu_identify(void);
void cpu_build_idt(void);
/* On the CPU itself, on the final page tables: segments, system calls, control registers, FPU. */
void cpu_setup(struct cpu *cpu, uint32_t index);

/* entry.S */
_Noreturn void entry_on_stack(uint64_t stack, void (*function)(struct cpu *cpu), struct cpu *cpu);
_Noreturn void entry_resume_with(struct machine_resume resume);

/* fpu.c: state of the user's x87, SSE and AVX registers. */
void fpu_setup(void);
void fpu_init_state(struct machine_context *context);
void fpu_save(struct machine_context *context);
void fpu_load(const struct machine_context *context);
