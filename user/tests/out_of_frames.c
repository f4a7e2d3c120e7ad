/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Spawns large children until physical memory is used up: an exception, no panic, and all of it comes back. */
#include "check.h"

#define BIG_BYTES (8u << 20)

static volatile uint8_t big[BIG_BYTES]; /* in every child too: that is what uses the memory up */

int main(void)
{
    static struct capos_process children[64];
    struct capos_completion never;
    if (task() != NULL) {
        big[5] = 1;
        capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
    }
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_cap_grant grant = capos_grant_kernel("do:wait", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    uint64_t before = free_frames(&monitor);
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < 64 && (status = capos_process_spawn(&spawner, "out_of_frames", &grant, 1, &children[count])) == CAPOS_OK)
        count++;
    check_exception(status, &spawner, CAP_EXCEPTION_OVERLOADED, "out of physical frames", "one child too many");
    check(count > 0, "%u children fit", count);
    for (uint32_t i = 0; i < count; i++) {
        check(capos_process_terminate(&children[i]) == CAPOS_OK, "terminate");
        check(exit_code_of(&children[i]) == EXIT_CODE_TERMINATED, "its code");
    }
    uint64_t after = free_frames(&monitor);
    check(after == before, "%lu frames free before, %lu after", before, after);
    return finish("out_of_frames");
}
