/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of both boot-protocol parsers: layouts, every refusal, normalising against a page model, seeded fuzz. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/bytes.h"
#include "core/bootinfo/bootinfo.h"

#define BASE 0x9000u /* physical address of the fake memory */
#define MEM_BYTES 0x2000u
#define MAP_AT 0x100u
#define MODULES_AT 0x800u
#define CMDLINE_AT 0x900u
#define RSDP_AT 0xc00u

static uint8_t mem[MEM_BYTES];
static uint8_t mbi[0x1000];
static size_t mbi_len;
static struct boot_info info;

static const uint8_t *window(void *ctx, uint64_t paddr, uint64_t len)
{
    (void)ctx;
    if (paddr < BASE || paddr - BASE > MEM_BYTES || len > MEM_BYTES - (paddr - BASE))
        return NULL;
    return mem + (paddr - BASE);
}

static const struct phys_window phys = { .at = window };

static void put_range(uint8_t *p, uint64_t start, uint64_t len, uint32_t type)
{
    store_le64(p, start);
    store_le64(p + 8, len);
    store_le32(p + 16, type);
    store_le32(p + 20, 0);
}

static int pvh_good(void **state)
{
    (void)state;
    memset(mem, 0, sizeof mem);
    memset(&info, 0xee, sizeof info);
    store_le32(mem, BOOTINFO_PVH_MAGIC);
    store_le32(mem + 4, 1);
    store_le32(mem + 12, 1);
    store_le64(mem + 16, BASE + MODULES_AT);
    store_le64(mem + 24, BASE + CMDLINE_AT);
    store_le64(mem + 32, BASE + RSDP_AT);
    store_le64(mem + 40, BASE + MAP_AT);
    store_le32(mem + 48, 3);
    put_range(mem + MAP_AT, 0, 0x9fc00, 1);
    put_range(mem + MAP_AT + 24, 0x9fc00, 0x400, 2);
    put_range(mem + MAP_AT + 48, 0x100000, 0x7ee0000, 1);
    store_le64(mem + MODULES_AT, 0x200000);
    store_le64(mem + MODULES_AT + 8, 0x1234);
    memcpy(mem + CMDLINE_AT, "console=com1", 13);
    memcpy(mem + RSDP_AT, "RSD PTR ", 8);
    mem[RSDP_AT + 15] = 2;
    mem[RSDP_AT + 35] = 0x77;
    return 0;
}

static enum bootinfo_error parse_pvh(void)
{
    return bootinfo_parse_pvh(mem, 56, &phys, &info);
}

static void assert_range(uint32_t i, uint64_t start, uint64_t end, enum bootinfo_memory type)
{
    assert_true(i < info.range_count);
    assert_int_equal(info.ranges[i].start, start);
    assert_int_equal(info.ranges[i].end, end);
    assert_int_equal(info.ranges[i].type, type);
}

static void test_pvh(void **state)
{
    (void)state;
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.protocol, BOOTINFO_PVH);
    assert_int_equal(info.range_count, 3);
    assert_range(0, 0, 0x9f000, BOOTINFO_USABLE); /* the half page at 9fc00 is lost */
    assert_range(1, 0x9f000, 0xa0000, BOOTINFO_RESERVED);
    assert_range(2, 0x100000, 0x7fe0000, BOOTINFO_USABLE);
    assert_int_equal(info.module_count, 1);
    assert_int_equal(info.module_start, 0x200000);
    assert_int_equal(info.module_len, 0x1234);
    assert_int_equal(info.cmdline_len, 12);
    assert_memory_equal(info.cmdline, "console=com1", 12);
    assert_false(info.cmdline_truncated);
    assert_int_equal(info.rsdp_paddr, BASE + RSDP_AT);
    assert_int_equal(info.rsdp_len, 36);
    assert_int_equal(info.rsdp[35], 0x77);
    assert_int_equal(bootinfo_usable_end(&info), 0x7fe0000);
}

