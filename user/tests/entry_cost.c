/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What an entry into the kernel costs, in ticks of the time-stamp counter:
 * under QEMU's -icount shift=0 a tick is an instruction. The least of many
 * tries, without the cost of reading the counter. A measurement: it prints.
 */
#include "check.h"

#define TRIES 200u

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

static void enter(uint64_t number)
{
    __asm__ volatile("syscall" : "+a"(number) : "D"(0), "S"(0) : "rcx", "r11", "memory");
}

static void nothing(uint64_t argument)
{
    (void)argument;
}

static void call(uint64_t facet)
{
    check(run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = (uint32_t)facet }) == 0, "call");
}

static void nop(uint64_t argument)
{
    (void)argument;
    check(run_nop() == 0, "nop");
}

/* The least of all tries. */
static uint64_t least(void (*what)(uint64_t argument), uint64_t argument)
{
    uint64_t best = UINT64_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        uint64_t start = ticks();
        what(argument);
        uint64_t spent = ticks() - start;
        best = spent < best ? spent : best;
    }
    return best;
}

static _Noreturn void serve(uint32_t own)
{
    static _Alignas(8) uint8_t buffer[256];
    const struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = own, .result_addr = (uintptr_t)buffer, .result_len = sizeof buffer };
    struct capos_completion got;
    uint64_t ticket, answered;
    if (capos_ring_submit(capos_ring(), &recv, &ticket) != CAPOS_OK)
        capos_exit(2);
    for (;;) {
        if (capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &got) != CAPOS_OK || got.result < 0)
            capos_exit(3);
        const struct ring_sqe back = { .opcode = RING_OP_RETURN, .cap_id = own, .call_id = got.call_id };
        if (capos_ring_submit(capos_ring(), &back, &answered) != CAPOS_OK ||
            capos_ring_submit(capos_ring(), &recv, &ticket) != CAPOS_OK ||
            capos_ring_wait(capos_ring(), answered, CAP_ENTER_WAIT_FOREVER, &got) != CAPOS_OK || got.result != 0)
            capos_exit(4);
    }
}

static int measure(uint32_t facet)
{
    uint64_t empty = least(nothing, 0);
    capos_print("entry-cost: unknown call %llu, empty cap_enter %llu, one NOP %llu, call between processes %llu\n",
                (unsigned long long)(least(enter, 9999) - empty), (unsigned long long)(least(enter, SYSCALL_CAP_ENTER) - empty),
                (unsigned long long)(least(nop, 0) - empty), (unsigned long long)(least(call, facet) - empty));
    return finish("entry_cost");
}

int main(void)
{
    struct capos_client endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID);
    if (task_is("serve"))
        serve(endpoint.cap_id);
    if (task_is("measure"))
        return measure(endpoint.cap_id);
    static struct capos_process server;
    struct capos_cap_grant owner = capos_grant_held("endpoint", endpoint.cap_id, endpoint.interface_id), client[] = { owner, CONSOLE_GRANT };
    client[0].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    spawn_task("entry_cost", "serve", &owner, 1, &server);
    return (int)run_task("entry_cost", "measure", client, 2);
}
