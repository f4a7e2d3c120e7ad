/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The orderly end of the machine: checks, last verdict lines, power off.
 * Under the kernel lock, which is never given back.
 */
#pragma once

#include <stdint.h>

enum halt_status {
    HALT_OK = 0,
    HALT_REFUSED = 1, /* the boot package or its first program was refused */
    HALT_PANIC = 2,
};

/* Runs the checks when status is HALT_OK, reports, and switches off. */
_Noreturn void kernel_halt(enum halt_status status, const char *reason);
/* PowerControl: the same for a living system, then off or again. */
_Noreturn void kernel_power_off(void);
_Noreturn void kernel_reboot(void);
/* The first process has ended: every other one is to end; the last one to be
 * cleaned up halts the machine. */
void halt_end_all(void);
