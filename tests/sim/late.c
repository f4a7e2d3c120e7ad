/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What happens between two entries of a program: timer-side servicing, results
 * whose buffer has gone, a ring page that is scribbled over while calls pend,
 * and the corners of cap_enter's waiting.
 */
#include "tests/sim/kit.h"

/* docs/abi.md, "Timer-side servicing": without a kernel entry of its own a spinning program gets NOP and RELEASE answered, up to the first CALL. */
static void spin_until(const volatile uint32_t *word, uint32_t value)
{
    for (int i = 0; i < 200000 && *word != value; i++)
        sim_pause();
}

PROGRAM(ticks)
{
    struct capos_client timer = guest_open("timer"), console = guest_open("console");
    struct ring_page *page = sim_user(USER_RING_BASE, 4096, true);
    struct ring_header *h = &page->header;
    for (int i = 0; i < 9; i++)
        guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    guest_submit((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = console.cap_id });
    guest_submit((struct ring_sqe){ .opcode = 77 });
    guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_NOW_METHOD, 0));
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    uint32_t last = 0, most = 0;
    for (int i = 0; i < 200000 && h->cq_tail != 11; i++) {
        sim_pause();
        most = h->cq_tail - last > most ? h->cq_tail - last : most;
        last = h->cq_tail;
    }
    CHECK_EQ(h->cq_tail, 11);
    CHECK_EQ(most, 4); /* at a tick */
    for (int i = 0; i < 5000; i++)
        sim_pause();
    CHECK_EQ(h->cq_tail, 11); /* the CALL waits for cap_enter, and what is behind it */
    CHECK_EQ(h->sq_tail - h->sq_head, 2);
    CHECK_EQ(guest_enter(0, 0), 13);
    for (int i = 0; i < 13; i++)
        CHECK_EQ(guest_wait().result < 0, i == 10);
    /* Parked completions are posted by a tick as well. */
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 100000 });
    guest_submit(guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len));
    CHECK_EQ(guest_enter(0, 0), 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 16; i++)
            guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
        (void)guest_enter(0, 0);
    }
    spin_until(&h->cq_overflow, 1);
    CHECK_EQ(h->cq_overflow, 1);
    uint32_t tail = h->cq_tail;
    h->cq_head += 5;
    spin_until(&h->cq_tail, tail + 1);
    CHECK(h->cq_tail == tail + 1);
    /* A foreign head stops a tick. */
    struct ring_sqe foreign = { .opcode = RING_OP_CALL, .flags = SQE_FLAG_THREAD_OWNED, .call_id = 9, .cap_id = timer.cap_id };
    guest_submit(foreign);
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    for (int i = 0; i < 3000; i++)
        sim_pause();
    CHECK_EQ(h->sq_tail - h->sq_head, 2);
    /* A corrupted head is recovered by a tick. */
    h->sq_head += 3;
    for (int i = 0; i < 3000; i++)
        sim_pause();
    CHECK_EQ(h->sq_tail, h->sq_head);
}

/* ---- results that cannot arrive ------------------------------------------------------------ */

PROGRAM(returns_9)
{
    (void)guest_enter(1, 1000000);
    guest_exit(9);
}

static struct ring_cqe take(uint64_t user_data)
{
    struct ring_cqe cqe = guest_wait();
    CHECK_EQ(cqe.user_data, user_data);
    return cqe;
}

/* IN-14: the buffer is checked when the call is made and again when it ends; what has happened stays. */
PROGRAM(buffer_gone)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_results at;
    struct capos_virtual_memory_map_params in = { .size = 2 * PAGE_SIZE, .prot = 3 };
    for (int how = 0; how < 4; how++) {
        CHECK_EQ(capos_virtual_memory_map(&vm, &in, &at), CAPOS_OK);
        struct kit_child child = kit_spawn("returns_9", NULL, 0);
        struct ring_sqe wait = guest_call_sqe(child.handle.cap_id, CAPOS_PROCESS_HANDLE_WAIT_METHOD, 0);
        wait.result_addr = at.addr + PAGE_SIZE - 8; /* over both pages */
        wait.result_len = 64;
        uint64_t id = guest_submit(wait);
        (void)guest_enter(0, 0);
        uint64_t spoiled = at.addr + (how < 2 ? PAGE_SIZE : 0);
        if (how % 2 == 0)
            guest_submit(guest_call_sqe(vm.cap_id, CAPOS_VIRTUAL_MEMORY_UNMAP_METHOD, guest_encode(&capos_virtual_memory_unmap_method,
                &(struct capos_virtual_memory_unmap_params){ .addr = spoiled, .size = PAGE_SIZE })));
        else
            guest_submit(guest_call_sqe(vm.cap_id, CAPOS_VIRTUAL_MEMORY_PROTECT_METHOD, guest_encode(&capos_virtual_memory_protect_method,
                &(struct capos_virtual_memory_protect_params){ .addr = spoiled, .size = PAGE_SIZE, .prot = 1 })));
        (void)guest_enter(0, 0);
        CHECK_EQ(guest_wait().result, 0);
        CHECK_EQ(take(id).result, CAP_ERR_INVALID_RESULT_BUFFER);
        CHECK_EQ((uint64_t)kit_wait(&child), 9); /* the end itself is not lost */
        kit_forget(&child);
    }
    kit_ring_works();
}

