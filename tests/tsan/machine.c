/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Programs that work at the same time on the machine of threads: calls and transfers through endpoints, locks and parking,
 * memory that comes and goes under the hands of other threads, timers, pipes, spawning, and killing. What they count under a lock
 * of libcapos is plain memory, so the race detector judges the kernel's and the library's order as well as the kernel's
 * own state. `machine WORKLOAD CPUS ROUNDS`; the kernel's examination of itself at the end must be clean.
 */
#include "abi/endpoint.h"
#include "arch/host/threads/threads.h"
#include "capos/park.h"
#include "tests/tsan/guest.h"

#define VM_GRANT KERNEL("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID)
#define MEMORY_GRANT \
    KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID)
#define SPAWNER_GRANT KERNEL("process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID)
#define ENDPOINT_GRANT KERNEL("own", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID)
#define THREADING_GRANTS                                                                                    \
    KERNEL("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),    \
    KERNEL("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),    \
    KERNEL("park_space", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID), VM_GRANT
#define FACET(grant_name, client)                                                                           \
    { .name = capn_text_of(grant_name), .cap_id = (client).cap_id, .interface_id = CAPOS_ENDPOINT_INTERFACE_ID, \
      .mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT, .badge = UINT64_MAX }

#define CHILDREN_MAX 12u

static uint32_t rounds;

static void map_at(uint64_t hint, uint64_t pages)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_params in = { .hint = hint, .size = pages * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    CHECK(capos_virtual_memory_map(&vm, &in, &(struct capos_virtual_memory_map_results){ 0 }) == CAPOS_OK);
}

static void unmap_at(uint64_t at, uint64_t pages)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_unmap_params in = { .addr = at, .size = pages * PAGE_SIZE };
    CHECK(capos_virtual_memory_unmap(&vm, &in, NULL) == CAPOS_OK);
}

/* ---- a ring full at once -------------------------------------------------------------- */

static void ring_rounds(uint32_t count)
{
    uint64_t tickets[RING_SQ_ENTRIES];
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
            tickets[i] = guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
        for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
            CHECK_EQ(user_await(tickets[i]).result, 0);
    }
}

USER(faulty)
{
    ring_rounds(2);
    sim_fault(0x1000, true);
}

/* ---- calls and transfers ------------------------------------------------------------------ */

#define FLIGHT 4u
#define CALL_BYTES 64u

/* Serves for ever; gives back what came, moved. */
USER(server)
{
    uint32_t own = guest_open("own").cap_id;
    for (;;) {
        struct ring_cqe got = guest_run((struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = own, .result_addr = GUEST_RESULTS,
                                                           .result_len = 0x1000 });
        uint8_t message[CALL_BYTES + sizeof(struct ring_transfer_descriptor)];
        CHECK_EQ(got.result, sizeof(struct endpoint_message) + CALL_BYTES);
        user_get(GUEST_RESULTS + sizeof(struct endpoint_message), message, CALL_BYTES);
        struct ring_result_cap record;
        if (got.cap_count > 0) {
            user_get(GUEST_RESULTS + (uint32_t)got.result, &record, sizeof record);
            struct ring_transfer_descriptor back = { .cap_id = record.cap_id, .transfer_mode = TRANSFER_MODE_MOVE };
            memcpy(message + CALL_BYTES, &back, sizeof back);
        }
        user_put(GUEST_PARAMS, message, sizeof message);
        struct ring_cqe done = guest_run((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own, .call_id = got.call_id,
                                                            .addr = GUEST_PARAMS, .len = CALL_BYTES, .xfer_cap_count = got.cap_count });
        CHECK(done.result == 0 || done.result == CAP_ERR_INVOKE_FAILED); /* the caller may have been killed */
        if (done.result != 0 && got.cap_count > 0)
            (void)guest_release(record.cap_id);
    }
}

struct flying {
    uint64_t ticket;
    uint32_t object; /* moved along, 0 = none */
};

