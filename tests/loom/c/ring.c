/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Models of the ring protocol: the client of libcapos (capos_ring_submit,
 * capos_ring_wait) against core/ring. Both queues wrap in the middle of what a
 * model does. Entries and completions are numbered, so each side knows what it
 * must find; who looks at one while it is written is a data race.
 */
#include "check.h"

#include "abi/atomic.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "core/ring/consumer.h"
#include "core/ring/index.h"
#include "core/ring/parked.h"
#include "core/ring/wakeup.h"
#include "world.h"

#define SQ_START (UINT32_MAX - 0u) /* the second entry has index 0 */
#define CQ_START (UINT32_MAX - 1u)

static struct ring_page page;
static struct ring_state state;
static struct ring_parked_queue parked;
static struct ring_consumer consumer;
static struct capos_ring client;
static uint64_t taken; /* entries that the kernel side has taken out */
static uint64_t reaped; /* completions that the user side has taken out */

static const struct ring_view view = {&state, &page, &parked};

static struct ring_sqe entry_number(uint64_t number)
{
    return (struct ring_sqe){.opcode = RING_OP_NOP, .user_data = number, .addr = number << 8, .session_disclosure = ~number};
}

static struct ring_cqe completion_number(uint64_t number)
{
    return (struct ring_cqe){.user_data = number, .result = (int32_t)number + 100, .badge = ~number, .call_id = (uint32_t)number};
}

static void check_entry(const struct ring_sqe *sqe)
{
    struct ring_sqe due = entry_number(++taken);
    CHECK(sqe->user_data == due.user_data && sqe->addr == due.addr && sqe->session_disclosure == due.session_disclosure);
}

static void check_completion(const struct capos_completion *got)
{
    struct ring_cqe due = completion_number(got->user_data);
    CHECK(got->result == due.result && got->badge == due.badge && got->call_id == due.call_id);
}

/* A ring whose queues hold that many already, numbered from 1. */
static void make_ring(uint32_t submitted, uint32_t completed)
{
    ring_init_page(&page, &state);
    ring_parked_init(&parked);
    ring_consumer_init(&consumer);
    CHECK(capos_ring_init(&client, &page) == CAPOS_OK);
    taken = reaped = 0;
    page.header.sq_head = state.sq_head = SQ_START;
    page.header.sq_tail = SQ_START + submitted;
    page.header.cq_head = CQ_START;
    page.header.cq_tail = state.cq_tail = CQ_START + completed;
    client.next_user_data = submitted + 1;
    for (uint32_t i = 0; i < submitted; i++)
        page.sqes[(SQ_START + i) & RING_SQ_MASK] = entry_number(i + 1);
    for (uint32_t i = 0; i < completed; i++)
        page.cqes[(CQ_START + i) & RING_CQ_MASK] = completion_number(i + 1);
    mc_word(&page.header.sq_head, "sq_head", MC_KERNEL);
    mc_word(&page.header.sq_tail, "sq_tail", MC_USER);
    mc_word(&page.header.sq_flags, "sq_flags", MC_KERNEL);
    mc_word(&page.header.cq_head, "cq_head", MC_USER);
    mc_word(&page.header.cq_tail, "cq_tail", MC_KERNEL);
    mc_word(&page.header.cq_overflow, "cq_overflow", MC_KERNEL);
    for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
        mc_plain(&page.sqes[i], sizeof page.sqes[i], "entry");
    for (uint32_t i = 0; i < RING_CQ_ENTRIES; i++)
        mc_plain(&page.cqes[i], sizeof page.cqes[i], "completion");
    mc_plain(&state, sizeof state, "ring state");
    mc_plain(&parked, sizeof parked, "parked completions");
    mc_plain(&consumer, sizeof consumer, "consumer state");
}

static bool submit_next(void)
{
    struct ring_sqe sqe = entry_number(client.next_user_data);
    uint64_t ticket, due = client.next_user_data;
    enum capos_status status = capos_ring_submit(&client, &sqe, &ticket);
    CHECK(status == CAPOS_OK ? ticket == due : status == CAPOS_RING_FULL);
    return status == CAPOS_OK;
}

/* Takes out at most `most` entries. */
static uint32_t drain(uint32_t most)
{
    uint32_t count = 0;
    struct ring_sqe sqe;
    CHECK(ring_begin_drain(&state, &page));
    for (; count < most && ring_next_sqe(&state, &page, &sqe); count++) {
        check_entry(&sqe);
        ring_consume(&state, &page);
    }
    return count;
}

