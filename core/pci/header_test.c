/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of headers, base address registers and windows: the good images, then every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pci/images_test.h"

static struct image image;
static struct pci_header header;
static struct pci_bars bars;

static int network_card(void **state)
{
    (void)state;
    image = image_of_network_card();
    return 0;
}

static enum pci_error read_header(void)
{
    memset(&header, 0xee, sizeof header);
    return pci_header_read(image.space, PCI_SPACE_BYTES, &header);
}

static enum pci_error read_bars(void)
{
    memset(&bars, 0xee, sizeof bars);
    return pci_bars_read(image.space, PCI_SPACE_BYTES, image.masks, &bars);
}

static void test_a_device(void **state)
{
    (void)state;
    assert_int_equal(read_header(), PCI_OK);
    assert_int_equal(header.vendor, 0x1af4);
    assert_int_equal(header.device, 0x1041);
    assert_int_equal(header.command, 0x0103);
    assert_int_equal(header.status, 0x10);
    assert_int_equal(header.revision, 1);
    assert_int_equal(header.class_code << 16 | header.subclass << 8 | header.interface, 0x020000);
    assert_int_equal(header.type, 0);
    assert_false(header.multifunction);
    assert_int_equal(header.bar_count, 6);
    assert_int_equal(header.subsystem_vendor, 0x1af4);
    assert_int_equal(header.subsystem, 0x1100);
    assert_int_equal(header.interrupt_pin, 1);
    assert_true(header.has_capabilities);
    assert_int_equal(header.primary | header.secondary | header.subordinate, 0);
    assert_int_equal(pci_header_read(image.space, PCIE_SPACE_BYTES, &header), PCI_OK);
    image.space[0x09] = 0x30;
    image.space[0x0a] = 0x05;
    image.space[0x0e] = 0x80;
    image.space[0x06] = 0xef;
    assert_int_equal(read_header(), PCI_OK);
    assert_int_equal(header.class_code << 16 | header.subclass << 8 | header.interface, 0x020530);
    assert_true(header.multifunction && !header.has_capabilities);
    assert_int_equal(header.type, 0);
}

static void test_a_bridge(void **state)
{
    (void)state;
    image = image_of_bridge();
    assert_int_equal(read_header(), PCI_OK);
    assert_int_equal(header.type, 1);
    assert_true(header.multifunction);
    assert_int_equal(header.bar_count, 2);
    assert_int_equal(header.primary, 0);
    assert_int_equal(header.secondary, 1);
    assert_int_equal(header.subordinate, 3);
    assert_int_equal(header.subsystem | header.subsystem_vendor, 0);
    image.space[0x19] = image.space[0x1a] = 0;
    assert_int_equal(read_header(), PCI_OK); /* not numbered yet */
}

static void test_headers_refused(void **state)
{
    static const size_t lengths[] = { 0, 1, 255, 257, 4095, 4097, SIZE_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        assert_int_equal(pci_header_read(image.space, lengths[i], &header), PCI_BAD_LENGTH);
        assert_int_equal(pci_bars_read(image.space, lengths[i], image.masks, &bars), PCI_BAD_LENGTH);
    }
    store_le16(image.space, 0xffff);
    assert_int_equal(read_header(), PCI_ABSENT);
    store_le16(image.space, 0);
    assert_int_equal(read_header(), PCI_ABSENT);
    store_le16(image.space, 0x1af4);
    for (unsigned type = 2; type < 0x80; type++) {
        image.space[0x0e] = (uint8_t)type;
        assert_int_equal(read_header(), PCI_UNKNOWN_HEADER);
        assert_int_equal(read_bars(), PCI_UNKNOWN_HEADER);
    }
}

static void test_buses_of_bridges(void **state)
{
    static const struct {
        uint8_t primary, secondary, subordinate;
        enum pci_error error;
    } rows[] = {
        { 0, 1, 1, PCI_OK },        { 0, 1, 255, PCI_OK },      { 254, 255, 255, PCI_OK },  { 0, 0, 1, PCI_BAD_BUSES },
        { 0, 2, 1, PCI_BAD_BUSES }, { 1, 1, 1, PCI_BAD_BUSES }, { 3, 2, 4, PCI_BAD_BUSES }, { 1, 0, 0, PCI_BAD_BUSES },
    };
    (void)state;
    image = image_of_bridge();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        image.space[0x18] = rows[i].primary;
        image.space[0x19] = rows[i].secondary;
        image.space[0x1a] = rows[i].subordinate;
        assert_int_equal(read_header(), rows[i].error);
    }
}