static struct flying send(uint32_t service, uint32_t slot, bool with_object)
{
    uint8_t message[CALL_BYTES + sizeof(struct ring_transfer_descriptor)];
    struct flying flying = { 0 };
    memset(message, (int)slot + 1, CALL_BYTES);
    if (with_object) {
        flying.object = kit_memory(1).cap_id;
        struct ring_transfer_descriptor away = { .cap_id = flying.object, .transfer_mode = TRANSFER_MODE_MOVE };
        memcpy(message + CALL_BYTES, &away, sizeof away);
    }
    uint64_t at = GUEST_PARAMS + 0x1000 + slot * 0x100;
    user_put(at, message, sizeof message);
    flying.ticket = guest_submit((struct ring_sqe){ .opcode = RING_OP_CALL, .method_id = 1, .cap_id = service, .addr = at,
                                                    .len = CALL_BYTES, .xfer_cap_count = with_object,
                                                    .result_addr = GUEST_RESULTS + 0x4000 + slot * 0x100, .result_len = 0x100 });
    return flying;
}

static void receive(const struct flying *flying, uint32_t slot)
{
    struct ring_cqe got = user_await(flying->ticket);
    uint8_t reply[CALL_BYTES];
    CHECK_EQ(got.result, CALL_BYTES);
    user_get(GUEST_RESULTS + 0x4000 + slot * 0x100, reply, sizeof reply);
    CHECK(reply[0] == slot + 1 && reply[CALL_BYTES - 1] == slot + 1);
    CHECK_EQ(got.cap_count, flying->object != 0);
    if (got.cap_count == 0)
        return;
    struct ring_result_cap record;
    user_get(GUEST_RESULTS + 0x4000 + slot * 0x100 + (uint32_t)got.result, &record, sizeof record);
    CHECK_EQ(guest_release(record.cap_id), 0);
}

static void client_rounds(uint32_t count)
{
    uint32_t service = guest_open("service").cap_id;
    struct flying flying[FLIGHT];
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t i = 0; i < FLIGHT; i++)
            flying[i] = send(service, i, (round + i) % 8 == 0);
        for (uint32_t i = 0; i < FLIGHT; i++)
            receive(&flying[i], i);
    }
}

USER(client)
{
    client_rounds(3 * rounds);
}

/* Until it is killed, in calls if it has somebody to call. */
USER(endless)
{
    bool calls = guest_find("service") != NULL;
    for (;;) {
        if (calls)
            client_rounds(1);
        else
            ring_rounds(1);
    }
}

/* ---- locks and what they protect ------------------------------------------------------------- */

#define COUNTERS 3u

/* At WORDS. `sum` is plain memory: the lock alone keeps threads apart. */
struct shared {
    struct capos_mutex mutex;
    struct capos_condition condition;
    struct capos_once once;
    uint32_t made;
    uint32_t waiting;
    uint64_t sum;
    uint32_t moving, stop; /* relaxed */
};

static struct shared *shared(void)
{
    struct shared *at = sim_user(WORDS, sizeof *at, true);
    CHECK(at != NULL);
    return at;
}

static void make(void)
{
    shared()->made++;
}

USER_THREAD(counter)
{
    (void)arg;
    struct shared *at = shared();
    capos_once(&at->once, make);
    CHECK_EQ(at->made, 1);
    for (uint32_t i = 0; i < 4 * rounds; i++) {
        capos_mutex_lock(&at->mutex);
        at->sum++;
        sim_pause();
        capos_mutex_unlock(&at->mutex);
        sim_pause();
    }
    capos_mutex_lock(&at->mutex);
    at->waiting++;
    capos_condition_signal(&at->condition);
    capos_mutex_unlock(&at->mutex);
}

