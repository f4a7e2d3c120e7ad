/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a boot loader to C. Two entries (PVH: EBX = start info; Multiboot2:
 * EAX = magic, EBX = information), both in 32-bit protected mode without
 * paging; one way from there into long mode. Sources: Xen docs/misc/pvh,
 * Multiboot2 Specification 2.0 sections 3.1 and 3.3.
 *
 * The tables made here map the first 4 GiB with 2 MiB pages three times: at 0
 * (this code), at DIRECT_MAP, and the first GiB of it at KERNEL_BASE. kernel_map.c replaces them.
 */
#include "arch/x86_64/offsets.h"

#define PHYS(symbol) (symbol - KERNEL_BASE)
#define ARGS_PVH 1
#define ARGS_MULTIBOOT2 2

    .section .boot.header, "a"
    .balign 8
multiboot2_header:
    .long 0xe85250d6, 0, multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + 0 + (multiboot2_header_end - multiboot2_header))
    .balign 8
    .word 3, 0          /* entry address */
    .long 12
    .long multiboot2_entry
    .balign 8
    .word 6, 0          /* modules on page boundaries */
    .long 8
    .balign 8
    .word 0, 0
    .long 8
multiboot2_header_end:

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 8, 18      /* name size, descriptor size, XEN_ELFNOTE_PHYS32_ENTRY */
    .asciz "Xen"
    .quad pvh_entry

    .section .boot.text, "ax"
    .code32
    .globl pvh_entry, multiboot2_entry
pvh_entry:
    movl $ARGS_PVH, %edi
    jmp enter_long_mode

multiboot2_entry:
    movl $ARGS_MULTIBOOT2, %edi
    cmpl $0x36d76289, %eax
    je enter_long_mode
    xorl %edi, %edi

enter_long_mode:
    cli
    cld
    movl %ebx, %esi
    movl $PHYS(boot_stack_top), %esp
    movl $0x80000001, %eax
    cpuid
    andl $(1 << 29 | 1 << 20), %edx     /* long mode, no-execute */
    cmpl $(1 << 29 | 1 << 20), %edx
    jne unsupported

    movl $PHYS(boot_pd), %eax           /* 2048 entries of 2 MiB: present, writable, large */
    xorl %ecx, %ecx
    movl $0x83, %edx
1:  movl %edx, (%eax, %ecx, 8)
    addl $0x200000, %edx
    incl %ecx
    cmpl $2048, %ecx
    jne 1b
    movl $(PHYS(boot_pd) + 3), %edx
    movl $PHYS(boot_pdpt), %eax
    movl %edx, 8 * 0(%eax)
    addl $4096, %edx
    movl %edx, 8 * 1(%eax)
    addl $4096, %edx
    movl %edx, 8 * 2(%eax)
    addl $4096, %edx
    movl %edx, 8 * 3(%eax)
    movl $(PHYS(boot_pd) + 3), PHYS(boot_pdpt_top) + 8 * 510
    movl $PHYS(boot_pml4), %eax
    movl $(PHYS(boot_pdpt) + 3), 8 * 0(%eax)
    movl $(PHYS(boot_pdpt) + 3), 8 * 256(%eax)
    movl $(PHYS(boot_pdpt_top) + 3), 8 * 511(%eax)

    movl %eax, %cr3
    movl $(1 << 5), %eax                /* PAE */
    movl %eax, %cr4
    movl $0xc0000080, %ecx              /* EFER: LME, NXE */
    movl $(1 << 8 | 1 << 11), %eax
    xorl %edx, %edx
    wrmsr
    movl $0x80010011, %eax              /* PG, WP, ET, PE */
    movl %eax, %cr0
    lgdt boot_gdt_pointer
    ljmp $SEL_KERNEL_CODE, $1f

    .code64
1:  movl $SEL_KERNEL_DATA, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movabsq $boot_high, %rax
    jmp *%rax

    .code32
unsupported:                            /* one line on COM1, then stop */
    movl $unsupported_text, %esi
    movw $0x3f8, %dx
1:  lodsb
    testb %al, %al
    jz 2f
    outb %al, %dx
    jmp 1b
2:  hlt
    jmp 2b
unsupported_text:
    .asciz "capos: this processor has no long mode or no no-execute bit\n"

    .balign 8
boot_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
boot_gdt_pointer:
    .word 23
    .long boot_gdt

    .text
    .code64
/* The stack protector's word must be set before the first C function that checks it. */
boot_high:
    movq $boot_stack_top, %rsp
    movl %edi, %r12d
    movl %esi, %r13d
    movl $1, %eax
    cpuid
    movl %ecx, %ebx
    rdtsc
    shlq $32, %rdx
    orq %rdx, %rax
    movabsq $0x9e3779b97f4a7c15, %rcx
    imulq %rcx, %rax
    btl $30, %ebx                       /* RDRAND */
    jnc 2f
    movl $16, %ecx
1:  rdrand %rdx
    jc 3f
    loop 1b
    jmp 2f
3:  xorq %rdx, %rax
2:  xorb %al, %al                       /* a zero byte stops string overruns */
    movq %rax, __stack_chk_guard
    movl %r12d, %edi
    movq %r13, %rsi
    xorl %ebp, %ebp
    call start_boot_cpu
    ud2

    .bss
    .balign 4096
    .globl boot_pml4, boot_pdpt, boot_pd
boot_pml4:     .skip 4096
boot_pdpt:     .skip 4096
boot_pdpt_top: .skip 4096
boot_pd:       .skip 4096 * 4
boot_stack:    .skip 16384
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
