/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The console's output buffer: everything that anybody writes on the console
 * passes through it, in one order. The device takes bytes at its own pace; a
 * timer offers it more for a fraction of the time, so a fast device does not
 * take all of the processor either. Nobody waits for the device but the
 * kernel's own lines when the buffer is full, and the end of the machine.
 *
 * Under the kernel lock; the panic path works without it, synchronously.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUTPUT_BYTES 16384u

/* With a timer from now on; without one everything is sent while the caller waits, and nothing but the device is used:
 * before there are timers, and in a kernel that is about to end. */
void output_use_timer(bool use);

/* All of it, after waiting for the device if there is no room: for the kernel's own lines, which are short. */
void output_say(const void *bytes, size_t len);
/* As many of the bytes as there is room for, which may be none. console_drained is called when there is room
 * again (kernel/hooks.h), if it were not all. */
uint32_t output_take(const void *bytes, uint32_t len);
uint32_t output_room(void);
/* console_drained is to be called as soon as there is room, even if there is now; not from inside this function. */
void output_want_room(void);
/* Waits until the device has taken everything: the end of the machine. Whoever wants room is not told any more. */
void output_flush(void);
