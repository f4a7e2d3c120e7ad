/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ACPI tables: the few facts the kernel takes from firmware. Reads the static
 * tables only and never AML, so a sleep type must be known by other means.
 * Filled once at boot, owned by the caller; nothing points into firmware
 * memory. Trusts no length, checksum, count or pointer. A table that is
 * refused leaves its part of the result zero and says why; the others are
 * read all the same. Source: ACPI Specification 6.x, section 5.2; IA-PC HPET
 * 1.0a, section 3.2.4; PCI Firmware 3.x (MCFG).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bootinfo/phys.h"

#define ACPI_CPUS_MAX 16u
#define ACPI_IOAPICS_MAX 8u
#define ACPI_OVERRIDES_MAX 16u
#define ACPI_SEGMENTS_MAX 8u
#define ACPI_ROOT_ENTRIES_MAX 256u /* later ones are not looked at */

enum acpi_error {
    ACPI_OK = 0,
    ACPI_ABSENT,        /* no such table */
    ACPI_TOO_SMALL,     /* shorter than its fixed part */
    ACPI_BAD_SIGNATURE, /* RSDP or root table */
    ACPI_BAD_CHECKSUM,
    ACPI_UNREADABLE, /* outside the physical window */
    ACPI_BAD_ENTRY,  /* an entry of length 0, cut off, too short for its type, or senseless */
    ACPI_ERROR_COUNT,
};

struct acpi_cpu {
    uint32_t apic_id;
    bool enabled; /* false: only online-capable */
};

struct acpi_ioapic {
    uint32_t address;
    uint32_t gsi_base;
    uint8_t id;
};

/* ISA interrupt `source` arrives as global interrupt `gsi`. */
struct acpi_override {
    uint32_t gsi;
    uint16_t flags; /* bits 0-1 polarity, 2-3 trigger: 0 as the bus, 1 high or edge, 3 low or level */
    uint8_t source;
};

struct acpi_madt {
    uint64_t lapic_address;
    bool has_8259;
    bool cpus_truncated; /* more usable processors than ACPI_CPUS_MAX */
    uint32_t cpu_count;
    uint32_t ioapic_count;
    uint32_t override_count;
    struct acpi_cpu cpus[ACPI_CPUS_MAX]; /* distinct ids, table order */
    struct acpi_ioapic ioapics[ACPI_IOAPICS_MAX];
    struct acpi_override overrides[ACPI_OVERRIDES_MAX];
};

struct acpi_segment {
    uint64_t base; /* of configuration space of bus 0, even when first_bus is not 0 */
    uint16_t segment;
    uint8_t first_bus;
    uint8_t last_bus;
};

enum acpi_space { ACPI_SPACE_MEMORY = 0, ACPI_SPACE_IO = 1, ACPI_SPACE_PCI = 2 };

struct acpi_register {
    uint64_t address; /* 0: there is none */
    uint8_t space;    /* enum acpi_space, or a value not known here */
};

struct acpi_fadt {
    uint32_t pm1a_control; /* I/O port, 0: none */
    uint32_t pm1b_control;
    struct acpi_register reset;
    uint8_t reset_value;
};

struct acpi_info {
    enum acpi_error madt_error; /* ACPI_OK: `madt` is valid; likewise below */
    enum acpi_error hpet_error;
    enum acpi_error mcfg_error;
    enum acpi_error fadt_error;
    struct acpi_madt madt;
    uint64_t hpet_address;
    uint32_t segment_count;
    struct acpi_segment segments[ACPI_SEGMENTS_MAX];
    struct acpi_fadt fadt;
};

/*
 * `rsdp` is a copy of the root pointer, 20 or 36 bytes. An error here means
 * that no table was reached; *out then says ACPI_ABSENT for all.
 */
enum acpi_error acpi_parse(const uint8_t *rsdp, size_t len, const struct phys_window *phys, struct acpi_info *out);

const char *acpi_error_text(enum acpi_error error);
