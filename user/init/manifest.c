/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The boot manifest: fetched in chunks through BootPackage into fresh memory, then checked as a whole. */
#include "init.h"

#include "abi/layout.h"

#define CHUNK_BYTES 4096u

static bool read_all(struct capos_client *package, uint8_t *to, uint64_t size)
{
    for (uint64_t at = 0; at < size;) {
        struct capos_boot_package_read_manifest_params in = { .offset = at, .max_bytes = CHUNK_BYTES };
        struct capos_boot_package_read_manifest_results got;
        enum capos_status status = capos_boot_package_read_manifest(package, &in, &got);
        if (status != CAPOS_OK || got.data.len == 0 || got.data.len > size - at) {
            capos_print("init: reading the boot package failed at byte %lu: %s\n", at, capos_status_text(status));
            return false;
        }
        memcpy(to + at, got.data.bytes, got.data.len);
        at += got.data.len;
    }
    return true;
}

bool init_read_manifest(struct capn_data *out)
{
    struct capos_client package, memory;
    struct capos_boot_package_manifest_size_results size;
    struct capos_virtual_memory_map_results room;
    if (capos_client_open(&package, "boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID) != CAPOS_OK ||
        capos_client_open(&memory, "virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID) != CAPOS_OK) {
        capos_print("init: needs boot_package and virtual_memory\n");
        return false;
    }
    if (capos_boot_package_manifest_size(&package, NULL, &size) != CAPOS_OK || size.size > MANIFEST_BYTES_MAX) {
        capos_print("init: the boot package has no size\n");
        return false;
    }
    struct capos_virtual_memory_map_params in = { .size = (size.size + PAGE_SIZE) & ~(PAGE_SIZE - 1),
                                                  .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    if (capos_virtual_memory_map(&memory, &in, &room) != CAPOS_OK) {
        capos_print("init: no memory for %lu bytes of boot package\n", size.size);
        return false;
    }
    uint8_t *bytes = (uint8_t *)room.addr;
    *out = (struct capn_data){ bytes, (uint32_t)size.size };
    return read_all(&package, bytes, size.size);
}

bool init_check_manifest(struct capn_data bytes, struct manifest_plan *out)
{
    static struct manifest_report report;
    if (manifest_decode_plan(bytes.bytes, bytes.len, out, &report) != MANIFEST_OK) {
        capos_print("init: manifest rejected: ");
        for (size_t at = 0, part; at < report.text_len; at += part) {
            part = utf8_cut(report.text + at, report.text_len - at, 900);
            capos_print("%.*s", (int)part, report.text + at);
        }
        capos_print("\n");
        return false;
    }
    return init_check_imports(out);
}