/* H29: made capabilities go again when the reply does not fit, slot, pages and all, and only their generation is used up. */
PROGRAM(caps_taken_back)
{
    struct capos_client allocator = guest_open("frame_allocator"), spawner = guest_open("process_spawner");
    struct capos_client monitor = guest_open("system_monitor");
    struct capos_system_monitor_memory_results before, after;
    EXPECT(capos_system_monitor_memory(&monitor, NULL, &before) == CAPOS_OK);
    for (uint32_t room = 0; room < 40; room++) {
        struct ring_sqe sqe = guest_call_sqe(allocator.cap_id, CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD, 0);
        sqe.result_len = room;
        CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    }
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of("x"), .binary_name = capn_text_of("returns_9") };
    uint32_t len = guest_encode(&capos_process_spawner_spawn_method, &in);
    for (uint32_t room = 0; room < 56; room += 5) {
        struct ring_sqe sqe = guest_call_sqe(spawner.cap_id, CAPOS_PROCESS_SPAWNER_SPAWN_METHOD, len);
        sqe.result_len = room;
        CHECK_EQ(guest_run(sqe).result, CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED);
    }
    EXPECT(capos_system_monitor_memory(&monitor, NULL, &after) == CAPOS_OK);
    CHECK_EQ(after.free_frames, before.free_frames);
    CHECK_EQ(after.kernel_objects, before.kernel_objects);
    struct ring_sqe fits = guest_call_sqe(allocator.cap_id, CAPOS_FRAME_ALLOCATOR_ALLOC_FRAME_METHOD, 0);
    fits.result_len = 40;
    struct ring_cqe cqe = guest_run(fits);
    CHECK(cqe.result == 24 && cqe.cap_count == 1 && cqe.flags == CQE_FLAG_TRANSFER_RESULT_CAPS);
}

/* ---- a ring that is scribbled over ------------------------------------------------------------ */

static void scribble(struct ring_page *page)
{
    uint32_t *words = (uint32_t *)(void *)&page->header;
    uint8_t *bytes = (uint8_t *)page;
    switch (sim_random() % 4) {
    case 0:
        words[sim_random() % 13] = (uint32_t)sim_random();
        break;
    case 1:
        words[sim_random() % 13] += (uint32_t)(sim_random() % 40) - 20;
        break;
    case 2:
        bytes[sim_random() % 4096] = (uint8_t)sim_random();
        break;
    default:
        for (int i = 0; i < 200; i++)
            bytes[sim_random() % 4096] = (uint8_t)sim_random();
    }
}

PROGRAM(scribbles)
{
    struct ring_page *page = sim_user(USER_RING_BASE, 4096, true);
    struct capos_client timer = guest_open("timer");
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 200000 });
    struct ring_sqe sleep = guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len);
    for (int i = 0; i < 3000; i++) {
        for (uint64_t n = sim_random() % 4; n > 0; n--)
            page->sqes[sim_random() % 16] = sleep;
        if (sim_random() % 3 == 0)
            page->header.sq_tail += (uint32_t)(sim_random() % 5);
        if (sim_random() % 2 == 0)
            scribble(page);
        /* Exits and other system calls of random numbers are the program's own business. */
        uint64_t got = guest_enter((uint32_t)(sim_random() % 40), sim_random() % 300000);
        CHECK(got <= 32 || got == CAP_ENTER_THREAD_OWNED_HEAD);
        if (sim_random() % 4 == 0)
            sim_pause();
    }
    /* Repaired as the runtime would, it works again. */
    (void)guest_enter(1, 2000000);
    page->header.sq_head = page->header.sq_tail;
    for (int i = 0; i < 5; i++) {
        page->header.cq_head = page->header.cq_tail;
        (void)guest_enter(0, 0);
    }
    CHECK_EQ(page->header.cq_head, page->header.cq_tail);
    CHECK_EQ(page->header.sq_head, page->header.sq_tail);
    kit_ring_works();
}

