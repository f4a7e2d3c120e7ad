/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The service framework against real endpoints: objects by cookie and by
 * interface, typed exceptions, later answers, back pressure, capabilities both
 * ways, narrowing, revocation, ticks, hostile calls, and a server that dies.
 * The first process owns the endpoint, hands a server its ownership and speaks
 * to it as a client.
 */
#include "check.h"
#include "user/services/adder/generated/adder_client.h"
#include "user/services/adder/generated/adder_dispatch.h"

#define BINARY "serve"
#define DEFER (-1)
#define RELEASE_DEFERRED (-2)
#define CRASH (-3)
#define LOSE (-4)
#define STOP (-5)
#define GIVE_BACK (-6)
#define REVOKE (-7)
#define TICKS (-8)
#define BAD_GIFT (-9)
#define WAITING (-10)

static struct capos_server server;
static uint32_t waiting[CAPOS_DEFERRED_MAX];
static uint32_t waiting_count;
static int64_t ticks;

/* ---- the server ---------------------------------------------------------------------- */

static enum capn_outcome defer(struct capos_call *call)
{
    uint32_t id = capos_call_defer(call);
    if (id == 0)
        return capos_call_exception(call, CAPN_OVERLOADED, "too many wait");
    waiting[waiting_count++] = id;
    return CAPN_PENDING;
}

/* The last one to come is answered first. Returns how many callers got theirs. */
static int64_t answer_waiting(void)
{
    int64_t reached = 0;
    while (waiting_count > 0) {
        struct adder_add_results results = { .sum = 1000 + waiting_count };
        struct capos_later later = { .reply = &adder_add_reply, .results = &results };
        waiting_count--;
        reached += capos_server_answer(&server, waiting[waiting_count], &later) == CAPOS_OK;
    }
    return reached;
}

/* The caller's capability goes back to it, and says which interface it has. */
static enum capn_outcome give_back(struct capos_call *call, struct adder_add_results *out)
{
    struct capos_client got;
    if (capos_call_take(call, 0, ADDER_INTERFACE_ID, &got) != CAPOS_OK)
        return capos_call_exception(call, CAPN_INVALID_ARGUMENT, "a capability is missing");
    out->sum = capos_call_give(call, got.cap_id, true);
    return CAPN_DONE;
}

static enum capn_outcome add(void *env, void *object, const struct adder_add_params *in, struct adder_add_results *out)
{
    struct capos_call *call = env;
    (void)object;
    switch (in->a) {
    case DEFER: return defer(call);
    case RELEASE_DEFERRED: out->sum = answer_waiting(); return CAPN_DONE;
    case CRASH: capos_exit(9);
    case LOSE: return CAPN_PENDING;
    case STOP: server.stop = true; return CAPN_DONE;
    case GIVE_BACK: return give_back(call, out);
    case REVOKE: capos_served_revoke(&server, (uint32_t)in->b); return CAPN_DONE;
    case TICKS: out->sum = ticks; return CAPN_DONE;
    case WAITING: out->sum = (int64_t)capos_server_deferred(&server); return CAPN_DONE;
    case BAD_GIFT: capos_call_give(call, 0x7f000001, false); return CAPN_DONE;
    default: break;
    }
    if (__builtin_add_overflow(in->a, in->b, &out->sum))
        return capos_call_exception(call, CAPN_INVALID_ARGUMENT, "the sum does not fit");
    return CAPN_DONE;
}

static enum capn_outcome total(void *env, void *object, const struct adder_total_params *in, struct adder_total_results *out)
{
    const struct capos_call *call = env;
    (void)in;
    out->total = *(const int64_t *)object;
    out->calls = call->received.badge;
    return CAPN_DONE;
}

static void count_tick(struct capos_server *of)
{
    (void)of;
    ticks++;
}

