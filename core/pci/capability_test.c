/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the capability lists, MSI and MSI-X: the good images, then every way in which a list can be wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pci/images_test.h"

static struct image image;
static struct pci_caps caps;
static struct pci_extended_caps extended;
static struct pci_bars bars;

static int network_card(void **state)
{
    (void)state;
    image = image_of_network_card();
    return 0;
}

static enum pci_error read_caps(void)
{
    memset(&caps, 0xee, sizeof caps);
    return pci_caps_read(image.space, PCI_SPACE_BYTES, &caps);
}

static void test_list_of_a_device(void **state)
{
    static const struct pci_cap wanted[] = {
        { PCI_CAP_MSIX, 0x98, 0x68, 0 },   { PCI_CAP_VENDOR, 0x84, 0x14, 0 }, { PCI_CAP_VENDOR, 0x70, 0x14, 0 },
        { PCI_CAP_VENDOR, 0x60, 0x10, 0 }, { PCI_CAP_VENDOR, 0x50, 0x10, 0 }, { PCI_CAP_VENDOR, 0x40, 0x10, 0 },
    };
    (void)state;
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(caps.count, 6);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(caps.items[i].id, wanted[i].id);
        assert_int_equal(caps.items[i].offset, wanted[i].offset);
        assert_int_equal(caps.items[i].room, wanted[i].room);
    }
    assert_ptr_equal(pci_cap_find(&caps, PCI_CAP_VENDOR, 0), &caps.items[1]);
    assert_ptr_equal(pci_cap_find(&caps, PCI_CAP_VENDOR, 2), &caps.items[2]);
    assert_ptr_equal(pci_cap_find(&caps, PCI_CAP_MSIX, 0), &caps.items[0]);
    assert_null(pci_cap_find(&caps, PCI_CAP_MSIX, 1));
    assert_null(pci_cap_find(&caps, PCI_CAP_MSI, 0));
    assert_null(pci_cap_find(&caps, 0, 0));
    image.space[6] = 0xef; /* no list, whatever the pointer says */
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(caps.count, 0);
    image.space[6] = 0x10;
    image.space[0x34] = 0;
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(caps.count, 0);
    assert_int_equal(pci_caps_read(image.space, 255, &caps), PCI_BAD_LENGTH);
}

/* Every pointer in the header and in a capability: what it may be. */
static void test_pointers(void **state)
{
    (void)state;
    for (unsigned inside = 0; inside < 2; inside++) {
        for (unsigned at = 0; at < 256; at++) {
            image = image_of_network_card();
            image.space[inside != 0 ? 0x41 : 0x34] = (uint8_t)at;
            enum pci_error error = read_caps();
            if (at == 0)
                assert_int_equal(error, PCI_OK);
            else if (at % 4 != 0)
                assert_int_equal(error, PCI_CAP_UNALIGNED);
            else if (at < 0x40)
                assert_int_equal(error, PCI_CAP_IN_HEADER);
            else if (inside != 0 && (at == 0x40 || at == 0x50 || at == 0x60 || at == 0x70 || at == 0x84 || at == 0x98))
                assert_int_equal(error, PCI_CAP_LOOP);
            else if (inside == 0 && error == PCI_OK)
                assert_in_range(caps.count, 1, 7);
        }
    }
}

static void test_the_longest_list(void **state)
{
    (void)state;
    memset(image.space + 0x40, 0, 192);
    for (unsigned at = 0x40; at < 0x100; at += 4)
        put_cap(&image, (uint8_t)at, 1, (uint8_t)(at + 4)); /* the last one: 0 */
    image.space[0x34] = 0x40;
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(caps.count, PCI_CAPS_MAX);
    for (unsigned i = 0; i < PCI_CAPS_MAX; i++)
        assert_int_equal(caps.items[i].room, 4);
    image.space[0xfd] = 0xfc;
    assert_int_equal(read_caps(), PCI_CAP_LOOP);
}

static enum pci_error read_extended(size_t len)
{
    memset(&extended, 0xee, sizeof extended);
    return pci_extended_caps_read(image.space, len, &extended);
}

static void test_extended_list(void **state)
{
    (void)state;
    image = image_of_bridge();
    assert_int_equal(read_extended(PCIE_SPACE_BYTES), PCI_OK);
    assert_int_equal(extended.count, 2);
    assert_int_equal(extended.items[0].id, 1);
    assert_int_equal(extended.items[0].version, 2);
    assert_int_equal(extended.items[0].offset, 0x100);
    assert_int_equal(extended.items[0].room, 0x48);
    assert_int_equal(extended.items[1].id, 0x0d);
    assert_int_equal(extended.items[1].version, 1);
    assert_int_equal(extended.items[1].room, 0x1000 - 0x148);
    assert_int_equal(read_extended(PCI_SPACE_BYTES), PCI_OK);
    assert_int_equal(extended.count, 0);
    assert_int_equal(read_extended(4095), PCI_BAD_LENGTH);
    static const uint32_t none[] = { 0, 0xffffffff };
    for (unsigned i = 0; i < 2; i++) {
        store_le32(image.space + 0x100, none[i]);
        assert_int_equal(read_extended(PCIE_SPACE_BYTES), PCI_OK);
        assert_int_equal(extended.count, 0);
    }
}

