/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as a boot package, for the kernel: what is accepted keeps the limits, a refusal says what and where. */
#include "core/base/base_fuzz.h"

#include "core/manifest/manifest.h"

static bool lies_in(const void *at, uint64_t bytes, const uint8_t *from, size_t len)
{
    const uint8_t *start = at;
    return bytes == 0 || (start >= from && start <= from + len && bytes <= (uint64_t)(from + len - start));
}

static void check_accepted(const struct manifest *manifest, const uint8_t *bytes, size_t len)
{
    FUZZ_CHECK(manifest->binary_count <= MANIFEST_BINARIES_MAX && manifest->init_cap_count <= MANIFEST_CAPS_MAX);
    FUZZ_CHECK(manifest->init_builtin || manifest->init_index < manifest->binary_count);
    for (uint32_t i = 0; i < manifest->binary_count; i++) {
        FUZZ_CHECK(lies_in(manifest->binaries[i].name.bytes, manifest->binaries[i].name.len, bytes, len));
        FUZZ_CHECK(lies_in(manifest->binaries[i].data.bytes, manifest->binaries[i].data.len, bytes, len));
    }
    for (uint32_t i = 0; i < manifest->init_cap_count; i++) {
        const struct manifest_cap *cap = &manifest->init_caps[i];
        FUZZ_CHECK(cap->name.len <= CAPSET_NAME_BYTES);
        FUZZ_CHECK(cap->source != NULL);
        FUZZ_CHECK(cap->disclosure <= 7);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct manifest manifest;
    static struct manifest_report report;
    enum manifest_error error = manifest_decode_kernel(bytes, len, &manifest, &report);
    if (error == MANIFEST_OK)
        check_accepted(&manifest, bytes, len);
    struct capn_list arguments;
    if (error == MANIFEST_OK && manifest_arguments(&manifest, &arguments, &report) == MANIFEST_OK) {
        for (uint32_t i = 0; i < capn_list_len(&arguments) && i < 100; i++) {
            struct capn_text text;
            (void)manifest_argument_at(&arguments, i, &text, &report);
        }
    }
    return 0;
}
