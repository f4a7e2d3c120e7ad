/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Many spawn/exit cycles: afterwards the machine has the same free frames and
 * this process the same ledgers as before. The argument is the number of
 * cycles (10000).
 */
#include "check.h"

#define AT_ONCE 4u

static uint32_t cycles_wanted(int argc, char **argv)
{
    uint32_t value = 0;
    for (const char *at = argc > 1 ? argv[1] : "10000"; *at >= '0' && *at <= '9'; at++)
        value = value * 10 + (uint32_t)(*at - '0');
    return value;
}

/* A slot of the table serves 256 lifetimes, and each cycle uses two slots: the result capabilities must be given back. */
static bool cycle(struct capos_client *spawner)
{
    struct capos_process children[AT_ONCE];
    struct capos_cap_grant grant = CONSOLE_GRANT;
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        enum capos_status status = capos_process_spawn(spawner, "quick_exit", &grant, i % 2, &children[i]);
        check_ok(status, spawner, "spawn");
        if (status != CAPOS_OK)
            return false;
    }
    for (uint32_t i = 0; i < AT_ONCE; i++) {
        int64_t code = exit_code_of(&children[i]);
        check(code == 42, "exit code %ld", code);
    }
    return check_failures == 0;
}

int main(int argc, char **argv)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    uint32_t wanted = cycles_wanted(argc, argv), done = 0;
    if (!cycle(&spawner))
        return finish("spawn_cycles");
    uint64_t frames = free_frames(&monitor), ledgers = ledger_sum(&monitor);
    while (done < wanted && cycle(&spawner))
        done += AT_ONCE;
    uint64_t frames_after = free_frames(&monitor);
    check(frames_after == frames, "free frames were %lu and are %lu", frames, frames_after);
    check(ledger_sum(&monitor) == ledgers, "the ledgers have changed");
    capos_print("%u spawn/exit cycles, %lu frames free before and after\n", done, frames_after);
    return finish("spawn_cycles");
}