static void test_extended_pointers(void **state)
{
    static const struct {
        uint32_t next;
        enum pci_error error;
    } rows[] = {
        { 0, PCI_OK },                { 0xffc, PCI_OK },           { 0x104, PCI_OK },           { 0x100, PCI_CAP_LOOP },
        { 0x148, PCI_CAP_LOOP },      { 0xfc, PCI_CAP_IN_HEADER }, { 0x4, PCI_CAP_IN_HEADER },  { 0xffd, PCI_CAP_UNALIGNED },
        { 0x102, PCI_CAP_UNALIGNED }, { 1, PCI_CAP_UNALIGNED },    { 0xfff, PCI_CAP_UNALIGNED },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        image = image_of_bridge();
        put_extended(&image, 0x148, 0x0d, 1, rows[i].next);
        assert_int_equal(read_extended(PCIE_SPACE_BYTES), rows[i].error);
    }
}

static void test_loops_of_one(void **state)
{
    (void)state;
    put_extended(&image, 0x100, 1, 1, 0x100);
    assert_int_equal(read_extended(PCIE_SPACE_BYTES), PCI_CAP_LOOP);
    image.space[0x34] = 0x40;
    image.space[0x41] = 0x40;
    assert_int_equal(read_caps(), PCI_CAP_LOOP);
}

static void test_too_many_extended(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 70; i++)
        put_extended(&image, 0x100 + 8 * i, 1, 1, i == 63 ? 0 : 0x108 + 8 * i);
    assert_int_equal(read_extended(PCIE_SPACE_BYTES), PCI_OK);
    assert_int_equal(extended.count, PCI_EXTENDED_MAX);
    put_extended(&image, 0x100 + 8 * 63, 1, 1, 0x100 + 8 * 64);
    assert_int_equal(read_extended(PCIE_SPACE_BYTES), PCI_CAP_TOO_MANY);
}

static enum pci_error read_msi(uint16_t control, uint8_t at, struct pci_msi *out)
{
    memset(image.space + 0x40, 0, 192);
    put_cap(&image, at, PCI_CAP_MSI, 0);
    store_le16(image.space + at + 2, control);
    image.space[0x34] = at;
    assert_int_equal(read_caps(), PCI_OK);
    return pci_msi_read(image.space, &caps, out);
}

static void test_msi(void **state)
{
    struct pci_msi msi;
    (void)state;
    image = image_of_bridge();
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(pci_msi_read(image.space, &caps, &msi), PCI_OK);
    assert_int_equal(msi.offset, 0x94);
    assert_int_equal(msi.vectors, 8);
    assert_true(!msi.enabled && msi.wide && msi.maskable);
    for (unsigned capable = 0; capable < 8; capable++) {
        enum pci_error error = read_msi((uint16_t)(1 | capable << 1 | 7 << 4), 0x80, &msi);
        assert_int_equal(error, capable > 5 ? PCI_MSI_BAD_COUNT : PCI_OK);
        if (error == PCI_OK)
            assert_int_equal(msi.vectors, 1 << capable);
        assert_true(msi.enabled && !msi.wide && !msi.maskable);
    }
    /* The size depends on two bits: 10, 14, 20 and 24 bytes. */
    static const struct {
        uint16_t control;
        uint8_t bytes;
    } sizes[] = { { 0, 10 }, { 0x80, 14 }, { 0x100, 20 }, { 0x180, 24 } };
    for (unsigned i = 0; i < 4; i++) {
        uint8_t fits = (uint8_t)((256 - sizes[i].bytes) & ~3);
        assert_int_equal(read_msi(sizes[i].control, fits, &msi), PCI_OK);
        assert_int_equal(read_msi(sizes[i].control, (uint8_t)(fits + 4), &msi), PCI_CAP_SHORT);
    }
    image = image_of_network_card();
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(pci_msi_read(image.space, &caps, &msi), PCI_NOT_FOUND);
    image.space[0x40] = image.space[0x60] = PCI_CAP_MSI;
    assert_int_equal(read_caps(), PCI_OK);
    assert_int_equal(pci_msi_read(image.space, &caps, &msi), PCI_CAP_TWICE);
}

