/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ring as a hostile program uses it: the code of every refusal in order,
 * queues that overflow, indices that lie, and a sweep of entries with boundary
 * values in every field. After each case the ring still works and the program
 * still owns exactly what it owned.
 */
#include <string.h>

#include "tests/sim/guest.h"
#include "tests/sim/harness.h"

static uint32_t console_id;

static void begin(struct guest *guest, uint64_t ring, uint64_t pid, uint64_t capset)
{
    guest_start(guest, ring, pid, capset);
    console_id = guest_open("console").cap_id;
}

static void ring_still_works(void)
{
    CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_NOP }).result, 0);
}

static int32_t result_of(struct ring_sqe sqe)
{
    int32_t result = guest_run(sqe).result;
    ring_still_works();
    return result;
}

static struct ring_sqe write_line(void)
{
    struct capos_console_write_line_params line = { .text = capn_text_of("x") };
    return guest_call_sqe(console_id, CAPOS_CONSOLE_WRITE_LINE_METHOD, guest_encode(&capos_console_write_line_method, &line));
}

static int64_t order_of_checks(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_sqe sqe = write_line();
    CHECK_EQ(result_of(sqe), 0);
    /* Each step breaks one more rule from the end of the list: the earliest one always answers. */
    sqe.result_addr = 0x130000000; /* not mapped */
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_RESULT_BUFFER);
    sqe.addr = 0x140000000;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe.xfer_cap_count = 1;
    sqe.len = 16;
    CHECK_EQ(result_of(sqe), CAP_ERR_TRANSFER_NOT_SUPPORTED);
    sqe.cap_id = 0xff000000u;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVOKE_FAILED);
    sqe.result_addr = USER_HALF_LIMIT;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_RESULT_BUFFER);
    sqe.addr = 0xffff800000000000;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe.xfer_cap_count = 17;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_TRANSFER_DESCRIPTOR);
    sqe.result_len = 65537;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_REQUEST);
    sqe.pipeline_field = 1;
    sqe.opcode = RING_OP_FINISH;
    CHECK_EQ(result_of(sqe), CAP_ERR_UNSUPPORTED_OPCODE);
    return 0;
}

static int64_t addresses(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_sqe good = write_line(), sqe = good;
    sqe.result_addr = USER_CAPSET_BASE;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_RESULT_BUFFER);
    sqe.result_addr = USER_IMAGE_BASE;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_RESULT_BUFFER);
    sqe = good;
    sqe.addr = USER_STACK_TOP - 8; /* crosses into the unmapped page above the stack */
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = good;
    sqe.addr = UINT64_MAX - 4;
    CHECK_EQ(result_of(sqe), CAP_ERR_INVALID_PARAMS_BUFFER);
    sqe = good;
    sqe.addr = 0;
    sqe.len = 0;
    CHECK_EQ(result_of(sqe), CAP_ERR_APPLICATION_EXCEPTION); /* no params for a method that has some */
    sqe = good;
    sqe.method_id = CAPOS_CONSOLE_WRITE_METHOD;
    sqe.len = 12; /* truncated message */
    CHECK_EQ(result_of(sqe), CAP_ERR_APPLICATION_EXCEPTION);
    sqe.result_len = 8;
    CHECK_EQ(result_of(sqe), CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    sqe.result_len = 0;
    sqe.result_addr = 0xdeadbeef0000; /* zero length: any address */
    CHECK_EQ(result_of(sqe), CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    sqe = good;
    sqe.addr = ring; /* the ring page itself holds no message, but may be read */
    CHECK(result_of(sqe) == CAP_ERR_APPLICATION_EXCEPTION);
    return 0;
}

static int64_t release(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_sqe drop = { .opcode = RING_OP_RELEASE, .cap_id = console_id };
    CHECK_EQ(result_of(drop), 0);
    CHECK_EQ(result_of(drop), CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(result_of(write_line()), CAP_ERR_INVOKE_FAILED);
    drop.cap_id = 12345;
    CHECK_EQ(result_of(drop), CAP_ERR_INVALID_REQUEST);
    return 0;
}

static int64_t lying_indices(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_header *h = &guest.page->header;
    /* SQ head overwritten: the span is discarded without completions, the true head published. */
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    h->sq_head += 7;
    CHECK_EQ(guest_enter(0, 0), 0);
    CHECK_EQ(h->sq_head, h->sq_tail);
    ring_still_works();
    /* SQ tail more than 16 ahead. */
    h->sq_tail += 17;
    CHECK_EQ(guest_enter(0, 0), 0);
    CHECK_EQ(h->sq_head, h->sq_tail);
    ring_still_works();
    /* Exactly 16 is legal. */
    for (int i = 0; i < 16; i++)
        guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    CHECK_EQ(guest_enter(0, 0), 16);
    for (int i = 0; i < 16; i++)
        CHECK_EQ(guest_wait().result, 0);
    /* CQ head overwritten: 32 at once, nothing consumed, works again after repair. */
    uint32_t head = h->cq_head;
    h->cq_head = head + 5;
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), 32);
    CHECK_EQ(h->cq_tail, head);
    CHECK_EQ(h->cq_head, head + 5);
    h->cq_head = head;
    CHECK_EQ(guest_wait().result, 0);
    /* Everything the kernel never reads back. */
    h->sq_mask = 0xffffffff;
    h->cq_mask = 0;
    h->sq_entries = h->cq_entries = 3;
    h->sqe_offset = h->cqe_offset = 0;
    h->cq_flags = 77;
    ring_still_works();
    return 0;
}

