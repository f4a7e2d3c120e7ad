/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The two queues when a program treats them badly: full completion queue and
 * parked completions, overwritten indices and sizes, entries of another
 * thread (hostile inputs H21 to H25, H38, H71). Works on the page itself.
 */
#include "hostile.h"

static struct ring_page *page;
static struct ring_header *header;

static void queue(struct ring_sqe sqe)
{
    page->sqes[header->sq_tail & RING_SQ_MASK] = sqe;
    store_release_u32(&header->sq_tail, header->sq_tail + 1);
}

static void queue_nops(uint32_t count, uint64_t first)
{
    for (uint32_t i = 0; i < count; i++)
        queue((struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = first + i });
}

/* The checks of a row are behind us: how many of them did not hold? */
static void done(const char *row, const char *what)
{
    static unsigned before;
    expect(row, check_failures - before, 0, what);
    before = check_failures;
}

static uint32_t unread(void)
{
    return load_acquire_u32(&header->cq_tail) - header->cq_head;
}

/* Takes the oldest completion, which must be there and be this one. */
static void expect_completion(uint64_t user_data, int32_t result)
{
    if (unread() == 0) {
        check(false, "no completion where %lu was due", user_data);
        return;
    }
    const struct ring_cqe *cqe = &page->cqes[header->cq_head & RING_CQ_MASK];
    check(cqe->user_data == user_data && cqe->result == result, "completion %lu with %d instead of %lu with %d",
          cqe->user_data, cqe->result, user_data, result);
    store_release_u32(&header->cq_head, header->cq_head + 1);
}

static void expect_enter(uint32_t min_complete, uint64_t timeout, uint64_t answer, const char *what)
{
    uint64_t got = capos_cap_enter(min_complete, timeout);
    check(got == answer, "%s: cap_enter gives %lx, not %lx", what, got, answer);
}

static void check_counts_and_order(void)
{
    expect_enter(0, 0, 0, "nothing to do");
    expect_enter(1, 0, 0, "time-out 0");
    queue_nops(16, 100);
    expect_enter(0, 0, 16, "16 entries");
    check(header->sq_head == header->sq_tail, "the head follows");
    expect_enter(16, CAP_ENTER_WAIT_FOREVER, 16, "satisfied already");
    for (uint64_t i = 0; i < 16; i++)
        expect_completion(100 + i, 0);
    expect_enter(0, 0, 0, "all taken");
}

static void queue_sleep(uint32_t timer, uint64_t ns, uint64_t user_data)
{
    static _Alignas(8) uint8_t params[64];
    struct capn_builder builder;
    size_t len;
    capn_builder_init(&builder, params, sizeof params);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 0);
    capn_set_u64(&root, 0, ns);
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params of sleep");
    queue((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = timer, .method_id = CAPOS_TIMER_SLEEP_METHOD,
                             .user_data = user_data, .addr = (uintptr_t)params, .len = (uint32_t)len });
}

/* Every completion, that of the sleep among them. */
static void take_all(void)
{
    bool over = false;
    while (!over || unread() > 0 || header->sq_head != header->sq_tail) {
        for (; unread() > 0; store_release_u32(&header->cq_head, header->cq_head + 1))
            over = over || page->cqes[header->cq_head & RING_CQ_MASK].user_data == 7;
        capos_cap_enter(over ? 0 : 1, CAP_ENTER_WAIT_FOREVER);
    }
}

/* Starts a sleep and fills the completion queue with 32 NOPs. False: the sleep was over before that; all is taken. */
static bool fill_queue_during_sleep(uint32_t timer, uint64_t ns)
{
    queue_sleep(timer, ns, 7);
    queue_nops(15, 200);
    capos_cap_enter(0, 0);
    queue_nops(16, 300);
    capos_cap_enter(0, 0);
    queue_nops(1, 400);
    capos_cap_enter(0, 0);
    if (unread() == RING_CQ_ENTRIES && header->sq_head == header->sq_tail &&
        page->cqes[(header->cq_tail - 1) & RING_CQ_MASK].user_data == 400)
        return true;
    take_all();
    return false;
}

/* A completion that arrives while the queue is full waits, is counted, and comes first. */
static void check_parked_completion(uint32_t timer)
{
    uint64_t ns = 20000000;
    uint32_t overflow = header->cq_overflow; /* before the sleep begins: it may be over as soon as the queue is full */
    while (!fill_queue_during_sleep(timer, ns)) {
        overflow = header->cq_overflow;
        ns *= 4;
    }
    while (header->cq_overflow == overflow)
        expect_enter(0, 0, RING_CQ_ENTRIES, "full queue");
    check(header->cq_overflow == overflow + 1, "one parked completion is counted once");
    queue_nops(3, 500);
    expect_enter(0, 0, RING_CQ_ENTRIES, "still full");
    expect_enter(100, CAP_ENTER_WAIT_FOREVER, RING_CQ_ENTRIES, "more than 32 counts as 32");
    check(header->sq_tail - header->sq_head == 3, "no entry is consumed while the queue is full");
    expect_completion(200, 0);
    expect_enter(0, 0, RING_CQ_ENTRIES, "room for the parked one alone");
    check(header->sq_tail - header->sq_head == 3, "nothing overtakes the parked completion");
    for (uint64_t i = 1; i < 15; i++)
        expect_completion(200 + i, 0);
    for (uint64_t i = 0; i < 16; i++)
        expect_completion(300 + i, 0);
    expect_completion(400, 0);
    expect_completion(7, 0);
    expect_enter(0, 0, 3, "the entries that waited");
    for (uint64_t i = 0; i < 3; i++)
        expect_completion(500 + i, 0);
    check(run_nop() == 0, "a NOP after a full queue");
    done("H24", "a queue that nobody drains; nothing is lost");
}

