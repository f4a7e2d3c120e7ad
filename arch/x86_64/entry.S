/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Every way into and out of the kernel, twice: once for user code that has page
 * tables of its own (*_isolated), once for user code that shares the kernel's.
 * The boot chooses one of the two for good (cpu.c), so neither pays for the other.
 *
 * From user mode all registers go to the running thread's machine_context
 * (struct cpu, through GS); then C runs on this CPU's one kernel stack from
 * its top, and answers with a machine_resume in RAX:RDX. Nothing is kept on
 * the stack between entries. From idle nothing is saved. An exception of the
 * kernel itself is the only thing that returns to where it came from.
 *
 * Isolated: all that is touched before CR3 is loaded on the way in, and after
 * it on the way out, is in the CPU's window (window.h): the text of section
 * .entry.text, struct cpu up to `aspace` (only its first page to write), the interrupt table, exception
 * stacks. An exception of the kernel within that stretch ends as a double fault.
 *
 * Interrupts are off in all of this. NMI, double fault and machine check have
 * stacks of their own and trust neither GS nor CR3 nor what is in these stacks:
 * where the stack lies says which struct cpu it is. The NMI reads one word of that,
 * whatever CR3 is; the other two load the kernel's root and never return.
 */
#include "arch/x86_64/offsets.h"

    .code64

/* GPRs but RAX, RSP into the context at `ctx`. */
.macro save_gprs ctx
    movq %rbx, CTX_RBX(\ctx)
    movq %rdx, CTX_RDX(\ctx)
    movq %rsi, CTX_RSI(\ctx)
    movq %rdi, CTX_RDI(\ctx)
    movq %rbp, CTX_RBP(\ctx)
    movq %r8, CTX_R8(\ctx)
    movq %r9, CTX_R9(\ctx)
    movq %r10, CTX_R10(\ctx)
    movq %r11, CTX_R11(\ctx)
    movq %r12, CTX_R12(\ctx)
    movq %r13, CTX_R13(\ctx)
    movq %r14, CTX_R14(\ctx)
    movq %r15, CTX_R15(\ctx)
.endm

.macro entry_ways way, isolated
    .globl entry_syscall_\way
    .balign 64
entry_syscall_\way:                     /* RCX = user RIP, R11 = user RFLAGS, our RFLAGS clean by SFMASK */
    swapgs
    movq %rsp, %gs:CPU_USER_RSP
.if \isolated
    movq %gs:CPU_KERNEL_ROOT, %rsp
    movq %rsp, %cr3
.endif
    movq %gs:CPU_CONTEXT, %rsp
    movq %rax, CTX_RAX(%rsp)
    movq %rcx, CTX_RCX(%rsp)
    movq %rcx, CTX_RIP(%rsp)
    movq %r11, CTX_RFLAGS(%rsp)
    save_gprs %rsp
    movq %gs:CPU_USER_RSP, %rcx
    movq %rcx, CTX_RSP(%rsp)
    movq $1, CTX_BY_SYSCALL(%rsp)
    movq %rsi, %rcx                     /* context, number, arg0, arg1 */
    movq %rdi, %rdx
    movq %rax, %rsi
    movq %rsp, %rdi
    movq %gs:CPU_STACK, %rsp
    xorl %ebp, %ebp
    call kernel_on_syscall
    jmp entry_resume_\way

/* 256 stubs of 16 bytes: make the frame uniform (error code, vector), then go on together. */
    .globl entry_vectors_\way
    .balign 16
entry_vectors_\way:
    .set vector, 0
    .rept 256
    .balign 16
    .if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || vector == 29 || vector == 30)
    pushq $0
    .endif
    pushq $vector
    jmp entry_common_\way
    .set vector, vector + 1
    .endr

    .balign 16
entry_common_\way:                      /* RSP: vector, error, RIP, CS, RFLAGS, RSP, SS */
    testb $3, 24(%rsp)
    jz entry_from_kernel_\way
    swapgs
    pushq %rax
