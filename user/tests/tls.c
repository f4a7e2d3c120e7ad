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
    __asm__("mov %%fs:0, %0" : "=r"(pointer));
    return pointer;
}

int main(void)
{
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
    return finish("tls");
}
