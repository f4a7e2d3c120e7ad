/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The boot manifest for objects: boot_manifest.h.
 */
#include "kernel/objects/boot_manifest.h"

#include "kernel/state.h"

bool boot_manifest_open(struct boot_manifest *manifest)
{
    struct capn_struct root;
    return capn_message_open(&manifest->message, kernel.boot.package, kernel.boot.package_len, CAPN_LIMITS_MANIFEST,
                             NULL) == CAPN_OK &&
           capn_root(&manifest->message, &root) == CAPN_OK &&
           capos_system_manifest_decode(root, &manifest->root) == CAPN_OK;
}

bool boot_manifest_binary(struct capn_text name, struct capn_data *elf)
{
    struct boot_manifest manifest;
    struct capos_named_blob blob;
    if (!boot_manifest_open(&manifest))
        return false;
    for (uint32_t i = 0; i < capn_list_len(&manifest.root.binaries); i++) {
        if (capos_named_blob_list_get(&manifest.root.binaries, i, &blob) != CAPN_OK)
            return false;
        if (capn_text_equal(blob.name, name)) {
            *elf = blob.data;
            return true;
        }
    }
    return false;
}
