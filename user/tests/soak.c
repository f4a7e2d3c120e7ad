/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Eight processes that call each other at random, hand memory and endpoints
 * on, answer, refuse to, cancel, and are killed and replaced, for as many
 * seconds as the argument says (5). Each worker checks that every completion
 * is of an operation that it started and that none comes twice; at the end
 * every frame and kernel object is back.
 */
#include "check.h"

#define WORKERS 8u
#define FACETS 4u
#define OPS 96u         /* of one worker, under way at once */
#define OP_BYTES 512u
#define CAPS_MAX 32u

static uint64_t seed;

static uint32_t pick(uint32_t bound)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return (uint32_t)((seed * 0x2545f4914f6cdd1dull) >> 33) % bound;
}

/* ---- a worker ---------------------------------------------------------------------------- */

struct op {
    bool busy, is_recv;
    uint64_t user_data;
    _Alignas(8) uint8_t bytes[OP_BYTES]; /* params or payload with descriptors, then the result */
};

static struct op ops[OPS];
static uint32_t own, allocator, facets[FACETS], facet_count;
static uint32_t flight[16], in_flight, receiving, caps[CAPS_MAX], cap_count;
static uint64_t next_user_data = 1;

/* Queues an entry if there is room for it; its result goes behind the first 128 bytes. */
static bool start(struct op *op, struct ring_sqe sqe)
{
    struct ring_page *page = capos_ring()->page;
    if (page->header.sq_tail - page->header.sq_head == RING_SQ_ENTRIES)
        return false;
    sqe.user_data = next_user_data++ << 8 | (uint64_t)(op - ops);
    *op = (struct op){ .busy = true, .is_recv = sqe.opcode == RING_OP_RECV, .user_data = sqe.user_data };
    page->sqes[page->header.sq_tail & RING_SQ_MASK] = sqe;
    __atomic_store_n(&page->header.sq_tail, page->header.sq_tail + 1, __ATOMIC_SEQ_CST);
    return true;
}

static struct op *free_op(void)
{
    for (uint32_t i = 0; i < OPS; i++)
        if (!ops[i].busy)
            return &ops[i];
    return NULL;
}

static void keep_caps(const struct op *op, const struct ring_cqe *cqe)
{
    for (uint32_t i = 0; i < cqe->cap_count; i++) {
        struct ring_result_cap record;
        memcpy(&record, op->bytes + 128 + (uint32_t)cqe->result + i * sizeof record, sizeof record);
        struct op *release = free_op();
        if (cap_count < CAPS_MAX)
            caps[cap_count++] = record.cap_id;
        else if (release != NULL)
            (void)start(release, (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = record.cap_id });
    }
}

static void take_completions(void)
{
    struct ring_page *page = capos_ring()->page;
    while (page->header.cq_head != __atomic_load_n(&page->header.cq_tail, __ATOMIC_ACQUIRE)) {
        struct ring_cqe cqe = page->cqes[page->header.cq_head & RING_CQ_MASK];
        struct op *op = &ops[cqe.user_data & 0xff];
        page->header.cq_head++;
        if ((cqe.user_data & 0xff) >= OPS || !op->busy || op->user_data != cqe.user_data)
            capos_exit(3); /* a completion of nothing, or a second one */
        op->busy = false;
        if (op->is_recv)
            receiving--;
        if (op->is_recv && cqe.result >= 56) {
            if (in_flight == 16 || cqe.call_id == 0)
                capos_exit(4);
            flight[in_flight++] = cqe.call_id;
        }
        if (cqe.result >= 0)
            keep_caps(op, &cqe);
    }
}

/* A payload of some words, with capabilities behind it now and then. */
static struct ring_sqe message(struct op *op, struct ring_sqe sqe)
{
    sqe.addr = (uintptr_t)op->bytes;
    sqe.len = pick(10) * 4;
    sqe.xfer_cap_count = (uint16_t)(cap_count > 0 && pick(3) == 0 ? 1 + pick(3) : 0);
    for (uint32_t i = 0; i < sqe.xfer_cap_count; i++) {
        struct ring_transfer_descriptor cap = { .cap_id = caps[pick(cap_count)], .transfer_mode = (uint16_t)(1 + pick(2)) };
        memcpy(op->bytes + sqe.len + i * sizeof cap, &cap, sizeof cap);
    }
    return sqe;
}

static void step(void)
{
    struct op *op = free_op();
    struct ring_sqe sqe = { .opcode = RING_OP_NOP };
    if (op == NULL)
        return;
    op->busy = false;
    uint64_t result = (uintptr_t)op->bytes + 128;
    uint32_t kind = pick(12);
    if (kind < 4 && facet_count > 0) {
        sqe = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facets[pick(facet_count)], .method_id = (uint16_t)pick(9),
                                 .result_addr = result, .result_len = pick(8) == 0 ? pick(40) : OP_BYTES - 128 };
    } else if (kind < 7 && receiving + in_flight < 16) {
        sqe = (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = own, .result_addr = result,
                                 .result_len = pick(8) == 0 ? 56 + pick(20) : OP_BYTES - 128 };
    } else if (kind < 9 && in_flight > 0) {
        sqe = (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own, .call_id = flight[--in_flight] };
    } else if (kind == 9 && cap_count > 0) {
        sqe = (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = caps[--cap_count] };
    } else if (kind == 10) {
        const struct op *target = &ops[pick(OPS)];
        if (target->busy)
            sqe = (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = own, .pipeline_dep = target->user_data };
    } else if (cap_count < CAPS_MAX / 2) {
        sqe = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = allocator, .method_id = CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD,
                                 .result_addr = result, .result_len = OP_BYTES - 128 };
    }
    bool carries = sqe.opcode == RING_OP_RETURN || (sqe.opcode == RING_OP_CALL && sqe.cap_id != allocator);
    uint8_t kept[128];
    if (carries)
        sqe = message(op, sqe);
    memcpy(kept, op->bytes, sizeof kept);
    if (!start(op, sqe))
        return;
    memcpy(op->bytes, kept, sizeof kept);
    receiving += sqe.opcode == RING_OP_RECV;
}

