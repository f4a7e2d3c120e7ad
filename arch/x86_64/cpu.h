/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One processor: its record, descriptor tables, and control registers. A
 * struct cpu is written by its own CPU (and by the boot CPU before it starts);
 * others read only index, apic_id and online, write `stopping`, and under the
 * kernel lock add to its window. Reached through GS in the kernel.
 */
#pragma once

#include "arch/x86_64/mitigations.h"
#include "arch/x86_64/offsets.h"
#include "arch/x86_64/window.h"
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

/*
 * Three pages each. The first two are part of the CPU's window (window.h), which
 * user code may be able to read by speculation: they hold what entry.S touches
 * while the user's root is loaded, and nothing of another program (thread.c wipes
 * it). Only the first can be written through that root: an emulator that lets
 * a far call of user code push with the kernel's rights reaches no more than that.
 */
struct cpu {
    _Alignas(4096) uint64_t entry_stack_rest[CPU_USER_RSP / 8 - 8];
    struct entry_words {
        uint64_t words[8];
    } entry_words; /* user interrupts arrive here, and leave nothing further down */
    uint64_t user_rsp; /* scratch of entry.S */
    _Alignas(4096) struct cpu *self;
    struct machine_context *context; /* whose registers the next entry saves; NULL in idle */
    uint64_t stack;                  /* top of the kernel stack */
    uint64_t kernel_root;            /* for CR3: the tables of `aspace`, or the kernel's own */
    uint64_t user_root;              /* for CR3: this CPU's tables for user code; 0 when they are shared */
    uint64_t found_root;             /* CR3 when a double fault or machine check came */
    uint32_t stopping;               /* by another CPU that ends the machine: halt at the next NMI */
    uint16_t selector;               /* VERW's operand */
    uint64_t gdt[8];
    struct tss tss;
    _Alignas(4096) struct machine_aspace *aspace; /* the window ends here; NULL = the kernel's own tables */
    uint64_t fs_base;                /* loaded in FS */
    uint64_t deadline;               /* of the timer, MACHINE_NO_DEADLINE when disarmed */
    uint32_t index;
    uint32_t apic_id;
    uint32_t online;                 /* set once by the CPU itself, release */
    bool started;                    /* kernel_on_cpu_start has run */
    struct window window;
};

extern struct cpu cpus[MACHINE_CPUS_MAX];
extern uint32_t cpus_found;    /* written at boot only */
extern struct cpu_features cpu_features; /* of the boot CPU; all are taken to be alike */
extern struct mitigations mitigations;   /* likewise; never changes after cpu_identify */

static inline struct cpu *this_cpu(void)
{
    struct cpu *cpu;
    __asm__("mov %%gs:%c1, %0" : "=r"(cpu) : "i"(CPU_SELF));
    return cpu;
}

/* Boot CPU, once, before the final page tables: they map text and descriptor table read-only. */
void cpu_identify(const struct boot_info *info);
void cpu_build_idt(void);
/* Boot CPU, for each CPU once its stacks are mapped: the tables that its user code runs on. */
void cpu_build_window(struct cpu *cpu);
/* On the CPU itself, on the final page tables: segments, system calls, control registers, FPU. */
void cpu_setup(struct cpu *cpu, uint32_t index);

/* entry.S */
_Noreturn void entry_on_stack(uint64_t stack, void (*function)(struct cpu *cpu), struct cpu *cpu);
_Noreturn void entry_resume_with(struct machine_resume resume);
/* barriers.S: 32 return addresses that lead nowhere. */
void cpu_fill_return_stack(void);

/* fpu.c: state of the user's x87, SSE and AVX registers. */
void fpu_setup(void);
void fpu_init_state(struct machine_context *context);
void fpu_save(struct machine_context *context);
void fpu_load(const struct machine_context *context);