static void test_pvh_refusals(void **state)
{
    (void)state;
    assert_int_equal(bootinfo_parse_pvh(mem, 39, &phys, &info), BOOTINFO_TOO_SMALL);
    assert_int_equal(bootinfo_parse_pvh(mem, 55, &phys, &info), BOOTINFO_TOO_SMALL);
    store_le32(mem, BOOTINFO_PVH_MAGIC + 1);
    assert_int_equal(parse_pvh(), BOOTINFO_BAD_MAGIC);
    pvh_good(NULL);
    store_le32(mem + 4, 0); /* version 0 has no memory map */
    assert_int_equal(bootinfo_parse_pvh(mem, 40, &phys, &info), BOOTINFO_NO_MEMORY_MAP);
    pvh_good(NULL);
    store_le32(mem + 48, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_NO_MEMORY_MAP);
    store_le32(mem + 48, 1);
    store_le64(mem + 40, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_NO_MEMORY_MAP);
    store_le64(mem + 40, BASE + MEM_BYTES - 24);
    put_range(mem + MEM_BYTES - 24, 0, 0x1000, 2);
    assert_int_equal(parse_pvh(), BOOTINFO_NO_MEMORY);
    store_le64(mem + 40, BASE + MEM_BYTES - 23);
    assert_int_equal(parse_pvh(), BOOTINFO_UNREADABLE);
    store_le32(mem + 48, UINT32_MAX);
    assert_int_equal(parse_pvh(), BOOTINFO_TOO_MANY_RANGES);
}

static void test_pvh_modules(void **state)
{
    (void)state;
    store_le64(mem + 16, BASE + MEM_BYTES - 31);
    assert_int_equal(parse_pvh(), BOOTINFO_UNREADABLE);
    store_le64(mem + 16, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_UNREADABLE);
    store_le32(mem + 12, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.module_count, 0);
    assert_int_equal(info.module_len, 0);
    pvh_good(NULL);
    store_le32(mem + 12, 7);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.module_count, 7);
    store_le64(mem + MODULES_AT, 0x7fe0000 - 0x1234);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    store_le64(mem + MODULES_AT, 0x7fe0000 - 0x1233);
    assert_int_equal(parse_pvh(), BOOTINFO_BAD_MODULE);
    store_le64(mem + MODULES_AT, UINT64_MAX - 0x1000); /* wraps */
    assert_int_equal(parse_pvh(), BOOTINFO_BAD_MODULE);
}

static void test_pvh_command_line(void **state)
{
    (void)state;
    store_le64(mem + 24, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 0);
    store_le64(mem + 24, BASE + MEM_BYTES - 4);
    memcpy(mem + MEM_BYTES - 4, "abc", 4);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 3);
    mem[MEM_BYTES - 1] = 'd'; /* no terminator before the end of the window */
    assert_int_equal(parse_pvh(), BOOTINFO_UNREADABLE);
    store_le64(mem + 24, UINT64_MAX);
    assert_int_equal(parse_pvh(), BOOTINFO_UNREADABLE);
    pvh_good(NULL);
    memset(mem + CMDLINE_AT, 'x', 256);
    mem[CMDLINE_AT + 256] = 0;
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 256);
    assert_false(info.cmdline_truncated);
    mem[CMDLINE_AT + 256] = 'y';
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 256);
    assert_true(info.cmdline_truncated);
}

static void test_pvh_rsdp(void **state)
{
    (void)state;
    mem[RSDP_AT + 15] = 0;
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.rsdp_len, 20);
    store_le64(mem + 32, 0xe0000);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.rsdp_len, 0);
    assert_int_equal(info.rsdp_paddr, 0xe0000);
    store_le64(mem + 32, BASE + MEM_BYTES - 35);
    mem[MEM_BYTES - 35 + 15] = 2;
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.rsdp_len, 0);
    store_le64(mem + 32, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.rsdp_len, 0);
}

static uint8_t *add_tag(uint32_t type, uint32_t size)
{
    uint8_t *p = mbi + mbi_len;
    store_le32(p, type);
    store_le32(p + 4, size);
    mbi_len += (size + 7) & ~7u;
    store_le32(mbi, (uint32_t)mbi_len);
    return p + 8;
}

static void start_mbi(void)
{
    memset(mbi, 0, sizeof mbi);
    memset(&info, 0xee, sizeof info);
    mbi_len = 8;
}

static void add_map(void)
{
    uint8_t *map = add_tag(6, 16 + 2 * 32);
    store_le32(map, 32); /* larger entries are a stride */
    put_range(map + 8, 0x100000, 0x100000, 1);
    put_range(map + 8 + 32, 0, 0x1000, 1);
}

static enum bootinfo_error parse_mbi(void)
{
    return bootinfo_parse_multiboot2(mbi, mbi_len, &info);
}

