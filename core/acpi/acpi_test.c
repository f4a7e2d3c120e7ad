/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the ACPI table readers: good tables, every refusal, hostile lengths, seeded fuzz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/acpi/acpi.h"
#include "core/base/bytes.h"

#define BASE 0xe0000u
#define MEM_BYTES 0x4000u
#define ROOT_AT 0x100u
#define MADT_AT 0x1000u
#define HPET_AT 0x2000u
#define MCFG_AT 0x2800u
#define FADT_AT 0x3000u

static uint8_t mem[MEM_BYTES];
static uint8_t rsdp[36];
static struct acpi_info info;

/* Hands out exact copies, so that the sanitizer sees a read past what was asked for. */
static void *copies[512];
static size_t copy_count;

static const uint8_t *window(void *ctx, uint64_t paddr, uint64_t len)
{
    (void)ctx;
    if (paddr < BASE || paddr - BASE > MEM_BYTES || len > MEM_BYTES - (paddr - BASE))
        return NULL;
    assert_true(copy_count < 512);
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    assert_non_null(copy);
    memcpy(copy, mem + (paddr - BASE), len);
    copies[copy_count++] = copy;
    return copy;
}

static enum acpi_error parse(void)
{
    const struct phys_window phys = { .at = window };
    enum acpi_error err = acpi_parse(rsdp, sizeof rsdp, &phys, &info);

    while (copy_count > 0)
        free(copies[--copy_count]);
    return err;
}

static void fix_sum(uint8_t *bytes, size_t len, size_t at)
{
    uint8_t sum = 0;
    bytes[at] = 0;
    for (size_t i = 0; i < len; i++)
        sum = (uint8_t)(sum + bytes[i]);
    bytes[at] = (uint8_t)(0x100 - sum);
}

static void fix_rsdp(void)
{
    fix_sum(rsdp, 20, 8);
    fix_sum(rsdp, 36, 32);
}

static uint32_t table_len(uint32_t at)
{
    return load_le32(mem + at + 4);
}

static void fix_table(uint32_t at)
{
    fix_sum(mem + at, table_len(at), 9);
}

static void set_table(uint32_t at, const char *signature, uint32_t len)
{
    memset(mem + at, 0, len);
    memcpy(mem + at, signature, 4);
    store_le32(mem + at + 4, len);
    fix_table(at);
}

static uint8_t *add_entry(uint8_t type, uint8_t len)
{
    uint32_t at = table_len(MADT_AT);
    store_le32(mem + MADT_AT + 4, at + len);
    memset(mem + MADT_AT + at, 0, len);
    mem[MADT_AT + at] = type;
    mem[MADT_AT + at + 1] = len;
    return mem + MADT_AT + at;
}

static void add_cpu(uint8_t apic_id, uint32_t flags)
{
    uint8_t *e = add_entry(0, 8);
    e[3] = apic_id;
    store_le32(e + 4, flags);
    fix_table(MADT_AT);
}

static void set_xsdt(void)
{
    static const uint32_t tables[] = { FADT_AT, MADT_AT, HPET_AT, MCFG_AT };
    set_table(ROOT_AT, "XSDT", 36 + 4 * 8);
    for (size_t i = 0; i < 4; i++)
        store_le64(mem + ROOT_AT + 36 + i * 8, BASE + tables[i]);
    fix_table(ROOT_AT);
}

static void set_fadt(void)
{
    set_table(FADT_AT, "FACP", 244);
    store_le32(mem + FADT_AT + 64, 0x604);
    store_le32(mem + FADT_AT + 112, 1u << 10);
    mem[FADT_AT + 116] = 1;
    store_le64(mem + FADT_AT + 120, 0xcf9);
    mem[FADT_AT + 128] = 0x0f;
    fix_table(FADT_AT);
}