static int work(void)
{
    static const char *const names[FACETS] = { "f0", "f1", "f2", "f3" };
    own = granted("own", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID).cap_id;
    for (uint32_t i = 0; i < FACETS; i++) {
        struct capos_client facet;
        if (capos_client_open(&facet, names[i], CAPOS_ENDPOINT_INTERFACE_ID) == CAPOS_OK)
            facets[facet_count++] = facet.cap_id;
    }
    seed = capos_pid() * 0x9e3779b97f4a7c15ull;
    for (uint32_t n = 2000 + pick(20000); n > 0; n--) {
        for (uint32_t i = pick(4); i > 0; i--)
            step();
        (void)capos_cap_enter(pick(4) == 0, pick(4) == 0 ? 300000 : 0);
        take_completions();
    }
    return check_failures > 0 ? 5 : 0;
}

/* ---- the first process ---------------------------------------------------------------------- */

static struct worker {
    struct capos_process process;
    struct capos_client facet;
} workers[WORKERS];

static void begin(uint32_t which)
{
    static const char *const names[FACETS] = { "f0", "f1", "f2", "f3" };
    struct capos_cap_grant grants[2 + FACETS] = {
        capos_grant_kernel("own", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID) };
    uint32_t count = 2;
    struct worker *worker = &workers[which];
    for (uint32_t i = 0; i < FACETS; i++) {
        const struct capos_client *facet = &workers[pick(WORKERS)].facet;
        if (facet == &worker->facet || facet->interface_id == 0)
            continue;
        grants[count] = capos_grant_held(names[i], facet->cap_id, facet->interface_id);
        grants[count].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
        grants[count++].badge = UINT64_MAX;
    }
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_cap_grant all[3 + FACETS] = { capos_grant_kernel("do:work", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID) };
    for (uint32_t i = 0; i < count; i++)
        all[1 + i] = grants[i];
    enum capos_status status = capos_process_spawn(&spawner, "soak", all, 1 + count, &worker->process);
    if (status == CAPOS_EXCEPTION) /* the owner of a facet has gone: its facet cannot be given */
        status = capos_process_spawn(&spawner, "soak", all, 3, &worker->process);
    check_ok(status, &spawner, "spawn");
    check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &worker->facet) == CAPOS_OK, "parent endpoint");
}

static void end(uint32_t which)
{
    struct worker *worker = &workers[which];
    if (pick(4) > 0)
        check(capos_process_terminate(&worker->process) == CAPOS_OK, "terminate");
    int64_t code = exit_code_of(&worker->process);
    check(code == 0 || code == EXIT_CODE_TERMINATED, "a worker ended with %d", (int)code);
    check(run_entry((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = worker->facet.cap_id }) == 0, "release");
    worker->facet = (struct capos_client){ 0 };
}

static uint64_t objects(struct capos_client *monitor)
{
    struct capos_system_monitor_memory_results memory = { 0 };
    check_ok(capos_system_monitor_memory(monitor, NULL, &memory), monitor, "SystemMonitor.memory");
    return memory.kernel_objects;
}

int main(int argc, char **argv)
{
    if (task() != NULL)
        return work();
    uint32_t seconds = 0, replaced = 0;
    for (const char *digit = argc > 1 ? argv[1] : "5"; *digit >= '0' && *digit <= '9'; digit++)
        seconds = seconds * 10 + (uint32_t)(*digit - '0');
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    seed = now_ns(&timer) | 1;
    capos_print("soak: seed %lx, %u s\n", (unsigned long)seed, seconds);
    for (int warm = 0; warm < 2; warm++) { /* the buffers of this process are as large as they get */
        begin(0);
        end(0);
    }
    uint64_t frames = free_frames(&monitor), kept = objects(&monitor), deadline = now_ns(&timer) + seconds * 1000000000ull;
    for (uint32_t i = 0; i < WORKERS; i++)
        begin(i);
    while (now_ns(&timer) < deadline) {
        sleep_ns(&timer, 1000000 + pick(40) * 1000000);
        uint32_t which = pick(WORKERS);
        end(which);
        begin(which);
        replaced++;
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        end(i);
    capos_print("soak: %u workers replaced\n", replaced);
    check(free_frames(&monitor) == frames, "frames: %lu, before %lu", (unsigned long)free_frames(&monitor), (unsigned long)frames);
    check(objects(&monitor) == kept, "objects: %lu, before %lu", (unsigned long)objects(&monitor), (unsigned long)kept);
    return finish("soak");
}