static void test_multiboot2(void **state)
{
    (void)state;
    start_mbi();
    memcpy(add_tag(1, 8 + 5), "a b=c", 5); /* unterminated: the tag ends it */
    add_map();
    uint8_t *module = add_tag(3, 8 + 8 + 3);
    store_le32(module, 0x180000);
    store_le32(module + 4, 0x180123);
    memcpy(add_tag(15, 8 + 36), "RSD PTR2", 8);
    memcpy(add_tag(14, 8 + 20), "RSD PTR1", 8);
    add_tag(21, 12);
    add_tag(3, 16);
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_OK);
    assert_int_equal(info.protocol, BOOTINFO_MULTIBOOT2);
    assert_int_equal(info.range_count, 2);
    assert_range(0, 0, 0x1000, BOOTINFO_USABLE);
    assert_range(1, 0x100000, 0x200000, BOOTINFO_USABLE);
    assert_int_equal(info.module_count, 2);
    assert_int_equal(info.module_start, 0x180000);
    assert_int_equal(info.module_len, 0x123);
    assert_int_equal(info.cmdline_len, 5);
    assert_int_equal(info.rsdp_len, 36);
    assert_memory_equal(info.rsdp, "RSD PTR2", 8);
    assert_int_equal(info.rsdp_paddr, 0);
}

static void test_multiboot2_sizes(void **state)
{
    (void)state;
    start_mbi();
    add_map();
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_OK);
    store_le32(mbi + mbi_len - 4, 9); /* the end tag may not pass the end either */
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi + mbi_len - 4, 8);
    assert_int_equal(bootinfo_parse_multiboot2(mbi, 7, &info), BOOTINFO_TOO_SMALL);
    assert_int_equal(bootinfo_parse_multiboot2(mbi, mbi_len - 1, &info), BOOTINFO_BAD_SIZE);
    store_le32(mbi, 7);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_SIZE);
    store_le32(mbi, (uint32_t)mbi_len - 8); /* no end tag */
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi, (uint32_t)mbi_len);
    store_le32(mbi + 12, 7);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi + 12, 0);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi + 12, (uint32_t)mbi_len - 8 + 1);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi + 12, UINT32_MAX);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
}

/* Each tag one byte too small for its type, in front of a valid list. */
static void test_multiboot2_small_tags(void **state)
{
    static const uint32_t cases[][2] = { { 3, 15 }, { 6, 15 }, { 14, 27 }, { 15, 43 } };

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        start_mbi();
        add_tag(cases[i][0], cases[i][1]);
        add_map();
        add_tag(0, 8);
        assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    }
    start_mbi();
    store_le32(add_tag(6, 16 + 23), 23);
    add_map();
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    store_le32(mbi + 16, 0); /* an entry size of 0 must not divide */
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_TAG);
    start_mbi();
    add_map();
    store_le32(add_tag(3, 16), 1); /* ends before it starts */
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_BAD_MODULE);
    start_mbi();
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_NO_MEMORY_MAP);
}

static void test_multiboot2_command_line_limit(void **state)
{
    (void)state;
    start_mbi();
    memset(add_tag(1, 8 + 256), 'x', 256);
    add_map();
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 256);
    assert_false(info.cmdline_truncated);
    start_mbi();
    memset(add_tag(1, 8 + 257), 'x', 257);
    add_map();
    add_tag(0, 8);
    assert_int_equal(parse_mbi(), BOOTINFO_OK);
    assert_int_equal(info.cmdline_len, 256);
    assert_true(info.cmdline_truncated);
}

static void set_map(const struct bootinfo_range *list, uint32_t count)
{
    static const uint32_t wire[] = { 0, 1, 3, 4, 2, 5 };

    pvh_good(NULL);
    store_le32(mem + 12, 0);
    store_le64(mem + 40, BASE + 0x1000);
    store_le32(mem + 48, count);
    for (uint32_t i = 0; i < count; i++)
        put_range(mem + 0x1000 + i * 24, list[i].start, list[i].end - list[i].start, wire[list[i].type]);
}

static void test_worst_claim_wins(void **state)
{
    const struct bootinfo_range list[] = {
        { 0x0, 0x10000, BOOTINFO_USABLE },         { 0x8000, 0x9000, BOOTINFO_RESERVED },
        { 0x2000, 0x6000, BOOTINFO_ACPI_RECLAIM }, { 0x3000, 0x4000, BOOTINFO_ACPI_NVS },
        { 0x5800, 0x5801, BOOTINFO_UNUSABLE },     { 0x10000, 0x11000, BOOTINFO_USABLE },
    };

    (void)state;
    set_map(list, 6);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.range_count, 8);
    assert_range(0, 0, 0x2000, BOOTINFO_USABLE);
    assert_range(1, 0x2000, 0x3000, BOOTINFO_ACPI_RECLAIM);
    assert_range(2, 0x3000, 0x4000, BOOTINFO_ACPI_NVS);
    assert_range(3, 0x4000, 0x5000, BOOTINFO_ACPI_RECLAIM);
    assert_range(4, 0x5000, 0x6000, BOOTINFO_UNUSABLE);
    assert_range(5, 0x6000, 0x8000, BOOTINFO_USABLE);
    assert_range(6, 0x8000, 0x9000, BOOTINFO_RESERVED);
    assert_range(7, 0x9000, 0x11000, BOOTINFO_USABLE);
    assert_true(bootinfo_usable(&info, 0x9000, 0x8000));
    assert_false(bootinfo_usable(&info, 0x9000, 0x8001));
    assert_false(bootinfo_usable(&info, 0x8fff, 1));
    assert_false(bootinfo_usable(&info, 0x9000, 0));
    assert_false(bootinfo_usable(&info, 0x2000, 0x1000));
    assert_false(bootinfo_usable(&info, UINT64_MAX, 2));
}

