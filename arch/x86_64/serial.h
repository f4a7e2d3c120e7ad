/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two serial ports: COM1 is the console, COM2 the verdict port. Output may
 * come from any CPU (callers hold the kernel lock, or panic); that of COM1 is
 * offered by a timer (kernel/log/output.h), that of COM2 is short and polled;
 * input of COM1 arrives by interrupt on the boot CPU, COM2 is never read.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SERIAL_CONSOLE_IRQ 4u
#define SERIAL_INPUT_MAX 64u

void serial_init(void);
/* Allows the input interrupt; its way to a CPU must be there already. */
void serial_enable_input(void);
/* Takes what has arrived, at most SERIAL_INPUT_MAX bytes; what is left raises the interrupt again. */
size_t serial_take_input(uint8_t bytes[SERIAL_INPUT_MAX]);
/* Waits until the port has sent everything, for a bounded time. */
void serial_drain(void);
