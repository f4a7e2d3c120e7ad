/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PowerControl: ends the operation of the whole machine. Neither method returns.
 */
#include "kernel/halt.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome power_off(void *env, void *object, const struct capos_power_control_power_off_params *in,
                                   struct capos_power_control_power_off_results *out)
{
    (void)env, (void)object, (void)in, (void)out;
    kernel_power_off();
}

static enum capn_outcome reboot(void *env, void *object, const struct capos_power_control_reboot_params *in,
                                struct capos_power_control_reboot_results *out)
{
    (void)env, (void)object, (void)in, (void)out;
    kernel_reboot();
}

static const struct capos_power_control_ops methods = {.power_off = power_off, .reboot = reboot};

const struct object_ops power_control_ops = {
    .interface_id = CAPOS_POWER_CONTROL_INTERFACE_ID,
    .label = "power_control",
    .methods = &methods,
    .serve = capos_power_control_serve,
};
