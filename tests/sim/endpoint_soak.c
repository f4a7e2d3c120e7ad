/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Endpoints under load: random transfers between processes compared with a
 * model after every step; eight processes that call, answer, cancel, hand
 * things on, die and are replaced, with the kernel's own checks in between;
 * the shares of processes that storm each other; one failure at every
 * allocation and copy.
 */
#include "kernel/check/check.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"

static uint32_t pick(uint32_t bound)
{
    return (uint32_t)(sim_random() % bound);
}

static struct process *self_process(void)
{
    return process_find((uint32_t)((struct guest *)*sim_local())->pid);
}

static uint32_t new_memory(void)
{
    struct ring_cqe cqe = ep_run((struct ring_sqe){
        .opcode = RING_OP_CALL, .cap_id = guest_open("frame_allocator").cap_id, .method_id = CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD,
        .result_addr = CALL_BUFFER, .result_len = CALL_BUFFER_BYTES });
    EXPECT(cqe.result > 0);
    return ep_record(CALL_BUFFER, &cqe, 0).cap_id;
}

#define FRAME_ALLOCATOR_GRANT \
    KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID)

/* ---- transfers against a model --------------------------------------------------------------------- */

#define NODES 4
#define HELD_MAX 24
#define SENT_MAX 8
#define STEPS 400

struct model_cap {
    uint32_t id;
    uint64_t object;
    bool reserved;
};

struct model_message {
    uint32_t sender;
    uint64_t user_data;
    uint32_t count;
    struct model_cap caps[3];
    bool moves[3];
};

static struct node {
    struct process *process;
    struct model_cap held[HELD_MAX + 8];
    uint32_t held_count;
    struct model_message queue[NODES * SENT_MAX];
    uint32_t queued;
    struct {
        uint32_t call_id, sender;
        uint64_t user_data;
    } flight[16];
    uint32_t in_flight;
    uint32_t outstanding;
    uint64_t finished[NODES * SENT_MAX]; /* user_data of calls that were answered; to be collected */
    uint32_t finished_count;
} nodes[NODES];

static uint32_t turn, me_next, steps_left;

static void model_add(struct node *node, uint32_t id, uint64_t object)
{
    node->held[node->held_count++] = (struct model_cap){ .id = id, .object = object };
}

static struct model_cap *model_find(struct node *node, uint32_t id)
{
    for (uint32_t i = 0; i < node->held_count; i++)
        if (node->held[i].id == id)
            return &node->held[i];
    return NULL;
}

static void model_remove(struct node *node, uint32_t id)
{
    struct model_cap *cap = model_find(node, id);
    CHECK(cap != NULL);
    *cap = node->held[--node->held_count];
}

static uint64_t object_named(const struct process *process, uint32_t id)
{
    const struct cap_slot *slot;
    return cap_table_lookup(&process->table, id, &slot) == CAP_OK ? slot->hold.object_id : 0;
}

/* Copies that wait in a queue are charged to their sender. */
static uint64_t waiting_copies(const struct process *process)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        if (process->calls.records[i].state != CALL_FREE)
            pages += process->calls.records[i].held_pages;
    return pages;
}

/* Every table holds exactly what the model says, and the ledgers agree. */
static void compare(void)
{
    for (uint32_t n = 0; n < NODES; n++) {
        struct node *node = &nodes[n];
        uint32_t cursor = 0, found = 0;
        struct cap_row row;
        if (node->process == NULL)
            continue;
        while (cap_table_next_occupied(&node->process->table, &cursor, &row)) {
            const struct object *object = row.object;
            if (object->ops->interface_id != CAPOS_MEMORY_OBJECT_INTERFACE_ID)
                continue;
            const struct model_cap *cap = model_find(node, row.id);
            CHECK(cap != NULL && cap->object == row.hold.object_id);
            CHECK_EQ(cap->reserved, node->process->slots[row.id & CAP_ID_INDEX_MAX].move_reserved);
            found++;
        }
        CHECK_EQ(found, node->held_count);
        CHECK_EQ(cap_ledger_used(process_ledger(node->process), CAP_RESOURCE_FRAME_GRANT_PAGES),
                 found + waiting_copies(node->process));
        CHECK_EQ(cap_ledger_used(process_ledger(node->process), CAP_RESOURCE_OUTSTANDING_CALLS), node->outstanding);
    }
    CHECK(check_all(CHECK_FAILURES));
}

