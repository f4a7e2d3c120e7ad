/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Interrupt controllers; see apic.h. Registers: Intel SDM 3, chapter 11; 82093AA data sheet. */
#include "arch/x86_64/apic.h"

#include <stddef.h>

#include "arch/x86_64/asm.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/start.h"

#define LAPIC_ID 0x20u
#define LAPIC_TASK_PRIORITY 0x80u
#define LAPIC_EOI 0xb0u
#define LAPIC_SPURIOUS 0xf0u
#define LAPIC_COMMAND_LOW 0x300u
#define LAPIC_COMMAND_HIGH 0x310u
#define LAPIC_LVT_TIMER 0x320u
#define LAPIC_LVT_LINT0 0x350u
#define LAPIC_LVT_LINT1 0x360u
#define LAPIC_LVT_ERROR 0x370u
#define LAPIC_TIMER_INITIAL 0x380u
#define LAPIC_TIMER_CURRENT 0x390u
#define LAPIC_TIMER_DIVIDE 0x3e0u

#define LVT_MASKED (1u << 16)
#define COMMAND_PENDING (1u << 12)
#define COMMAND_ASSERT (1u << 14)
#define COMMAND_NMI (4u << 8)
#define COMMAND_INIT (5u << 8)
#define COMMAND_STARTUP (6u << 8)
#define COMMAND_OTHERS (3u << 18)
#define DIVIDE_BY_16 3u

#define APIC_BASE_X2APIC (1ull << 10)
#define APIC_BASE_ENABLED (1ull << 11)

#define IOAPIC_BYTES 0x20u
#define IOAPIC_WINDOW 4u /* in words */
#define IOAPIC_VERSION 1u
#define IOAPIC_REDIRECTION 0x10u

static volatile uint32_t *lapic;
static volatile uint32_t *ioapics[ACPI_IOAPICS_MAX];
static uint64_t lapic_paddr;

static uint32_t lapic_read(uint32_t offset)
{
    return lapic[offset / 4];
}

static void lapic_write(uint32_t offset, uint32_t value)
{
    lapic[offset / 4] = value;
}

static uint32_t ioapic_read(volatile uint32_t *ioapic, uint32_t index)
{
    ioapic[0] = index;
    return ioapic[IOAPIC_WINDOW];
}

static void ioapic_write(volatile uint32_t *ioapic, uint32_t index, uint32_t value)
{
    ioapic[0] = index;
    ioapic[IOAPIC_WINDOW] = value;
}

/* Both 8259s: vectors that nobody uses, every line masked. */
static void silence_8259(void)
{
    static const uint8_t words[] = {0x11, 0xe0, 0x04, 0x01, 0xff};
    static const uint8_t slave[] = {0x11, 0xe8, 0x02, 0x01, 0xff};
    outb(0x20, words[0]);
    outb(0xa0, slave[0]);
    for (unsigned i = 1; i < sizeof words; i++) {
        outb(0x21, words[i]);
        outb(0xa1, slave[i]);
    }
}

static uint32_t ioapic_lines(volatile uint32_t *ioapic)
{
    return (ioapic_read(ioapic, IOAPIC_VERSION) >> 16 & 0xff) + 1;
}

static void init_ioapic(volatile uint32_t *ioapic)
{
    for (uint32_t i = 0, n = ioapic_lines(ioapic); i < n; i++)
        ioapic_write(ioapic, IOAPIC_REDIRECTION + 2 * i, LVT_MASKED);
}

void apic_init(const struct acpi_madt *madt)
{
    silence_8259();
    lapic_paddr = read_msr(MSR_APIC_BASE) & PTE_FRAME; /* the register knows better than any table */
    lapic = kernel_map_device(lapic_paddr, PAGE_SIZE);
    if (lapic == NULL)
        start_refuse("the local APIC lies in memory");
    for (uint32_t i = 0; madt != NULL && i < madt->ioapic_count; i++) {
        ioapics[i] = kernel_map_device(madt->ioapics[i].address, IOAPIC_BYTES);
        if (ioapics[i] != NULL)
            init_ioapic(ioapics[i]);
    }
}

