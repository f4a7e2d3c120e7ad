/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Numbers that assembly and C must agree on; cpu.c asserts them. Read by the
 * preprocessor of both, so: no C here.
 */
#pragma once

#define KERNEL_BASE 0xffffffff80000000 /* the image: physical address + this (-mcmodel=kernel) */
#define DIRECT_MAP 0xffff800000000000  /* all RAM: physical address + this */
#define STACKS_BASE 0xffffff0000000000 /* per-CPU stacks, guard pages between them */
#define STACK_STRIDE_SHIFT 18          /* from one CPU's to the next one's, as a power of two */
#define STACK_CPU_MASK 15              /* whose they are, behind the shift */
#define MMIO_BASE 0xffffff4000000000   /* device registers, uncached */

/* Physical page that processors start in; below 1 MiB, reserved by start.c. */
#define AP_PAGE 0x8000

#define SEL_KERNEL_CODE 0x08
#define SEL_KERNEL_DATA 0x10
#define SEL_USER_BASE 0x18 /* SYSRET loads CS = base + 16, SS = base + 8 */
#define SEL_USER_DATA 0x23
#define SEL_USER_CODE 0x2b
#define SEL_TSS 0x30

/* struct machine_context */
#define CTX_RAX 0
#define CTX_RBX 8
#define CTX_RCX 16
#define CTX_RDX 24
#define CTX_RSI 32
#define CTX_RDI 40
#define CTX_RBP 48
#define CTX_R8 56
#define CTX_R9 64
#define CTX_R10 72
#define CTX_R11 80
#define CTX_R12 88
#define CTX_R13 96
#define CTX_R14 104
#define CTX_R15 112
#define CTX_RIP 120
#define CTX_RFLAGS 128
#define CTX_RSP 136
#define CTX_BY_SYSCALL 144

/* struct cpu, through GS */
#define CPU_BYTES 12288 /* of one */
#define CPU_USER_RSP 4080 /* and the top of the entry stack */
#define CPU_SELF 4096     /* from here on read-only while user code runs */
#define CPU_CONTEXT 4104
#define CPU_STACK 4112
#define CPU_KERNEL_ROOT 4120
#define CPU_USER_ROOT 4128
#define CPU_FOUND_ROOT 4136
#define CPU_STOPPING 4144
#define CPU_SELECTOR 4148

/* barriers.S: a thunk, and where in it the direct jump stands. */
#define THUNK_BYTES 32
#define THUNK_DIRECT 28

/* What a user keeps of RFLAGS: CF PF AF ZF SF TF DF OF RF AC ID. IF is forced on; IOPL, NT and the rest are 0.
 * A system call returns with DF clear (docs/abi.md, section 1). */
#define RFLAGS_USER 0x250dd5
#define RFLAGS_USER_SYSCALL 0x2509d5
#define RFLAGS_FIXED 0x202
#define RFLAGS_NEEDS_IRET 0x10100 /* TF, RF: SYSRET does not restore them faithfully */