.if \isolated
    movq %gs:CPU_KERNEL_ROOT, %rax
    movq %rax, %cr3                     /* lets nothing past a missed swapgs run ahead */
.else
    lfence                              /* no speculation past a missed swapgs */
.endif
    movq %gs:CPU_CONTEXT, %rax
    movq %rcx, CTX_RCX(%rax)
    save_gprs %rax
    popq %rcx
    movq %rcx, CTX_RAX(%rax)
    popq %rdi                           /* vector */
    popq %rsi                           /* error code */
    popq %rcx
    movq %rcx, CTX_RIP(%rax)
    popq %rcx                           /* CS: always SEL_USER_CODE */
    popq %rcx
    movq %rcx, CTX_RFLAGS(%rax)
    popq %rcx
    movq %rcx, CTX_RSP(%rax)
    movq $0, CTX_BY_SYSCALL(%rax)
    movq %gs:CPU_STACK, %rsp
    pushq $2                            /* the user's DF, AC, NT, TF are not ours */
    popfq
    xorl %ebp, %ebp
    call trap_from_user
    jmp entry_resume_\way

entry_from_kernel_\way:
    cmpq $32, (%rsp)
    jb entry_kernel_exception
    lfence
    movq (%rsp), %rdi                   /* interrupts are on only in idle: the frame is worth nothing */
    movq %gs:CPU_STACK, %rsp
    xorl %ebp, %ebp
    cld
    call trap_from_idle

entry_resume_\way:                      /* RAX = context or 0 */
    testq %rax, %rax
    jz entry_idle
    movq CTX_RFLAGS(%rax), %r11
    cmpq $0, CTX_BY_SYSCALL(%rax)
    je resume_by_iret_\way
    movq CTX_RIP(%rax), %rcx
    movq %rcx, %rdx
    shrq $47, %rdx                      /* SYSRET faults in ring 0 on a non-canonical RIP */
    jnz resume_by_iret_\way
    testl $RFLAGS_NEEDS_IRET, %r11d
    jnz resume_by_iret_\way
    andl $RFLAGS_USER_SYSCALL, %r11d
    orl $RFLAGS_FIXED, %r11d
    movq CTX_RBX(%rax), %rbx
    movq CTX_RDX(%rax), %rdx
    movq CTX_RSI(%rax), %rsi
    movq CTX_RDI(%rax), %rdi
    movq CTX_RBP(%rax), %rbp
    movq CTX_R8(%rax), %r8
    movq CTX_R9(%rax), %r9
    movq CTX_R10(%rax), %r10
    movq CTX_R12(%rax), %r12
    movq CTX_R13(%rax), %r13
    movq CTX_R14(%rax), %r14
    movq CTX_R15(%rax), %r15
    movq CTX_RSP(%rax), %rsp
.if \isolated
    movq %rsp, %gs:CPU_USER_RSP
    movq CTX_RAX(%rax), %rax
    movq %gs:CPU_USER_ROOT, %rsp
    movq %rsp, %cr3
    verw %gs:CPU_SELECTOR
    movq %gs:CPU_USER_RSP, %rsp
.else
    movq CTX_RAX(%rax), %rax
.endif
    swapgs
    sysretq

resume_by_iret_\way:
    andl $RFLAGS_USER, %r11d
    orl $RFLAGS_FIXED, %r11d
.if \isolated
    movq %gs:CPU_SELF, %rsp             /* the entry stack ends where user_rsp lies */
    addq $CPU_USER_RSP, %rsp
.endif
    pushq $SEL_USER_DATA
    pushq CTX_RSP(%rax)
    pushq %r11
    pushq $SEL_USER_CODE
    pushq CTX_RIP(%rax)
    movq CTX_RBX(%rax), %rbx
    movq CTX_RCX(%rax), %rcx
    movq CTX_RDX(%rax), %rdx
    movq CTX_RSI(%rax), %rsi
    movq CTX_RDI(%rax), %rdi
    movq CTX_RBP(%rax), %rbp
    movq CTX_R8(%rax), %r8
    movq CTX_R9(%rax), %r9
    movq CTX_R10(%rax), %r10
    movq CTX_R11(%rax), %r11
    movq CTX_R12(%rax), %r12
    movq CTX_R13(%rax), %r13
    movq CTX_R14(%rax), %r14
    movq CTX_R15(%rax), %r15