static int64_t full_queue(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_header *h = &guest.page->header;
    struct capos_client timer = guest_open("timer");
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 });
    uint64_t first_sleep = guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
    for (int i = 0; i < 5; i++)
        guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
    CHECK_EQ(guest_enter(0, 0), 0);
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < (round < 2 ? 16 : 5); i++)
            guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
        guest_enter(0, 0);
    }
    CHECK_EQ(h->cq_tail - h->cq_head, 32);
    CHECK_EQ(h->sq_tail - h->sq_head, 5);
    /* The sleeps end while the queue is full: parked and counted, not lost, and nothing is overwritten. */
    struct ring_cqe oldest = guest.page->cqes[h->cq_head & RING_CQ_MASK];
    while (h->cq_overflow < 6) {
        CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), 32);
        sim_pause();
    }
    CHECK(memcmp(&oldest, &guest.page->cqes[h->cq_head & RING_CQ_MASK], sizeof oldest) == 0);
    /* Parked ones come first, in their order, before any new entry is consumed. */
    struct ring_cqe cqe;
    uint64_t expected = first_sleep;
    for (int i = 0; i < 32; i++)
        CHECK(guest_take(&cqe) && cqe.result == 0);
    CHECK_EQ(guest_enter(0, 0), 11);
    for (int i = 0; i < 6; i++, expected++) {
        CHECK(guest_take(&cqe));
        CHECK_EQ(cqe.user_data, expected);
    }
    for (int i = 0; i < 5; i++)
        CHECK(guest_take(&cqe) && cqe.user_data > expected);
    CHECK_EQ(guest_enter(0, 0), 0);
    ring_still_works();
    return 0;
}

static int64_t thread_owned(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_header *h = &guest.page->header;
    struct ring_sqe sqe = write_line();
    sqe.flags = SQE_FLAG_THREAD_OWNED;
    sqe.call_id = 1;
    CHECK_EQ(result_of(sqe), 0);
    sqe.call_id = 99;
    guest_submit(sqe);
    CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), CAP_ENTER_THREAD_OWNED_HEAD);
    CHECK_EQ(guest_enter(0, 0), CAP_ENTER_THREAD_OWNED_HEAD);
    CHECK_EQ(h->sq_tail - h->sq_head, 1);
    guest.page->sqes[h->sq_head & RING_SQ_MASK].opcode = RING_OP_NOP;
    guest.page->sqes[h->sq_head & RING_SQ_MASK].flags = 0;
    CHECK_EQ(guest_enter(0, 0), 1); /* now malformed, answered as such */
    CHECK_EQ(guest_wait().result, CAP_ERR_INVALID_REQUEST);
    return 0;
}

