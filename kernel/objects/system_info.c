/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * SystemInfo: the banner and the host name that the boot manifest gives.
 */
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome motd(void *env, void *object, const struct capos_system_info_motd_params *in,
                              struct capos_system_info_motd_results *out)
{
    (void)env, (void)object, (void)in;
    struct boot_manifest manifest;
    if (boot_manifest_open(&manifest))
        out->text = manifest.root.kernel_params.motd;
    return CAPN_DONE;
}

static enum capn_outcome hostname(void *env, void *object, const struct capos_system_info_hostname_params *in,
                                  struct capos_system_info_hostname_results *out)
{
    (void)env, (void)object, (void)in;
    struct boot_manifest manifest;
    if (boot_manifest_open(&manifest))
        out->name = manifest.root.kernel_params.hostname;
    return CAPN_DONE;
}

static const struct capos_system_info_ops methods = {.motd = motd, .hostname = hostname};

const struct object_ops system_info_ops = {
    .interface_id = CAPOS_SYSTEM_INFO_INTERFACE_ID,
    .label = "system_info",
    .methods = &methods,
    .serve = capos_system_info_serve,
};
