/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Entering the kernel, entries that do nothing, and a call to a kernel object. */
#include "bench.h"

static struct ring_page *page;

static void empty_enter(void *argument)
{
    (void)argument;
    capos_cap_enter(0, 0);
}

static void nops(void *argument)
{
    uint32_t count = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < count; i++) {
        *next_sqe(page) = (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = i };
        publish(page);
    }
    must(reap(page, count) == 0, "NOP", 0);
}

static struct capos_client timer;

static void timer_now(void *argument)
{
    static _Alignas(8) uint8_t params[32], reply[64];
    (void)argument;
    /* An empty struct: one segment of one word, a null root pointer. */
    params[4] = 1;
    const struct ring_sqe sqe = { .opcode = RING_OP_CALL, .method_id = CAPOS_TIMER_NOW_METHOD, .cap_id = timer.cap_id,
                                  .addr = (uintptr_t)params, .len = 16, .result_addr = (uintptr_t)reply,
                                  .result_len = sizeof reply };
    int32_t result = run_sqe(page, &sqe);
    must(result > 0, "Timer.now", result);
}

static void timer_now_typed(void *argument)
{
    struct capos_timer_now_results got;
    (void)argument;
    must(capos_timer_now(&timer, &(struct capos_timer_now_params){ 0 }, &got) == CAPOS_OK, "Timer.now by the client", 0);
}

void bench_kernel(void)
{
    page = own_page();
    timer = bench_open("timer", CAPOS_TIMER_INTERFACE_ID);
    bench_row("enter_empty", empty_enter, NULL, 1);
    bench_row("nop_1", nops, (void *)1, 1);
    bench_row("nop_2_per_op", nops, (void *)2, 2);
    bench_row("nop_4_per_op", nops, (void *)4, 4);
    bench_row("nop_8_per_op", nops, (void *)8, 8);
    bench_row("nop_16_per_op", nops, (void *)16, 16);
    bench_row("object_call_timer_now", timer_now, NULL, 1);
    bench_row("object_call_timer_now_typed", timer_now_typed, NULL, 1);
}
