/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What entry.S calls. Interrupts off, on this CPU's kernel stack. */
#pragma once

#include "kernel/machine.h"

/* push_frame of entry.S, then what the processor pushed. */
struct trap_frame {
    uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rbp, rdi, rsi, rdx, rcx, rbx, rax;
    uint64_t vector, error, rip, cs, rflags, rsp, ss;
};

struct machine_resume trap_from_user(uint64_t vector, uint64_t error);
struct machine_resume trap_from_idle(uint64_t vector);
/* An exception of the kernel: moves the frame to a recovery address, or panics. */
void trap_from_kernel(struct trap_frame *frame);
_Noreturn void trap_fatal(const struct trap_frame *frame);
