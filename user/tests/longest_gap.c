/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A measurement, not a test: the longest time for which a process that only
 * spins does not get on, while another one makes the most expensive calls.
 * On one processor this is a quantum of the other (10 ms) and the longest
 * stretch that the kernel keeps the processor for. Run it with
 * --grant console --grant process_spawner --grant timer.
 */
#include "check.h"

#define SECONDS 3u
#define BYTES 65000u

static _Alignas(8) uint8_t params[BYTES + 64], results[65536];

static struct ring_sqe call(const struct capos_client *client, uint16_t method)
{
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = client->cap_id, .method_id = method,
                              .addr = (uintptr_t)params, .result_addr = (uintptr_t)results, .result_len = sizeof results };
}

static void write_for_ever(void)
{
    static uint8_t bytes[BYTES];
    struct capn_builder builder;
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    size_t len;
    memset(bytes, '.', sizeof bytes);
    capn_builder_init(&builder, params, sizeof params);
    struct capn_struct_builder root = capn_builder_root(&builder, 0, 1);
    capn_set_data(&root, 0, (struct capn_data){ bytes, sizeof bytes });
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params");
    for (;;) {
        struct ring_sqe sqe = call(&console, CAPOS_CONSOLE_WRITE_METHOD);
        sqe.len = (uint32_t)len;
        (void)run_entry(sqe);
    }
}

static void fill_for_ever(void)
{
    struct capn_builder builder;
    struct capos_client entropy = granted("entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    size_t len;
    capn_builder_init(&builder, params, sizeof params);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 0);
    capn_set_u64(&root, 0, BYTES);
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params");
    for (;;) {
        struct ring_sqe sqe = call(&entropy, CAPOS_ENTROPY_SOURCE_FILL_METHOD);
        sqe.len = (uint32_t)len;
        (void)run_entry(sqe);
    }
}

static uint64_t cycles(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* Microseconds. */
static uint64_t longest_gap(struct capos_client *timer)
{
    uint64_t ns = now_ns(timer), first = cycles(), last = first, longest = 0;
    do {
        for (uint32_t i = 0; i < 1000000; i++) {
            uint64_t at = cycles();
            longest = at - last > longest ? at - last : longest;
            last = at;
        }
    } while (now_ns(timer) - ns < SECONDS * 1000000000ull);
    return longest / ((cycles() - first) / ((now_ns(timer) - ns) / 1000 + 1) + 1);
}

static void measure(const char *what, const struct capos_cap_grant *grant)
{
    struct capos_process process;
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    if (!spawn_task("longest_gap", what, grant, grant != NULL, &process))
        return;
    sleep_ns(&timer, 50000000);
    uint64_t gap = longest_gap(&timer);
    check(capos_process_terminate(&process) == CAPOS_OK, "terminate");
    (void)exit_code_of(&process);
    capos_print("\nlongest gap, %s: %lu us\n", what, gap);
}

int main(void)
{
    if (task_is("write"))
        write_for_ever();
    if (task_is("fill"))
        fill_for_ever();
    if (task_is("spin"))
        for (;;)
            __asm__ volatile("pause");
    struct capos_cap_grant console = CONSOLE_GRANT;
    struct capos_cap_grant entropy =
        capos_grant_kernel("entropy_source", CAPOS_KERNEL_CAP_SOURCE_ENTROPY_SOURCE, CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    measure("spin", NULL);
    measure("write", &console);
    measure("fill", &entropy);
    return finish("longest_gap");
}
