/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For tests/entry/seen. QEMU 7.2 lets a far call of user code push with the
 * kernel's rights (docs/security/hostile-input.md). What user code's tables
 * show writable of the kernel are the stacks of NMI, double fault and machine
 * check: one child after another writes over the last words of each, until both
 * processors' are spoilt. A processor, or a better translator, ends them instead.
 */
#include "check.h"

#define STACKS_BASE 0xffffff0000000000ull /* arch/x86_64/kernel_map.c; elsewhere nothing is mapped, and every child ends */
#define STACK_STRIDE 0x40000ull
#define CPUS 2u
#define STACKS 3u
#define TRIES 300u
#define SPOILT 77

static void push_at(uint64_t rsp)
{
    static struct {
        uint64_t rip;
        uint16_t selector;
    } __attribute__((packed)) target;
    __asm__ volatile("movq %%rsp, %%r12; leaq 1f(%%rip), %%rax; movq %%rax, (%0); movw %%cs, 8(%0); movq %1, %%rsp\n\t"
                     ".byte 0x48, 0xff, 0x1f\n" /* a far call through (RDI) */
                     "1: movq %%r12, %%rsp" : : "D"(&target), "r"(rsp) : "rax", "r12", "memory");
}

int main(void)
{
    static const uint64_t tops[STACKS] = { 14, 16, 21 }; /* pages from where the stacks of a processor begin */
    uint32_t spoilt = 0;
    if (task() != NULL) {
        uint32_t n = (uint32_t)(*task() - 'a');
        push_at(STACKS_BASE + n / STACKS * STACK_STRIDE + tops[n % STACKS] * 4096);
        return SPOILT;
    }
    for (uint32_t tries = 0; tries < TRIES && spoilt != (1u << CPUS * STACKS) - 1; tries++) {
        char name[] = { (char)('a' + tries % (CPUS * STACKS)), '\0' };
        uint32_t bit = 1u << tries % (CPUS * STACKS);
        if ((spoilt & bit) == 0 && run_task("stack_words", name, NULL, 0) == SPOILT)
            spoilt |= bit;
    }
    capos_print("spoilt: %x\n", spoilt);
    return 0;
}