static void test_types_and_physical_limit(void **state)
{
    (void)state;
    put_range(mem + MAP_AT, 0x1000, 0x1000, 7); /* unknown: reserved */
    put_range(mem + MAP_AT + 24, BOOTINFO_PHYS_LIMIT, 0x1000, 1);
    put_range(mem + MAP_AT + 48, BOOTINFO_PHYS_LIMIT - 0x2000, UINT64_MAX, 1);
    store_le32(mem + 12, 0);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.range_count, 2);
    assert_range(0, 0x1000, 0x2000, BOOTINFO_RESERVED);
    assert_range(1, BOOTINFO_PHYS_LIMIT - 0x2000, BOOTINFO_PHYS_LIMIT, BOOTINFO_USABLE);
    put_range(mem + MAP_AT + 48, 0x5001, 0x1ffe, 1); /* not one whole page */
    assert_int_equal(parse_pvh(), BOOTINFO_NO_MEMORY);
}

static void test_range_limits(void **state)
{
    struct bootinfo_range list[BOOTINFO_RANGES_MAX + 1];

    (void)state;
    for (uint32_t i = 0; i <= BOOTINFO_RANGES_MAX; i++)
        list[i] = (struct bootinfo_range){ i * 0x2000ull, i * 0x2000ull + 0x1000, BOOTINFO_USABLE };
    set_map(list, BOOTINFO_RANGES_MAX);
    assert_int_equal(parse_pvh(), BOOTINFO_OK);
    assert_int_equal(info.range_count, BOOTINFO_RANGES_MAX);
    set_map(list, BOOTINFO_RANGES_MAX + 1);
    assert_int_equal(parse_pvh(), BOOTINFO_TOO_MANY_RANGES);
    /* Within the limit before normalising, beyond it after. */
    list[0] = (struct bootinfo_range){ 0, 0x1000000, BOOTINFO_RESERVED };
    for (uint32_t i = 1; i < BOOTINFO_RANGES_MAX; i++)
        list[i].type = BOOTINFO_UNUSABLE;
    set_map(list, BOOTINFO_RANGES_MAX);
    assert_int_equal(parse_pvh(), BOOTINFO_TOO_MANY_RANGES);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Every page of a small window has the type of the strongest claim on it. */
static void test_normalise_against_pages(void **state)
{
    uint64_t seed = 7;

    (void)state;
    for (unsigned round = 0; round < 3000; round++) {
        struct bootinfo_range list[12];
        uint8_t pages[64] = { 0 };
        uint32_t count = 1 + (uint32_t)(next_random(&seed) % 12);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t start = next_random(&seed) % 60;
            uint64_t end = start + 1 + next_random(&seed) % 4;
            list[i] = (struct bootinfo_range){ start * 4096, end * 4096, 1 + next_random(&seed) % 5 };
            for (uint64_t p = start; p < end; p++)
                pages[p] = pages[p] > list[i].type ? pages[p] : (uint8_t)list[i].type;
        }
        set_map(list, count);
        enum bootinfo_error err = parse_pvh();
        assert_int_equal(err, memchr(pages, 1, 64) != NULL ? BOOTINFO_OK : BOOTINFO_NO_MEMORY);
        for (uint32_t i = 0; i < info.range_count; i++) {
            if (i > 0 && info.ranges[i].start == info.ranges[i - 1].end)
                assert_int_not_equal(info.ranges[i].type, info.ranges[i - 1].type);
            for (uint64_t p = info.ranges[i].start; p < info.ranges[i].end; p += 4096) {
                assert_int_equal(pages[p / 4096], info.ranges[i].type);
                pages[p / 4096] = 0;
            }
        }
        for (size_t p = 0; p < 64; p++)
            assert_int_equal(pages[p], 0);
    }
}