static void check_head_and_tail(void)
{
    queue_nops(3, 600);
    store_release_u32(&header->sq_tail, header->sq_tail + 20);
    expect_enter(0, 0, 0, "tail 23 ahead");
    check(header->sq_head == header->sq_tail, "the span is discarded");
    check(run_nop() == 0, "a NOP after a bad tail");
    done("H22", "tail 23 ahead");
    queue_nops(3, 610);
    store_relaxed_u32(&header->sq_head, header->sq_head + 1);
    expect_enter(0, 0, 0, "overwritten head");
    check(header->sq_head == header->sq_tail, "head and tail agree again");
    check(run_nop() == 0, "a NOP after a bad head");
    done("H21", "head moved on");
    store_relaxed_u32(&header->sq_head, header->sq_head - 5);
    expect_enter(0, 0, 0, "head moved back");
    check(header->sq_head == header->sq_tail && run_nop() == 0, "a NOP after a head moved back");
    done("H21", "head moved back");
}

static void check_completion_head(void)
{
    uint32_t tail = header->cq_tail;
    queue_nops(1, 620);
    store_release_u32(&header->cq_head, tail - 33);
    expect_enter(1, CAP_ENTER_WAIT_FOREVER, RING_CQ_ENTRIES, "completion head 33 behind");
    expect_enter(0, 0, RING_CQ_ENTRIES, "completion head 33 behind, again");
    check(header->cq_tail == tail && header->sq_head != header->sq_tail, "nothing is posted or consumed");
    store_release_u32(&header->cq_head, tail + 1);
    expect_enter(0, 0, RING_CQ_ENTRIES, "completion head ahead of the tail");
    store_release_u32(&header->cq_head, tail);
    expect_enter(0, 0, 1, "repaired head");
    expect_completion(620, 0);
    done("H23", "completion head behind and ahead");
}

static void check_other_fields(void)
{
    uint32_t *const fields[] = { &header->sq_mask, &header->sq_entries, &header->cq_mask, &header->cq_entries,
                                 &header->sqe_offset, &header->cqe_offset, &header->cq_flags, &header->reserved[3] };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        uint32_t before = *fields[i];
        *fields[i] = 0xffffffff;
        queue_nops(2, 630);
        expect_enter(0, 0, 2, "overwritten constant");
        *fields[i] = before;
        expect_completion(630, 0);
        expect_completion(631, 0);
    }
    uint32_t tail = header->cq_tail;
    store_relaxed_u32(&header->cq_tail, tail + 1000);
    queue_nops(1, 640);
    expect_enter(0, 0, 1, "overwritten completion tail");
    check(header->cq_tail == tail + 1, "the kernel publishes its own tail");
    expect_completion(640, 0);
    done("H25", "sizes, masks, offsets, completion tail");
}

static void check_thread_owned(uint32_t console)
{
    struct ring_sqe foreign = { .opcode = RING_OP_CALL, .cap_id = console, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 77,
                                .user_data = 700 };
    queue(foreign);
    queue_nops(1, 701);
    expect_enter(1, CAP_ENTER_WAIT_FOREVER, CAP_ENTER_THREAD_OWNED_HEAD, "entry of another thread");
    expect_enter(0, 0, CAP_ENTER_THREAD_OWNED_HEAD, "entry of another thread, without waiting");
    check(header->sq_tail - header->sq_head == 2, "it stays queued");
    page->sqes[header->sq_head & RING_SQ_MASK] = (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = 702 };
    expect_enter(0, 0, 2, "the entry taken back");
    queue(foreign);
    expect_enter(2, CAP_ENTER_WAIT_FOREVER, 2, "a satisfied wait with a foreign entry at the head");
    expect_completion(702, 0);
    expect_completion(701, 0);
    page->sqes[header->sq_head & RING_SQ_MASK] = (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = 703 };
    expect_enter(1, CAP_ENTER_WAIT_FOREVER, 1, "and taken back again");
    expect_completion(703, 0);
    done("H38", "an entry of another thread");
}

static void check_malformed_flood(void)
{
    for (uint32_t i = 0; i < 10000; i += 16) {
        for (uint32_t k = 0; k < 16; k++)
            queue((struct ring_sqe){ .opcode = (uint8_t)(10 + (i + k) % 200), .user_data = i + k });
        expect_enter(16, CAP_ENTER_WAIT_FOREVER, 16, "malformed entries");
        for (uint32_t k = 0; k < 16; k++)
            expect_completion(i + k, CAP_ERR_INVALID_REQUEST);
    }
    check(run_nop() == 0, "a NOP after 10,000 malformed entries");
    done("H71", "10,000 malformed entries");
}

int main(void)
{
    hostile_begin();
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    page = capos_ring()->page;
    header = &page->header;
    check_counts_and_order();
    check_parked_completion(timer.cap_id);
    check_head_and_tail();
    check_completion_head();
    check_other_fields();
    check_thread_owned(console.cap_id);
    check_malformed_flood();
    return hostile_finish("ring_queue");
}