/* ---- submission ----------------------------------------------------------------- */

void sq_before(void)
{
    make_ring(0, 0);
}

void sq_submit(void)
{
    CHECK(submit_next());
    CHECK(submit_next());
}

void sq_drain(void)
{
    static const char *const counts[] = {"drained 0", "drained 1", "drained 2"};
    mc_kernel(true);
    uint32_t first = drain(RING_SQ_ENTRIES), second = drain(RING_SQ_ENTRIES);
    CHECK(first + second <= 2);
    mc_seen(counts[first]);
    mc_seen(counts[second]);
    if (first == 1 && second == 1)
        mc_seen("one at a time");
}

/* Whatever is left is what was submitted and not taken: nothing is lost, nothing comes twice. */
void sq_after(void)
{
    (void)drain(RING_SQ_ENTRIES);
    CHECK(taken + 1 == client.next_user_data);
}

void sq_full_before(void)
{
    make_ring(RING_SQ_ENTRIES, 0);
}

void sq_full_submit(void)
{
    uint32_t queued = 0;
    for (uint32_t i = 0; i < 3; i++) {
        bool ok = submit_next();
        mc_seen(ok ? "submit: queued" : "submit: full");
        queued += ok;
    }
    if (queued == 2)
        mc_seen("submit: reused two");
}

void sq_full_drain(void)
{
    mc_kernel(true);
    CHECK(drain(2) == 2);
}

/* A client that breaks the rules: its tail is too far ahead, so all that is queued goes. A slot that the kernel has read
 * before is its own again when it sees that. */
#define TOO_FAR (SQ_START + RING_SQ_ENTRIES + 2)

void sq_discard_before(void)
{
    make_ring(1, 0);
}

void sq_discard_submit(void)
{
    store_release_u32(&page.header.sq_tail, TOO_FAR);
    if (load_acquire_u32(&page.header.sq_head) != TOO_FAR)
        return;
    page.sqes[SQ_START & RING_SQ_MASK] = entry_number(2);
    mc_seen("discard: the client saw it");
}

void sq_discard_drain(void)
{
    struct ring_sqe sqe;
    mc_kernel(true);
    for (uint32_t i = 0; i < 2; i++) {
        bool sensible = ring_begin_drain(&state, &page);
        bool any = ring_next_sqe(&state, &page, &sqe);
        mc_seen(!sensible ? "discard: all went" : any ? "discard: an entry before it" : "discard: nothing");
        CHECK(sensible || !any);
        if (!any)
            continue;
        check_entry(&sqe);
        ring_consume(&state, &page);
    }
}

void sq_discard_after(void)
{
    CHECK(taken <= 1 && state.corruptions <= 1);
    (void)ring_begin_drain(&state, &page);
    CHECK(state.corruptions == 1 && state.sq_head == TOO_FAR && load_relaxed_u32(&page.header.sq_head) == TOO_FAR);
}

/* ---- completion ------------------------------------------------------------------- */

void cq_before(void)
{
    make_ring(0, 0);
}

/* The second one first. */
void cq_reap(void)
{
    struct capos_completion got;
    for (uint64_t ticket = 2; ticket >= 1; ticket--) {
        enum capos_status status = capos_ring_wait(&client, ticket, 0, &got);
        CHECK(status == CAPOS_OK || status == CAPOS_TIMED_OUT);
        mc_seen(status == CAPOS_OK ? "reap: there" : "reap: nothing");
        if (client.early_count > 0)
            mc_seen("reap: kept the earlier one");
        if (status != CAPOS_OK)
            continue;
        CHECK(got.user_data == ticket);
        check_completion(&got);
        reaped++;
    }
}

void cq_post(void)
{
    mc_kernel(true);
    for (uint64_t number = 1; number <= 2; number++) {
        struct ring_cqe cqe = completion_number(number);
        CHECK(ring_post(&state, &page, &cqe));
        CHECK(ring_begin_drain(&state, &page)); /* publishes the tail once more */
    }
}

void cq_after(void)
{
    struct capos_completion got;
    for (uint64_t ticket = 1; ticket <= 2; ticket++)
        if (capos_ring_wait(&client, ticket, 0, &got) == CAPOS_OK) {
            check_completion(&got);
            reaped++;
        }
    CHECK(reaped == 2);
}

#define FULL_POSTS 3u

static struct ring_parked records[FULL_POSTS];

