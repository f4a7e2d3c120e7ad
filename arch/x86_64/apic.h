/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Interrupt controllers: the local APIC of each CPU (xAPIC, memory-mapped) and
 * the I/O APICs. Set up by the boot CPU; afterwards each CPU touches its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/acpi/acpi.h"

#define VECTOR_SERIAL 0x30u
#define VECTOR_TIMER 0x40u
#define VECTOR_KICK 0xf0u
#define VECTOR_FLUSH 0xf1u
#define VECTOR_SPURIOUS 0xffu

/* Boot CPU, once: maps the registers, silences the 8259s. `madt` may be NULL. */
void apic_init(const struct acpi_madt *madt);
/* Each CPU: enables its local APIC, timer disarmed. */
void apic_init_local(void);
uint32_t apic_id(void);
void apic_end_of_interrupt(void);
void apic_send(uint32_t apic_id, uint32_t vector);
void apic_send_init(uint32_t apic_id);
void apic_send_startup(uint32_t apic_id, uint32_t page);
/* Sends an NMI to every other CPU; nothing before apic_init. */
void apic_send_nmi_to_others(void);

/* The local timer counts down from `ticks` once; 0 stops it. */
void apic_timer_start(uint32_t ticks);
uint32_t apic_timer_left(void);

/* Delivers an ISA interrupt to the calling CPU at `vector`. False when no I/O APIC has it. */
bool apic_route_isa(const struct acpi_madt *madt, uint8_t irq, uint32_t vector);
