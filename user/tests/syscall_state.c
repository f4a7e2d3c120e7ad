/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* System calls with flags and stack pointers that no compiler makes (H69), and numbers that do not exist (H55). */
#include "check.h"

#define FLAG_TRAP 0x100ull
#define FLAG_DIRECTION 0x400ull
#define FLAG_NESTED 0x4000ull
#define FLAG_ALIGNMENT 0x40000ull
#define FLAG_ID 0x200000ull

/* cap_enter(0, 0) with these flags set; the flags afterwards. */
static uint64_t enter_with_flags(uint64_t flags, uint64_t *answer)
{
    uint64_t after;
    __asm__ volatile("xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax\n"
                     "pushfq; orq %[flags], (%%rsp); popfq\n"
                     "syscall\n"
                     "pushfq; pop %[after]; cld\n"
                     "pushfq; andq $~0x44000, (%%rsp); popfq\n"
                     : "=&a"(*answer), [after] "=&r"(after)
                     : [flags] "r"(flags)
                     : "rcx", "rdi", "rsi", "r11", "memory", "cc");
    return after;
}

/* The same on a stack pointer that leads nowhere. */
static uint64_t enter_with_stack(uint64_t stack)
{
    uint64_t answer;
    __asm__ volatile("mov %%rsp, %%rbx\n"
                     "mov %[stack], %%rsp\n"
                     "xor %%edi, %%edi; xor %%esi, %%esi; mov $2, %%eax\n"
                     "syscall\n"
                     "mov %%rsp, %%rdx\n"
                     "mov %%rbx, %%rsp\n"
                     "cmp %[stack], %%rdx\n"
                     "je 1f; mov $-9, %%rax\n"
                     "1:"
                     : "=&a"(answer)
                     : [stack] "r"(stack)
                     : "rbx", "rcx", "rdx", "rdi", "rsi", "r11", "memory", "cc");
    return answer;
}

static void check_flags(void)
{
    static const uint64_t flags[] = { FLAG_DIRECTION, FLAG_ALIGNMENT, FLAG_NESTED, FLAG_ID,
                                      FLAG_DIRECTION | FLAG_ALIGNMENT | FLAG_NESTED | FLAG_ID };
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        uint64_t answer = 99, after = enter_with_flags(flags[i], &answer);
        check(answer == 0, "cap_enter with flags %lx gives %lx", flags[i], answer);
        check((after & FLAG_DIRECTION) == 0 && (after & FLAG_TRAP) == 0 && (after & 0x200) != 0, "flags are %lx afterwards",
              after);
        check(run_nop() == 0, "a NOP after flags %lx", flags[i]);
    }
}

static void check_stacks(void)
{
    static const uint64_t stacks[] = { 0, 8, 0x1000, 0xffffffff80100000, 0x0000800000000000, 0x8000000000000000, UINT64_MAX,
                                       0x1300800, 0x1200800, 0x200003 };
    for (size_t i = 0; i < sizeof stacks / sizeof stacks[0]; i++) {
        uint64_t answer = enter_with_stack(stacks[i]);
        check(answer == 0, "cap_enter on stack %lx gives %lx", stacks[i], answer);
    }
}

static void check_numbers(void)
{
    static const uint64_t numbers[] = { 0, 3, 4, 5, 100, 0xffffffff, 1ull << 32, (1ull << 32) + 2, UINT64_MAX };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        check(capos_syscall(numbers[i], 0, 0) == SYSCALL_REJECTED, "system call %lx", numbers[i]);
}

/* Trap flag over a system call: the trap is the program's, so it ends there, and the kernel does not. */
static int trap(void)
{
    uint64_t answer;
    enter_with_flags(FLAG_TRAP, &answer);
    return 1;
}

/* While a spinner holds odd flags it is interrupted many times. */
static int spin_with_flags(void)
{
    __asm__ volatile("pushfq; orq $0x40400, (%%rsp); popfq\n"
                     "1: dec %%rcx; jnz 1b\n"
                     "cld; pushfq; andq $~0x40000, (%%rsp); popfq\n" ::"c"(50000000ull)
                     : "memory", "cc");
    return 7;
}

int main(void)
{
    if (task_is("trap"))
        return trap();
    if (task_is("spin"))
        return spin_with_flags();
    capos_print("flags\n");
    check_flags();
    capos_print("stack pointers\n");
    check_stacks();
    capos_print("numbers\n");
    check_numbers();
    capos_print("the trap flag\n");
    int64_t code = run_task("syscall_state", "trap", NULL, 0);
    check(code == EXIT_CODE_FAULT, "the trap flag ended its process with %ld", code);
    code = run_task("syscall_state", "spin", NULL, 0);
    check(code == 7, "direction and alignment flags under interrupts: %ld", code);
    return finish("syscall_state");
}