static int good(void **state)
{
    (void)state;
    memset(mem, 0, sizeof mem);
    memset(&info, 0xee, sizeof info);
    memset(rsdp, 0, sizeof rsdp);
    memcpy(rsdp, "RSD PTR ", 8);
    rsdp[15] = 2;
    store_le32(rsdp + 20, 36);
    store_le64(rsdp + 24, BASE + ROOT_AT);
    fix_rsdp();
    set_xsdt();
    set_fadt();
    set_table(MADT_AT, "APIC", 44);
    store_le32(mem + MADT_AT + 36, 0xfee00000);
    store_le32(mem + MADT_AT + 40, 1);
    add_cpu(0, 1);
    add_cpu(3, 2);
    uint8_t *e = add_entry(1, 12);
    e[2] = 4;
    store_le32(e + 4, 0xfec00000);
    store_le32(e + 8, 24);
    e = add_entry(2, 10);
    e[3] = 0;
    store_le32(e + 4, 2);
    store_le16(e + 8, 0xd);
    fix_table(MADT_AT);
    set_table(HPET_AT, "HPET", 56);
    store_le64(mem + HPET_AT + 44, 0xfed00000);
    fix_table(HPET_AT);
    set_table(MCFG_AT, "MCFG", 44 + 16);
    store_le64(mem + MCFG_AT + 44, 0xb0000000);
    store_le16(mem + MCFG_AT + 52, 0x102);
    mem[MCFG_AT + 54] = 5;
    mem[MCFG_AT + 55] = 255;
    fix_table(MCFG_AT);
    return 0;
}

static void test_good_tables(void **state)
{
    (void)state;
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, ACPI_OK);
    assert_int_equal(info.madt.lapic_address, 0xfee00000);
    assert_true(info.madt.has_8259);
    assert_int_equal(info.madt.cpu_count, 2);
    assert_int_equal(info.madt.cpus[0].apic_id, 0);
    assert_true(info.madt.cpus[0].enabled);
    assert_int_equal(info.madt.cpus[1].apic_id, 3);
    assert_false(info.madt.cpus[1].enabled);
    assert_int_equal(info.madt.ioapic_count, 1);
    assert_int_equal(info.madt.ioapics[0].id, 4);
    assert_int_equal(info.madt.ioapics[0].address, 0xfec00000);
    assert_int_equal(info.madt.ioapics[0].gsi_base, 24);
    assert_int_equal(info.madt.override_count, 1);
    assert_int_equal(info.madt.overrides[0].gsi, 2);
    assert_int_equal(info.madt.overrides[0].flags, 0xd);
    assert_int_equal(info.hpet_error, ACPI_OK);
    assert_int_equal(info.hpet_address, 0xfed00000);
    assert_int_equal(info.mcfg_error, ACPI_OK);
    assert_int_equal(info.segment_count, 1);
    assert_int_equal(info.segments[0].base, 0xb0000000);
    assert_int_equal(info.segments[0].segment, 0x102);
    assert_int_equal(info.segments[0].first_bus, 5);
    assert_int_equal(info.segments[0].last_bus, 255);
    assert_int_equal(info.fadt_error, ACPI_OK);
    assert_int_equal(info.fadt.pm1a_control, 0x604);
    assert_int_equal(info.fadt.pm1b_control, 0);
    assert_int_equal(info.fadt.reset.address, 0xcf9);
    assert_int_equal(info.fadt.reset.space, ACPI_SPACE_IO);
    assert_int_equal(info.fadt.reset_value, 0x0f);
}

static void test_rsdp_refusals(void **state)
{
    const struct phys_window phys = { .at = window };

    (void)state;
    assert_int_equal(acpi_parse(rsdp, 19, &phys, &info), ACPI_TOO_SMALL);
    assert_int_equal(info.madt_error, ACPI_ABSENT);
    assert_int_equal(acpi_parse(rsdp, 35, &phys, &info), ACPI_TOO_SMALL);
    rsdp[7] = 'x';
    fix_rsdp();
    assert_int_equal(parse(), ACPI_BAD_SIGNATURE);
    good(NULL);
    rsdp[9]++;
    fix_sum(rsdp, 36, 32);
    assert_int_equal(parse(), ACPI_BAD_CHECKSUM);
    good(NULL);
    rsdp[33]++;
    assert_int_equal(parse(), ACPI_BAD_CHECKSUM);
    good(NULL);
    store_le32(rsdp + 20, 40);
    fix_rsdp();
    assert_int_equal(parse(), ACPI_TOO_SMALL);
}

