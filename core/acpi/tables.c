/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * HPET, MCFG and FADT: see acpi_tables.h. A generic address is 12 bytes:
 * space 0, bit width 1, bit offset 2, access size 3, address 4.
 */
#include "core/acpi/acpi_tables.h"

#include "core/base/bytes.h"

#define HPET_BYTES 56u
#define MCFG_FIXED_BYTES 44u
#define MCFG_ENTRY_BYTES 16u
#define FADT_V1_BYTES 116u
#define FADT_RESET_END 129u
#define FADT_X_PM1B_END 196u
#define FADT_FLAG_RESET (1u << 10)

static struct acpi_register read_register(const uint8_t *p)
{
    return (struct acpi_register){ .address = load_le64(p + 4), .space = p[0] };
}

enum acpi_error acpi_read_hpet(const uint8_t *table, size_t len, uint64_t *address)
{
    if (len < HPET_BYTES)
        return ACPI_TOO_SMALL;
    struct acpi_register base = read_register(table + 40);
    if (base.space != ACPI_SPACE_MEMORY || base.address == 0)
        return ACPI_BAD_ENTRY;
    *address = base.address;
    return ACPI_OK;
}

enum acpi_error acpi_read_mcfg(const uint8_t *table, size_t len, struct acpi_info *out)
{
    struct acpi_segment list[ACPI_SEGMENTS_MAX];
    uint32_t count = 0;

    if (len < MCFG_FIXED_BYTES)
        return ACPI_TOO_SMALL;
    if ((len - MCFG_FIXED_BYTES) % MCFG_ENTRY_BYTES != 0)
        return ACPI_BAD_ENTRY;
    for (size_t at = MCFG_FIXED_BYTES; at < len && count < ACPI_SEGMENTS_MAX; at += MCFG_ENTRY_BYTES) {
        const uint8_t *e = table + at;
        if (e[10] > e[11])
            return ACPI_BAD_ENTRY;
        list[count++] = (struct acpi_segment){
            .base = load_le64(e), .segment = load_le16(e + 8), .first_bus = e[10], .last_bus = e[11]
        };
    }
    memcpy(out->segments, list, count * sizeof list[0]);
    out->segment_count = count;
    return ACPI_OK;
}

/* The extended address wins where it names a port. */
static uint32_t control_port(const uint8_t *table, size_t len, size_t legacy, size_t extended)
{
    if (len >= FADT_X_PM1B_END) {
        struct acpi_register x = read_register(table + extended);
        if (x.space == ACPI_SPACE_IO && x.address != 0 && x.address <= UINT16_MAX)
            return (uint32_t)x.address;
    }
    return load_le32(table + legacy);
}

enum acpi_error acpi_read_fadt(const uint8_t *table, size_t len, struct acpi_fadt *out)
{
    if (len < FADT_V1_BYTES)
        return ACPI_TOO_SMALL;
    out->pm1a_control = control_port(table, len, 64, 172);
    out->pm1b_control = control_port(table, len, 68, 184);
    if (len >= FADT_RESET_END && (load_le32(table + 112) & FADT_FLAG_RESET) != 0) {
        out->reset = read_register(table + 116);
        out->reset_value = table[128];
    }
    return ACPI_OK;
}