/* What the kernel has to answer to these descriptors. */
static int32_t expected_code(struct node *node, const struct ring_transfer_descriptor *caps, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (caps[i].cap_id == caps[j].cap_id && (caps[i].transfer_mode | caps[j].transfer_mode) > 1)
                return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
    for (uint32_t i = 0; i < count; i++) {
        const struct model_cap *cap = model_find(node, caps[i].cap_id);
        if (cap == NULL)
            return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
        if (cap->reserved)
            return CAP_ERR_TRANSFER_ABORTED;
        if (caps[i].transfer_mode == TRANSFER_MODE_MOVE)
            return CAP_ERR_TRANSFER_NOT_SUPPORTED + 100; /* looked at below */
    }
    return 0;
}

static uint32_t choose_caps(struct node *node, struct ring_transfer_descriptor *caps)
{
    uint32_t count = node->held_count == 0 ? 0 : pick(4);
    for (uint32_t i = 0; i < count; i++)
        caps[i] = (struct ring_transfer_descriptor){
            .cap_id = pick(20) == 0 ? 0x05000003 : node->held[pick(node->held_count)].id,
            .transfer_mode = pick(2) == 0 ? TRANSFER_MODE_COPY : TRANSFER_MODE_MOVE };
    return count;
}

static int32_t judge_caps(struct node *node, const struct ring_transfer_descriptor *caps, uint32_t count)
{
    int32_t code = expected_code(node, caps, count);
    if (code <= 0)
        return code;
    for (uint32_t i = 0; i < count; i++) { /* a move is fine where a copy is */
        const struct model_cap *cap = model_find(node, caps[i].cap_id);
        if (cap == NULL)
            return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
        if (cap->reserved)
            return CAP_ERR_TRANSFER_ABORTED;
    }
    return 0;
}

static void step_send(uint32_t me)
{
    static const char *const names[] = { "n0", "n1", "n2", "n3" };
    struct node *node = &nodes[me];
    struct ring_transfer_descriptor caps[3];
    uint32_t to = pick(NODES);
    if (node->outstanding >= SENT_MAX || guest_find(names[to]) == NULL || nodes[to].queued >= 30)
        return;
    uint32_t count = choose_caps(node, caps);
    int32_t code = judge_caps(node, caps, count);
    uint64_t id = ep_start(ep_with_caps(ep_call_sqe(guest_open(names[to]).cap_id, (uint16_t)me, "", 0), caps, (uint16_t)count));
    if (code != 0) {
        CHECK_EQ(ep_await(id).result, code);
        return;
    }
    CHECK(ep_is_pending(id));
    struct model_message *message = &nodes[to].queue[nodes[to].queued++];
    *message = (struct model_message){ .sender = me, .user_data = id, .count = count };
    for (uint32_t i = 0; i < count; i++) {
        struct model_cap *cap = model_find(node, caps[i].cap_id);
        message->moves[i] = caps[i].transfer_mode == TRANSFER_MODE_MOVE;
        message->caps[i] = *cap;
        cap->reserved = message->moves[i];
    }
    node->outstanding++;
}

static void step_receive(uint32_t me)
{
    struct node *node = &nodes[me];
    struct model_message message = node->queue[0];
    if (node->queued == 0 || node->in_flight >= 16 || node->held_count + 3 > HELD_MAX)
        return;
    struct ring_cqe got = ep_recv(guest_open("own").cap_id);
    CHECK_EQ(got.result, 56);
    CHECK_EQ(ep_header().method_id, message.sender);
    CHECK_EQ(got.cap_count, message.count);
    for (uint32_t i = 0; i < message.count; i++) {
        uint32_t id = ep_record(RECV_BUFFER, &got, i).cap_id;
        CHECK_EQ(object_named(node->process, id), message.caps[i].object);
        if (message.moves[i])
            model_remove(&nodes[message.sender], message.caps[i].id);
        model_add(node, id, message.caps[i].object);
    }
    memmove(node->queue, node->queue + 1, --node->queued * sizeof node->queue[0]);
    node->flight[node->in_flight].call_id = got.call_id;
    node->flight[node->in_flight].sender = message.sender;
    node->flight[node->in_flight++].user_data = message.user_data;
}