static void test_bars_of_a_device(void **state)
{
    (void)state;
    assert_int_equal(read_bars(), PCI_OK);
    assert_int_equal(bars.bars[0].kind, PCI_BAR_NONE);
    assert_int_equal(bars.bars[1].kind, PCI_BAR_MEMORY32);
    assert_int_equal(bars.bars[1].address, 0xfebd1000);
    assert_int_equal(bars.bars[1].size, 0x1000);
    assert_false(bars.bars[1].prefetchable);
    assert_int_equal(bars.bars[4].kind, PCI_BAR_MEMORY64);
    assert_int_equal(bars.bars[4].address, 0xfe000000);
    assert_int_equal(bars.bars[4].size, 0x4000);
    assert_true(bars.bars[4].prefetchable);
    assert_int_equal(bars.bars[5].kind, PCI_BAR_HIGH_HALF);
    assert_int_equal(bars.bars[5].size, 0);
}

/* One register, or two: what comes out of value and mask. */
static void test_one_bar(void **state)
{
    static const struct {
        uint32_t value, mask, value_high, mask_high;
        enum pci_error error;
        enum pci_bar_kind kind;
        uint64_t address, size;
    } rows[] = {
        { 0, 0, 0, 0, PCI_OK, PCI_BAR_NONE, 0, 0 },
        { 0xc001, 0xffffffe1, 0, 0, PCI_OK, PCI_BAR_IO, 0xc000, 32 },
        { 0xc001, 0x0000ffe1, 0, 0, PCI_OK, PCI_BAR_IO, 0xc000, 32 },
        { 0x0001, 0x00008001, 0, 0, PCI_OK, PCI_BAR_IO, 0, 0x8000 },
        { 0xfffd, 0xfffffffd, 0, 0, PCI_OK, PCI_BAR_IO, 0xfffc, 4 },
        { 0x10001, 0xffffffe1, 0, 0, PCI_BAR_OUTSIDE, PCI_BAR_IO, 0x10000, 32 },
        { 0x0001, 0x80000001, 0, 0, PCI_BAR_OUTSIDE, PCI_BAR_IO, 0, 0x80000000 },
        { 0x0001, 0xfffe0001, 0, 0, PCI_BAR_OUTSIDE, PCI_BAR_IO, 0, 0x20000 },
        { 0x0001, 0xffff0001, 0, 0, PCI_OK, PCI_BAR_IO, 0, 0x10000 },
        { 0xc003, 0xffffffe3, 0, 0, PCI_BAR_BAD_TYPE, PCI_BAR_NONE, 0, 0 },
        { 0xc001, 0xffffffe0, 0, 0, PCI_BAR_TYPE_CHANGED, PCI_BAR_NONE, 0, 0 },
        { 0xc001, 0xffffffe3, 0, 0, PCI_BAR_TYPE_CHANGED, PCI_BAR_NONE, 0, 0 },
        { 0xc001, 0x00000001, 0, 0, PCI_BAR_NO_SIZE, PCI_BAR_IO, 0, 0 },
        { 0xc001, 0x0000ffd1, 0, 0, PCI_BAR_BAD_SIZE, PCI_BAR_IO, 0xc000, 16 },
        { 0xc001, 0x0001ffe1, 0, 0, PCI_BAR_BAD_SIZE, PCI_BAR_IO, 0xc000, 32 },
        { 0xc011, 0xffffffe1, 0, 0, PCI_BAR_UNALIGNED, PCI_BAR_IO, 0xc010, 32 },
        { 0xfffffff0, 0xfffffff0, 0, 0, PCI_OK, PCI_BAR_MEMORY32, 0xfffffff0, 16 },
        { 0x80000000, 0x80000000, 0, 0, PCI_OK, PCI_BAR_MEMORY32, 0x80000000, 0x80000000 },
        { 0xfe000008, 0xfffff008, 0, 0, PCI_OK, PCI_BAR_MEMORY32, 0xfe000000, 0x1000 },
        { 0xfe000000, 0xfffff008, 0, 0, PCI_BAR_TYPE_CHANGED, PCI_BAR_NONE, 0, 0 },
        { 0xfe000002, 0xfffff002, 0, 0, PCI_BAR_BAD_TYPE, PCI_BAR_NONE, 0, 0 },
        { 0xfe000006, 0xfffff006, 0, 0, PCI_BAR_BAD_TYPE, PCI_BAR_NONE, 0, 0 },
        { 0xfe000000, 0, 0, 0, PCI_BAR_NO_SIZE, PCI_BAR_MEMORY32, 0, 0 },
        { 0, 0x00000008, 0, 0, PCI_BAR_TYPE_CHANGED, PCI_BAR_NONE, 0, 0 },
        { 8, 8, 0, 0, PCI_BAR_NO_SIZE, PCI_BAR_MEMORY32, 0, 0 },
        { 0xfe000000, 0x7ffff000, 0, 0, PCI_BAR_BAD_SIZE, PCI_BAR_MEMORY32, 0xfe000000, 0x1000 },
        { 0xfe000000, 0xfffef000, 0, 0, PCI_BAR_BAD_SIZE, PCI_BAR_MEMORY32, 0xfe000000, 0x1000 },
        { 0xfe000800, 0xfffff000, 0, 0, PCI_BAR_UNALIGNED, PCI_BAR_MEMORY32, 0xfe000800, 0x1000 },
        { 0x00000004, 0xfffff004, 0x80, 0xffffffff, PCI_OK, PCI_BAR_MEMORY64, 0x8000000000, 0x1000 },
        { 0x00000004, 0x00000004, 0x80, 0xfffffff0, PCI_OK, PCI_BAR_MEMORY64, 0x8000000000, 0x1000000000 },
        { 0xfffff004, 0xfffff004, 0xffffffff, 0xffffffff, PCI_OK, PCI_BAR_MEMORY64, 0xfffffffffffff000, 0x1000 },
        { 0x00000004, 0x00000004, 0x80, 0, PCI_BAR_NO_SIZE, PCI_BAR_MEMORY64, 0, 0 },
        { 0x00000004, 0xfffff004, 0x80, 0x7fffffff, PCI_BAR_BAD_SIZE, PCI_BAR_MEMORY64, 0x8000000000, 0x1000 },
        { 0x00000004, 0x00000004, 0x88, 0xfffffff0, PCI_BAR_UNALIGNED, PCI_BAR_MEMORY64, 0x8800000000, 0x1000000000 },
    };
    (void)state;
    put_bar(&image, 4, 0, 0);
    put_bar(&image, 5, 0, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        put_bar(&image, 0, rows[i].value, rows[i].mask);
        put_bar(&image, 1, rows[i].value_high, rows[i].mask_high);
        enum pci_error error = read_bars();
        const struct pci_bar *bar = &bars.bars[0];
        if (error != rows[i].error || bar->kind != rows[i].kind || bar->address != rows[i].address || bar->size != rows[i].size)
            fail_msg("row %zu: error %u, kind %u, %llx, %llx", i, error, bar->kind, (unsigned long long)bar->address,
                     (unsigned long long)bar->size);
        assert_int_equal(bars.bars[1].kind, rows[i].kind == PCI_BAR_MEMORY64 && error == PCI_OK ? PCI_BAR_HIGH_HALF : PCI_BAR_NONE);
        if (error != PCI_OK)
            assert_int_equal(bars.bad, 0);
    }
}

