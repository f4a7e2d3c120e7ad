/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Thread-local variables of the first thread: initialised, zero, aligned, its own; kept over calls and pre-emption. */
#include "check.h"

static _Thread_local uint32_t initialised = 0x12345678;
static _Thread_local uint64_t zero;
static _Thread_local _Alignas(64) uint8_t aligned[64] = { 1, 2, 3 };
static _Thread_local char late = 'x';

static uint64_t thread_pointer(void)
{
    uint64_t pointer;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

/* Loading an empty selector clears the base of FS behind the kernel's back; nobody else's may change by it. */
static int clear_own_base(void)
{
    __asm__ volatile("1: movl %0, %%fs; dec %1; jnz 1b" : : "r"(0), "r"(20000000ull) : "cc");
    return 0;
}

static void check_base_beside(const char *other)
{
    struct capos_process child;
    uint64_t tp = thread_pointer(), wrong = 0;
    if (!spawn_task("tls", other, NULL, 0, &child))
        return;
    for (uint64_t i = 0; i < 20000000; i++)
        wrong += thread_pointer() != tp;
    check(wrong == 0 && exit_code_of(&child) == 0, "%lu times another thread pointer beside `%s`", wrong, other);
}

int main(void)
{
    if (task_is("clear"))
        return clear_own_base();
    uint64_t tp = thread_pointer();
    check(tp >= 0x1100000 && tp < 0x1200000, "thread pointer %lx", tp);
    check((uintptr_t)&initialised < tp && (uintptr_t)aligned < tp, "variables lie below the thread pointer");
    check(initialised == 0x12345678 && late == 'x' && aligned[2] == 3, "initial values");
    check(zero == 0 && aligned[63] == 0, "zero values");
    check((uintptr_t)aligned % 64 == 0, "alignment: %lx", (uintptr_t)aligned);
    if (task() != NULL)
        return finish("tls of a child");
    initialised = 7;
    zero = 8;
    int64_t code = run_task("tls", "child", (const struct capos_cap_grant[]){ CONSOLE_GRANT }, 1);
    check(code == 0, "a child has its own: %ld", code);
    check(initialised == 7 && zero == 8 && thread_pointer() == tp, "values stay");
    check_base_beside("clear");
    return finish("tls");
}
