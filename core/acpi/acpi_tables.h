/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The parsers of single tables, called by acpi_parse. `table` holds `len`
 * readable bytes, at least the 36-byte header, with a good checksum. Each
 * fills its result only on ACPI_OK.
 */
#pragma once

#include "core/acpi/acpi.h"

#define ACPI_HEADER_BYTES 36u

enum acpi_error acpi_read_madt(const uint8_t *table, size_t len, struct acpi_madt *out);
enum acpi_error acpi_read_hpet(const uint8_t *table, size_t len, uint64_t *address);
enum acpi_error acpi_read_mcfg(const uint8_t *table, size_t len, struct acpi_info *out);
enum acpi_error acpi_read_fadt(const uint8_t *table, size_t len, struct acpi_fadt *out);