void apic_init_local(void)
{
    uint64_t base = read_msr(MSR_APIC_BASE);
    if ((base & APIC_BASE_X2APIC) != 0) /* the only way back to memory-mapped mode is through "off" */
        write_msr(MSR_APIC_BASE, base & ~(APIC_BASE_X2APIC | APIC_BASE_ENABLED));
    write_msr(MSR_APIC_BASE, (base & ~(APIC_BASE_X2APIC | PTE_FRAME)) | lapic_paddr | APIC_BASE_ENABLED);
    lapic_write(LAPIC_SPURIOUS, 0x100 | VECTOR_SPURIOUS);
    lapic_write(LAPIC_TASK_PRIORITY, 0);
    lapic_write(LAPIC_LVT_LINT0, LVT_MASKED);
    lapic_write(LAPIC_LVT_LINT1, LVT_MASKED);
    lapic_write(LAPIC_LVT_ERROR, LVT_MASKED);
    lapic_write(LAPIC_TIMER_DIVIDE, DIVIDE_BY_16);
    lapic_write(LAPIC_LVT_TIMER, VECTOR_TIMER); /* one-shot */
    lapic_write(LAPIC_TIMER_INITIAL, 0);
    lapic_write(LAPIC_EOI, 0);
}

uint32_t apic_id(void)
{
    return lapic_read(LAPIC_ID) >> 24;
}

void apic_end_of_interrupt(void)
{
    lapic_write(LAPIC_EOI, 0);
}

static void command(uint32_t target, uint32_t low)
{
    while ((lapic_read(LAPIC_COMMAND_LOW) & COMMAND_PENDING) != 0)
        spin_pause();
    lapic_write(LAPIC_COMMAND_HIGH, target << 24);
    lapic_write(LAPIC_COMMAND_LOW, low);
}

void apic_send(uint32_t target, uint32_t vector)
{
    command(target, COMMAND_ASSERT | vector);
}

void apic_send_init(uint32_t target)
{
    command(target, COMMAND_ASSERT | COMMAND_INIT);
}

void apic_send_startup(uint32_t target, uint32_t page)
{
    command(target, COMMAND_ASSERT | COMMAND_STARTUP | page);
}

void apic_send_nmi_to_others(void)
{
    if (lapic != NULL)
        command(0, COMMAND_OTHERS | COMMAND_ASSERT | COMMAND_NMI);
}

void apic_timer_start(uint32_t ticks)
{
    lapic_write(LAPIC_TIMER_INITIAL, ticks);
}

uint32_t apic_timer_left(void)
{
    return lapic_read(LAPIC_TIMER_CURRENT);
}

/* Global interrupt and redirection bits of an ISA line: edge, active high, unless overridden. */
static uint32_t isa_line(const struct acpi_madt *madt, uint8_t irq, uint32_t *flags)
{
    *flags = 0;
    for (uint32_t i = 0; i < madt->override_count; i++) {
        const struct acpi_override *o = &madt->overrides[i];
        if (o->source != irq)
            continue;
        *flags = ((o->flags & 3) == 3 ? 1u << 13 : 0) | ((o->flags >> 2 & 3) == 3 ? 1u << 15 : 0);
        return o->gsi;
    }
    return irq;
}

bool apic_route_isa(const struct acpi_madt *madt, uint8_t irq, uint32_t vector)
{
    uint32_t flags;
    uint32_t gsi = isa_line(madt, irq, &flags);
    for (uint32_t i = 0; i < madt->ioapic_count; i++) {
        uint32_t base = madt->ioapics[i].gsi_base;
        if (ioapics[i] == NULL || gsi < base || gsi - base >= ioapic_lines(ioapics[i]))
            continue;
        uint32_t index = IOAPIC_REDIRECTION + 2 * (gsi - base);
        ioapic_write(ioapics[i], index + 1, apic_id() << 24);
        ioapic_write(ioapics[i], index, flags | vector);
        return true;
    }
    return false;
}
