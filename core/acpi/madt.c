/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * MADT: see acpi_tables.h. Local APIC address at 36, flags at 40, entries from
 * 44 on, each with a type and a length byte in front. Two passes: the first
 * checks every entry, the second can then rely on the lengths.
 */
#include "core/acpi/acpi_tables.h"

#include "core/base/bytes.h"

#define MADT_FIXED_BYTES 44u
#define FLAG_8259 1u
#define CPU_ENABLED 1u
#define CPU_ONLINE_CAPABLE 2u

enum entry_type {
    ENTRY_LAPIC = 0,
    ENTRY_IOAPIC = 1,
    ENTRY_OVERRIDE = 2,
    ENTRY_LAPIC_ADDRESS = 5,
    ENTRY_X2APIC = 9,
};

/* The shortest entry of a type; 2 for types nobody reads. */
static uint32_t entry_bytes_min(uint32_t type)
{
    switch (type) {
    case ENTRY_LAPIC:
        return 8;
    case ENTRY_IOAPIC:
        return 12;
    case ENTRY_OVERRIDE:
        return 10;
    case ENTRY_LAPIC_ADDRESS:
        return 12;
    case ENTRY_X2APIC:
        return 16;
    default:
        return 2;
    }
}

static bool entries_ok(const uint8_t *table, size_t len)
{
    size_t at = MADT_FIXED_BYTES;

    while (at < len) {
        if (len - at < 2)
            return false;
        size_t size = table[at + 1];
        if (size < entry_bytes_min(table[at]) || size > len - at)
            return false;
        at += size;
    }
    return true;
}

static void add_cpu(struct acpi_madt *madt, uint32_t apic_id, uint32_t flags)
{
    if ((flags & (CPU_ENABLED | CPU_ONLINE_CAPABLE)) == 0)
        return;
    for (uint32_t i = 0; i < madt->cpu_count; i++) {
        if (madt->cpus[i].apic_id == apic_id)
            return;
    }
    if (madt->cpu_count == ACPI_CPUS_MAX) {
        madt->cpus_truncated = true;
        return;
    }
    madt->cpus[madt->cpu_count++] = (struct acpi_cpu){ .apic_id = apic_id, .enabled = (flags & CPU_ENABLED) != 0 };
}

static void add_ioapic(struct acpi_madt *madt, const uint8_t *e)
{
    if (madt->ioapic_count == ACPI_IOAPICS_MAX)
        return;
    madt->ioapics[madt->ioapic_count++] =
        (struct acpi_ioapic){ .address = load_le32(e + 4), .gsi_base = load_le32(e + 8), .id = e[2] };
}

static void add_override(struct acpi_madt *madt, const uint8_t *e)
{
    if (madt->override_count == ACPI_OVERRIDES_MAX)
        return;
    madt->overrides[madt->override_count++] =
        (struct acpi_override){ .gsi = load_le32(e + 4), .flags = load_le16(e + 8), .source = e[3] };
}

static void take_entry(const uint8_t *e, struct acpi_madt *madt)
{
    switch (e[0]) {
    case ENTRY_LAPIC:
        add_cpu(madt, e[3], load_le32(e + 4));
        break;
    case ENTRY_X2APIC:
        add_cpu(madt, load_le32(e + 4), load_le32(e + 8));
        break;
    case ENTRY_IOAPIC:
        add_ioapic(madt, e);
        break;
    case ENTRY_OVERRIDE:
        add_override(madt, e);
        break;
    case ENTRY_LAPIC_ADDRESS:
        madt->lapic_address = load_le64(e + 4);
        break;
    default:
        break;
    }
}

enum acpi_error acpi_read_madt(const uint8_t *table, size_t len, struct acpi_madt *out)
{
    if (len < MADT_FIXED_BYTES)
        return ACPI_TOO_SMALL;
    if (!entries_ok(table, len))
        return ACPI_BAD_ENTRY;
    *out = (struct acpi_madt){
        .lapic_address = load_le32(table + 36), .has_8259 = (load_le32(table + 40) & FLAG_8259) != 0
    };
    for (size_t at = MADT_FIXED_BYTES; at < len; at += table[at + 1])
        take_entry(table + at, out);
    return ACPI_OK;
}
