/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests/entry/seen, which looks from outside. Two processes share a
 * processor for ever. The child has a word in RAX, where interrupts find it,
 * and one in RSP, where system calls do. The parent seldom enters the kernel,
 * so what the child left behind would stay for as long as it runs; RBX marks it.
 */
#include "check.h"

int main(void)
{
    struct capos_process child;
    if (task() != NULL)
        __asm__ volatile("movabsq $0x5ec2e7b00000, %%rsp\n"
                         "1: movl %0, %%eax; xorl %%edi, %%edi; xorl %%esi, %%esi; syscall\n\t"
                         "movabsq $0x5ec2e7a15ec2e7a1, %%rax; movl $30000, %%ecx\n"
                         "2: decl %%ecx; jnz 2b; jmp 1b" : : "i"((uint32_t)SYSCALL_CAP_ENTER));
    if (!spawn_task("kept_words", "keep", NULL, 0, &child))
        return 1;
    __asm__ volatile("movabsq $0x0b5e0b5e0b5e0b5e, %%rbx\n"
                     "1: movl %0, %%eax; xorl %%edi, %%edi; xorl %%esi, %%esi; syscall\n\t"
                     "movl $100000000, %%ecx\n"
                     "2: decl %%ecx; jnz 2b; jmp 1b" : : "i"((uint32_t)SYSCALL_CAP_ENTER));
    return 0;
}