static void assert_well_formed(void)
{
    uint64_t at = 0;

    assert_in_range(info.range_count, 1, BOOTINFO_RANGES_MAX);
    for (uint32_t i = 0; i < info.range_count; i++) {
        assert_true(info.ranges[i].start >= at && info.ranges[i].start < info.ranges[i].end);
        at = info.ranges[i].end;
        assert_true(at <= BOOTINFO_PHYS_LIMIT);
    }
    assert_true(info.module_len == 0 || bootinfo_usable(&info, info.module_start, info.module_len));
    assert_true(info.cmdline_len <= BOOTINFO_CMDLINE_MAX);
    assert_true(info.rsdp_len <= BOOTINFO_RSDP_MAX);
}

static void test_random_pvh(void **state)
{
    uint64_t seed = 11;
    unsigned accepted = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        pvh_good(NULL);
        for (uint64_t n = next_random(&seed) % 4; n > 0; n--) {
            uint64_t r = next_random(&seed);
            uint64_t at = r % 2 == 0 ? (r >> 8) % 56 : MAP_AT + (r >> 8) % 72;
            mem[at] = (uint8_t)(r >> 40);
        }
        if (bootinfo_parse_pvh(mem, next_random(&seed) % 8 == 0 ? round % 57 : 56, &phys, &info) == BOOTINFO_OK) {
            accepted++;
            assert_well_formed();
        }
    }
    assert_in_range(accepted, 2000, 19000);
}

static void test_random_multiboot2(void **state)
{
    uint64_t seed = 13;
    unsigned accepted = 0;

    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        start_mbi();
        for (uint64_t n = next_random(&seed) % 6; n > 0; n--) {
            uint64_t r = next_random(&seed);
            uint8_t *body = add_tag(r % 16, 8 + (uint32_t)((r >> 8) % 80));
            for (size_t i = 0; i < 16; i++)
                body[i] = (uint8_t)(next_random(&seed) & (i % 4 == 0 ? 0xff : 0));
        }
        add_map();
        add_tag(0, 8);
        if (next_random(&seed) % 2 == 0)
            mbi[next_random(&seed) % mbi_len] = (uint8_t)next_random(&seed);
        if (bootinfo_parse_multiboot2(mbi, mbi_len, &info) == BOOTINFO_OK) {
            accepted++;
            assert_well_formed();
        }
    }
    assert_in_range(accepted, 500, 19000);
}

static void test_every_error_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(bootinfo_error_text(BOOTINFO_OK), "");
    assert_string_equal(bootinfo_error_text(BOOTINFO_ERROR_COUNT), "");
    for (int i = 1; i < BOOTINFO_ERROR_COUNT; i++)
        assert_true(strlen(bootinfo_error_text((enum bootinfo_error)i)) > 5);
}

static void option_is(const char *prefix, const char *value)
{
    size_t len = 99;
    const char *found = bootinfo_option(&info, prefix, &len);
    assert_non_null(found);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(found, value, len);
}

static void test_options_are_words(void **state)
{
    (void)state;
    static const char line[] = "quiet  a=1 a=2 xb=3 b= long=value";
    size_t len;
    info.cmdline_len = sizeof line - 1;
    memcpy(info.cmdline, line, info.cmdline_len);
    option_is("quiet", "");
    option_is("a=", "1");
    option_is("b=", "");
    option_is("long=", "value");
    option_is("long", "=value");
    assert_null(bootinfo_option(&info, "c=", &len));
    assert_null(bootinfo_option(&info, "=1", &len));
    assert_null(bootinfo_option(&info, "a=1 a", &len));
    assert_null(bootinfo_option(&info, "long=value!", &len));
    info.cmdline_len = 0;
    assert_null(bootinfo_option(&info, "a=", &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_pvh, pvh_good),
        cmocka_unit_test_setup(test_pvh_refusals, pvh_good),
        cmocka_unit_test_setup(test_pvh_modules, pvh_good),
        cmocka_unit_test_setup(test_pvh_command_line, pvh_good),
        cmocka_unit_test_setup(test_pvh_rsdp, pvh_good),
        cmocka_unit_test(test_multiboot2),
        cmocka_unit_test(test_multiboot2_sizes),
        cmocka_unit_test(test_multiboot2_small_tags),
        cmocka_unit_test(test_multiboot2_command_line_limit),
        cmocka_unit_test_setup(test_worst_claim_wins, pvh_good),
        cmocka_unit_test_setup(test_types_and_physical_limit, pvh_good),
        cmocka_unit_test_setup(test_range_limits, pvh_good),
        cmocka_unit_test(test_normalise_against_pages),
        cmocka_unit_test(test_random_pvh),
        cmocka_unit_test(test_random_multiboot2),
        cmocka_unit_test(test_every_error_has_a_text),
        cmocka_unit_test(test_options_are_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
