/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The same work on several processors at once: as many processes (threads,
 * pairs of a server and a client) as there are processors, each doing the
 * whole of it; the argument says how many. One line per kind, `S name
 * workers= ns=`, in the guest's clock; bench/linux/scaling.c does the same.
 * Without an argument it measures whether a call costs the same beside many
 * processes and among many capabilities: `C processes= ticks=`, `C capabilities=
 * ticks=`.
 */
#include "user/tests/service.h"

#define BINARY "scaling"
#define WORKERS_MAX 4u
#define PRIMES_BELOW 3000000u
#define PRIMES_SUM 312471072265ull
#define ROUND_TRIPS 2000u
#define PRIME_TASK_CODE 33

struct sieve {
    uint8_t composite[PRIMES_BELOW / 16]; /* one bit for each odd number */
};

static struct sieve sieves[WORKERS_MAX];

/* Whether the sum of the primes is right. */
static int64_t primes(void *argument)
{
    struct sieve *sieve = argument;
    uint64_t sum = 2;
    memset(sieve, 0, sizeof *sieve);
    for (uint32_t i = 3; i < PRIMES_BELOW; i += 2) {
        if (sieve->composite[i / 16] >> (i / 2 % 8) & 1)
            continue;
        sum += i;
        for (uint64_t multiple = (uint64_t)i * i; multiple < PRIMES_BELOW; multiple += 2 * i)
            sieve->composite[multiple / 16] |= (uint8_t)(1u << (multiple / 2 % 8));
    }
    return sum == PRIMES_SUM ? PRIME_TASK_CODE : 1;
}

/* The other side of a pair: answers every call with nothing. */
static int serve(void)
{
    static uint8_t buffer[512];
    const struct capset_entry *endpoint = capos_capset_find("endpoint");
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = endpoint->cap_id, .result_addr = (uintptr_t)buffer,
                             .result_len = sizeof buffer };
    for (;;) {
        struct capos_completion got, sent;
        if (capos_ring_run(capos_ring(), &recv, &got) != CAPOS_OK || got.result < 0)
            return 1;
        struct ring_sqe answer = { .opcode = RING_OP_RETURN, .cap_id = endpoint->cap_id, .call_id = got.call_id };
        if (capos_ring_run(capos_ring(), &answer, &sent) != CAPOS_OK)
            return 1;
    }
}

static int call_often(void)
{
    const struct capset_entry *service = capos_capset_find("service");
    for (uint32_t i = 0; i < ROUND_TRIPS; i++)
        if (run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = service->cap_id }) != 0)
            return 1;
    return PRIME_TASK_CODE;
}

static uint32_t processors(void)
{
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_system_monitor_cpus_results got = { 0 };
    uint32_t online = 0;
    check_ok(capos_system_monitor_cpus(&monitor, NULL, &got), &monitor, "cpus");
    for (uint32_t i = 0; i < capn_list_len(&got.records); i++) {
        struct capos_cpu_record row = { 0 };
        check(capos_cpu_record_list_get(&got.records, i, &row) == CAPN_OK, "cpu");
        online += row.online;
    }
    return online;
}

static void report(const char *name, uint32_t workers, uint64_t ns)
{
    capos_print("S %s workers=%u ns=%lu\n", name, workers, ns);
}

static void run_processes(const char *name, const char *what, struct capos_cap_grant grants[][1], uint32_t workers)
{
    static struct capos_process children[WORKERS_MAX];
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    uint64_t start = now_ns(&timer);
    for (uint32_t i = 0; i < workers; i++)
        spawn_task(BINARY, what, grants != NULL ? grants[i] : NULL, grants != NULL ? 1 : 0, &children[i]);
    for (uint32_t i = 0; i < workers; i++)
        check(exit_code_of(&children[i]) == PRIME_TASK_CODE, "%s", name);
    report(name, workers, now_ns(&timer) - start);
}