/* Changes a word without entering the kernel, while the kernel reads it. */
USER_THREAD(mover)
{
    (void)arg;
    struct shared *at = shared();
    while (__atomic_load_n(&at->stop, __ATOMIC_RELAXED) == 0) {
        for (uint32_t i = 0; i < 64; i++)
            __atomic_fetch_add(&at->moving, 2, __ATOMIC_RELAXED);
        sim_pause();
    }
}

static void park_on_moving(void)
{
    struct capos_client thread = kit_thread(mover, 0);
    const uint32_t *moving = &shared()->moving;
    for (uint32_t i = 0; i < 4 * rounds;) {
        uint32_t before = __atomic_load_n(moving, __ATOMIC_RELAXED);
        CHECK_EQ(kit_park(WORDS + offsetof(struct shared, moving), 1, CAP_ENTER_WAIT_FOREVER), CAPOS_PARK_DIFFERENT);
        i += __atomic_load_n(moving, __ATOMIC_RELAXED) != before; /* they ran at the same time, or almost */
    }
    __atomic_store_n(&shared()->stop, 1, __ATOMIC_RELAXED);
    CHECK_EQ(kit_join(&thread), 0);
}

USER(locks)
{
    struct capos_client threads[COUNTERS];
    kit_map_thread_area();
    map_at(WORDS, 1);
    for (uint32_t i = 0; i < COUNTERS; i++)
        threads[i] = kit_thread(counter, i);
    struct shared *at = shared();
    capos_mutex_lock(&at->mutex);
    while (at->waiting < COUNTERS)
        capos_condition_wait(&at->condition, &at->mutex);
    CHECK_EQ(at->sum, COUNTERS * 4 * rounds);
    capos_mutex_unlock(&at->mutex);
    for (uint32_t i = 0; i < COUNTERS; i++)
        CHECK_EQ(kit_join(&threads[i]), 0);
    park_on_moving();
}

/* ---- memory that goes while others use it ------------------------------------------------------ */

#define HOT 0x6000000ull /* four pages that come and go */
#define HOT_PAGES 4u

/* At WORDS in that process; relaxed. */
struct touching {
    uint32_t stop, writes;
};

static struct touching *touching(void)
{
    struct touching *at = sim_user(WORDS, sizeof *at, true);
    CHECK(at != NULL);
    return at;
}

/* Writes wherever something is mapped; what is written nobody reads. A real program that is late is ended by a fault. */
static void touch(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t *word = sim_user(HOT + i % HOT_PAGES * PAGE_SIZE + 64, sizeof *word, true);
        if (word != NULL) {
            __atomic_fetch_add(word, 1, __ATOMIC_RELAXED);
            __atomic_fetch_add(&touching()->writes, 1, __ATOMIC_RELAXED);
        }
        sim_pause();
    }
}

/* Until other threads have written again. */
static void await_writes(void)
{
    uint32_t before = __atomic_load_n(&touching()->writes, __ATOMIC_RELAXED);
    while (__atomic_load_n(&touching()->writes, __ATOMIC_RELAXED) - before < HOT_PAGES)
        sim_pause();
}

USER_THREAD(toucher)
{
    (void)arg;
    do {
        touch(256);
        ring_rounds(1);
    } while (__atomic_load_n(&touching()->stop, __ATOMIC_RELAXED) == 0);
}

static void protect_hot(struct capos_client *vm, uint32_t prot)
{
    struct capos_virtual_memory_protect_params in = { .addr = HOT, .size = PAGE_SIZE, .prot = prot };
    CHECK(capos_virtual_memory_protect(vm, &in, NULL) == CAPOS_OK);
}

static void change_hot(struct capos_client *vm, uint32_t round)
{
    map_at(HOT, HOT_PAGES);
    await_writes();
    protect_hot(vm, PROT_READ_BIT);
    touch(4);
    if (round % 2 == 0) {
        struct capos_virtual_memory_decommit_params in = { .addr = HOT + PAGE_SIZE, .size = PAGE_SIZE };
        CHECK(capos_virtual_memory_decommit(vm, &in, NULL) == CAPOS_OK);
    }
    await_writes();
    unmap_at(HOT, HOT_PAGES);
}

