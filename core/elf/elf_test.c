/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the image parser: every refusal, the accepted oddities, and seeded mutation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "core/elf/elf.h"

#define FILE_BYTES 0x6000u
#define PHOFF 64u

static uint8_t file[FILE_BYTES];

static uint8_t *phdr(uint32_t i)
{
    return file + PHOFF + i * 56u;
}

static void set_phdr(uint32_t i, uint32_t type, uint32_t flags, uint64_t offset, uint64_t vaddr)
{
    uint8_t *p = phdr(i);
    memset(p, 0, 56);
    store_le32(p, type);
    store_le32(p + 4, flags);
    store_le64(p + 8, offset);
    store_le64(p + 16, vaddr);
}

static void set_sizes(uint32_t i, uint64_t filesz, uint64_t memsz, uint64_t align)
{
    store_le64(phdr(i) + 32, filesz);
    store_le64(phdr(i) + 40, memsz);
    store_le64(phdr(i) + 48, align);
}

static void set_count(uint16_t count)
{
    store_le16(file + 56, count);
}

/* The shape of a capos-rt program: text, rodata, data, empty PT_TLS. */
static int good(void **state)
{
    (void)state;
    memset(file, 0, sizeof file);
    memcpy(file, "\x7f" "ELF\2\1\1", 7);
    store_le16(file + 16, 2);
    store_le16(file + 18, 0x3e);
    store_le64(file + 24, 0x200010);
    store_le64(file + 32, PHOFF);
    store_le16(file + 54, 56);
    set_count(4);
    set_phdr(0, 1, 5, 0x1000, 0x200000);
    set_sizes(0, 0x800, 0x800, 0x1000);
    set_phdr(1, 1, 4, 0x2000, 0x201000);
    set_sizes(1, 0x10, 0x10, 0x1000);
    set_phdr(2, 1, 6, 0x3000, 0x202000);
    set_sizes(2, 0x100, 0x100 + 3u * 1024 * 1024, 0x1000);
    set_phdr(3, 7, 4, 0, 0);
    return 0;
}

static enum elf_error parse(void)
{
    struct elf_image image;
    return elf_parse(file, sizeof file, &image);
}

#define assert_refused(error, text)                                \
    do {                                                           \
        assert_int_equal(parse(), error);                          \
        assert_string_equal(elf_error_text(error), text);          \
    } while (0)

static void test_accepts_the_runtime_shape(void **state)
{
    struct elf_image image;

    (void)state;
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_int_equal(image.entry, 0x200010);
    assert_int_equal(image.segment_count, 3);
    assert_int_equal(image.segments[2].vaddr, 0x202000);
    assert_int_equal(image.segments[2].memsz, 0x100 + 3 * 1024 * 1024);
    assert_int_equal(image.segments[2].filesz, 0x100);
    assert_int_equal(image.segments[2].offset, 0x3000);
    assert_int_equal(image.segments[2].flags, 6);
    assert_true(image.has_tls_header);
    assert_int_equal(image.tls.memsz, 0);
}

static void test_refuses_header_fields(void **state)
{
    struct elf_image image;

    (void)state;
    assert_int_equal(elf_parse(file, 63, &image), ELF_TOO_SMALL);
    assert_int_equal(elf_parse(file, 0, &image), ELF_TOO_SMALL);
    assert_string_equal(elf_error_text(ELF_TOO_SMALL), "ELF too small");
    file[3] = 'G';
    assert_refused(ELF_BAD_MAGIC, "bad ELF magic");
    good(NULL);
    file[4] = 1;
    assert_refused(ELF_NOT_64_BIT, "not ELF64");
    good(NULL);
    file[5] = 2;
    assert_refused(ELF_NOT_LITTLE_ENDIAN, "not little-endian");
    good(NULL);
    file[6] = 0;
    assert_refused(ELF_BAD_VERSION, "bad ELF version");
    good(NULL);
    store_le16(file + 18, 0x13e);
    assert_refused(ELF_NOT_X86_64, "not x86_64");
    good(NULL);
    store_le16(file + 16, 3);
    assert_refused(ELF_NOT_EXEC, "not ET_EXEC");
    assert_string_equal(elf_error_text(ELF_READ_OUT_OF_BOUNDS), "read out of bounds");
    assert_string_equal(elf_error_text(ELF_OK), "");
    assert_string_equal(elf_error_text(ELF_ERROR_COUNT), "");
}