static void test_old_root(void **state)
{
    (void)state;
    store_le64(mem + ROOT_AT + 36 + 8, (1ull << 32) + BASE + MADT_AT); /* an XSDT's entries have 64 bits, and count */
    fix_table(ROOT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, ACPI_ABSENT);
    assert_int_equal(info.hpet_error, ACPI_OK);
    set_table(ROOT_AT, "RSDT", 36 + 2 * 4);
    store_le32(mem + ROOT_AT + 36, BASE + MADT_AT);
    store_le32(mem + ROOT_AT + 40, BASE + HPET_AT);
    fix_table(ROOT_AT);
    store_le32(rsdp + 16, BASE + ROOT_AT);
    store_le64(rsdp + 24, 0); /* version 2 without an XSDT */
    fix_rsdp();
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_OK);
    assert_int_equal(info.fadt_error, ACPI_ABSENT);
    memset(rsdp + 20, 0xff, 16); /* version 0: the long part is not looked at */
    rsdp[15] = 0;
    fix_sum(rsdp, 20, 8);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, ACPI_OK);
}

static void test_root_refusals(void **state)
{
    (void)state;
    mem[ROOT_AT] = 'R';
    fix_table(ROOT_AT);
    assert_int_equal(parse(), ACPI_BAD_SIGNATURE);
    good(NULL);
    mem[ROOT_AT + 20]++;
    assert_int_equal(parse(), ACPI_BAD_CHECKSUM);
    good(NULL);
    store_le32(mem + ROOT_AT + 4, 35);
    assert_int_equal(parse(), ACPI_TOO_SMALL);
    store_le32(mem + ROOT_AT + 4, MEM_BYTES - ROOT_AT + 1);
    assert_int_equal(parse(), ACPI_UNREADABLE);
    store_le64(rsdp + 24, BASE + MEM_BYTES - 35);
    fix_rsdp();
    assert_int_equal(parse(), ACPI_UNREADABLE);
}

static void test_root_entries(void **state)
{
    (void)state;
    store_le64(mem + ROOT_AT + 36, 0); /* FADT gone */
    store_le64(mem + ROOT_AT + 44, UINT64_MAX - 1);
    store_le32(mem + ROOT_AT + 4, 36 + 3 * 8 + 7); /* half an entry at the end is none */
    fix_table(ROOT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.fadt_error, ACPI_ABSENT);
    assert_int_equal(info.madt_error, ACPI_ABSENT);
    assert_int_equal(info.hpet_error, ACPI_OK);
    assert_int_equal(info.mcfg_error, ACPI_ABSENT);
}

/* The first table of a kind counts, even when it is bad. */
static void test_first_table_counts(void **state)
{
    (void)state;
    memcpy(mem + FADT_AT, mem + HPET_AT, 56);
    store_le64(mem + FADT_AT + 44, 0x1000);
    fix_table(FADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_address, 0x1000);
    mem[FADT_AT + 10]++;
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_BAD_CHECKSUM);
    assert_int_equal(info.hpet_address, 0);
    assert_int_equal(info.madt_error, ACPI_OK);
}

static void test_root_entry_limit(void **state)
{
    (void)state;
    set_table(ROOT_AT, "XSDT", 36 + 257 * 8);
    /* The long root reaches into the MADT: move what this test needs. */
    store_le64(mem + ROOT_AT + 36 + 256 * 8, BASE + HPET_AT);
    fix_table(ROOT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_ABSENT);
    store_le64(mem + ROOT_AT + 36 + 255 * 8, BASE + HPET_AT);
    fix_table(ROOT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_OK);
}

static void test_madt_entries(void **state)
{
    (void)state;
    add_cpu(7, 0); /* neither enabled nor online-capable */
    add_cpu(3, 1); /* an id twice */
    uint8_t *e = add_entry(5, 12);
    store_le64(e + 4, 0x1fee00000);
    e = add_entry(9, 16);
    store_le32(e + 4, 0x1234);
    store_le32(e + 8, 1);
    add_entry(0x80, 2); /* unknown, shortest possible */
    fix_table(MADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, ACPI_OK);
    assert_int_equal(info.madt.cpu_count, 3);
    assert_int_equal(info.madt.cpus[2].apic_id, 0x1234);
    assert_int_equal(info.madt.lapic_address, 0x1fee00000);
    assert_false(info.madt.cpus_truncated);
}

