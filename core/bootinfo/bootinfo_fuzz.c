/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as what a boot loader hands over: the ranges come out sorted and disjoint, the module lies in usable memory. */
#include "core/base/base_fuzz.h"

#include "core/bootinfo/bootinfo.h"

struct memory {
    const uint8_t *bytes;
    size_t len;
};

static const uint8_t *at(void *ctx, uint64_t paddr, uint64_t len)
{
    const struct memory *memory = ctx;
    return paddr <= memory->len && len <= memory->len - paddr ? memory->bytes + paddr : NULL;
}

static void check_accepted(const struct boot_info *info)
{
    FUZZ_CHECK(info->range_count > 0 && info->range_count <= BOOTINFO_RANGES_MAX);
    for (uint32_t i = 0; i < info->range_count; i++) {
        const struct bootinfo_range *range = &info->ranges[i];
        FUZZ_CHECK(range->start < range->end && range->start % 4096 == 0 && range->end % 4096 == 0);
        FUZZ_CHECK(range->end <= BOOTINFO_PHYS_LIMIT && range->type >= BOOTINFO_USABLE && range->type <= BOOTINFO_UNUSABLE);
        FUZZ_CHECK(i == 0 || info->ranges[i - 1].end <= range->start);
        FUZZ_CHECK(i == 0 || info->ranges[i - 1].end < range->start || info->ranges[i - 1].type != range->type);
    }
    FUZZ_CHECK(info->cmdline_len <= BOOTINFO_CMDLINE_MAX && bootinfo_usable_end(info) > 0);
    FUZZ_CHECK(info->rsdp_len == 0 || info->rsdp_len == 20 || info->rsdp_len == 36);
    if (info->module_count > 0 && info->module_len > 0)
        FUZZ_CHECK(bootinfo_usable(info, info->module_start, info->module_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct boot_info info;
    if (len < 8)
        return 0;
    struct memory memory = {bytes, len};
    const struct phys_window window = {at, &memory};
    enum bootinfo_error error = bootinfo_parse_pvh(bytes, len, &window, &info);
    FUZZ_CHECK(error < BOOTINFO_ERROR_COUNT);
    if (error == BOOTINFO_OK)
        check_accepted(&info);
    error = bootinfo_parse_multiboot2(bytes, len, &info);
    FUZZ_CHECK(error < BOOTINFO_ERROR_COUNT);
    if (error == BOOTINFO_OK)
        check_accepted(&info);
    return 0;
}