static int serve(void)
{
    static int64_t totals[] = { 10, 11, 12 };
    static const struct adder_ops all = { .add = add, .total = total }, narrow = { .total = total };
    static struct capos_narrow wrapper = { .methods = 1u << ADDER_ADD_METHOD };
    static struct capos_served objects[] = {
        { ADDER_INTERFACE_ID, adder_serve, &all, &totals[0], 0 },
        { ADDER_INTERFACE_ID, adder_serve, &narrow, &totals[1], 1 },
        { ADDER_INTERFACE_ID, adder_serve, &all, &totals[2], 7 },
    };
    server = (struct capos_server){ .objects = objects, .object_count = 3, .deferred_max = 3, .tick_ns = 2000000,
                                    .tick = count_tick };
    if (capos_client_open(&wrapper.target, "behind", ADDER_INTERFACE_ID) == CAPOS_OK)
        objects[0] = (struct capos_served){ ADDER_INTERFACE_ID, capos_narrow_serve, NULL, &wrapper, 0 };
    if (capos_server_open(&server, "adder") != CAPOS_OK)
        return 2;
    enum capos_status status = capos_serve(&server);
    return status == CAPOS_OK && capos_heap_used() == 0 ? 5 : 6;
}

/* ---- the clients ---------------------------------------------------------------------- */

static uint32_t endpoint_id(const char *name)
{
    return granted(name, CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
}

static enum capos_status call_add(struct capos_client *adder, int64_t a, int64_t b, int64_t *sum)
{
    struct adder_add_results results = { 0 };
    enum capos_status status = adder_add(adder, &(struct adder_add_params){ .a = a, .b = b }, &results);
    *sum = results.sum;
    return status;
}

static void check_add(struct capos_client *adder, int64_t a, int64_t b, int64_t wanted)
{
    int64_t sum = 0;
    check_ok(call_add(adder, a, b, &sum), adder, "add");
    check(sum == wanted, "%ld + %ld is %ld", a, b, sum);
}

static struct capos_cap_grant facet(const char *name, uint32_t index, uint32_t generation)
{
    struct capos_cap_grant grant = capos_grant_held(name, endpoint_id("adder"), ADDER_INTERFACE_ID);
    grant.mode = CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
    grant.badge = (uint64_t)0x51c0 << 48 | (uint64_t)generation << 24 | index;
    return grant;
}

/* As a child: what this facet reaches. */
static int use_facet(void)
{
    struct capos_client adder = granted("facet", ADDER_INTERFACE_ID);
    struct adder_total_results got = { 0 };
    int64_t sum;
    enum capos_status status = adder_total(&adder, NULL, &got);
    if (task_is("revoked")) {
        check_exception(status, &adder, CAP_EXCEPTION_DISCONNECTED, "no such object", "a revoked facet");
        return check_failures > 0;
    }
    check_ok(status, &adder, "total");
    if (task_is("narrow")) {
        check(got.total == 11 && got.calls == 0x51c0000001000001, "the object of the cookie: %ld %lx", got.total, got.calls);
        check_exception(call_add(&adder, 1, 1, &sum), &adder, CAP_EXCEPTION_UNIMPLEMENTED, "unknown method", "narrowed");
    } else {
        check(got.total == 12, "the object of the cookie: %ld", got.total);
        check_add(&adder, 5, 6, 11);
    }
    return check_failures > 0;
}

static void run_facet(const char *what, uint32_t index, uint32_t generation)
{
    struct capos_cap_grant grants[] = { CONSOLE_GRANT, facet("facet", index, generation) };
    check(run_task(BINARY, what, grants, 2) == 0, "%s", what);
}

/* As a child: a call that its server keeps, until somebody has all answered. */
static int wait_long(void)
{
    struct capos_client adder = granted("facet", ADDER_INTERFACE_ID);
    int64_t sum = 0;
    enum capos_status status = call_add(&adder, DEFER, 0, &sum);
    return status == CAPOS_OK ? (int)sum - 1000 : status == CAPOS_EXCEPTION ? 40 + (int)adder.exception.type : 90;
}

static bool start_server(struct capos_process *process)
{
    struct capos_cap_grant grants[] = {
        capos_grant_held("adder", endpoint_id("adder"), CAPOS_ENDPOINT_INTERFACE_ID), CONSOLE_GRANT,
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID) };
    return spawn_task(BINARY, "server", grants, 3, process);
}