static void test_madt_limits(void **state)
{
    (void)state;
    for (uint8_t i = 4; i < 18; i++)
        add_cpu(i, 1);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt.cpu_count, 16);
    assert_false(info.madt.cpus_truncated);
    add_cpu(40, 1);
    for (uint32_t i = 0; i < 10; i++)
        add_entry(1, 12);
    for (uint32_t i = 0; i < 20; i++)
        add_entry(2, 10);
    fix_table(MADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt.cpu_count, 16);
    assert_true(info.madt.cpus_truncated);
    assert_int_equal(info.madt.ioapic_count, 8);
    assert_int_equal(info.madt.override_count, 16);
}

static void expect_madt(enum acpi_error want)
{
    fix_table(MADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.madt_error, want);
    if (want != ACPI_OK)
        assert_int_equal(info.madt.cpu_count, 0);
}

static void test_madt_hostile_entries(void **state)
{
    static const uint8_t shortest[][2] = { { 0, 8 }, { 1, 12 }, { 2, 10 }, { 5, 12 }, { 9, 16 } };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        good(NULL);
        add_entry(shortest[i][0], (uint8_t)(shortest[i][1] - 1));
        expect_madt(ACPI_BAD_ENTRY);
        good(NULL);
        add_entry(shortest[i][0], shortest[i][1]);
        expect_madt(ACPI_OK);
    }
    add_entry(0x80, 2)[1] = 0; /* must not loop for ever */
    expect_madt(ACPI_BAD_ENTRY);
    good(NULL);
    uint8_t *e = add_entry(0x80, 13);
    e[1] = 1; /* read as the type of the next entry, the rest would be a valid I/O APIC */
    e[2] = 12;
    expect_madt(ACPI_BAD_ENTRY);
    good(NULL);
    add_entry(0x80, 4)[1] = 5; /* cut off by the end of the table */
    expect_madt(ACPI_BAD_ENTRY);
    good(NULL);
    store_le32(mem + MADT_AT + 4, table_len(MADT_AT) + 1); /* a type without a length */
    expect_madt(ACPI_BAD_ENTRY);
    store_le32(mem + MADT_AT + 4, 43);
    expect_madt(ACPI_TOO_SMALL);
    store_le32(mem + MADT_AT + 4, 44);
    expect_madt(ACPI_OK);
}

static void test_table_refusals(void **state)
{
    (void)state;
    store_le32(mem + HPET_AT + 4, 55);
    fix_table(HPET_AT);
    store_le32(mem + MCFG_AT + 4, 43);
    fix_table(MCFG_AT);
    store_le32(mem + FADT_AT + 4, 115);
    fix_table(FADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_TOO_SMALL);
    assert_int_equal(info.mcfg_error, ACPI_TOO_SMALL);
    assert_int_equal(info.fadt_error, ACPI_TOO_SMALL);
    good(NULL);
    mem[HPET_AT + 40] = 1; /* a port */
    fix_table(HPET_AT);
    store_le32(mem + MCFG_AT + 4, 44 + 15);
    fix_table(MCFG_AT);
    store_le32(mem + FADT_AT + 4, UINT32_MAX);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_BAD_ENTRY);
    assert_int_equal(info.mcfg_error, ACPI_BAD_ENTRY);
    assert_int_equal(info.fadt_error, ACPI_UNREADABLE);
    good(NULL);
    store_le64(mem + HPET_AT + 44, 0);
    fix_table(HPET_AT);
    mem[MCFG_AT + 55] = 4; /* last bus before first */
    fix_table(MCFG_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.hpet_error, ACPI_BAD_ENTRY);
    assert_int_equal(info.mcfg_error, ACPI_BAD_ENTRY);
    assert_int_equal(info.segment_count, 0);
}

