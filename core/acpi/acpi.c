/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finding the ACPI tables: see acpi.h. The first table of each kind counts. */
#include "core/acpi/acpi_tables.h"

#include "core/base/bytes.h"

#define RSDP_V1_BYTES 20u
#define RSDP_V2_BYTES 36u

static const char *const error_texts[ACPI_ERROR_COUNT] = {
    [ACPI_OK] = "",
    [ACPI_ABSENT] = "ACPI table absent",
    [ACPI_TOO_SMALL] = "ACPI table too small",
    [ACPI_BAD_SIGNATURE] = "ACPI root has the wrong signature",
    [ACPI_BAD_CHECKSUM] = "ACPI checksum wrong",
    [ACPI_UNREADABLE] = "ACPI table outside memory",
    [ACPI_BAD_ENTRY] = "ACPI table entry malformed",
};

const char *acpi_error_text(enum acpi_error error)
{
    return (unsigned)error < ACPI_ERROR_COUNT ? error_texts[error] : "";
}

static bool sums_to_zero(const uint8_t *bytes, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    return sum == 0;
}

/* Where the root table is and how wide its entries are. */
static enum acpi_error read_rsdp(const uint8_t *rsdp, size_t len, uint64_t *root, uint32_t *entry_bytes)
{
    if (len < RSDP_V1_BYTES)
        return ACPI_TOO_SMALL;
    if (memcmp(rsdp, "RSD PTR ", 8) != 0)
        return ACPI_BAD_SIGNATURE;
    if (!sums_to_zero(rsdp, RSDP_V1_BYTES))
        return ACPI_BAD_CHECKSUM;
    *root = load_le32(rsdp + 16);
    *entry_bytes = 4;
    if (rsdp[15] < 2)
        return ACPI_OK;
    if (len < RSDP_V2_BYTES || load_le32(rsdp + 20) != RSDP_V2_BYTES)
        return ACPI_TOO_SMALL;
    if (!sums_to_zero(rsdp, RSDP_V2_BYTES))
        return ACPI_BAD_CHECKSUM;
    if (load_le64(rsdp + 24) != 0) {
        *root = load_le64(rsdp + 24);
        *entry_bytes = 8;
    }
    return ACPI_OK;
}

/* The whole table at paddr, header checked. */
static enum acpi_error map_table(const struct phys_window *phys, uint64_t paddr, const uint8_t **table, size_t *len)
{
    const uint8_t *header = phys_window_at(phys, paddr, ACPI_HEADER_BYTES);
    if (header == NULL)
        return ACPI_UNREADABLE;
    uint32_t size = load_le32(header + 4);
    if (size < ACPI_HEADER_BYTES)
        return ACPI_TOO_SMALL;
    *table = phys_window_at(phys, paddr, size);
    if (*table == NULL)
        return ACPI_UNREADABLE;
    *len = size;
    return sums_to_zero(*table, size) ? ACPI_OK : ACPI_BAD_CHECKSUM;
}

/* The result field for a table this kernel reads, NULL for all others. */
static enum acpi_error *wanted(const uint8_t *signature, struct acpi_info *out)
{
    if (memcmp(signature, "APIC", 4) == 0)
        return &out->madt_error;
    if (memcmp(signature, "HPET", 4) == 0)
        return &out->hpet_error;
    if (memcmp(signature, "MCFG", 4) == 0)
        return &out->mcfg_error;
    if (memcmp(signature, "FACP", 4) == 0)
        return &out->fadt_error;
    return NULL;
}

static enum acpi_error read_table(enum acpi_error *which, const uint8_t *table, size_t len, struct acpi_info *out)
{
    if (which == &out->madt_error)
        return acpi_read_madt(table, len, &out->madt);
    if (which == &out->hpet_error)
        return acpi_read_hpet(table, len, &out->hpet_address);
    if (which == &out->mcfg_error)
        return acpi_read_mcfg(table, len, out);
    return acpi_read_fadt(table, len, &out->fadt);
}

static void visit(const struct phys_window *phys, uint64_t paddr, struct acpi_info *out)
{
    const uint8_t *table;
    size_t len;
    const uint8_t *signature = paddr == 0 ? NULL : phys_window_at(phys, paddr, 4);
    enum acpi_error *which = signature == NULL ? NULL : wanted(signature, out);

    if (which == NULL || *which != ACPI_ABSENT)
        return;
    *which = map_table(phys, paddr, &table, &len);
    if (*which == ACPI_OK)
        *which = read_table(which, table, len, out);
}

enum acpi_error acpi_parse(const uint8_t *rsdp, size_t len, const struct phys_window *phys, struct acpi_info *out)
{
    uint64_t root;
    uint32_t entry_bytes;
    const uint8_t *table;
    size_t size;

    *out = (struct acpi_info){
        .madt_error = ACPI_ABSENT, .hpet_error = ACPI_ABSENT, .mcfg_error = ACPI_ABSENT, .fadt_error = ACPI_ABSENT
    };
    enum acpi_error err = read_rsdp(rsdp, len, &root, &entry_bytes);
    if (err == ACPI_OK)
        err = map_table(phys, root, &table, &size);
    if (err != ACPI_OK)
        return err;
    if (memcmp(table, entry_bytes == 8 ? "XSDT" : "RSDT", 4) != 0)
        return ACPI_BAD_SIGNATURE;
    size_t count = (size - ACPI_HEADER_BYTES) / entry_bytes;
    for (size_t i = 0; i < count && i < ACPI_ROOT_ENTRIES_MAX; i++) {
        const uint8_t *entry = table + ACPI_HEADER_BYTES + i * entry_bytes;
        visit(phys, entry_bytes == 8 ? load_le64(entry) : load_le32(entry), out);
    }
    return ACPI_OK;
}