/* All identity fields wrong: each repair uncovers the next refusal of the list. */
static void test_order_of_header_checks(void **state)
{
    (void)state;
    memset(file, 0xff, 64);
    assert_int_equal(parse(), ELF_BAD_MAGIC);
    memcpy(file, "\x7f" "ELF", 4);
    assert_int_equal(parse(), ELF_NOT_64_BIT);
    file[4] = 2;
    assert_int_equal(parse(), ELF_NOT_LITTLE_ENDIAN);
    file[5] = 1;
    assert_int_equal(parse(), ELF_BAD_VERSION);
    file[6] = 1;
    assert_int_equal(parse(), ELF_NOT_X86_64);
    store_le16(file + 18, 0x3e);
    assert_int_equal(parse(), ELF_NOT_EXEC);
    store_le16(file + 16, 2);
    store_le16(file + 54, 55);
    assert_int_equal(parse(), ELF_PHENTSIZE_TOO_SMALL);
    store_le16(file + 54, 56);
    assert_int_equal(parse(), ELF_TABLE_OVERFLOW);
    store_le64(file + 32, PHOFF);
    assert_int_equal(parse(), ELF_TABLE_OUT_OF_BOUNDS);
}

static void test_refuses_program_header_table(void **state)
{
    (void)state;
    store_le16(file + 54, 55);
    assert_refused(ELF_PHENTSIZE_TOO_SMALL, "phentsize too small");
    good(NULL);
    store_le64(file + 32, UINT64_MAX - 4 * 56 + 1);
    assert_refused(ELF_TABLE_OVERFLOW, "overflow");
    store_le64(file + 32, UINT64_MAX - 4 * 56);
    assert_refused(ELF_TABLE_OUT_OF_BOUNDS, "program headers out of bounds");
    store_le64(file + 32, FILE_BYTES - 4 * 56 + 1);
    assert_refused(ELF_TABLE_OUT_OF_BOUNDS, "program headers out of bounds");
    store_le64(file + 32, FILE_BYTES - 4 * 56);
    assert_refused(ELF_NO_SEGMENTS, "no PT_LOAD segments");
}

static void test_refuses_load_segment(void **state)
{
    (void)state;
    store_le64(phdr(1) + 8, 0x2001);
    assert_refused(ELF_OFFSET_MISMATCH, "segment file/virtual page offset mismatch");
    good(NULL);
    set_sizes(1, 0x10, 0x10, 0x1800);
    assert_refused(ELF_BAD_ALIGNMENT, "segment alignment is not a power of two");
    good(NULL);
    set_phdr(1, 1, 4, 0x2000, USER_HALF_LIMIT);
    assert_refused(ELF_SEGMENT_OUTSIDE_USER, "segment outside user address space");
    set_phdr(1, 1, 4, 0x2000, USER_HALF_LIMIT - 0x1000);
    set_sizes(1, 0, 0x1001, 0);
    assert_refused(ELF_SEGMENT_OUTSIDE_USER, "segment outside user address space");
    set_sizes(1, 0, 0x1000, 0);
    assert_int_equal(parse(), ELF_OK);
    good(NULL);
    set_sizes(1, UINT64_MAX - 0x2000 + 1, 0x10, 0);
    assert_refused(ELF_FILE_OVERFLOW, "offset + filesz overflow");
    set_sizes(1, FILE_BYTES - 0x2000 + 1, FILE_BYTES, 0);
    assert_refused(ELF_FILE_OUT_OF_BOUNDS, "segment file data out of bounds");
    set_sizes(1, 0x10, 0xf, 0);
    assert_refused(ELF_MEMSZ_BELOW_FILESZ, "memsz < filesz");
}

/* One header with everything wrong: each repair uncovers the next refusal. */
static void test_order_of_load_checks(void **state)
{
    (void)state;
    set_phdr(0, 1, 5, 0x2001, USER_HALF_LIMIT);
    set_sizes(0, UINT64_MAX, 0, 3);
    assert_int_equal(parse(), ELF_OFFSET_MISMATCH);
    store_le64(phdr(0) + 8, 0x2000);
    assert_int_equal(parse(), ELF_BAD_ALIGNMENT);
    set_sizes(0, UINT64_MAX, 0, 0);
    assert_int_equal(parse(), ELF_SEGMENT_OUTSIDE_USER);
    store_le64(phdr(0) + 16, 0x200000);
    assert_int_equal(parse(), ELF_FILE_OVERFLOW);
    set_sizes(0, FILE_BYTES, 0, 0);
    assert_int_equal(parse(), ELF_FILE_OUT_OF_BOUNDS);
    set_sizes(0, 1, 0, 0);
    assert_int_equal(parse(), ELF_MEMSZ_BELOW_FILESZ);
}