static void step_answer(uint32_t me)
{
    struct node *node = &nodes[me];
    struct ring_transfer_descriptor caps[3];
    if (node->in_flight == 0)
        return;
    uint32_t which = pick(node->in_flight), sender = node->flight[which].sender;
    uint32_t count = nodes[sender].held_count + 3 > HELD_MAX ? 0 : choose_caps(node, caps);
    int32_t code = judge_caps(node, caps, count);
    struct ring_sqe ret = ep_with_caps(ep_return_sqe(guest_open("own").cap_id, node->flight[which].call_id, "", 0), caps, (uint16_t)count);
    uint64_t objects[3];
    for (uint32_t i = 0; i < count; i++)
        objects[i] = object_named(node->process, caps[i].cap_id);
    CHECK_EQ(ep_run(ret).result, code);
    if (code != 0)
        return; /* still in flight */
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].transfer_mode == TRANSFER_MODE_MOVE)
            model_remove(node, caps[i].cap_id);
    /* The ids come with the completion, but the capabilities are there now: the caller's newest slots. */
    struct node *caller = &nodes[sender];
    uint32_t cursor = 0, left = count;
    struct cap_row row;
    while (left > 0 && cap_table_next_occupied(&caller->process->table, &cursor, &row)) {
        const struct object *object = row.object;
        if (object->ops->interface_id == CAPOS_MEMORY_OBJECT_INTERFACE_ID && model_find(caller, row.id) == NULL) {
            bool sent = false;
            for (uint32_t i = 0; i < count && !sent; i++)
                if (objects[i] == row.hold.object_id) {
                    objects[i] = 0;
                    sent = true;
                }
            CHECK(sent);
            model_add(caller, row.id, row.hold.object_id);
            left--;
        }
    }
    CHECK_EQ(left, 0);
    caller->outstanding--;
    caller->finished[caller->finished_count++] = node->flight[which].user_data;
    node->flight[which] = node->flight[--node->in_flight];
}

static void step_release(uint32_t me)
{
    struct node *node = &nodes[me];
    if (node->held_count == 0)
        return;
    struct model_cap cap = node->held[pick(node->held_count)];
    int32_t result = ep_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = cap.id }).result;
    CHECK_EQ(result, cap.reserved ? CAP_ERR_INVALID_REQUEST : 0);
    if (!cap.reserved)
        model_remove(node, cap.id);
}

static void step_create(uint32_t me)
{
    if (nodes[me].held_count + 3 > HELD_MAX)
        return;
    uint32_t id = new_memory();
    model_add(&nodes[me], id, object_named(nodes[me].process, id));
}

static void step_collect(uint32_t me)
{
    while (nodes[me].finished_count > 0)
        CHECK_EQ(ep_await(nodes[me].finished[--nodes[me].finished_count]).result, 0);
}

PROGRAM(graph_node)
{
    static void (*const steps[])(uint32_t) = { step_send, step_send, step_send, step_receive, step_receive, step_answer,
                                               step_answer, step_release, step_create };
    uint32_t me = me_next++;
    nodes[me].process = self_process();
    while (steps_left > 0) {
        if (turn != me) {
            sim_pause();
            continue;
        }
        step_collect(me);
        steps[pick(sizeof steps / sizeof steps[0])](me);
        compare();
        steps_left--;
        turn = pick(NODES);
    }
    nodes[me].process = NULL;
}

