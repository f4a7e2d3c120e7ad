/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * BootPackage: the bytes of the boot manifest, which stay where the boot
 * loader put them and never change.
 */
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "schema/generated/capos_dispatch.h"

#define CHUNK_BYTES_MAX 4096u

static enum capn_outcome manifest_size(void *env, void *object,
                                       const struct capos_boot_package_manifest_size_params *in,
                                       struct capos_boot_package_manifest_size_results *out)
{
    (void)env, (void)object, (void)in;
    out->size = kernel.boot.package_len;
    return CAPN_DONE;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Past the end: no data. */
static enum capn_outcome read_manifest(void *env, void *object,
                                       const struct capos_boot_package_read_manifest_params *in,
                                       struct capos_boot_package_read_manifest_results *out)
{
    (void)env, (void)object;
    if (in->offset >= kernel.boot.package_len)
        return CAPN_DONE;
    uint64_t len = smaller(smaller(in->max_bytes, CHUNK_BYTES_MAX), kernel.boot.package_len - in->offset);
    out->data = (struct capn_data){.bytes = kernel.boot.package + in->offset, .len = (uint32_t)len};
    return CAPN_DONE;
}

static const struct capos_boot_package_ops methods = {.manifest_size = manifest_size, .read_manifest = read_manifest};

const struct object_ops boot_package_ops = {
    .interface_id = CAPOS_BOOT_PACKAGE_INTERFACE_ID,
    .label = "boot_package",
    .methods = &methods,
    .serve = capos_boot_package_serve,
};