static void test_the_last_register_has_no_high_half(void **state)
{
    (void)state;
    put_bar(&image, 4, 0, 0);
    put_bar(&image, 5, 0xfe00000c, 0xffffc00c);
    assert_int_equal(read_bars(), PCI_BAR_NO_HIGH_HALF);
    assert_int_equal(bars.bad, 5);
    image = image_of_bridge();
    put_bar(&image, 1, 0xfe00000c, 0xffffc00c);
    assert_int_equal(read_bars(), PCI_BAR_NO_HIGH_HALF);
    put_bar(&image, 0, 0xfe00000c, 0xffffc00c);
    put_bar(&image, 1, 0, 0xffffffff);
    put_bar(&image, 2, 0x1234, 0x77); /* a bridge has bus numbers there */
    store_le32(image.space + 0x18, 0x00030100);
    assert_int_equal(read_bars(), PCI_OK);
    assert_int_equal(bars.bars[0].kind, PCI_BAR_MEMORY64);
}

static void test_bars_that_overlap(void **state)
{
    static const struct {
        uint32_t value, mask;
        enum pci_error error;
    } rows[] = {
        { 0xfe003ff0, 0xfffffff0, PCI_BAR_OVERLAP }, { 0xfe004000, 0xfffff000, PCI_OK }, { 0xfdfff000, 0xfffff000, PCI_OK },
        { 0xfc000000, 0xfc000000, PCI_BAR_OVERLAP }, { 0xfe000000, 0xffffc000, PCI_BAR_OVERLAP },
        { 0xfe000001, 0xffffff01, PCI_BAR_OUTSIDE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        image = image_of_network_card();
        put_bar(&image, 1, 0, 0);
        put_bar(&image, 2, 0xfe00000c, 0xffffc00c);
        put_bar(&image, 3, 0, 0xffffffff);
        put_bar(&image, 4, rows[i].value, rows[i].mask);
        put_bar(&image, 5, 0, 0);
        assert_int_equal(read_bars(), rows[i].error);
        if (rows[i].error != PCI_OK)
            assert_int_equal(bars.bad, 4);
    }
    /* I/O is another space; a BAR without an address overlaps nothing. */
    put_bar(&image, 2, 0x8000, 0xffffc000);
    put_bar(&image, 3, 0, 0);
    put_bar(&image, 4, 0x8001, 0xffffff01);
    assert_int_equal(read_bars(), PCI_OK);
    put_bar(&image, 2, 0, 0xffffc000);
    put_bar(&image, 4, 0, 0xffffc000);
    assert_int_equal(read_bars(), PCI_OK);
    put_bar(&image, 2, 0x8001, 0xffffff01);
    put_bar(&image, 4, 0x8001, 0xfffff801);
    assert_int_equal(read_bars(), PCI_BAR_OVERLAP);
}

static void test_windows(void **state)
{
    static const struct {
        struct pci_window window;
        uint64_t align;
        enum pci_error error;
    } rows[] = {
        { { 4, 0, 0x4000 }, 1, PCI_OK },
        { { 4, 0x3fff, 1 }, 1, PCI_OK },
        { { 4, 0x3fff, 2 }, 1, PCI_WINDOW_OUTSIDE },
        { { 4, 0x4000, 1 }, 1, PCI_WINDOW_OUTSIDE },
        { { 4, 0, 0x4001 }, 1, PCI_WINDOW_OUTSIDE },
        { { 4, UINT64_MAX, 2 }, 1, PCI_WINDOW_OUTSIDE },
        { { 4, 8, UINT64_MAX }, 1, PCI_WINDOW_OUTSIDE },
        { { 4, 8, 0 }, 1, PCI_WINDOW_EMPTY },
        { { 4, 6, 8 }, 2, PCI_OK },
        { { 4, 6, 8 }, 4, PCI_WINDOW_UNALIGNED },
        { { 5, 0, 1 }, 1, PCI_WINDOW_NO_BAR },
        { { 0, 0, 1 }, 1, PCI_WINDOW_NO_BAR },
        { { 6, 0, 1 }, 1, PCI_WINDOW_NO_BAR },
        { { 255, 0, 1 }, 1, PCI_WINDOW_NO_BAR },
        { { 2, 0, 1 }, 1, PCI_WINDOW_NO_BAR },
        { { 1, 0xff8, 8 }, 8, PCI_OK },
    };
    (void)state;
    put_bar(&image, 2, 0xc001, 0xffffffe1);
    assert_int_equal(read_bars(), PCI_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pci_window_check(&bars, &rows[i].window, rows[i].align) != rows[i].error)
            fail_msg("row %zu", i);
    }
    struct pci_window a = { 1, 8, 8 }, b = { 1, 16, 8 }, c = { 4, 8, 8 }, d = { 1, 15, 1 }, e = { 1, 0, 64 };
    assert_false(pci_windows_overlap(&a, &b) || pci_windows_overlap(&b, &a) || pci_windows_overlap(&a, &c));
    assert_true(pci_windows_overlap(&a, &d) && pci_windows_overlap(&d, &a) && pci_windows_overlap(&a, &e));
    assert_true(pci_windows_overlap(&e, &a) && pci_windows_overlap(&a, &a));
    assert_false(pci_windows_overlap(&b, &d));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_device, network_card),
        cmocka_unit_test_setup(test_a_bridge, network_card),
        cmocka_unit_test_setup(test_headers_refused, network_card),
        cmocka_unit_test_setup(test_buses_of_bridges, network_card),
        cmocka_unit_test_setup(test_bars_of_a_device, network_card),
        cmocka_unit_test_setup(test_one_bar, network_card),
        cmocka_unit_test_setup(test_the_last_register_has_no_high_half, network_card),
        cmocka_unit_test_setup(test_bars_that_overlap, network_card),
        cmocka_unit_test_setup(test_windows, network_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