/* Each node has facets of itself and of those before it; what they have sent reaches all. */
PROGRAM(graph)
{
    static const char *const names[] = { "n0", "n1", "n2", "n3" };
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child children[NODES];
    struct capos_client facets[NODES];
    turn = NODES;
    steps_left = STEPS;
    for (uint32_t n = 0; n < NODES; n++) {
        struct capos_cap_grant grants[2 + NODES] = { ENDPOINT_GRANT("own"), FRAME_ALLOCATOR_GRANT };
        for (uint32_t i = 0; i < n; i++)
            grants[2 + i] = (struct capos_cap_grant)FACET(names[i], facets[i], UINT64_MAX);
        struct capos_process_spawner_spawn_params in = { .name = capn_text_of(names[n]), .binary_name = capn_text_of("graph_node"),
                                                         .grants = capn_list_over(grants, 2 + n, sizeof grants[0]) };
        struct capos_process_spawner_spawn_results got;
        CHECK_EQ(capos_process_spawner_spawn(&spawner, &in, &got), CAPOS_OK);
        children[n] = (struct kit_child){ guest_take_cap(0), guest_take_cap(1) };
        facets[n] = guest_take_cap(2);
        while (me_next == n)
            sim_pause();
    }
    turn = 0;
    for (uint32_t n = 0; n < NODES; n++)
        CHECK_EQ(kit_wait(&children[n]), 0);
}

/* ---- soak -------------------------------------------------------------------------------------------------- */

#define WORKERS 8

/* A worker's operations that have no completion yet: every completion must be one of them, once. */
struct pending_set {
    uint64_t ids[128];
    uint64_t receives[16];
    uint32_t count, receive_count;
    uint32_t flight[16];
    uint32_t in_flight;
};

static bool forget(uint64_t *ids, uint32_t *count, uint64_t id)
{
    for (uint32_t i = 0; i < *count; i++)
        if (ids[i] == id) {
            ids[i] = ids[--*count];
            return true;
        }
    return false;
}

static void collect(struct pending_set *set)
{
    struct ring_cqe cqe;
    while (guest_take(&cqe)) {
        CHECK(cqe.result >= CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
        if (forget(set->receives, &set->receive_count, cqe.user_data)) {
            if (cqe.result >= 56) {
                set->flight[set->in_flight++] = cqe.call_id;
                CHECK(cqe.call_id != 0 && set->in_flight <= 16);
            } else {
                CHECK(cqe.result == CAP_ERR_INVOKE_FAILED || cqe.result == CAP_ERR_INVALID_RESULT_BUFFER);
            }
            continue;
        }
        CHECK(forget(set->ids, &set->count, cqe.user_data));
    }
}

/* Something it got since it started. Buffers are shared by what is under way, so the table itself is asked. */
static bool random_cap(uint32_t *id)
{
    struct process *process = self_process();
    uint32_t granted = ((struct guest *)*sim_local())->capset->count, found = 0, cursor = granted;
    struct cap_row row;
    while (cap_table_next_occupied(&process->table, &cursor, &row))
        if (pick(++found) == 0)
            *id = row.id;
    return found > 0;
}

static uint32_t random_caps(struct ring_transfer_descriptor *caps)
{
    uint32_t count = pick(2) == 0 ? 0 : pick(4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t id;
        if (!random_cap(&id))
            return i;
        caps[i] = (struct ring_transfer_descriptor){ .cap_id = id, .transfer_mode = (uint16_t)(1 + pick(2)) };
    }
    return count;
}

/* The payload lies in the stack pages as they are; only its length matters. */
static struct ring_sqe with_random_payload(struct ring_sqe sqe)
{
    struct ring_transfer_descriptor caps[3];
    sqe.len = pick(4) * 4 + (pick(20) == 0 ? 3000 : 0);
    return ep_with_caps(sqe, caps, (uint16_t)random_caps(caps));
}

static void soak_step(struct pending_set *set)
{
    static const char *const names[] = { "f0", "f1", "f2", "f3" };
    uint32_t own = guest_open("own").cap_id;
    const char *name = names[pick(4)];
    struct ring_sqe sqe = { .opcode = RING_OP_NOP };
    bool full = cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS) > 40;
    switch (full && pick(2) == 0 ? 10 : pick(12)) {
    case 0:
    case 1:
    case 2:
        if (guest_find(name) == NULL || set->count > 100)
            return;
        sqe = with_random_payload(ep_call_sqe(guest_open(name).cap_id, (uint16_t)pick(5), "", 0));
        sqe.result_len = pick(8) == 0 ? pick(100) : CALL_BUFFER_BYTES;
        break;
    case 3:
    case 4:
    case 5:
        if (set->receive_count + set->in_flight >= 16)
            return;
        sqe = ep_recv_sqe(own);
        if (pick(10) == 0)
            sqe.result_len = 56 + pick(30);
        set->receives[set->receive_count++] = guest_submit(sqe);
        return;
    case 6:
    case 7:
    case 8:
        if (set->in_flight == 0)
            return;
        sqe = with_random_payload(ep_return_sqe(own, set->flight[--set->in_flight], "", 0));
        if (pick(5) == 0)
            sqe = (struct ring_sqe){ .opcode = RING_OP_RETURN, .flags = SQE_FLAG_RETURN_APPLICATION_EXCEPTION, .cap_id = own,
                                     .call_id = sqe.call_id, .addr = RETURN_BUFFER, .len = sqe.len };
        break;
    case 9:
        if (set->receive_count > 0)
            sqe = (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = own, .pipeline_dep = set->receives[pick(set->receive_count)] };
        break;
    case 10:
        sqe.opcode = random_cap(&sqe.cap_id) ? RING_OP_RELEASE : RING_OP_NOP;
        break;
    default:
        sqe = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = guest_open("frame_allocator").cap_id, .result_addr = CALL_BUFFER,
                                 .method_id = CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD, .result_len = CALL_BUFFER_BYTES };
    }
    if (sqe.opcode == RING_OP_RETURN || set->count < 120)
        set->ids[set->count++] = guest_submit(sqe);
}