static int64_t later_opcodes(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct ring_sqe recv = { .opcode = RING_OP_RECV, .cap_id = console_id, .result_addr = GUEST_RESULTS, .result_len = 4096 };
    CHECK_EQ(result_of(recv), CAP_ERR_INVOKE_FAILED);
    recv.result_len = 55;
    CHECK_EQ(result_of(recv), CAP_ERR_INVALID_RESULT_BUFFER);
    CHECK_EQ(result_of((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = console_id, .call_id = 1 }), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(result_of((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = console_id, .pipeline_dep = 5 }), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(result_of((struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = console_id, .addr = GUEST_SPARE, .len = 1 }), CAP_ERR_INVOKE_FAILED);
    CHECK_EQ(result_of((struct ring_sqe){ .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 1,
                                          .cap_id = console_id, .addr = GUEST_SPARE }), CAP_ERR_INVOKE_FAILED);
    for (uint32_t opcode = 10; opcode < 256; opcode++)
        CHECK_EQ(result_of((struct ring_sqe){ .opcode = (uint8_t)opcode }), CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(result_of((struct ring_sqe){ .opcode = RING_OP_PARK_BENCH, .addr = 4 }), CAP_ERR_INVALID_REQUEST);
    return 0;
}

static const uint64_t bounds[] = { 0, 1, 3, 15, 16, 17, 255, 4095, 4096, 65535, 65536, 65537, GUEST_PARAMS, GUEST_RESULTS + 4095,
                                   USER_RING_BASE, USER_CAPSET_BASE, USER_STACK_TOP - 1, USER_STACK_TOP, USER_MAP_LIMIT,
                                   USER_HALF_LIMIT - 1, USER_HALF_LIMIT, 0xffff800000000000, UINT32_MAX, UINT64_MAX };
#define BOUNDS (sizeof bounds / sizeof bounds[0])

static uint64_t pick(void)
{
    return sim_random() % 4 == 0 ? sim_random() : bounds[sim_random() % BOUNDS];
}

/* A mostly valid entry with a few fields replaced. */
static struct ring_sqe hostile_entry(void)
{
    struct ring_sqe sqe = write_line();
    for (uint64_t changes = sim_random() % 4; changes > 0; changes--) {
        switch (sim_random() % 14) {
        case 0: sqe.opcode = (uint8_t)(sim_random() % 12); break;
        case 1: sqe.flags = (uint8_t)pick(); break;
        case 2: sqe.method_id = (uint16_t)(sim_random() % 5); break;
        case 3: sqe.cap_id = sim_random() % 2 == 0 ? (uint32_t)(sim_random() % 3) : (uint32_t)pick(); break;
        case 4: sqe.addr = pick(); break;
        case 5: sqe.len = (uint32_t)pick(); break;
        case 6: sqe.result_len = (uint32_t)pick(); break;
        case 7: sqe.result_addr = pick(); break;
        case 8: sqe.pipeline_dep = pick(); break;
        case 9: sqe.pipeline_field = (uint16_t)pick(); break;
        case 10: sqe.xfer_cap_count = (uint16_t)(sim_random() % 20); break;
        case 11: sqe.call_id = (uint32_t)(sim_random() % 3); break;
        case 12: sqe.session_disclosure = pick(); break;
        default: sqe.addr += sim_random() % 8; break;
        }
    }
    /* Two effects would end the sweep: the console's own release, and a head that belongs to nobody. */
    if (sqe.opcode == RING_OP_RELEASE && sqe.cap_id == console_id)
        sqe.cap_id = 77;
    if ((sqe.flags & SQE_FLAG_THREAD_OWNED) != 0)
        sqe.call_id = sqe.call_id == 0 ? 0 : 1;
    /* A reply into the ring page is legal, and destroys the program's own queues. */
    if (sqe.result_addr - USER_RING_BASE < RING_PAGE_BYTES)
        sqe.result_addr = USER_CAPSET_BASE;
    /* Calls that would stay pending are for other tests. */
    if (sqe.cap_id != console_id && sqe.cap_id < 2)
        sqe.cap_id = 50;
    return sqe;
}

static int64_t sweep(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    uint32_t codes[12] = { 0 };
    for (int i = 0; i < 30000; i++) {
        struct ring_sqe sqe = hostile_entry();
        sqe.user_data = (uint64_t)i + 1000000;
        guest_submit(sqe);
        struct ring_cqe cqe = guest_wait();
        CHECK_EQ(cqe.user_data, sqe.user_data);
        CHECK(cqe.result >= -10 && cqe.reserved == 0 && cqe.cap_count == 0);
        codes[cqe.result >= 0 ? 0 : -cqe.result]++;
        struct ring_cqe second;
        CHECK(!guest_take(&second)); /* exactly one each */
    }
    ring_still_works();
    /* The sweep reached every refusal of a call to a kernel object. */
    static const int reached[] = { 0, 1, 2, 3, 4, 5, 6, 7, 9, 10 };
    for (size_t i = 0; i < sizeof reached / sizeof reached[0]; i++) {
        if (codes[reached[i]] == 0)
            harness_note("code -%d was never seen", reached[i]);
        CHECK(codes[reached[i]] != 0);
    }
    return 0;
}

/* A call without a result buffer that fails for want of memory: -4, nothing is cut off (IN-23). */
static int64_t no_scratch(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    begin(&guest, ring, pid, capset);
    struct capos_console_write_line_params in = { .text = capn_text_of("x") };
    struct ring_sqe sqe = guest_call_sqe(guest_find("console")->cap_id, CAPOS_CONSOLE_WRITE_LINE_METHOD,
                                         guest_encode(&capos_console_write_line_method, &in));
    sqe.result_addr = 0;
    sqe.result_len = 0;
    int32_t result = guest_run(sqe).result;
    if (result == 0)
        return 0;
    CHECK(harness_faulting() && (result == CAP_ERR_INVOKE_FAILED || result == CAP_ERR_INVALID_PARAMS_BUFFER));
    CHECK_EQ(guest_run(sqe).result, 0);
    return 0;
}

static const struct sim_test tests[] = {
#define RING_TEST(title, program) { .name = title, .init = program, .grants = { { "console", NULL }, { "timer", NULL } } }
    RING_TEST("order-of-checks", order_of_checks), RING_TEST("addresses", addresses), RING_TEST("release", release),
    RING_TEST("lying-indices", lying_indices),     RING_TEST("full-queue", full_queue), RING_TEST("thread-owned", thread_owned),
    RING_TEST("later-opcodes", later_opcodes),     RING_TEST("hostile-sweep", sweep),
    { .name = "no-scratch", .init = no_scratch, .grants = { { "console", NULL } }, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
