/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests/entry/seen, which looks from outside: system calls for ever, each
 * with every flag set that user code may set and that would matter to the
 * kernel (direction, nested task, alignment check).
 */
#include "check.h"

int main(void)
{
    __asm__ volatile("1: pushq $0x44402; popfq; movl %0, %%eax; xorl %%edi, %%edi; xorl %%esi, %%esi; syscall; jmp 1b"
                     : : "i"((uint32_t)SYSCALL_CAP_ENTER));
    return 0;
}