PROGRAM(soak_worker)
{
    struct pending_set set = { 0 };
    for (uint32_t i = 0, n = 300 + pick(600); i < n; i++) {
        soak_step(&set);
        (void)guest_enter(pick(6) == 0, pick(3) == 0 ? 200000 : 0);
        collect(&set);
        if (pick(4) == 0)
            sim_pause();
    }
}

static struct kit_child start_worker(const struct capos_client *facets, uint32_t count, struct capos_client *facet)
{
    static const char *const names[] = { "f0", "f1", "f2", "f3" };
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant grants[6] = { ENDPOINT_GRANT("own"), FRAME_ALLOCATOR_GRANT };
    uint32_t given = count < 4 ? count : 4;
    for (uint32_t i = 0; i < given; i++)
        grants[2 + i] = (struct capos_cap_grant)FACET(names[i], facets[pick(count)], UINT64_MAX);
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("w"), .binary_name = capn_text_of("soak_worker"),
                                                     .grants = capn_list_over(grants, 2 + given, sizeof grants[0]) };
    struct capos_process_spawner_spawn_results got;
    enum capos_status status = capos_process_spawner_spawn(&spawner, &in, &got);
    if (status == CAPOS_EXCEPTION && count > 0) /* a facet of a worker that has gone cannot be given */
        return start_worker(facets, 0, facet);
    CHECK_EQ(status, CAPOS_OK);
    struct kit_child child = { guest_take_cap(0), guest_take_cap(1) };
    *facet = guest_take_cap(2);
    return child;
}

static void end_worker(struct kit_child *child, const struct capos_client *facet)
{
    if (pick(4) == 0)
        (void)ep_revoke(&child->manager, pick(6));
    if (pick(3) > 0)
        CHECK_EQ(capos_process_handle_terminate(&child->handle, NULL, NULL), CAPOS_OK);
    int64_t code = kit_wait(child);
    CHECK(code == 0 || code == EXIT_CODE_TERMINATED);
    kit_forget(child);
    CHECK_EQ(guest_release(facet->cap_id), 0);
}