.if \isolated
    pushq CTX_RAX(%rax)
    movq %gs:CPU_USER_ROOT, %rax
    movq %rax, %cr3
    popq %rax
    verw %gs:CPU_SELECTOR
.else
    movq CTX_RAX(%rax), %rax
.endif
    swapgs
    iretq
.endm

    .section .entry.text, "ax"
    entry_ways isolated, 1
    .text
    entry_ways shared, 0

    .globl entry_resume_with
entry_resume_with:                      /* C: (context, aspace) in RDI:RSI */
    movq %rdi, %rax
    cmpb $0, mitigations                /* its first member: isolate */
    jne entry_resume_isolated
    jmp entry_resume_shared

entry_idle:                             /* an interrupt leaves by trap_from_idle, never back to here */
    movq %gs:CPU_STACK, %rsp
    sti
    hlt
    jmp entry_idle

/* Frame of struct trap_frame (trap.h). */
.macro push_frame
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
.endm

entry_kernel_exception:
    push_frame
    movq %rsp, %rbx
    movq %rsp, %rdi
    andq $-16, %rsp
    cld
    call trap_from_kernel               /* returns only when it has set a recovery address */
    movq %rbx, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp
    iretq

/* The struct cpu to whose exception stacks RSP points. Nothing in them is trusted: user code's tables show them writable. */
.macro cpu_of_stack reg, reg32
    movq %rsp, \reg
    shrq $STACK_STRIDE_SHIFT, \reg
    andl $STACK_CPU_MASK, \reg32
    imull $CPU_BYTES, \reg32, \reg32
    addq $cpus, \reg
.endm

    .section .entry.text, "ax"
    .globl entry_nmi
entry_nmi:                              /* only a panic sends one; any other is ignored */
    pushq %rax
    cpu_of_stack %rax, %eax
    cmpl $0, CPU_STOPPING(%rax)
    popq %rax
    je 2f
1:  cli
    hlt
    jmp 1b
2:  iretq

    .globl entry_double_fault, entry_machine_check
entry_machine_check:
    pushq $0
    pushq $18
    jmp entry_fatal
entry_double_fault:
    pushq $8
entry_fatal:
    push_frame
    cld
    cpu_of_stack %rbx, %ebx
    movq %cr3, %rax
    movq CPU_KERNEL_ROOT(%rbx), %rcx
    movq %rcx, %cr3
    movq %rax, CPU_FOUND_ROOT(%rbx)     /* for the report */
    movq %rbx, %rax
    movq %rbx, %rdx
    shrq $32, %rdx
    movl $0xc0000101, %ecx
    wrmsr
    movq %rsp, %rdi
    andq $-16, %rsp
    call trap_fatal
    ud2

/* From the boot stack to a CPU's own: entry_on_stack(stack, function, argument). */
    .text
    .globl entry_on_stack
entry_on_stack:
    movq %rdi, %rsp
    movq %rdx, %rdi
    xorl %ebp, %ebp
    call *%rsi
    ud2

/* uint64_t user_copy_bytes(void *dst, const void *src, size_t n): bytes not copied. One of the sides is user memory;
 * a fault in one of the two string instructions continues at 2. */
    .globl user_copy_bytes
user_copy_bytes:
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx
1:  rep movsq
    movl %edx, %ecx
3:  rep movsb
    xorl %eax, %eax
    ret
2:  movl $1, %eax
    ret
    .section .extable, "a"
    .balign 8
    .quad 1b, 2b, 3b, 2b
    .section .note.GNU-stack, "", @progbits