static void test_mcfg_limit(void **state)
{
    (void)state;
    set_table(MCFG_AT, "MCFG", 44 + 9 * 16);
    store_le64(mem + MCFG_AT + 44 + 7 * 16, 0x77);
    fix_table(MCFG_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.segment_count, 8);
    assert_int_equal(info.segments[7].base, 0x77);
}

static void test_fadt_versions(void **state)
{
    (void)state;
    mem[FADT_AT + 172] = 1;
    store_le64(mem + FADT_AT + 176, 0xb004);
    mem[FADT_AT + 184] = 0; /* memory: the legacy field holds */
    store_le64(mem + FADT_AT + 188, 0x5000);
    store_le32(mem + FADT_AT + 68, 0x808);
    fix_table(FADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.fadt.pm1a_control, 0xb004);
    assert_int_equal(info.fadt.pm1b_control, 0x808);
    store_le32(mem + FADT_AT + 112, 0); /* reset register not supported */
    store_le32(mem + FADT_AT + 4, 195);
    fix_table(FADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.fadt.pm1a_control, 0x604);
    assert_int_equal(info.fadt.reset.address, 0);
    set_fadt();
    store_le32(mem + FADT_AT + 4, 128);
    fix_table(FADT_AT);
    assert_int_equal(parse(), ACPI_OK);
    assert_int_equal(info.fadt.reset.address, 0);
    assert_int_equal(info.fadt.pm1a_control, 0x604);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Checksums are repaired, so that the damage reaches the readers behind them. */
static void test_random_damage(void **state)
{
    static const uint32_t tables[] = { ROOT_AT, FADT_AT, MADT_AT, HPET_AT, MCFG_AT };
    uint64_t seed = 17;
    unsigned intact = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        good(NULL);
        for (uint64_t n = 1 + next_random(&seed) % 3; n > 0; n--) {
            uint64_t r = next_random(&seed);
            uint32_t at = tables[r % 5];
            mem[at + 4 + (r >> 8) % 96] = (uint8_t)(r >> 40);
        }
        for (size_t i = 0; i < 5; i++) {
            if (table_len(tables[i]) <= MEM_BYTES - tables[i])
                fix_table(tables[i]);
        }
        if (parse() != ACPI_OK)
            continue;
        intact += info.madt_error == ACPI_OK && info.madt.cpu_count > 0;
        assert_true(info.madt.cpu_count <= ACPI_CPUS_MAX && info.madt.ioapic_count <= ACPI_IOAPICS_MAX);
        assert_true(info.madt.override_count <= ACPI_OVERRIDES_MAX && info.segment_count <= ACPI_SEGMENTS_MAX);
        for (uint32_t i = 0; i < info.segment_count; i++)
            assert_true(info.segments[i].first_bus <= info.segments[i].last_bus);
    }
    assert_in_range(intact, 4000, 19900);
}

static void test_every_error_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(acpi_error_text(ACPI_OK), "");
    assert_string_equal(acpi_error_text(ACPI_ERROR_COUNT), "");
    for (int i = 1; i < ACPI_ERROR_COUNT; i++)
        assert_true(strlen(acpi_error_text((enum acpi_error)i)) > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_good_tables, good),
        cmocka_unit_test_setup(test_rsdp_refusals, good),
        cmocka_unit_test_setup(test_old_root, good),
        cmocka_unit_test_setup(test_root_refusals, good),
        cmocka_unit_test_setup(test_root_entries, good),
        cmocka_unit_test_setup(test_first_table_counts, good),
        cmocka_unit_test_setup(test_root_entry_limit, good),
        cmocka_unit_test_setup(test_madt_entries, good),
        cmocka_unit_test_setup(test_madt_limits, good),
        cmocka_unit_test_setup(test_madt_hostile_entries, good),
        cmocka_unit_test_setup(test_table_refusals, good),
        cmocka_unit_test_setup(test_mcfg_limit, good),
        cmocka_unit_test_setup(test_fadt_versions, good),
        cmocka_unit_test(test_random_damage),
        cmocka_unit_test(test_every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