/* IN-06: the kernel's own words in the page are put right, so that a consumer can repair its index by them. */
PROGRAM(lost_tail)
{
    struct ring_page *page = sim_user(USER_RING_BASE, 4096, true);
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    CHECK_EQ(guest_enter(0, 0), 1);
    page->header.cq_tail += 100;
    page->header.cq_head = page->header.cq_tail; /* repaired by the wrong tail: 32 at once, nothing taken */
    CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), 32);
    CHECK_EQ(page->header.cq_tail, 1);
    page->header.cq_head = page->header.cq_tail;
    kit_ring_works();
}

PROGRAM(watches_scribblers)
{
    struct capos_cap_grant timer = TIMER_GRANT("timer");
    for (int i = 0; i < 3; i++) {
        struct kit_child child = kit_spawn("scribbles", &timer, 1);
        EXPECT(kit_wait(&child) == 0);
        kit_forget(&child);
    }
}

/* ---- waiting ------------------------------------------------------------------------------------- */

static uint64_t now(struct capos_client *timer)
{
    struct capos_timer_now_results got;
    EXPECT(capos_timer_now(timer, NULL, &got) == CAPOS_OK);
    return got.monotonic_ns;
}

PROGRAM(waiting)
{
    struct capos_client timer = guest_open("timer");
    struct ring_cqe cqe;
    /* Nothing to do, in every way that must not block. */
    CHECK_EQ(guest_enter(0, CAP_ENTER_WAIT_FOREVER), 0);
    CHECK_EQ(guest_enter(5, 0), 0);
    CHECK_EQ(guest_enter(UINT32_MAX, 0), 0);
    /* A timeout is not early; the number of completions there is the answer. */
    uint64_t start = now(&timer);
    CHECK_EQ(guest_enter(1, 700000), 0);
    CHECK(now(&timer) >= start + 700000);
    uint32_t len = guest_encode(&capos_timer_sleep_method, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 });
    struct ring_sqe sleep = guest_call_sqe(timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, len);
    /* Waits for as many as asked, counting those that were there. */
    guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
    for (int i = 0; i < 3; i++)
        guest_submit(sleep);
    CHECK_EQ(guest_enter(1, CAP_ENTER_WAIT_FOREVER), 1);
    CHECK(guest_enter(4, CAP_ENTER_WAIT_FOREVER) == 4);
    CHECK_EQ(guest_enter(5, 500000), 4);
    for (int i = 0; i < 4; i++)
        CHECK(guest_take(&cqe));
    /* More than fit count as 32; a timeout that would pass the end of time never comes. */
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 16; i++)
            guest_submit(round == 1 && i == 15 ? sleep : (struct ring_sqe){ .opcode = RING_OP_NOP });
        (void)guest_enter(0, 0);
    }
    CHECK_EQ(guest_enter(33, UINT64_MAX - 1), 32);
    CHECK_EQ(guest_enter(UINT32_MAX, CAP_ENTER_WAIT_FOREVER), 32);
    while (guest_take(&cqe))
        continue;
    guest_submit(sleep);
    CHECK_EQ(guest_enter(1, UINT64_MAX - 5), 1);
    CHECK(guest_take(&cqe));
    /* Registers hold 64 bits: the upper half of the count is not looked at, or refused, but never waited for. */
    uint64_t odd = sim_syscall(SYSCALL_CAP_ENTER, 1ull << 32, 1000);
    CHECK(odd == 0 || odd == SYSCALL_REJECTED);
}

#define T { "timer", NULL }

static const struct sim_test tests[] = {
    { .name = "ticks", .init = ticks, .grants = { T, { "console", NULL } } },
    { .name = "buffer-gone", .init = buffer_gone, .grants = { { "virtual_memory", NULL }, { "process_spawner", NULL } },
      .programs = { { "returns_9", returns_9 } }, .seeds = 3 },
    { .name = "caps-taken-back", .init = caps_taken_back,
      .grants = { { "frame_allocator", NULL }, { "process_spawner", NULL }, { "system_monitor", NULL } },
      .programs = { { "returns_9", returns_9 } } },
    { .name = "scribbled-ring", .init = watches_scribblers, .grants = { { "process_spawner", NULL } },
      .programs = { { "scribbles", scribbles } }, .seeds = 4 },
    { .name = "lost-tail", .init = lost_tail },
    { .name = "waiting", .init = waiting, .grants = { T }, .seeds = 3 },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
