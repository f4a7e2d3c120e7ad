/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of kernel/boot share. Runs once, on the boot CPU, with the kernel lock held. */
#pragma once

#include <stddef.h>

/* Says why the machine does not start, once on the console and once on the
 * verdict port (`refused <kind> <text>`), and switches off with a failing status. */
_Noreturn void boot_refuse(const char *kind, const char *text, size_t len);

/* Decodes and validates the boot package and makes the first process from it,
 * with exactly its capabilities, not yet started. Refuses otherwise. */
struct process *boot_first_process(void);
