/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The system call instruction. */
#include "capos/syscall.h"

uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    uint64_t result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(arg0), "S"(arg1) : "rcx", "r11", "memory");
    return result;
}
