/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * WallClock: the firmware clock as read at boot, advanced by the monotonic
 * clock. Without a firmware clock time starts at 1970 and is called untrusted.
 */
#include "kernel/machine.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "schema/generated/capos_dispatch.h"

#define NS_PER_SECOND 1000000000ull

static enum capn_outcome wall_time(void *env, void *object, const struct capos_wall_clock_wall_time_params *in,
                                   struct capos_wall_clock_wall_time_results *out)
{
    (void)env, (void)object, (void)in;
    uint64_t now = machine_now_ns();
    int64_t at_boot = kernel.boot.wall_known ? kernel.boot.wall_seconds : 0;
    out->utc_seconds = at_boot + (int64_t)(now / NS_PER_SECOND);
    out->utc_nanos = (uint32_t)(now % NS_PER_SECOND);
    out->monotonic_ns = now;
    out->provenance = kernel.boot.wall_known ? CAPOS_CLOCK_PROVENANCE_MEASURED_BOOT_MONOTONIC
                                             : CAPOS_CLOCK_PROVENANCE_UNTRUSTED;
    return CAPN_DONE;
}

static const struct capos_wall_clock_ops methods = {.wall_time = wall_time};

const struct object_ops wall_clock_ops = {
    .interface_id = CAPOS_WALL_CLOCK_INTERFACE_ID,
    .label = "wall_clock",
    .methods = &methods,
    .serve = capos_wall_clock_serve,
};