PROGRAM(soak)
{
    struct kit_child children[WORKERS];
    struct capos_client facets[WORKERS];
    for (uint32_t i = 0; i < WORKERS; i++)
        children[i] = start_worker(facets, i, &facets[i]);
    for (uint32_t round = 0; round < 60; round++) {
        for (uint32_t n = pick(200); n > 0; n--)
            sim_pause();
        uint32_t i = pick(WORKERS);
        end_worker(&children[i], &facets[i]);
        CHECK(check_all(CHECK_FAILURES));
        struct capos_client others[WORKERS - 1];
        for (uint32_t j = 0; j < WORKERS - 1; j++)
            others[j] = facets[(i + 1 + j) % WORKERS];
        children[i] = start_worker(others, WORKERS - 1, &facets[i]);
    }
    for (uint32_t i = 0; i < WORKERS; i++)
        end_worker(&children[i], &facets[i]);
    /* Only init is left: what it holds is all there is. */
    CHECK(check_all(CHECK_FAILURES));
    CHECK_EQ(kernel.processes.count, 1);
    CHECK_EQ(object_live_count(), cap_ledger_used(process_ledger(self_process()), CAP_RESOURCE_CAP_SLOTS));
    CHECK_EQ(kernel.epochs.in_use, object_live_count());
}

/* ---- shares ---------------------------------------------------------------------------------------------------- */

static bool stop_storm;

PROGRAM(answers)
{
    uint32_t own = guest_open("own").cap_id;
    uint64_t recv = guest_submit(ep_recv_sqe(own));
    while (!stop_storm) {
        (void)guest_enter(1, CAP_ENTER_WAIT_FOREVER);
        struct ring_cqe cqe;
        while (guest_take(&cqe)) {
            if (cqe.user_data != recv)
                continue;
            guest_submit((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = own, .call_id = cqe.call_id });
            recv = guest_submit(ep_recv_sqe(own));
        }
        sim_pause();
    }
}

PROGRAM(asks)
{
    while (!stop_storm) {
        struct ring_cqe cqe = guest_run((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = guest_open("srv").cap_id });
        CHECK(cqe.result == 0 || stop_storm);
        sim_pause();
    }
}

PROGRAM(computes)
{
    while (!stop_storm)
        sim_pause();
}

/* Two that storm each other beside one that computes, on one CPU: two thirds for the pair, a third for the other. */
PROGRAM(thirds)
{
    struct capos_client spawner = guest_open("process_spawner"), timer = guest_open("timer");
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("answers"), .binary_name = capn_text_of("answers"),
                                                     .grants = capn_list_over(&own, 1, sizeof own) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct capos_client facet = guest_take_cap(2);
    struct capos_cap_grant srv = FACET("srv", facet, UINT64_MAX);
    (void)kit_spawn("asks", &srv, 1);
    (void)kit_spawn("computes", NULL, 0);
    struct capos_timer_sleep_params nap = { .duration_ns = 3000000000 };
    EXPECT(capos_timer_sleep(&timer, &nap, NULL) == CAPOS_OK);
    uint64_t times[3], sum = 0;
    for (uint32_t i = 0; i < 3; i++)
        sum += times[i] = sched_process_time(process_find(2 + i));
    stop_storm = true;
    if (times[2] * 100 < sum * 32 || times[2] * 100 > sum * 35)
        harness_note("shares %llu %llu %llu", (unsigned long long)times[0], (unsigned long long)times[1], (unsigned long long)times[2]);
    CHECK(times[2] * 100 >= sum * 32 && times[2] * 100 <= sum * 35);
}

/* A call to a server that waits on this CPU, and its answer, pass through no queue: nobody runs in between. */
static uint64_t round_trips, strangers;

PROGRAM(watches)
{
    while (!stop_storm) {
        strangers++;
        sim_pause();
    }
}

PROGRAM(hand_off)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_cap_grant own = ENDPOINT_GRANT("own");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("answers"), .binary_name = capn_text_of("answers"),
                                                     .grants = capn_list_over(&own, 1, sizeof own) };
    struct capos_process_spawner_spawn_results got;
    EXPECT(capos_process_spawner_spawn(&spawner, &in, &got) == CAPOS_OK);
    struct capos_client facet = guest_take_cap(2);
    CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet.cap_id }).result, 0);
    (void)kit_spawn("watches", NULL, 0);
    (void)kit_spawn("watches", NULL, 0);
    for (int i = 0; i < 300; i++) {
        uint64_t before = strangers, quantum = self_process()->threads->quantum_end;
        CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = facet.cap_id }).result, 0);
        round_trips += strangers == before;
        CHECK(strangers == before || self_process()->threads->quantum_end != quantum);
    }
    CHECK(round_trips > 200);
    stop_storm = true;
}

