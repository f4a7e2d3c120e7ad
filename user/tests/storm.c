/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Shares of the processor: a client and a server that call each other as fast
 * as they can, beside a process that computes. On one processor the latter has
 * its third, measured over five seconds.
 */
#include "check.h"

#define SECONDS 5u
#define CHILDREN 3u

static _Noreturn void serve(uint32_t own)
{
    static _Alignas(8) uint8_t buffer[256];
    const struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = own, .result_addr = (uintptr_t)buffer, .result_len = sizeof buffer };
    struct capos_completion got;
    uint64_t ticket;
    if (capos_ring_submit(capos_ring(), &recv, &ticket) != CAPOS_OK)
        capos_exit(2);
    for (;;) {
        if (capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &got) != CAPOS_OK || got.result < 0)
            capos_exit(3);
        /* The answer and the next receive in one entry into the kernel. */
        const struct ring_sqe back = { .opcode = RING_OP_RETURN, .cap_id = own, .call_id = got.call_id };
        uint64_t answered;
        if (capos_ring_submit(capos_ring(), &back, &answered) != CAPOS_OK ||
            capos_ring_submit(capos_ring(), &recv, &ticket) != CAPOS_OK ||
            capos_ring_wait(capos_ring(), answered, CAP_ENTER_WAIT_FOREVER, &got) != CAPOS_OK || got.result != 0)
            capos_exit(4);
    }
}

static _Noreturn void ask(uint32_t facet)
{
    for (;;)
        if (run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet }) != 0)
            capos_exit(5);
}

static void cpu_times(struct capos_client *monitor, uint64_t *times)
{
    struct capos_system_monitor_processes_params in = { .max_records = 30 };
    struct capos_system_monitor_processes_results got = { 0 };
    check_ok(capos_system_monitor_processes(monitor, &in, &got), monitor, "processes");
    for (uint32_t i = 0, seen = 0; i < capn_list_len(&got.records); i++) {
        struct capos_process_record row = { 0 };
        check(capos_process_record_list_get(&got.records, i, &row) == CAPN_OK, "row");
        if (row.parent_pid == capos_pid() && seen < CHILDREN)
            times[seen++] = row.cpu_time_ns;
    }
}

int main(void)
{
    struct capos_client endpoint = { 0 };
    if (task_is("compute"))
        for (;;)
            __asm__ volatile("pause");
    if (task() != NULL) {
        endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID);
        if (task_is("serve"))
            serve(endpoint.cap_id);
        ask(endpoint.cap_id);
    }
    static struct capos_process children[CHILDREN];
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID);
    struct capos_cap_grant owner = capos_grant_held("endpoint", endpoint.cap_id, endpoint.interface_id), client = owner;
    client.mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    spawn_task("storm", "serve", &owner, 1, &children[0]);
    spawn_task("storm", "ask", &client, 1, &children[1]);
    spawn_task("storm", "compute", NULL, 0, &children[2]);
    uint64_t before[CHILDREN] = { 0 }, after[CHILDREN] = { 0 }, sum = 0;
    sleep_ns(&timer, 50000000);
    cpu_times(&monitor, before);
    sleep_ns(&timer, SECONDS * 1000000000ull);
    cpu_times(&monitor, after);
    for (uint32_t i = 0; i < CHILDREN; i++)
        sum += after[i] -= before[i];
    capos_print("shares of server, client, third: %u %u %u per mille\n", (unsigned)(after[0] * 1000 / sum),
                (unsigned)(after[1] * 1000 / sum), (unsigned)(after[2] * 1000 / sum));
    check(sum > SECONDS * 900000000ull, "the three had %u ms", (unsigned)(sum / 1000000));
    check(after[2] * 100 >= sum * 30 && after[2] * 100 <= sum * 37, "the third's share");
    for (uint32_t i = 0; i < CHILDREN; i++) {
        check(capos_process_terminate(&children[i]) == CAPOS_OK, "terminate");
        check(exit_code_of(&children[i]) == EXIT_CODE_TERMINATED, "child %u ended by itself", i);
    }
    return finish("storm");
}
