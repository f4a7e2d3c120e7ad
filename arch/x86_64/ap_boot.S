/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How an application processor gets from its start-up message (real mode, CS =
 * AP_PAGE / 16, IP = 0) to ap_main in C. The code between ap_blob and
 * ap_blob_end is copied to AP_PAGE; smp.c fills the words at its end. It uses
 * boot_pml4, whose identity mapping smp.c removes when all have started.
 */
#include "arch/x86_64/offsets.h"

#define AT(label) (label - ap_blob + AP_PAGE)

    .section .rodata
    .balign 16
    .globl ap_blob, ap_blob_end, ap_blob_stack, ap_blob_cpu
    .code16
ap_blob:
    cli
    cld
    movw %cs, %ax
    movw %ax, %ds
    lgdtl ap_gdt_pointer - ap_blob
    movl $(1 << 5), %eax
    movl %eax, %cr4
    movl $(boot_pml4 - KERNEL_BASE), %eax
    movl %eax, %cr3
    movl $0xc0000080, %ecx
    movl $(1 << 8 | 1 << 11), %eax
    xorl %edx, %edx
    wrmsr
    movl $0x80010011, %eax
    movl %eax, %cr0
    ljmpl $SEL_KERNEL_CODE, $AT(ap_long)

    .code64
ap_long:
    movl $SEL_KERNEL_DATA, %eax
    movl %eax, %ss
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %fs
    movl %eax, %gs
    movq ap_blob_stack(%rip), %rsp
    movq ap_blob_cpu(%rip), %rdi
    xorl %ebp, %ebp
    movq $ap_main, %rax
    call *%rax
    ud2

    .balign 8
ap_gdt:
    .quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff
ap_gdt_pointer:
    .word 23
    .long AT(ap_gdt)
    .balign 8
ap_blob_stack: .quad 0
ap_blob_cpu:   .quad 0
ap_blob_end:
    .section .note.GNU-stack, "", @progbits
