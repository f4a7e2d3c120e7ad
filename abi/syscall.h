/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two system calls. RAX = number, RDI and RSI = arguments, RAX = result;
 * every register but RAX, RCX and R11 is preserved. Source: docs/abi.md,
 * "CPU mode and system calls". Data only.
 */
#pragma once

#include <stdint.h>

#define SYSCALL_RETIRED_WRITE 0ull /* always SYSCALL_REJECTED, no effect */
#define SYSCALL_EXIT 1ull          /* RDI = code (i64); does not return */
#define SYSCALL_CAP_ENTER 2ull     /* RDI = min_complete (u32), RSI = timeout in ns */

#define SYSCALL_REJECTED UINT64_MAX
#define CAP_ENTER_THREAD_OWNED_HEAD (UINT64_MAX - 2)
#define CAP_ENTER_CONSUMER_BUSY (UINT64_MAX - 3)
#define CAP_ENTER_WAIT_FOREVER UINT64_MAX
