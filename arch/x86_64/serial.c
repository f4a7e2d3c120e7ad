/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Serial ports; see serial.h. Registers: 16550A data sheet. */
#include "arch/x86_64/serial.h"

#include "arch/x86_64/asm.h"
#include "kernel/machine.h"

#define COM1 0x3f8u
#define COM2 0x2f8u

#define DATA 0u
#define INTERRUPT_ENABLE 1u
#define FIFO_CONTROL 2u
#define LINE_CONTROL 3u
#define MODEM_CONTROL 4u
#define LINE_STATUS 5u
#define SCRATCH 7u

#define STATUS_INPUT 0x01u
#define STATUS_FIFO_EMPTY 0x20u
#define STATUS_ALL_SENT 0x40u
#define FIFO_BYTES 16u
#define WAIT_TRIES 100000000u /* minutes under emulation: the reader on the host may be held up */

static bool has_console, has_verdict;

static void put(uint16_t port, uint16_t reg, uint8_t value)
{
    outb((uint16_t)(port + reg), value);
}

static uint8_t get(uint16_t port, uint16_t reg)
{
    return inb((uint16_t)(port + reg));
}

/* 115,200 baud, 8N1, FIFOs on, no interrupt. False when nothing answers. */
static bool init_port(uint16_t port)
{
    put(port, SCRATCH, 0x5a);
    if (get(port, SCRATCH) != 0x5a)
        return false;
    put(port, INTERRUPT_ENABLE, 0);
    put(port, LINE_CONTROL, 0x80);
    put(port, DATA, 1);
    put(port, INTERRUPT_ENABLE, 0);
    put(port, LINE_CONTROL, 0x03);
    put(port, FIFO_CONTROL, 0x07);
    put(port, MODEM_CONTROL, 0x0b); /* OUT2 connects the interrupt line */
    return true;
}

void serial_init(void)
{
    has_console = init_port(COM1);
    has_verdict = init_port(COM2);
}

/* A port that never gets ready loses bytes instead of stopping the kernel. */
static void wait_for(uint16_t port, uint8_t status)
{
    for (unsigned i = 0; i < WAIT_TRIES && (get(port, LINE_STATUS) & status) == 0; i++)
        spin_pause();
}

/* Two FIFOs full at most: an emulated port is empty again at once, and would go on for ever. */
size_t machine_console_write(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    size_t most = len < 2 * FIFO_BYTES ? len : 2 * FIFO_BYTES, i = 0;
    if (!has_console)
        return len;
    for (; i < most; i++) {
        if (i % FIFO_BYTES == 0 && (get(COM1, LINE_STATUS) & STATUS_FIFO_EMPTY) == 0)
            break;
        put(COM1, DATA, from[i]);
    }
    return i;
}

void machine_console_wait(void)
{
    if (has_console)
        wait_for(COM1, STATUS_FIFO_EMPTY);
}

void machine_verdict_write(const void *bytes, size_t len)
{
    const uint8_t *from = bytes;
    for (size_t i = 0; has_verdict && i < len; i++) {
        if (i % FIFO_BYTES == 0)
            wait_for(COM2, STATUS_FIFO_EMPTY);
        put(COM2, DATA, from[i]);
    }
}

void serial_enable_input(void)
{
    if (has_console)
        put(COM1, INTERRUPT_ENABLE, 1);
}

/* The line is edge-triggered: with bytes left it would stay up for ever, so it is lowered and raised. */
size_t serial_take_input(uint8_t bytes[SERIAL_INPUT_MAX])
{
    size_t len = 0;
    while (len < SERIAL_INPUT_MAX && (get(COM1, LINE_STATUS) & STATUS_INPUT) != 0)
        bytes[len++] = get(COM1, DATA);
    put(COM1, INTERRUPT_ENABLE, 0);
    put(COM1, INTERRUPT_ENABLE, 1);
    return len;
}

void serial_drain(void)
{
    if (has_console)
        wait_for(COM1, STATUS_ALL_SENT);
    if (has_verdict)
        wait_for(COM2, STATUS_ALL_SENT);
}
