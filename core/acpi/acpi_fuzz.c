/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as firmware tables: the root pointer in front, the rest is physical memory from address 0. */
#include "core/base/base_fuzz.h"

#include "core/acpi/acpi.h"

struct memory {
    const uint8_t *bytes;
    size_t len;
};

static const uint8_t *at(void *ctx, uint64_t paddr, uint64_t len)
{
    const struct memory *memory = ctx;
    return paddr <= memory->len && len <= memory->len - paddr ? memory->bytes + paddr : NULL;
}

/* Sums are right by chance once in 256 times: the input may ask for tables whose sums are made right. */
static void repair_sums(uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i + 36 <= len; i += 4) {
        uint32_t table = (uint32_t)(bytes[i + 4] | bytes[i + 5] << 8 | bytes[i + 6] << 16) | (uint32_t)bytes[i + 7] << 24;
        uint8_t sum = 0;
        if (bytes[i] < 'A' || bytes[i] > 'Z' || bytes[i + 1] < 'A' || bytes[i + 1] > 'Z' || table < 36 || table > len - i)
            continue;
        bytes[i + 9] = 0;
        for (size_t k = 0; k < table; k++)
            sum = (uint8_t)(sum + bytes[i + k]);
        bytes[i + 9] = (uint8_t)(0 - sum);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct acpi_info info;
    if (len < 40 || len > 1u << 20)
        return 0;
    uint8_t *copy = malloc(len);
    if (copy == NULL)
        return 0;
    memcpy(copy, bytes, len);
    bool repair = copy[0] % 2 == 1;
    size_t rsdp = copy[1] % 2 == 1 ? 36 : 20;
    if (repair) {
        uint8_t sum = 0;
        memcpy(copy + 4, "RSD PTR ", 8);
        copy[4 + 8] = 0;
        for (size_t i = 0; i < 20; i++)
            sum = (uint8_t)(sum + copy[4 + i]);
        copy[4 + 8] = (uint8_t)(0 - sum);
        repair_sums(copy + 40, len - 40);
    }
    struct memory memory = {copy + 40, len - 40};
    const struct phys_window window = {at, &memory};
    enum acpi_error error = acpi_parse(copy + 4, rsdp, &window, &info);
    FUZZ_CHECK(error < ACPI_ERROR_COUNT && info.madt_error < ACPI_ERROR_COUNT && info.mcfg_error < ACPI_ERROR_COUNT);
    if (error == ACPI_OK && info.madt_error == ACPI_OK) {
        FUZZ_CHECK(info.madt.cpu_count <= ACPI_CPUS_MAX && info.madt.ioapic_count <= ACPI_IOAPICS_MAX &&
                   info.madt.override_count <= ACPI_OVERRIDES_MAX);
        for (uint32_t i = 0; i < info.madt.cpu_count; i++)
            for (uint32_t k = 0; k < i; k++)
                FUZZ_CHECK(info.madt.cpus[i].apic_id != info.madt.cpus[k].apic_id);
    }
    if (error == ACPI_OK && info.mcfg_error == ACPI_OK)
        FUZZ_CHECK(info.segment_count <= ACPI_SEGMENTS_MAX);
    free(copy);
    return 0;
}
