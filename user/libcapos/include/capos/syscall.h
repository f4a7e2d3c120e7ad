/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two system calls, and nothing else: all other work is asked for through
 * the ring (capos/ring.h).
 */
#pragma once

#include <stdint.h>

#include "abi/syscall.h"

/* The bare instruction; returns what the kernel leaves in RAX. (A function, so that tests on the host can stand in.) */
uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1);

/* Ends the whole process. */
_Noreturn static inline void capos_exit(int64_t code)
{
    for (;;)
        capos_syscall(SYSCALL_EXIT, (uint64_t)code, 0);
}

/*
 * Submits what is queued and waits until min_complete completions are there or
 * timeout_ns (relative; 0 = do not wait, CAP_ENTER_WAIT_FOREVER) has passed.
 * Returns the number of unconsumed completions, or a SYSCALL_/CAP_ENTER_ value.
 */
static inline uint64_t capos_cap_enter(uint32_t min_complete, uint64_t timeout_ns)
{
    return capos_syscall(SYSCALL_CAP_ENTER, min_complete, timeout_ns);
}
