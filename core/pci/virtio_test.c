/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of virtio capabilities: which device it is, the four windows, doorbells, and every refusal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/pci/images_test.h"

static struct image image;
static struct pci_virtio virtio;

static int network_card(void **state)
{
    (void)state;
    image = image_of_network_card();
    return 0;
}

static enum pci_error read_virtio(void)
{
    struct pci_bars bars;
    struct pci_caps caps;
    assert_int_equal(pci_bars_read(image.space, PCI_SPACE_BYTES, image.masks, &bars), PCI_OK);
    assert_int_equal(pci_caps_read(image.space, PCI_SPACE_BYTES, &caps), PCI_OK);
    memset(&virtio, 0xee, sizeof virtio);
    return pci_virtio_read(image.space, &caps, &bars, &virtio);
}

static void test_which_device(void **state)
{
    static const struct {
        uint16_t vendor, device, subsystem;
        uint8_t type;
        uint16_t kind;
    } rows[] = {
        { 0x1af4, 0x1041, 5, 0, 1 }, { 0x1af4, 0x1042, 5, 0, 2 }, { 0x1af4, 0x107f, 5, 0, 63 }, { 0x1af4, 0x1080, 5, 0, 0 },
        { 0x1af4, 0x1000, 1, 0, 1 }, { 0x1af4, 0x103f, 2, 0, 2 }, { 0x1af4, 0x0fff, 1, 0, 0 },  { 0x1af5, 0x1041, 1, 0, 0 },
        { 0x1af4, 0x1040, 7, 0, 0 }, { 0x1af4, 0x1041, 1, 1, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct pci_header header = { .vendor = rows[i].vendor, .device = rows[i].device, .subsystem = rows[i].subsystem,
                                     .type = rows[i].type };
        assert_int_equal(pci_virtio_kind(&header), rows[i].kind);
    }
}

static void assert_window(const struct pci_window *window, uint64_t offset, uint64_t bytes)
{
    assert_int_equal(window->bar, 4);
    assert_int_equal(window->offset, offset);
    assert_int_equal(window->bytes, bytes);
}

static void test_network_card(void **state)
{
    (void)state;
    assert_int_equal(read_virtio(), PCI_OK);
    assert_window(&virtio.common, 0, 0x1000);
    assert_window(&virtio.interrupt, 0x1000, 0x1000);
    assert_window(&virtio.device, 0x2000, 0x1000);
    assert_window(&virtio.notify, 0x3000, 0x1000);
    assert_int_equal(virtio.notify_step, 4);
}

static void test_parts_that_must_be_there(void **state)
{
    static const struct {
        uint8_t at;
        enum pci_error error;
    } rows[] = { { 0x40, PCI_NOT_FOUND }, { 0x50, PCI_NOT_FOUND }, { 0x60, PCI_OK }, { 0x70, PCI_NOT_FOUND }, { 0x84, PCI_OK } };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (unsigned how = 0; how < 5; how++) {
            image = image_of_network_card();
            if (how == 0)
                image.space[rows[i].at] = PCI_CAP_POWER; /* another capability */
            else if (how == 1)
                image.space[rows[i].at + 3] = 0; /* reserved kinds */
            else if (how == 2)
                image.space[rows[i].at + 3] = 6;
            else if (how == 3)
                image.space[rows[i].at + 4] = 6; /* a reserved BAR */
            else {
                put_bar(&image, 0, 0xc001, 0xffffffe1);
                image.space[rows[i].at + 4] = 0; /* I/O */
            }
            assert_int_equal(read_virtio(), rows[i].error);
        }
    }
    image = image_of_network_card();
    image.space[0x63] = 0;
    assert_int_equal(read_virtio(), PCI_OK);
    assert_int_equal(virtio.device.bytes, 0);
}

static void test_windows_refused(void **state)
{
    static const struct {
        uint8_t at;
        uint8_t bar;
        uint32_t offset, bytes;
        enum pci_error error;
    } rows[] = {
        { 0x40, 4, 0, 56, PCI_OK },
        { 0x40, 4, 0, 55, PCI_VIRTIO_SHORT },
        { 0x40, 4, 4, 0x1000, PCI_WINDOW_OVERLAP },
        { 0x40, 4, 2, 56, PCI_WINDOW_UNALIGNED },
        { 0x40, 4, 0, 0, PCI_WINDOW_EMPTY },
        { 0x40, 4, 0x4000, 56, PCI_WINDOW_OUTSIDE },
        { 0x40, 4, 0xfffffffc, 56, PCI_WINDOW_OUTSIDE },
        { 0x40, 4, 0x3000, 0xfffff000, PCI_WINDOW_OUTSIDE },
        { 0x40, 1, 0, 56, PCI_OK },
        { 0x40, 5, 0, 56, PCI_WINDOW_NO_BAR },
        { 0x40, 2, 0, 56, PCI_WINDOW_NO_BAR },
        { 0x50, 4, 0x1001, 1, PCI_OK },
        { 0x50, 4, 0x1fff, 2, PCI_WINDOW_OVERLAP },
        { 0x60, 4, 0x2ffc, 4, PCI_OK },
        { 0x60, 4, 0x2ffe, 2, PCI_WINDOW_UNALIGNED },
        { 0x60, 4, 0x800, 4, PCI_WINDOW_OVERLAP },
        { 0x70, 4, 0x3ffe, 2, PCI_OK },
        { 0x70, 4, 0x3ffd, 2, PCI_WINDOW_UNALIGNED },
        { 0x70, 4, 0x3ffe, 1, PCI_VIRTIO_SHORT },
        { 0x70, 4, 0x2ffe, 4, PCI_WINDOW_OVERLAP },
        { 0x70, 4, 0x3000, 0x1001, PCI_WINDOW_OUTSIDE },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        image = image_of_network_card();
        image.space[rows[i].at + 4] = rows[i].bar;
        store_le32(image.space + rows[i].at + 8, rows[i].offset);
        store_le32(image.space + rows[i].at + 12, rows[i].bytes);
        enum pci_error error = read_virtio();
        if (error != rows[i].error)
            fail_msg("row %zu: %u", i, error);
    }
}