static enum pci_error read_msix(struct pci_msix *out)
{
    memset(out, 0xee, sizeof *out);
    assert_int_equal(pci_bars_read(image.space, PCI_SPACE_BYTES, image.masks, &bars), PCI_OK);
    assert_int_equal(read_caps(), PCI_OK);
    return pci_msix_read(image.space, &caps, &bars, out);
}

static void test_msix(void **state)
{
    struct pci_msix msix;
    (void)state;
    assert_int_equal(read_msix(&msix), PCI_OK);
    assert_int_equal(msix.offset, 0x98);
    assert_int_equal(msix.vectors, 3);
    assert_true(!msix.enabled && !msix.masked);
    assert_int_equal(msix.table.bar, 1);
    assert_int_equal(msix.table.offset, 0);
    assert_int_equal(msix.table.bytes, 48);
    assert_int_equal(msix.pending.bar, 1);
    assert_int_equal(msix.pending.offset, 0x800);
    assert_int_equal(msix.pending.bytes, 8);
    store_le16(image.space + 0x9a, 0x8000 | 64);
    assert_int_equal(read_msix(&msix), PCI_OK);
    assert_true(msix.enabled && !msix.masked);
    assert_int_equal(msix.pending.bytes, 16);
    store_le16(image.space + 0x9a, 0x4000 | 0x3800 | 63);
    assert_int_equal(read_msix(&msix), PCI_OK);
    assert_true(!msix.enabled && msix.masked);
    assert_int_equal(msix.vectors, 64);
    assert_int_equal(msix.pending.bytes, 8);
}

static void test_msix_refused(void **state)
{
    static const struct {
        uint16_t control;
        uint32_t table, pending;
        enum pci_error error;
    } rows[] = {
        { 2, 0xfd9, 0x801, PCI_WINDOW_OUTSIDE },  { 2, 0xfd1, 0x801, PCI_OK },     { 2, 1, 0xff9, PCI_OK },
        { 64, 1, 0xff9, PCI_WINDOW_OUTSIDE },     { 255, 1, 0x801, PCI_WINDOW_OVERLAP }, { 127, 1, 0x801, PCI_OK },
        { 128, 1, 0x801, PCI_WINDOW_OVERLAP },    { 255, 1, 4, PCI_OK },            { 256, 1, 4, PCI_WINDOW_OUTSIDE },
        { 2047, 4, 1, PCI_WINDOW_OUTSIDE },       { 1023, 4, 1, PCI_OK },           { 2, 0, 0x801, PCI_WINDOW_NO_BAR },
        { 2, 1, 0x802, PCI_WINDOW_NO_BAR },       { 2, 5, 0x801, PCI_WINDOW_NO_BAR }, { 2, 6, 0x801, PCI_WINDOW_NO_BAR },
        { 2, 1, 7, PCI_WINDOW_NO_BAR },           { 2, 0xfffffff9, 1, PCI_WINDOW_OUTSIDE }, { 2, 1, 1, PCI_WINDOW_OVERLAP },
    };
    struct pci_msix msix;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        store_le16(image.space + 0x9a, rows[i].control);
        store_le32(image.space + 0x9c, rows[i].table);
        store_le32(image.space + 0xa0, rows[i].pending);
        enum pci_error error = read_msix(&msix);
        if (error != rows[i].error)
            fail_msg("row %zu: %u", i, error);
    }
    image = image_of_network_card();
    image.space[0x40] = PCI_CAP_MSIX;
    assert_int_equal(read_msix(&msix), PCI_CAP_TWICE);
    image.space[0x40] = PCI_CAP_VENDOR;
    image.space[0x98] = PCI_CAP_VENDOR;
    assert_int_equal(read_msix(&msix), PCI_NOT_FOUND);
    image.space[0x34] = 0xf8; /* room for 8 bytes of 12 */
    put_cap(&image, 0xf8, PCI_CAP_MSIX, 0);
    assert_int_equal(read_msix(&msix), PCI_CAP_SHORT);
    image.space[0x34] = 0xf4;
    put_cap(&image, 0xf4, PCI_CAP_MSIX, 0);
    store_le32(image.space + 0xf8, 1);
    store_le32(image.space + 0xfc, 0x801);
    assert_int_equal(read_msix(&msix), PCI_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_list_of_a_device, network_card),
        cmocka_unit_test_setup(test_pointers, network_card),
        cmocka_unit_test_setup(test_the_longest_list, network_card),
        cmocka_unit_test_setup(test_extended_list, network_card),
        cmocka_unit_test_setup(test_extended_pointers, network_card),
        cmocka_unit_test_setup(test_loops_of_one, network_card),
        cmocka_unit_test_setup(test_too_many_extended, network_card),
        cmocka_unit_test_setup(test_msi, network_card),
        cmocka_unit_test_setup(test_msix, network_card),
        cmocka_unit_test_setup(test_msix_refused, network_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