/* ---- one failure at every point ------------------------------------------------------------------------------------ */

PROGRAM(sweep_client)
{
    uint32_t srv = guest_open("srv").cap_id, a = new_memory(), b = new_memory();
    struct ring_transfer_descriptor caps[] = { MOVE_OF(a), COPY_OF(b) };
    struct ring_cqe cqe = run_unless_failed(ep_with_caps(ep_call_sqe(srv, 1, "abcd", 4), caps, 2));
    EXPECT(cqe.result == 4 && cqe.cap_count == 1);
    EXPECT(guest_release(ep_record(CALL_BUFFER, &cqe, 0).cap_id) == CAPOS_OK);
    uint64_t calls[3];
    for (int i = 0; i < 3; i++)
        calls[i] = ep_start(ep_with_caps(ep_call_sqe(srv, 2, "efgh", 4), &caps[1], 1));
    for (int i = 0; i < 3; i++)
        EXPECT(await_unless_failed(calls[i]).result == 0);
}

/* Serves one call that was received before, three that were queued; ends with one of them unanswered. */
PROGRAM(sweep)
{
    struct capos_client own = guest_open("ep");
    struct capos_cap_grant grants[] = { FACET("srv", own, 0), FRAME_ALLOCATOR_GRANT, ENDPOINT_GRANT("unused") };
    uint64_t recv = ep_start(ep_recv_sqe(own.cap_id));
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("c"), .binary_name = capn_text_of("sweep_client"),
                                                     .grants = capn_list_over(grants, 3, sizeof grants[0]) };
    uint32_t len = guest_encode(&capos_process_spawner_spawn_method, &in);
    struct ring_sqe call = guest_call_sqe(spawner.cap_id, CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, len);
    call.result_addr = CALL_BUFFER;
    call.result_len = CALL_BUFFER_BYTES;
    struct ring_cqe cqe = run_unless_failed(call);
    EXPECT(cqe.result > 0 && cqe.cap_count == 3);
    struct capos_client handle = { .cap_id = ep_record(CALL_BUFFER, &cqe, 0).cap_id };
    struct ring_cqe got = await_unless_failed(recv);
    EXPECT(got.result == 60 && got.cap_count == 2);
    struct ring_transfer_descriptor back = MOVE_OF(ep_record(RECV_BUFFER, &got, 0).cap_id);
    EXPECT(run_unless_failed(ep_with_caps(ep_return_sqe(own.cap_id, got.call_id, "wxyz", 4), &back, 1)).result == 0);
    for (int i = 0; i < 3; i++) {
        got = run_unless_failed(ep_recv_sqe(own.cap_id));
        EXPECT(got.result == 60 && got.cap_count == 1);
        EXPECT(ep_return(own.cap_id, got.call_id, "") == 0);
    }
    uint64_t wait = ep_start((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = handle.cap_id, .method_id = CAPOS_PROCESS_HANDLE_WAIT_METHOD,
                                                .result_addr = CALL_BUFFER, .result_len = CALL_BUFFER_BYTES });
    EXPECT(await_unless_failed(wait).result > 0);
}

#define SPAWNER { "process_spawner", NULL }

static const struct sim_test tests[] = {
    { .name = "transfer-graph", .init = graph, .grants = { SPAWNER }, .programs = { { "graph_node", graph_node } }, .seeds = 4 },
    { .name = "endpoint-soak", .init = soak, .grants = { SPAWNER }, .programs = { { "soak_worker", soak_worker } }, .seeds = 3 },
    { .name = "endpoint-thirds", .init = thirds, .grants = { SPAWNER, { "timer", NULL } }, .only_cpus = 1,
      .programs = { { "answers", answers }, { "asks", asks }, { "computes", computes } } },
    { .name = "endpoint-hand-off", .init = hand_off, .grants = { SPAWNER }, .only_cpus = 1,
      .programs = { { "answers", answers }, { "watches", watches } } },
    { .name = "endpoint-faults", .init = sweep, .grants = { { "ep", "endpoint" }, SPAWNER }, .programs = { { "sweep_client", sweep_client } },
      .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
