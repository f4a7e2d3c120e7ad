/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ends of a run: power off, reset, and stopping the other CPUs. No lock,
 * callable from anywhere. Each way is tried in turn, because none is sure to
 * exist.
 */
#include "arch/x86_64/power.h"

#include <stddef.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/serial.h"

#define DEBUG_EXIT_PORT 0xf4u   /* isa-debug-exit: QEMU ends with (value << 1) | 1 */
#define DEBUG_EXIT_ORDERLY 0x10u /* 33 */
#define DEBUG_EXIT_OTHER 0x20u   /* | status: 65 and up */
#define SLEEP_ENABLE (1u << 13)  /* with sleep type 0, what QEMU's chip sets mean by "off" */

static const struct acpi_fadt *power;

void power_init(const struct acpi_fadt *fadt)
{
    power = fadt;
}

_Noreturn void machine_power_off(uint32_t status)
{
    machine_stop_others();
    serial_drain();
    outb(DEBUG_EXIT_PORT, status == 0 ? DEBUG_EXIT_ORDERLY : (uint8_t)(DEBUG_EXIT_OTHER | (status & 0x1f)));
    if (power != NULL && power->pm1a_control != 0 && power->pm1a_control <= UINT16_MAX)
        outw((uint16_t)power->pm1a_control, SLEEP_ENABLE);
    outw(0x604, SLEEP_ENABLE);  /* QEMU */
    outw(0xb004, SLEEP_ENABLE); /* Bochs, old QEMU */
    halt_forever();
}

/* An empty descriptor table makes the next exception fatal to the processor. */
static _Noreturn void triple_fault(void)
{
    struct {
        uint16_t limit;
        uint64_t base;
    } __attribute__((packed)) none = {0, 0};
    __asm__ volatile("lidt %0; ud2" : : "m"(none));
    halt_forever();
}

_Noreturn void machine_reboot(void)
{
    machine_stop_others();
    serial_drain();
    if (power != NULL && power->reset.space == ACPI_SPACE_IO && power->reset.address != 0 &&
        power->reset.address <= UINT16_MAX)
        outb((uint16_t)power->reset.address, power->reset_value);
    for (unsigned i = 0; i < 100000 && (inb(0x64) & 2) != 0; i++)
        spin_pause();
    outb(0x64, 0xfe); /* keyboard controller: pulse the reset line */
    for (unsigned i = 0; i < 100000; i++)
        spin_pause();
    triple_fault();
}

void machine_stop_others(void)
{
    for (uint32_t i = 0; cpus_found > 1 && i < cpus_found; i++) /* one alone may not know its name yet */
        if (i != machine_cpu())
            __atomic_store_n(&cpus[i].stopping, 1, __ATOMIC_SEQ_CST);
    apic_send_nmi_to_others();
}