static void test_refuses_tls(void **state)
{
    (void)state;
    set_count(5);
    set_phdr(4, 7, 4, 0, USER_HALF_LIMIT);
    assert_refused(ELF_TLS_MULTIPLE, "multiple PT_TLS segments");
    set_count(4);
    set_phdr(3, 7, 4, 0x3000, USER_HALF_LIMIT);
    set_sizes(3, UINT64_MAX, 0, 3);
    assert_refused(ELF_TLS_OUTSIDE_USER, "TLS segment outside user address space");
    set_phdr(3, 7, 4, 0x3000, 0x202000);
    set_sizes(3, UINT64_MAX, USER_HALF_LIMIT, 3);
    assert_refused(ELF_TLS_OUTSIDE_USER, "TLS segment outside user address space");
    set_sizes(3, UINT64_MAX, 0, 3);
    assert_refused(ELF_TLS_FILE_OVERFLOW, "offset + filesz overflow");
    set_sizes(3, FILE_BYTES - 0x3000 + 1, 0, 3);
    assert_refused(ELF_TLS_FILE_OUT_OF_BOUNDS, "TLS file data out of bounds");
    set_sizes(3, 8, 7, 3);
    assert_refused(ELF_TLS_MEMSZ_BELOW_FILESZ, "TLS memsz < filesz");
    set_sizes(3, 8, 8, 3);
    assert_refused(ELF_TLS_BAD_ALIGNMENT, "TLS alignment is not a power of two");
    set_sizes(3, 8, 8, 8192);
    assert_int_equal(parse(), ELF_OK);
}

static void test_refuses_whole_image(void **state)
{
    (void)state;
    set_count(0);
    assert_refused(ELF_NO_SEGMENTS, "no PT_LOAD segments");
    good(NULL);
    store_le64(file + 24, USER_HALF_LIMIT);
    set_sizes(0, 0x800, 0x1001, 0);
    assert_refused(ELF_SEGMENTS_OVERLAP, "overlapping PT_LOAD segments");
    set_sizes(0, 0x800, 0x1000, 0);
    assert_refused(ELF_ENTRY_OUTSIDE_USER, "entry point outside user address space");
    store_le64(file + 24, 0x201000); /* first byte past the text, and not executable */
    assert_refused(ELF_ENTRY_NOT_EXECUTABLE, "entry point not in any executable segment");
    store_le64(file + 24, 0x1fffff);
    assert_int_equal(parse(), ELF_ENTRY_NOT_EXECUTABLE);
    store_le64(file + 24, 0x200fff);
    assert_int_equal(parse(), ELF_OK);
}

/* Sharing a page is an overlap even when the byte ranges are apart. */
static void test_shared_page_overlaps(void **state)
{
    (void)state;
    set_phdr(1, 1, 4, 0x1900, 0x200900);
    set_sizes(1, 0x10, 0x10, 0);
    assert_int_equal(parse(), ELF_SEGMENTS_OVERLAP);
}

static void test_sorts_by_address(void **state)
{
    struct elf_image image;

    (void)state;
    set_phdr(0, 1, 6, 0x3000, 0x900000);
    set_phdr(2, 1, 5, 0x1000, 0x200000);
    set_sizes(2, 0x800, 0x800, 0);
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_int_equal(image.segments[0].vaddr, 0x200000);
    assert_int_equal(image.segments[1].vaddr, 0x201000);
    assert_int_equal(image.segments[2].vaddr, 0x900000);
}

static void test_accepted_oddities(void **state)
{
    struct elf_image image;

    (void)state;
    /* A segment of zero bytes, twice at the same address, in front of a real one. */
    set_sizes(1, 0, 0, 0);
    set_phdr(2, 1, 4, 0x2000, 0x201000);
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_int_equal(image.segment_count, 3);
    /* It still takes part in the overlap check by its start. */
    store_le64(phdr(2) + 16, 0x200800);
    store_le64(phdr(2) + 8, 0x2800);
    assert_int_equal(parse(), ELF_SEGMENTS_OVERLAP);
    /* Bytes nobody reads: ident 7.., version word, flags, header size, sections, other types. */
    good(NULL);
    memset(file + 7, 0xee, 9);
    store_le32(file + 20, 77);
    memset(file + 40, 0xee, 14);
    memset(file + 58, 0xee, 6);
    store_le32(phdr(3), 0x6474e551);
    memset(phdr(3) + 4, 0xff, 52);
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_false(image.has_tls_header);
}

static void test_larger_header_stride(void **state)
{
    uint8_t headers[4 * 56];
    struct elf_image image;

    (void)state;
    memcpy(headers, phdr(0), sizeof headers);
    for (uint32_t i = 0; i < 4; i++) {
        memcpy(file + PHOFF + i * 72u, headers + i * 56u, 56);
        memset(file + PHOFF + i * 72u + 56, 0xee, 16);
    }
    store_le16(file + 54, 72);
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_int_equal(image.segment_count, 3);
}

