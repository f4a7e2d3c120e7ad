/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pre-emption: processes that never enter the kernel share the processors, and nobody waits for ever because of them. */
#include "check.h"

#define SPINNERS 3u

static uint64_t cpu_time(struct capos_client *monitor, uint32_t nth_child)
{
    struct capos_system_monitor_processes_params in = { .max_records = 30 };
    struct capos_system_monitor_processes_results got = { 0 };
    check_ok(capos_system_monitor_processes(monitor, &in, &got), monitor, "processes");
    for (uint32_t i = 0, seen = 0; i < capn_list_len(&got.records); i++) {
        struct capos_process_record row = { 0 };
        check(capos_process_record_list_get(&got.records, i, &row) == CAPN_OK, "row");
        if (row.parent_pid == capos_pid() && seen++ == nth_child)
            return row.cpu_time_ns;
    }
    return 0;
}

int main(void)
{
    if (task() != NULL)
        for (;;)
            __asm__ volatile("pause");
    static struct capos_process spinners[SPINNERS];
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    for (uint32_t i = 0; i < SPINNERS; i++)
        spawn_task("preempt", "spin", NULL, 0, &spinners[i]);
    for (int round = 0; round < 3; round++) {
        uint64_t before[SPINNERS];
        uint32_t ahead = 0;
        for (uint32_t i = 0; i < SPINNERS; i++)
            before[i] = cpu_time(&monitor, i);
        while (ahead < SPINNERS) { /* until every spinner has got on; a kernel that starves one hangs here */
            sleep_ns(&timer, 10000000);
            ahead = 0;
            for (uint32_t i = 0; i < SPINNERS; i++)
                ahead += cpu_time(&monitor, i) > before[i];
        }
    }
    capos_print("all %u spinners get on\n", SPINNERS);
    for (uint32_t i = 0; i < SPINNERS; i++) {
        check(capos_process_terminate(&spinners[i]) == CAPOS_OK, "terminate");
        check(exit_code_of(&spinners[i]) == EXIT_CODE_TERMINATED, "its code");
    }
    return finish("preempt");
}