static void run_threads(const char *name, uint32_t workers)
{
    static struct capos_thread threads[WORKERS_MAX];
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    uint64_t start = now_ns(&timer);
    for (uint32_t i = 0; i < workers; i++)
        check(capos_thread_start(&threads[i], primes, &sieves[i], NULL) == CAPOS_OK, "starting a thread");
    for (uint32_t i = 0; i < workers; i++) {
        int64_t code = 0;
        check(capos_thread_join(&threads[i], &code) == CAPOS_OK && code == PRIME_TASK_CODE, "%s", name);
    }
    report(name, workers, now_ns(&timer) - start);
}

/* A server of its own for each client. */
static void start_server(struct capos_process *server, struct capos_client *facet)
{
    struct capos_cap_grant grants[] = {
        capos_grant_kernel(TASK_PREFIX "serve", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        capos_grant_kernel("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
    };
    check(start_service(BINARY, grants, 2, server, facet), "a server");
}

static void run_pairs(uint32_t workers)
{
    static struct capos_process servers[WORKERS_MAX];
    static struct capos_client facets[WORKERS_MAX];
    struct capos_cap_grant grants[WORKERS_MAX][1];
    for (uint32_t i = 0; i < workers; i++) {
        start_server(&servers[i], &facets[i]);
        grants[i][0] = capos_grant_held("service", facets[i].cap_id, facets[i].interface_id);
    }
    run_processes("round_trip_pairs", "call", grants, workers);
    for (uint32_t i = 0; i < workers; i++)
        end_service(&servers[i], &facets[i]);
}

/* ---- does the cost of a call depend on what else there is? ------------------------------- */

static uint64_t ticks(void)
{
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
    return (uint64_t)high << 32 | low;
}

/* Ticks of one round trip: the least mean of a hundred, which no timer interrupted. */
static void report_call(const char *what, uint32_t count, uint32_t facet)
{
    uint64_t least = UINT64_MAX;
    for (uint32_t round = 0; round < 20; round++) {
        uint64_t start = ticks();
        for (uint32_t i = 0; i < 100; i++)
            run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet });
        uint64_t taken = (ticks() - start) / 100;
        least = taken < least ? taken : least;
    }
    capos_print("C %s=%u ticks=%lu\n", what, count, least);
}

static void among_processes(uint32_t facet)
{
    static const uint32_t counts[] = { 3, 10, 50, 100, 250 };
    uint32_t live = 2; /* this process and the server */
    for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (struct capos_process idle; live < counts[i]; live++) {
            if (!spawn_task(BINARY, "idle", NULL, 0, &idle))
                return;
            capos_process_close(&idle); /* it goes on, and its handle takes no slot */
        }
        report_call("processes", live, facet);
    }
}

static void among_capabilities(uint32_t facet)
{
    static const uint32_t counts[] = { 16, 32, 64, 128, 256 };
    struct capos_client frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID), kept;
    struct capos_frame_allocator_alloc_contiguous_params one = { .count = 1 };
    struct capos_frame_allocator_alloc_contiguous_results got;
    uint32_t held = capos_capset_count() + 3; /* the server's handle and manager, and the facet */
    for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        for (; held < counts[i]; held++)
            check(capos_frame_allocator_alloc_contiguous(&frames, &one, &got) == CAPOS_OK &&
                  capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &kept) == CAPOS_OK, "capability %u", held);
        report_call("capabilities", held, facet);
    }
}

static void flat(void)
{
    static struct capos_process server;
    struct capos_client facet;
    start_server(&server, &facet);
    for (uint32_t i = 0; i < 100; i++)
        run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet.cap_id });
    among_processes(facet.cap_id);
    among_capabilities(facet.cap_id);
}

int main(int argc, char **argv)
{
    if (task_is("primes"))
        return (int)primes(&sieves[0]);
    if (task_is("serve"))
        return serve();
    if (task_is("call"))
        return call_often();
    if (task_is("idle"))
        for (;;)
            capos_cap_enter(1, CAP_ENTER_WAIT_FOREVER);
    uint32_t workers = argc > 1 ? (uint32_t)(argv[1][0] - '0') : 0;
    if (workers < 1 || workers > WORKERS_MAX) {
        flat();
    } else {
        while (processors() < workers)
            capos_cap_enter(0, 0); /* the others start while this runs */
        run_processes("primes_processes", "primes", NULL, workers);
        run_threads("primes_threads", workers);
        run_pairs(workers);
    }
    return finish(BINARY);
}
