/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Direct hand-off (EN-25), counted: how often anybody passes through the run
 * queue while a client calls a server that waits on its CPU. In both styles of
 * serving, answer and next receive in one kernel entry or in two, and of
 * calling. Nobody is forgotten while a CPU has it in hand.
 */
#include "kernel/sched/sched.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

#define CALLS 300u

static bool stop;

static uint32_t own(void)
{
    return guest_open("own").cap_id;
}

/* The answer and the next receive in one entry. */
PROGRAM(serves_in_one)
{
    uint64_t recv = guest_submit(ep_recv_sqe(own()));
    for (;;) {
        struct ring_cqe got = ep_await(recv);
        uint64_t back = guest_submit((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own(), .call_id = got.call_id });
        recv = guest_submit(ep_recv_sqe(own()));
        CHECK_EQ(ep_await(back).result, 0);
    }
}

/* As programs that wait for each operation do. */
PROGRAM(serves_in_two)
{
    for (;;) {
        struct ring_cqe got = guest_run(ep_recv_sqe(own()));
        CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own(), .call_id = got.call_id }).result, 0);
    }
}

PROGRAM(watches)
{
    while (!stop)
        sim_pause();
}

static struct kit_child start_server(const char *program, struct capos_client *facet)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grant = ENDPOINT_GRANT("own");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(program), .binary_name = capn_text_of(program),
                                                     .grants = capn_list_over(&grant, 1, sizeof grant) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    *facet = guest_take_cap(2);
    return (struct kit_child){ guest_take_cap(0), guest_take_cap(1) };
}

static void call_in_one(uint32_t facet)
{
    CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet }).result, 0);
}

static void call_in_two(uint32_t facet)
{
    uint64_t call = ep_start((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet });
    CHECK_EQ(ep_await(call).result, 0);
}

/* How many trips beyond those that ends of quanta make; two can meet at each. */
static uint64_t excess_trips(uint32_t facet, void (*call)(uint32_t facet))
{
    uint64_t entered = kernel.cpus[0].queue.entered, started = machine_now_ns();
    for (uint32_t i = 0; i < CALLS; i++)
        call(facet);
    uint64_t quanta = (machine_now_ns() - started) / SCHED_TICK_NS + 1;
    uint64_t trips = kernel.cpus[0].queue.entered - entered;
    return trips > 2 * quanta ? trips - 2 * quanta : 0;
}

static void styles(const char *server)
{
    struct capos_client facet;
    (void)start_server(server, &facet);
    call_in_one(facet.cap_id); /* it waits from now on */
    for (int strangers = 0; strangers < 2; strangers++) {
        CHECK_EQ(excess_trips(facet.cap_id, call_in_one), 0);
        CHECK_EQ(excess_trips(facet.cap_id, call_in_two), 0);
        (void)kit_spawn("watches", NULL, 0);
        (void)kit_spawn("watches", NULL, 0);
    }
    stop = true;
}

PROGRAM(one_entry)
{
    styles("serves_in_one");
}

PROGRAM(two_entries)
{
    styles("serves_in_two");
}

/* ---- nobody is forgotten ------------------------------------------------------------------- */

/* Answers, then works for long without asking for anything. */
PROGRAM(answers_and_works)
{
    struct ring_cqe got = guest_run(ep_recv_sqe(own()));
    CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own(), .call_id = got.call_id }).result, 0);
    while (!stop)
        sim_pause();
}

/* The caller does not wait for the server to wait: the end of the quantum is enough, or a CPU without work. */
PROGRAM(server_works_on)
{
    struct capos_client facet;
    (void)start_server("answers_and_works", &facet);
    uint64_t started = machine_now_ns();
    call_in_one(facet.cap_id);
    CHECK(machine_now_ns() - started < 4 * SCHED_TICK_NS);
    stop = true;
}

PROGRAM(asks)
{
    call_in_one(guest_open("srv").cap_id);
    CHECK(false); /* it is ended first */
}

/* Ends its client while that is in its hand. */
PROGRAM(client_in_hand_goes)
{
    struct capos_client endpoint = guest_open("ep");
    struct capos_cap_grant grant = FACET("srv", endpoint, 0);
    struct kit_child client = kit_spawn("asks", &grant, 1);
    struct ring_cqe got = ep_recv(endpoint.cap_id);
    while (process_find(2)->threads->state != THREAD_BLOCKED)
        sim_pause();
    CHECK_EQ(ep_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = endpoint.cap_id, .call_id = got.call_id }).result, 0);
    bool in_hand = kernel.cpus[machine_cpu()].kept == process_find(2)->threads;
    CHECK_EQ(ep_run(guest_call_sqe(client.handle.cap_id, CAPOS_PROCESS_HANDLE_TERMINATE_METHOD, 0)).result, 0);
    CHECK(in_hand && kernel.cpus[machine_cpu()].kept == NULL);
    CHECK_EQ(kit_wait(&client), EXIT_CODE_TERMINATED);
}

#define SPAWNER { "process_spawner", NULL }

static const struct sim_test tests[] = {
    { .name = "hand-off-answer-and-receive-in-one-entry", .init = one_entry, .grants = { SPAWNER }, .only_cpus = 1,
      .programs = { { "serves_in_one", serves_in_one }, { "watches", watches } } },
    { .name = "hand-off-answer-and-receive-in-two-entries", .init = two_entries, .grants = { SPAWNER }, .only_cpus = 1,
      .programs = { { "serves_in_two", serves_in_two }, { "watches", watches } } },
    { .name = "hand-off-server-works-on", .init = server_works_on, .grants = { SPAWNER }, .seeds = 3,
      .programs = { { "answers_and_works", answers_and_works } } },
    { .name = "hand-off-client-in-hand-goes", .init = client_in_hand_goes, .grants = { { "ep", "endpoint" }, SPAWNER }, .only_cpus = 1,
      .programs = { { "asks", asks } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