USER(mapper)
{
    struct capos_client threads[2], vm = guest_open("virtual_memory");
    kit_map_thread_area();
    map_at(WORDS, 1);
    for (uint32_t i = 0; i < 2; i++)
        threads[i] = kit_thread(toucher, i);
    for (uint32_t i = 0; i < 2 * rounds; i++)
        change_hot(&vm, i);
    __atomic_store_n(&touching()->stop, 1, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < 2; i++)
        CHECK_EQ(kit_join(&threads[i]), 0);
}

/* ---- time ---------------------------------------------------------------------------------------- */

static void sleep_rounds(void)
{
    struct capos_client timer = guest_open("timer");
    for (uint32_t round = 0; round < rounds; round++) {
        uint64_t tickets[3];
        for (uint32_t i = 0; i < 3; i++) {
            struct capos_timer_sleep_params in = { .duration_ns = 20000 * (3 - i) + 1000 * (round % 7) };
            struct ring_sqe sqe = guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, guest_encode(&capos_timer_sleep_method, &in));
            sqe.result_addr += i * 0x400;
            sqe.result_len = 0x400;
            tickets[i] = guest_submit(sqe);
            (void)guest_enter(0, 0); /* the params are read before the next ones lie there */
        }
        for (uint32_t i = 0; i < 3; i++)
            CHECK(user_await(tickets[i]).result >= 0);
    }
}

USER(busy)
{
    if (guest_find("timer") != NULL)
        sleep_rounds();
    else
        ring_rounds(8 * rounds);
}

/* ---- processes that come and go -------------------------------------------------------------------- */

static void end_child(struct kit_child *child)
{
    CHECK(capos_process_handle_terminate(&child->handle, NULL, NULL) == CAPOS_OK);
    CHECK_EQ(kit_wait(child), EXIT_CODE_TERMINATED);
    kit_forget(child);
}

/* Ends one child while it runs or waits, another one by its fault. */
USER(parent)
{
    struct capos_client service = guest_open("service");
    struct capos_cap_grant grants[] = { MEMORY_GRANT, FACET("service", service) };
    for (uint32_t round = 0; round < 1 + rounds / 8; round++) {
        struct kit_child first = kit_spawn("endless", NULL, 0), second = kit_spawn("endless", grants, 2),
                         third = kit_spawn("faulty", NULL, 0);
        ring_rounds(4);
        end_child(&first);
        CHECK_EQ(kit_wait(&third), EXIT_CODE_FAULT);
        kit_forget(&third);
        ring_rounds(round % 5);
        end_child(&second);
    }
}

/* ---- all of them --------------------------------------------------------------------------------------- */

struct started {
    struct kit_child children[CHILDREN_MAX];
    uint32_t count;
};

static void add(struct started *started, const char *name, const struct capos_cap_grant *grants, uint32_t count)
{
    CHECK(started->count < CHILDREN_MAX);
    started->children[started->count++] = kit_spawn(name, grants, count);
}

static void await_all(struct started *started)
{
    for (uint32_t i = 0; i < started->count; i++) {
        CHECK_EQ(kit_wait(&started->children[i]), 0);
        kit_forget(&started->children[i]);
    }
    started->count = 0;
}

static struct kit_child start_server(struct capos_client *facet)
{
    struct capos_cap_grant grants[] = { ENDPOINT_GRANT };
    struct kit_child server = kit_spawn("server", grants, 1);
    *facet = guest_take_cap(2);
    return server;
}

static void stop_server(struct kit_child *server, struct capos_client *facet)
{
    end_child(server);
    CHECK_EQ(guest_release(facet->cap_id), 0);
}

