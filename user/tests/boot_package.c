/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* BootPackage and SystemInfo: the manifest's bytes in chunks, nothing behind its end (H70), banner and host name. */
#include "check.h"

static struct capos_client package;

static uint32_t read_at(uint64_t offset, uint32_t max, uint8_t *out)
{
    struct capos_boot_package_read_manifest_params in = { .offset = offset, .max_bytes = max };
    struct capos_boot_package_read_manifest_results got = { 0 };
    check_ok(capos_boot_package_read_manifest(&package, &in, &got), &package, "readManifest");
    check(got.data.len <= max, "%u bytes instead of at most %u", got.data.len, max);
    if (out != NULL && got.data.len > 0)
        memcpy(out, got.data.bytes, got.data.len < 64 ? got.data.len : 64);
    return got.data.len;
}

int main(void)
{
    package = granted("boot_package", CAPOS_BOOT_PACKAGE_INTERFACE_ID);
    struct capos_client info = granted("system_info", CAPOS_SYSTEM_INFO_INTERFACE_ID);
    struct capos_boot_package_manifest_size_results size = { 0 };
    check_ok(capos_boot_package_manifest_size(&package, NULL, &size), &package, "manifestSize");
    check(size.size > 1000, "size %lu", size.size);
    uint64_t at = 0;
    uint8_t whole[64] = { 0 }, part[64] = { 0 };
    for (uint32_t len; (len = read_at(at, 4096, at == 0 ? whole : NULL)) > 0; at += len)
        check(len == (size.size - at < 4096 ? size.size - at : 4096), "chunk of %u at %lu", len, at);
    check(at == size.size, "%lu of %lu bytes read", at, size.size);
    check(read_at(3, 40, part) == 40 && memcmp(part, whole + 3, 40) == 0, "any offset gives the same bytes");
    check(read_at(size.size, 4096, NULL) == 0 && read_at(size.size + 1, 1, NULL) == 0, "H70 nothing at the end");
    check(read_at(UINT64_MAX, 4096, NULL) == 0 && read_at(UINT64_MAX - 100, 4096, NULL) == 0, "H70 nothing far behind it");
    check(read_at(size.size - 5, 4096, NULL) == 5, "the last five bytes");
    check(read_at(0, 0, NULL) == 0, "no bytes when none are asked for");
    char name[CAPOS_PROGRAM_NAME_BYTES];
    uint32_t bytes = 0;
    check(capos_package_program(0, name, &bytes) == CAPOS_OK && bytes > 1000, "the first program: %u bytes", bytes);
    check(capos_package_program(64, name, &bytes) == CAPOS_INVALID_REQUEST, "there is no 65th program");
    struct capos_system_info_motd_results motd;
    struct capos_system_info_hostname_results host;
    check_ok(capos_system_info_motd(&info, NULL, &motd), &info, "motd");
    capos_print("motd has %u bytes\n", motd.text.len);
    check_ok(capos_system_info_hostname(&info, NULL, &host), &info, "hostname");
    capos_print("hostname has %u bytes\n", host.name.len);
    return finish("boot_package");
}