static void test_segment_count_limit(void **state)
{
    struct elf_image image;

    (void)state;
    for (uint32_t i = 0; i < 33; i++) {
        set_phdr(i, 1, 5, 0x4000, 0x200000 + i * 0x1000ull);
        set_sizes(i, 0x10, 0x20, 0x1000);
    }
    set_count(32);
    assert_int_equal(elf_parse(file, sizeof file, &image), ELF_OK);
    assert_int_equal(image.segment_count, 32);
    set_count(33);
    assert_refused(ELF_TOO_MANY_SEGMENTS, "too many PT_LOAD segments");
    /* The header past the limit is still checked by itself. */
    set_sizes(32, 0x20, 0x10, 0);
    assert_refused(ELF_MEMSZ_BELOW_FILESZ, "memsz < filesz");
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* EL-04, stated apart from the parser's own code. */
static void assert_invariants(const struct elf_image *image, size_t len)
{
    bool entry_ok = false;

    assert_in_range(image->segment_count, 1, ELF_LOAD_SEGMENTS_MAX);
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        assert_true((unsigned __int128)s->vaddr + s->memsz <= USER_HALF_LIMIT);
        assert_true((unsigned __int128)s->offset + s->filesz <= len);
        assert_true(s->memsz >= s->filesz);
        assert_true(s->vaddr % 4096 == s->offset % 4096);
        if (i > 0) {
            const struct elf_segment *before = &image->segments[i - 1];
            assert_true(before->vaddr <= s->vaddr);
            assert_true((before->vaddr + before->memsz + 4095) / 4096 <= s->vaddr / 4096);
        }
        if ((s->flags & 1) != 0 && image->entry >= s->vaddr && image->entry < s->vaddr + s->memsz)
            entry_ok = true;
    }
    assert_true(entry_ok);
    assert_true((unsigned __int128)image->tls.offset + image->tls.filesz <= len);
    assert_true(image->tls.memsz >= image->tls.filesz);
}

static void test_random_mutation(void **state)
{
    static const uint64_t edges[] = {
        0, 1, 7, 0xfff, 0x1000, 0x200000, 0x201000, FILE_BYTES, USER_HALF_LIMIT, USER_HALF_LIMIT - 1, UINT64_MAX,
        UINT64_MAX - 0xfff,
    };
    uint64_t seed = 0x9e3779b97f4a7c15;
    unsigned accepted = 0;

    (void)state;
    for (unsigned round = 0; round < 60000; round++) {
        good(NULL);
        if (round % 2 == 0)
            store_le64(phdr(1) + 16, 0x201000 + (next_random(&seed) & 0x3fff000));
        for (uint64_t n = 1 + next_random(&seed) % 3; n > 0; n--) {
            uint64_t at = next_random(&seed) % (PHOFF + 4 * 56 - 8);
            if (next_random(&seed) % 2 == 0)
                file[at] = (uint8_t)next_random(&seed);
            else
                store_le64(file + (at & ~7ull), edges[next_random(&seed) % 12]);
        }
        size_t len = next_random(&seed) % 4 == 0 ? next_random(&seed) % (FILE_BYTES + 1) : FILE_BYTES;
        struct elf_image image;
        enum elf_error err = elf_parse(file, len, &image);
        assert_true(err < ELF_ERROR_COUNT && err != ELF_READ_OUT_OF_BOUNDS);
        if (err == ELF_OK) {
            accepted++;
            assert_invariants(&image, len);
        }
    }
    assert_in_range(accepted, 1000, 59000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_accepts_the_runtime_shape, good),
        cmocka_unit_test_setup(test_refuses_header_fields, good),
        cmocka_unit_test_setup(test_order_of_header_checks, good),
        cmocka_unit_test_setup(test_refuses_program_header_table, good),
        cmocka_unit_test_setup(test_refuses_load_segment, good),
        cmocka_unit_test_setup(test_order_of_load_checks, good),
        cmocka_unit_test_setup(test_refuses_tls, good),
        cmocka_unit_test_setup(test_refuses_whole_image, good),
        cmocka_unit_test_setup(test_shared_page_overlaps, good),
        cmocka_unit_test_setup(test_sorts_by_address, good),
        cmocka_unit_test_setup(test_accepted_oddities, good),
        cmocka_unit_test_setup(test_larger_header_stride, good),
        cmocka_unit_test_setup(test_segment_count_limit, good),
        cmocka_unit_test_setup(test_random_mutation, good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