static void with_service(bool parents)
{
    struct started started = { 0 };
    struct capos_client facet;
    struct kit_child server = start_server(&facet);
    struct capos_cap_grant client[] = { FACET("service", facet), MEMORY_GRANT },
                           parent[] = { FACET("service", facet), MEMORY_GRANT, SPAWNER_GRANT };
    add(&started, "client", client, 2);
    add(&started, "client", client, 2);
    if (parents)
        add(&started, "parent", parent, 3);
    await_all(&started);
    stop_server(&server, &facet);
}

USER(calls)
{
    with_service(false);
}

USER(kills)
{
    with_service(true);
}

USER(rings)
{
    struct started started = { 0 };
    for (uint32_t i = 0; i < 4; i++)
        add(&started, "busy", NULL, 0);
    await_all(&started);
}

static void one_of(const char *name, const struct capos_cap_grant *grants, uint32_t count)
{
    struct started started = { 0 };
    add(&started, name, grants, count);
    add(&started, "busy", NULL, 0);
    await_all(&started);
}

USER(parks)
{
    struct capos_cap_grant grants[] = { THREADING_GRANTS };
    one_of("locks", grants, 4);
}

USER(maps)
{
    struct capos_cap_grant grants[] = { THREADING_GRANTS };
    one_of("mapper", grants, 4);
}

USER(timers)
{
    struct capos_cap_grant grants[] = { TIMER_GRANT("timer") };
    struct started started = { 0 };
    for (uint32_t i = 0; i < 3; i++)
        add(&started, "busy", grants, 1);
    add(&started, "busy", NULL, 0);
    await_all(&started);
}

USER(all)
{
    struct capos_cap_grant threading[] = { THREADING_GRANTS }, timer[] = { TIMER_GRANT("timer") };
    struct started started = { 0 };
    add(&started, "locks", threading, 4);
    add(&started, "mapper", threading, 4);
    add(&started, "busy", timer, 1);
    with_service(true);
    await_all(&started);
}

/* ---- the machine -------------------------------------------------------------------------------------------- */

#define GRANTS { { .name = "process_spawner" }, { .name = "frame_allocator" } }
#define PROGRAMS                                                                                      \
    { { "busy", busy }, { "endless", endless }, { "faulty", faulty }, { "server", server },           \
      { "client", client }, { "parent", parent }, { "locks", locks }, { "mapper", mapper } }
#define WORKLOAD(which) { .name = #which, .init = which, .grants = GRANTS, .programs = PROGRAMS }

static const struct sim_test workloads[] = { WORKLOAD(rings), WORKLOAD(calls), WORKLOAD(kills), WORKLOAD(parks),
                                             WORKLOAD(maps),  WORKLOAD(timers), WORKLOAD(all) };

static const struct sim_test *find(const char *name)
{
    for (size_t i = 0; i < sizeof workloads / sizeof workloads[0]; i++)
        if (strcmp(workloads[i].name, name) == 0)
            return &workloads[i];
    fprintf(stderr, "no workload %s\n", name);
    exit(2);
}

int main(int argc, char **argv)
{
    static uint8_t package[HARNESS_PACKAGE_BYTES];
    if (argc != 4)
        return 2;
    const struct sim_test *test = find(argv[1]);
    rounds = (uint32_t)strtoul(argv[3], NULL, 10);
    (void)sim_entry(counter); /* later ones only look */
    (void)sim_entry(toucher);
    (void)sim_entry(mover);
    struct sim_config config = { .seed = 1, .cpus = (uint32_t)strtoul(argv[2], NULL, 10), .package = package,
                                 .package_len = harness_package(test, package) };
    struct sim_result result = sim_run(&config);
    if (getenv("SIM_SHOW") != NULL)
        fprintf(stderr, "--- console\n%s\n--- verdict\n%s", result.console, result.verdict);
    CHECK_EQ(result.end, SIM_OFF);
    CHECK(strstr(result.verdict, "exit pid=1 code=0 ") != NULL);
    harness_check_verdict(result.verdict);
    printf("operations %llu entries %llu\n", (unsigned long long)operations, (unsigned long long)result.steps);
    return 0;
}