void cq_full_before(void)
{
    make_ring(0, RING_CQ_ENTRIES - 1);
    for (uint32_t i = 0; i < FULL_POSTS; i++)
        records[i] = (struct ring_parked){.next = NULL};
}

static void reap_next(void)
{
    struct capos_completion got;
    CHECK(capos_ring_wait(&client, ++reaped, 0, &got) == CAPOS_OK);
    CHECK(client.early_count == 0); /* they come in their order */
    check_completion(&got);
}

void cq_full_reap(void)
{
    reap_next();
    reap_next();
}

void cq_full_post(void)
{
    uint32_t parked_now = 0, flushed = 0;
    mc_kernel(true);
    for (uint32_t i = 0; i < FULL_POSTS; i++) {
        struct ring_cqe cqe = completion_number(RING_CQ_ENTRIES + i);
        if (ring_post_or_park(&view, &records[i], &cqe)) {
            mc_seen("post: posted");
            continue;
        }
        mc_seen("post: parked");
        if (parked_now > 0 && ring_cq_room(&state, &page) > 0)
            mc_seen("post: parked behind parked");
        parked_now++;
    }
    CHECK(state.cq_overflow == parked_now);
    while (ring_flush_one(&view) != NULL)
        flushed++;
    mc_seen(flushed > 0 ? "flush: posted" : "flush: no room");
    if (flushed == 2)
        mc_seen("all at once");
    CHECK(flushed <= parked_now && parked.count == parked_now - flushed);
}

void cq_full_after(void)
{
    while (ring_flush_one(&view) != NULL)
        continue;
    CHECK(parked.count == 0);
    while (reaped < RING_CQ_ENTRIES - 1 + FULL_POSTS)
        reap_next();
}

/* ---- a poller that sleeps ------------------------------------------------------------ */

#define WAKEUP_ENTRIES 2u

static struct ring_owner poller;

void wakeup_before(void)
{
    struct ring_owner caller;
    make_ring(0, 0);
    CHECK(ring_consumer_acquire(&consumer, RING_OWNER_SYSCALL, 1, &caller) == RING_CONSUMER_OK);
    CHECK(ring_consumer_request_start(&consumer, &caller, 9, 2) == RING_CONSUMER_OK);
    CHECK(ring_consumer_release(&consumer, &caller) == RING_CONSUMER_OK);
    CHECK(ring_consumer_finalize_start(&consumer, 9, &poller) == RING_CONSUMER_OK);
    world.syscall = wakeup_syscall;
}

/* cap_enter(0, 0) of a thread whose ring a poller owns. */
uint64_t wakeup_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    CHECK(number == SYSCALL_CAP_ENTER && arg0 == 0 && arg1 == 0);
    mc_lock();
    CHECK(ring_consumer_enter_role(&consumer) == RING_ENTER_POLLED);
    if (consumer.mode == RING_MODE_SLEEPING) {
        CHECK(ring_consumer_mark_running(&consumer, &poller) == RING_CONSUMER_OK);
        mc_wake_all();
        mc_seen("producer: woke it");
    } else {
        mc_seen("producer: nobody slept");
    }
    mc_unlock();
    world.syscalls++;
    return 0;
}

void wakeup_submit(void)
{
    for (uint32_t i = 0; i < WAKEUP_ENTRIES; i++) {
        uint32_t before = world.syscalls;
        CHECK(submit_next());
        if (world.syscalls == before)
            mc_seen("producer: need not");
    }
}

/* The poller's loop: takes what is there, sleeps when there is nothing, under the kernel lock as all of the kernel. A lost
 * wake-up leaves it asleep for ever, which the checker calls a deadlock. */
void wakeup_poll(void)
{
    while (taken < WAKEUP_ENTRIES) {
        mc_lock();
        (void)drain(consumer.max_batch);
        if (taken < WAKEUP_ENTRIES && ring_poll_may_sleep(&view)) {
            CHECK(ring_consumer_mark_sleeping(&consumer, &poller) == RING_CONSUMER_OK);
            mc_seen("poller: slept");
            while (consumer.mode == RING_MODE_SLEEPING)
                mc_sleep();
            ring_poll_wakes(&view);
        } else if (taken < WAKEUP_ENTRIES) {
            mc_seen("poller: stayed awake");
        }
        mc_unlock();
    }
}

void wakeup_after(void)
{
    CHECK(taken == WAKEUP_ENTRIES);
    world.syscall = NULL;
}
