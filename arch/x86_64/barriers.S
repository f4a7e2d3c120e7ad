/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Barriers against speculation that the compiler calls, or the address-space switch.
 *
 * A thunk for each register: every indirect call and jump of the kernel goes
 * through one (-mindirect-branch=thunk-extern, mk/flags.mk). It is a retpoline:
 * the processor's guess, taken from its return stack, runs into a loop that
 * does nothing. Where the boot finds that the processor needs none, it copies
 * the direct jump at the end of the thunk over its start (cpu.c).
 */
#include "arch/x86_64/offsets.h"

    .text
    .code64

.macro thunk register
    .globl __x86_indirect_thunk_\register
    .balign THUNK_BYTES
__x86_indirect_thunk_\register:
    call 2f
1:  pause
    lfence
    jmp 1b
2:  movq %\register, (%rsp)
    ret
    .org __x86_indirect_thunk_\register + THUNK_DIRECT, 0xcc
    jmp *%\register
    .org __x86_indirect_thunk_\register + THUNK_BYTES, 0xcc
.endm

    .globl thunks_start, thunks_end
    .balign THUNK_BYTES
thunks_start:
    .irp register, rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15
    thunk \register
    .endr
thunks_end:

/* Every entry of the return stack leads to a trap that no program can reach: what the last program called is gone. */
    .globl cpu_fill_return_stack
cpu_fill_return_stack:
    .rept 32
    call 1f
    int3
1:
    .endr
    addq $(32 * 8), %rsp
    lfence
    ret
    .section .note.GNU-stack, "", @progbits