/* The fourth of four is refused; the others are answered, the last one first. */
static void check_deferred(struct capos_client *adder)
{
    static struct capos_process children[3];
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_cap_grant grants[] = { facet("facet", 2, 7) };
    int64_t sum = 0, codes = 0;
    for (size_t i = 0; i < 3; i++)
        spawn_task(BINARY, "wait", grants, 1, &children[i]);
    while (call_add(adder, WAITING, 0, &sum) == CAPOS_OK && sum < 3)
        sleep_ns(&timer, 1000000);
    check_exception(call_add(adder, DEFER, 0, &sum), adder, CAP_EXCEPTION_OVERLOADED, "too many wait", "back pressure");
    check_add(adder, 20, 22, 42);
    check_ok(call_add(adder, RELEASE_DEFERRED, 0, &sum), adder, "release");
    check(sum == 3, "%ld of three got their answer", sum);
    for (size_t i = 0; i < 3; i++)
        codes += exit_code_of(&children[i]);
    check(codes == 1 + 2 + 3, "each its own: %ld", codes);
}

static void check_hostile(struct capos_client *adder)
{
    uint8_t noise[64], reply[128];
    memset(noise, 0xa5, sizeof noise);
    for (uint16_t method = 0; method < 5; method++) {
        int32_t code = run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = adder->cap_id, .method_id = method,
                                                    .addr = (uintptr_t)noise, .len = sizeof noise,
                                                    .result_addr = (uintptr_t)reply, .result_len = sizeof reply });
        check(code == CAPOS_EXCEPTION, "noise as params of method %u: %d", method, code);
    }
    int64_t sum;
    check_exception(call_add(adder, INT64_MAX, 1, &sum), adder, CAP_EXCEPTION_INVALID_ARGUMENT, "the sum does not fit", "overflow");
    check_exception(call_add(adder, LOSE, 0, &sum), adder, CAP_EXCEPTION_FAILED, "the service has lost the call", "lost");
    check_exception(call_add(adder, BAD_GIFT, 0, &sum), adder, CAP_EXCEPTION_FAILED,
                    "the capabilities of the answer cannot be handed over", "a gift that is none");
    check_exception(adder_accumulate(adder, &(struct adder_accumulate_params){ 0 }, &(struct adder_accumulate_results){ 0 }), adder,
                    CAP_EXCEPTION_UNIMPLEMENTED, "unknown method", "a method that is not filled in");
    check_add(adder, 2, 3, 5);
}

/* As a child with a copyable facet: it goes to the server and comes back. */
static int lend(void)
{
    struct capos_client adder = granted("facet", ADDER_INTERFACE_ID), back;
    struct adder_add_params in = { .a = GIVE_BACK };
    struct adder_add_results out = { 0 };
    struct capos_method_call call = { .method = &adder_add_method, .in = &in, .out = &out };
    struct capos_transfer copy = { .cap_id = adder.cap_id };
    for (int i = 0; i < 40; i++) {
        check_ok(capos_client_call_with(&adder, &call, &copy, 1), &adder, "lend");
        check(capos_reply_take((uint16_t)out.sum, ADDER_INTERFACE_ID, &back) == CAPOS_OK, "it came back");
        check_add(&back, i, 2, i + 2);
        capos_client_close(&back);
    }
    copy.cap_id = granted("console", CAPOS_CONSOLE_INTERFACE_ID).cap_id;
    check(capos_client_call_with(&adder, &call, &copy, 1) == CAPOS_TRANSFER_REFUSED, "a console does not travel");
    check_exception(capos_client_call_with(&adder, &call, NULL, 0), &adder, CAP_EXCEPTION_INVALID_ARGUMENT,
                    "a capability is missing", "nothing lent");
    return check_failures > 0;
}

