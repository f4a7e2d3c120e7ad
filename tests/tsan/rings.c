/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both sides of a ring, as they are shipped, in two threads: the client of libcapos submits and takes, core/ring drains and
 * posts. `rings stream COUNT` lets them run freely, the kernel's side going to sleep behind NEED_WAKEUP; `rings steps COUNT`
 * fills and empties both queues in turn so that every index store is the only thing that orders some access to an entry.
 */
#include "abi/atomic.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "core/ring/index.h"
#include "core/ring/parked.h"
#include "tests/tsan/race.h"

static struct ring_page page;
static struct ring_state state;
static struct ring_parked_queue parked;
static struct capos_ring client;
static uint32_t count;
static uint32_t step;

/* ---- the kernel that the client enters ------------------------------------------------- */

static uint32_t doorbell; /* 1 = rung; relaxed */
static uint32_t sleeps;

static uint32_t unconsumed(void)
{
    return __atomic_load_n(&page.header.cq_tail, __ATOMIC_RELAXED) - page.header.cq_head;
}

uint64_t capos_syscall(uint64_t number, uint64_t min_complete, uint64_t timeout_ns)
{
    (void)number;
    (void)timeout_ns;
    __atomic_store_n(&doorbell, 1, __ATOMIC_RELAXED);
    word_wake(&doorbell);
    while (unconsumed() < min_complete)
        (void)syscall(SYS_sched_yield);
    return unconsumed();
}

/* ---- free running ----------------------------------------------------------------------- */

static void *submit_stream(void *argument)
{
    uint64_t tickets[RING_SQ_ENTRIES];
    (void)argument;
    for (uint32_t done = 0; done < count;) {
        uint32_t batch = 1 + done % RING_SQ_ENTRIES;
        batch = batch < count - done ? batch : count - done;
        for (uint32_t i = 0; i < batch; i++)
            CHECK(capos_ring_submit(&client, &(struct ring_sqe){ .opcode = RING_OP_NOP, .addr = done + i }, &tickets[i]) == CAPOS_OK);
        for (uint32_t i = 0; i < batch; i++) {
            struct capos_completion got;
            CHECK(capos_ring_wait(&client, tickets[i], CAP_ENTER_WAIT_FOREVER, &got) == CAPOS_OK);
            CHECK(got.badge == done + i);
        }
        done += batch;
    }
    return NULL;
}

static struct ring_parked records[64];

static void serve(const struct ring_view *view, uint32_t *served)
{
    struct ring_sqe sqe;
    CHECK(ring_begin_drain(&state, &page));
    while (ring_flush_one(view) != NULL)
        ;
    while (ring_may_consume(view) && ring_next_sqe(&state, &page, &sqe)) {
        ring_consume(&state, &page);
        struct ring_cqe cqe = { .user_data = sqe.user_data, .badge = sqe.addr };
        (void)ring_post_or_park(view, &records[*served % 64], &cqe);
        ++*served;
    }
}

static void *serve_stream(void *argument)
{
    struct ring_view view = { &state, &page, &parked };
    (void)argument;
    for (uint32_t served = 0; served < count;) {
        serve(&view, &served);
        if (ring_has_new_work(&state, &page) || served >= count)
            continue;
        ring_set_need_wakeup(&state, &page, true);
        if (!ring_has_new_work(&state, &page)) {
            while (__atomic_exchange_n(&doorbell, 0, __ATOMIC_RELAXED) == 0)
                word_sleep(&doorbell, 0);
            sleeps++;
        }
        ring_set_need_wakeup(&state, &page, false);
    }
    return NULL;
}

/* ---- in steps ------------------------------------------------------------------------------ */

#define PARTS 4u
#define IN_FLIGHT (PARTS * RING_SQ_ENTRIES) /* two completion queues full */

static struct ring_sqe drained[IN_FLIGHT];
static uint64_t tickets_of[IN_FLIGHT];

static void await(uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        struct capos_completion got;
        CHECK(capos_ring_wait(&client, tickets_of[i], CAP_ENTER_WAIT_FOREVER, &got) == CAPOS_OK && got.badge == i);
    }
}

static void *submit_steps(void *argument)
{
    uint32_t at = 0;
    (void)argument;
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t part = 0; part < PARTS; part++) {
            for (uint32_t i = part * RING_SQ_ENTRIES; i < (part + 1) * RING_SQ_ENTRIES; i++)
                CHECK(capos_ring_submit(&client, &(struct ring_sqe){ .opcode = RING_OP_NOP, .addr = i }, &tickets_of[i]) == CAPOS_OK);
            step_done(&step);
            step_await(&step, at += 2);
        }
        for (uint32_t half = 0; half < 2; half++) {
            step_await(&step, ++at);
            await(half * RING_CQ_ENTRIES, (half + 1) * RING_CQ_ENTRIES);
            step_done(&step);
            ++at;
        }
    }
    return NULL;
}

static void post_half(uint32_t half)
{
    for (uint32_t i = half * RING_CQ_ENTRIES; i < (half + 1) * RING_CQ_ENTRIES; i++)
        CHECK(ring_post(&state, &page, &(struct ring_cqe){ .user_data = drained[i].user_data, .badge = drained[i].addr }));
}

static void *serve_steps(void *argument)
{
    uint32_t at = 0;
    (void)argument;
    for (uint32_t round = 0; round < count; round++) {
        for (uint32_t part = 0; part < PARTS; part++) {
            step_await(&step, ++at);
            CHECK(ring_begin_drain(&state, &page));
            for (uint32_t i = part * RING_SQ_ENTRIES; i < (part + 1) * RING_SQ_ENTRIES; i++) {
                CHECK(ring_next_sqe(&state, &page, &drained[i]));
                ring_consume(&state, &page);
            }
            step_done(&step);
            ++at;
        }
        for (uint32_t half = 0; half < 2; half++) {
            post_half(half);
            step_done(&step);
            step_await(&step, at += 2);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    void *(*const stream[])(void *) = { submit_stream, serve_stream };
    void *(*const steps[])(void *) = { submit_steps, serve_steps };
    if (argc != 3)
        return 2;
    bool free_running = strcmp(argv[1], "stream") == 0;
    count = (uint32_t)strtoul(argv[2], NULL, 10);
    ring_init_page(&page, &state);
    ring_parked_init(&parked);
    CHECK(capos_ring_init(&client, &page) == CAPOS_OK);
    run_threads(free_running ? stream : steps, 2);
    CHECK(state.sq_head == page.header.sq_tail && state.cq_tail == page.header.cq_head && parked.count == 0);
    CHECK(state.sq_head >= (free_running ? count : count * IN_FLIGHT));
    printf("operations %u sleeps %u\n", state.sq_head, sleeps);
    return 0;
}