static void test_lengths_of_capabilities(void **state)
{
    static const struct {
        uint8_t at, length;
        enum pci_error error;
    } rows[] = {
        { 0x40, 15, PCI_CAP_SHORT }, { 0x40, 16, PCI_OK }, { 0x40, 17, PCI_CAP_SHORT }, { 0x70, 19, PCI_CAP_SHORT },
        { 0x70, 20, PCI_OK },        { 0x70, 21, PCI_CAP_SHORT }, { 0x84, 15, PCI_CAP_SHORT }, { 0x84, 0, PCI_CAP_SHORT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        image = image_of_network_card();
        image.space[rows[i].at + 2] = rows[i].length;
        assert_int_equal(read_virtio(), rows[i].error);
    }
    image = image_of_network_card();
    image.space[0x34] = 0xf4; /* 12 bytes to the end of the space */
    put_cap(&image, 0xf4, PCI_CAP_VENDOR, 0x98);
    image.space[0xf6] = 16;
    assert_int_equal(read_virtio(), PCI_CAP_SHORT);
}

static void test_the_first_of_a_kind_counts(void **state)
{
    (void)state;
    put_virtio(&image, 0x84, 0x70, 1, (const uint32_t[]){ 4, 0x800, 0x100 });
    assert_int_equal(read_virtio(), PCI_OK);
    assert_window(&virtio.common, 0x800, 0x100);
    image.space[0x84 + 4] = 6;
    assert_int_equal(read_virtio(), PCI_OK);
    assert_window(&virtio.common, 0, 0x1000);
    /* A later one may say what it likes. */
    image = image_of_network_card();
    put_virtio(&image, 0x40, 0, 2, (const uint32_t[]){ 4, 0x9999, 0 });
    put_virtio(&image, 0x84, 0x70, 1, (const uint32_t[]){ 4, 0, 0x100 });
    image.space[0x40 + 2] = 16;
    assert_int_equal(read_virtio(), PCI_OK);
    assert_window(&virtio.notify, 0x3000, 0x1000);
}

static void test_doorbells(void **state)
{
    static const struct {
        uint32_t step;
        enum pci_error error;
    } steps[] = { { 0, PCI_OK }, { 1, PCI_VIRTIO_BAD_STEP }, { 2, PCI_OK }, { 3, PCI_VIRTIO_BAD_STEP }, { 4096, PCI_OK },
                  { 0x80000000, PCI_OK }, { 0xffffffff, PCI_VIRTIO_BAD_STEP }, { 6, PCI_VIRTIO_BAD_STEP } };
    uint64_t at = 0;
    (void)state;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        store_le32(image.space + 0x80, steps[i].step);
        assert_int_equal(read_virtio(), steps[i].error);
    }
    store_le32(image.space + 0x80, 4);
    assert_int_equal(read_virtio(), PCI_OK);
    assert_int_equal(pci_virtio_doorbell(&virtio, 0, &at), PCI_OK);
    assert_int_equal(at, 0x3000);
    assert_int_equal(pci_virtio_doorbell(&virtio, 1023, &at), PCI_OK);
    assert_int_equal(at, 0x3ffc);
    assert_int_equal(pci_virtio_doorbell(&virtio, 1024, &at), PCI_WINDOW_OUTSIDE);
    assert_int_equal(at, 0x3ffc);
    virtio.notify_step = 2;
    assert_int_equal(pci_virtio_doorbell(&virtio, 2047, &at), PCI_OK);
    assert_int_equal(at, 0x3ffe);
    assert_int_equal(pci_virtio_doorbell(&virtio, 2048, &at), PCI_WINDOW_OUTSIDE);
    virtio.notify.bytes = 0x1001;
    assert_int_equal(pci_virtio_doorbell(&virtio, 2048, &at), PCI_WINDOW_OUTSIDE);
    virtio.notify_step = 0x80000000;
    assert_int_equal(pci_virtio_doorbell(&virtio, 0xffff, &at), PCI_WINDOW_OUTSIDE);
    assert_int_equal(pci_virtio_doorbell(&virtio, 2, &at), PCI_WINDOW_OUTSIDE);
    virtio.notify_step = 0;
    assert_int_equal(pci_virtio_doorbell(&virtio, 0xffff, &at), PCI_OK);
    assert_int_equal(at, 0x3000);
    virtio.notify.bytes = 1;
    assert_int_equal(pci_virtio_doorbell(&virtio, 0, &at), PCI_WINDOW_OUTSIDE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_which_device, network_card),
        cmocka_unit_test_setup(test_network_card, network_card),
        cmocka_unit_test_setup(test_parts_that_must_be_there, network_card),
        cmocka_unit_test_setup(test_windows_refused, network_card),
        cmocka_unit_test_setup(test_lengths_of_capabilities, network_card),
        cmocka_unit_test_setup(test_the_first_of_a_kind_counts, network_card),
        cmocka_unit_test_setup(test_doorbells, network_card),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
