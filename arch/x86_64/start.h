/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot CPU's way from boot.S to the kernel. */
#pragma once

#include <stdint.h>

_Noreturn void start_boot_cpu(uint32_t protocol, uint64_t info_paddr);
/* A machine that cannot run this kernel: one line on the console, then off with status 1. */
_Noreturn void start_refuse(const char *why);