static void check_ticks(struct capos_client *adder)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    int64_t before = 0, now = 0;
    check_ok(call_add(adder, TICKS, 0, &before), adder, "ticks");
    for (int i = 0; i < 500 && now <= before + 1; i++) {
        sleep_ns(&timer, 2000000);
        check_ok(call_add(adder, TICKS, 0, &now), adder, "ticks");
    }
    check(now > before + 1, "the server's clock goes on");
}

/* A server behind a server: the wrapper lets `add` through and nothing else. It has an endpoint of its own, whose facet we get. */
static void check_narrow(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID), wrapped;
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("do:server", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        capos_grant_kernel("adder", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        facet("behind", 2, 7) };
    static struct capos_process process;
    int64_t sum;
    check_ok(capos_process_spawn(&spawner, BINARY, grants, 4, &process), &spawner, "wrapper");
    check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &wrapped) == CAPOS_OK, "the parent's facet");
    check_add(&wrapped, 30, 3, 33);
    check_exception(adder_total(&wrapped, NULL, &(struct adder_total_results){ 0 }), &wrapped, CAP_EXCEPTION_UNIMPLEMENTED,
                    "unknown method", "not in the mask");
    check_exception(call_add(&wrapped, INT64_MIN, -100, &sum), &wrapped, CAP_EXCEPTION_INVALID_ARGUMENT, "the sum does not fit",
                    "an exception from behind");
    check(capos_process_terminate(&process) == CAPOS_OK, "terminate");
    check(exit_code_of(&process) == EXIT_CODE_TERMINATED, "terminated");
    check_exception(call_add(&wrapped, 1, 1, &sum), &wrapped, CAP_EXCEPTION_DISCONNECTED, "endpoint owner exited", "a dead service");
    capos_client_close(&wrapped);
}

/* Its last owner but us dies in the middle of a call; the next one goes on with the same endpoint, and ends when asked. */
static void check_ends(struct capos_client *adder, struct capos_process *process)
{
    int64_t sum;
    check_exception(call_add(adder, CRASH, 0, &sum), adder, CAP_EXCEPTION_DISCONNECTED, "endpoint receiver exited", "a crash");
    check(exit_code_of(process) == 9, "the server's end");
    if (!start_server(process))
        return;
    check_add(adder, 7, 8, 15);
    check_ok(call_add(adder, STOP, 0, &sum), adder, "stop");
    check(exit_code_of(process) == 5, "a server that stops gives everything back");
}

static int first(void)
{
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client adder = capos_client_for(endpoint_id("adder"), ADDER_INTERFACE_ID);
    static struct capos_process process;
    struct capos_cap_grant lent[] = { CONSOLE_GRANT, facet("facet", 2, 7) };
    uint64_t before = ledger_sum(&monitor);
    int64_t sum;
    if (!start_server(&process))
        return finish("serve");
    check_add(&adder, 20, 3, 23);
    check_hostile(&adder);
    run_facet("narrow", 1, 1);
    run_facet("wide", 2, 7);
    check_deferred(&adder);
    check(run_task(BINARY, "lend", lent, 2) == 0, "capabilities there and back");
    check_ticks(&adder);
    check_narrow();
    check_ok(call_add(&adder, REVOKE, 1, &sum), &adder, "revoke");
    run_facet("revoked", 1, 1);
    run_facet("revoked", 2, 6);
    run_facet("revoked", 99, 1);
    check_ends(&adder, &process);
    check(ledger_sum(&monitor) == before, "all ledgers are where they were");
    return finish("serve");
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (task() == NULL)
        return first();
    if (task_is("server"))
        return serve();
    if (task_is("wait"))
        return wait_long();
    return task_is("lend") ? lend() : use_facet();
}
