/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * PARK and UNPARK: the order of the checks, the four outcomes, order of
 * waking, what removes the memory below a waiter, keys of processes and of
 * memory objects, full completion queues, ends of waiters.
 */
#include "kernel/state.h"
#include "tests/sim/thread_kit.h"

#define WORD (GUEST_SPARE + 0)
#define READY (GUEST_SPARE + 4)
#define ORDER (GUEST_SPARE + 8)   /* how many have woken */
#define WOKEN (GUEST_SPARE + 64)  /* who, in order */
#define FOREVER UINT64_MAX
#define MILLISECOND 1000000ull

#define PARK_GRANTS { "park_space", NULL }, THREAD_GRANTS

static struct guest *self(void)
{
    return *sim_local();
}

static uint64_t map_anonymous(uint64_t pages)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_params in = { .size = pages * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_virtual_memory_map_results at = { 0 };
    EXPECT(capos_virtual_memory_map(&vm, &in, &at) == CAPOS_OK);
    return at.addr;
}

static void wait_parked(uint32_t count)
{
    while (kernel.parks.count != count)
        sim_pause();
}

/* ---- checks ------------------------------------------------------------------------------ */

static int32_t park_as(struct ring_sqe sqe, uint32_t cap_id)
{
    sqe.cap_id = cap_id;
    return guest_run(sqe).result;
}

PROGRAM(order_of_checks)
{
    uint32_t timer = guest_find("timer")->cap_id, held = guest_find("park_space")->cap_id, none = 999;
    uint64_t page = map_anonymous(1);
    struct ring_sqe park = kit_park_sqe("park_space", WORD, 1, 0), wake = kit_unpark_sqe("park_space", WORD, 1), sqe;
    /* The wire comes first. */
    sqe = park, sqe.flags = 0, sqe.addr = 2;
    CHECK_EQ(park_as(sqe, none), CAP_ERR_INVALID_REQUEST);
    sqe = wake, sqe.pipeline_dep = 1, sqe.addr = 2;
    CHECK_EQ(park_as(sqe, none), CAP_ERR_INVALID_REQUEST);
    /* Then the count, the address, the capability, the word. */
    sqe = wake, sqe.len = 0, sqe.addr = 2;
    CHECK_EQ(park_as(sqe, none), CAP_ERR_INVALID_REQUEST);
    const uint64_t bad[] = { WORD + 1, WORD + 2, USER_HALF_LIMIT, USER_HALF_LIMIT - 2, UINT64_MAX - 3 };
    for (uint32_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        park.addr = wake.addr = bad[i];
        CHECK_EQ(park_as(park, none), CAP_ERR_INVALID_PARAMS_BUFFER);
        CHECK_EQ(park_as(wake, none), CAP_ERR_INVALID_PARAMS_BUFFER);
    }
    const uint64_t unmapped[] = { 0, page + PAGE_SIZE, USER_HALF_LIMIT - 4 };
    for (uint32_t i = 0; i < 3; i++) {
        park.addr = wake.addr = unmapped[i];
        CHECK_EQ(park_as(park, timer), CAP_ERR_INVOKE_FAILED);
        CHECK_EQ(park_as(wake, none), CAP_ERR_INVOKE_FAILED);
        CHECK_EQ(park_as(park, held), CAP_ERR_INVALID_PARAMS_BUFFER);
        CHECK_EQ(park_as(wake, held), CAP_ERR_INVALID_PARAMS_BUFFER);
    }
    /* The word before a second PARK, that before the comparison. */
    park.addr = wake.addr = page;
    park.pipeline_dep = FOREVER, park.len = 0;
    uint64_t first = guest_submit(park);
    CHECK_EQ(guest_enter(0, 0), 0);
    park.len = 77;
    CHECK_EQ(guest_run(park).result, CAP_ERR_INVALID_REQUEST);
    park.addr = page + PAGE_SIZE;
    CHECK_EQ(guest_run(park).result, CAP_ERR_INVALID_PARAMS_BUFFER);
    CHECK_EQ(guest_run(wake).result, 1);
    struct ring_cqe cqe = guest_wait();
    CHECK(cqe.user_data == first && cqe.result == 0); /* behind the completion of the entry that woke it */
    CHECK_EQ(guest_release(held), 0);
    CHECK_EQ(guest_run(wake).result, CAP_ERR_INVOKE_FAILED);
    kit_ring_works();
}

static uint64_t now(void)
{
    struct capos_client timer = guest_open("timer");
    struct capos_timer_now_results got = { 0 };
    EXPECT(capos_timer_now(&timer, NULL, &got) == CAPOS_OK);
    return got.monotonic_ns;
}

PROGRAM(outcomes)
{
    *kit_word(WORD) = 5;
    CHECK_EQ(kit_park(WORD, 4, FOREVER), 1);
    CHECK_EQ(kit_park(WORD, 4, 0), 1);
    guest_submit(kit_park_sqe("park_space", WORD, 5, 0));
    CHECK_EQ(guest_enter(0, 0), 1); /* at once */
    CHECK_EQ(guest_wait().result, 2);
    CHECK_EQ(kernel.parks.count, 0);
    for (uint64_t timeout = 1; timeout < 1000 * MILLISECOND; timeout *= 10) {
        uint64_t before = now();
        EXPECT(kit_park(WORD, 5, timeout) == 2);
        uint64_t took = now() - before;
        CHECK(took >= timeout && took < timeout + 100 * MILLISECOND);
    }
    CHECK_EQ(kit_unpark(WORD, 1), 0);
    CHECK_EQ(kit_unpark(WORD, UINT32_MAX), 0);
    /* A time-out that would wrap; a waiting cap_enter with another one. */
    uint64_t first = guest_submit(kit_park_sqe("park_space", WORD, 5, UINT64_MAX - 1));
    CHECK_EQ(guest_enter(1, 5 * MILLISECOND), 0);
    guest_submit(kit_unpark_sqe("park_space", WORD, 1));
    CHECK_EQ(guest_enter(2, FOREVER), 2);
    struct ring_cqe cqe;
    CHECK(guest_take(&cqe) && cqe.result == 1);
    CHECK(guest_take(&cqe) && cqe.result == 0 && cqe.user_data == first && cqe.badge == 0 && cqe.flags == 0);
    CHECK_EQ(guest_run(guest_call_sqe(guest_find("park_space")->cap_id, 0, 0)).result, CAP_ERR_APPLICATION_EXCEPTION);
}

/* ---- waking -------------------------------------------------------------------------------- */

THREAD(waits_once)
{
    EXPECT(kit_park(WORD, 0, FOREVER) == 0);
    uint32_t place = (*kit_word(ORDER))++;
    kit_word(WOKEN)[place] = (uint32_t)arg;
}

PROGRAM(first_in_first_out)
{
    kit_map_thread_area();
    struct capos_client threads[8];
    for (uint32_t i = 0; i < 8; i++) {
        threads[i] = kit_thread(waits_once, i);
        wait_parked(i + 1);
    }
    CHECK_EQ(kit_unpark(READY, 1), 0); /* another word of the same page */
    for (uint32_t i = 0; i < 3; i++) {
        CHECK_EQ(kit_unpark(WORD, 1), 1);
        CHECK_EQ(kit_join(&threads[i]), 0);
        CHECK_EQ(kit_word(WOKEN)[i], i);
    }
    CHECK_EQ(kit_unpark(WORD, 2), 2);
    CHECK_EQ(kernel.parks.count, 3);
    CHECK_EQ(kit_unpark(WORD, 100), 3);
    for (uint32_t i = 3; i < 8; i++)
        CHECK_EQ(kit_join(&threads[i]), 0);
    CHECK_EQ(kit_unpark(WORD, 1), 0);
}

/* ---- the memory below goes ------------------------------------------------------------------- */

THREAD(is_interrupted)
{
    int32_t result = kit_park(arg, 0, FOREVER);
    EXPECT(result == 3 || result == CAP_ERR_INVALID_PARAMS_BUFFER);
    kit_exit_thread(result);
}

PROGRAM(memory_goes)
{
    kit_map_thread_area();
    struct capos_client vm = guest_open("virtual_memory"), object = kit_memory(2), threads[4];
    uint64_t anon = map_anonymous(4), mapped = kit_map(&object, 2, PROT_READ_BIT | PROT_WRITE_BIT);
    const uint64_t words[] = { anon + 4, anon + 2 * PAGE_SIZE, anon + 3 * PAGE_SIZE + 0xffc, mapped + PAGE_SIZE };
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = kit_thread(is_interrupted, words[i]);
    wait_parked(4);
    struct capos_virtual_memory_protect_params prot = { .addr = anon, .size = 4 * PAGE_SIZE };
    EXPECT(capos_virtual_memory_protect(&vm, &prot, NULL) == CAPOS_OK);
    struct capos_virtual_memory_decommit_params some = { .addr = anon + PAGE_SIZE, .size = PAGE_SIZE };
    EXPECT(capos_virtual_memory_decommit(&vm, &some, NULL) == CAPOS_OK);
    struct capos_virtual_memory_unmap_params bad = { .addr = anon, .size = 5 * PAGE_SIZE };
    CHECK_EQ(capos_virtual_memory_unmap(&vm, &bad, NULL), CAPOS_EXCEPTION);
    CHECK_EQ(kernel.parks.count, 4); /* neither protection, nor pages beside, nor a refused call */
    some.addr = anon + 2 * PAGE_SIZE;
    EXPECT(capos_virtual_memory_decommit(&vm, &some, NULL) == CAPOS_OK);
    CHECK_EQ(kit_join(&threads[1]), 3);
    CHECK_EQ(kernel.parks.count, 3);
    bad.size = 4 * PAGE_SIZE;
    EXPECT(capos_virtual_memory_unmap(&vm, &bad, NULL) == CAPOS_OK);
    CHECK_EQ(kit_join(&threads[0]), 3);
    CHECK_EQ(kit_join(&threads[2]), 3);
    CHECK_EQ(kernel.parks.count, 1);
    struct capos_memory_object_unmap_params half = { .addr = mapped, .size = PAGE_SIZE };
    EXPECT(capos_memory_object_unmap(&object, &half, NULL) == CAPOS_OK);
    CHECK_EQ(kernel.parks.count, 1);
    half.addr += PAGE_SIZE;
    EXPECT(capos_memory_object_unmap(&object, &half, NULL) == CAPOS_OK);
    CHECK_EQ(kit_join(&threads[3]), 3);
}

/* The thread that unmaps is the one that waits. */
PROGRAM(own_memory_goes)
{
    struct capos_client vm = guest_open("virtual_memory");
    uint64_t at = map_anonymous(1), park = guest_submit(kit_park_sqe("park_space", at, 0, 1000 * MILLISECOND));
    struct capos_virtual_memory_unmap_params in = { .addr = at, .size = PAGE_SIZE };
    uint32_t len = guest_encode(&capos_virtual_memory_unmap_method, &in);
    uint64_t unmap = guest_submit(guest_call_sqe(vm.cap_id, CAPOS_VIRTUAL_MEMORY_UNMAP_METHOD, len));
    struct ring_cqe first = guest_wait(), second = guest_wait();
    CHECK(first.user_data == unmap && first.result == 0);
    CHECK(second.user_data == park && second.result == 3);
}

/* ---- shared words ------------------------------------------------------------------------------ */

#define SHARED_GRANT KERNEL("shared_park_space", 0x8003, CAPOS_SHARED_PARK_SPACE_INTERFACE_ID)

static int32_t park_shared(uint64_t va, uint32_t expected)
{
    return guest_run(kit_park_sqe("shared_park_space", va, expected, FOREVER)).result;
}

static int32_t unpark_shared(uint64_t va, uint32_t count)
{
    return guest_run(kit_unpark_sqe("shared_park_space", va, count)).result;
}

PROGRAM(shares)
{
    struct capos_client object = guest_open("memory");
    struct capos_memory_object_map_results at = { 0 };
    struct capos_memory_object_map_params in = { .hint = 0x9000000, .offset = PAGE_SIZE, .size = PAGE_SIZE,
                                                 .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    EXPECT(capos_memory_object_map(&object, &in, &at) == CAPOS_OK);
    uint32_t *words = kit_word(at.addr);
    words[2] = 1; /* ready */
    EXPECT(park_shared(at.addr + 4, 0) == 0);
    words[2] = 2;
    guest_enter(1, CAP_ENTER_WAIT_FOREVER); /* terminated here */
}

THREAD(spins)
{
    while (arg == 0)
        sim_pause();
}

/* Its end takes a while: another processor must let go of it first. */
PROGRAM(shares_and_spins)
{
    kit_thread(spins, 0);
    shares_body();
}

static struct kit_child spawn_sharer(struct capos_client *object, const char *binary)
{
    struct capos_cap_grant grants[] = {
        HELD("memory", *object, CAPOS_CAP_GRANT_MODE_RAW), SHARED_GRANT,
        KERNEL("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
    };
    return kit_spawn(binary, grants, 3);
}

PROGRAM(shared_words)
{
    struct capos_client object = kit_memory(2), other = kit_memory(1);
    uint64_t at = kit_map(&object, 2, PROT_READ_BIT | PROT_WRITE_BIT), twice = kit_map(&object, 2, PROT_READ_BIT);
    uint64_t elsewhere = kit_map(&other, 1, PROT_READ_BIT);
    volatile uint32_t *words = kit_word(at + PAGE_SIZE);
    CHECK_EQ(park_shared(WORD, 0), CAP_ERR_INVALID_PARAMS_BUFFER);
    CHECK_EQ(unpark_shared(WORD, 1), CAP_ERR_INVALID_PARAMS_BUFFER);
    struct kit_child child = spawn_sharer(&object, "shares");
    while (words[2] != 1 || kernel.parks.count != 1)
        sim_pause();
    CHECK_EQ(unpark_shared(elsewhere + 4, 1), 0);
    CHECK_EQ(unpark_shared(at + 4, 1), 0);
    CHECK_EQ(unpark_shared(at + PAGE_SIZE, 1), 0);
    CHECK_EQ(kit_unpark(at + PAGE_SIZE + 4, 1), 0); /* the private key of the same word */
    words[1] = 1;
    CHECK_EQ(unpark_shared(twice + PAGE_SIZE + 4, UINT32_MAX), 1);
    while (words[2] != 2)
        sim_pause();
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
}

PROGRAM(dead_waiters_take_no_wakeup)
{
    struct capos_client object = kit_memory(2);
    uint64_t at = kit_map(&object, 2, PROT_READ_BIT | PROT_WRITE_BIT) + PAGE_SIZE;
    struct kit_child children[2];
    for (uint32_t i = 0; i < 2; i++) {
        children[i] = spawn_sharer(&object, i == 0 ? "spins" : "shares");
        wait_parked(i + 1);
    }
    EXPECT(capos_process_handle_terminate(&children[0].handle, NULL, NULL) == CAPOS_OK);
    CHECK_EQ(unpark_shared(at + 4, 1), 1);
    volatile uint32_t *words = kit_word(at);
    while (words[2] != 2)
        sim_pause();
    CHECK_EQ(unpark_shared(at + 4, 1), 0);
    EXPECT(capos_process_handle_terminate(&children[1].handle, NULL, NULL) == CAPOS_OK);
    for (uint32_t i = 0; i < 2; i++)
        kit_wait(&children[i]);
}

/* The same address in two processes: two words. */
PROGRAM(private_waiter)
{
    EXPECT(kit_park(WORD, 0, FOREVER) == 0);
}

PROGRAM(private_words)
{
    struct capos_cap_grant grants[] = { KERNEL("park_space", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID) };
    struct kit_child child = kit_spawn("waiter", grants, 1);
    wait_parked(1);
    CHECK_EQ(kit_unpark(WORD, 1), 0);
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    kit_wait(&child);
    CHECK_EQ(kernel.parks.count, 0);
    struct capos_cap_grant raw = HELD("park_space", guest_open("park_space"), CAPOS_CAP_GRANT_MODE_RAW);
    struct capos_client spawner = guest_open("process_spawner");
    CHECK_EQ(kit_try_spawn(&spawner, "waiter", &raw, 1, &child), CAPOS_EXCEPTION); /* bound to its process */
}

/* ---- completion queue full ------------------------------------------------------------------------ */

static void fill_completions(uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        guest_submit((struct ring_sqe){ .opcode = RING_OP_NOP });
        if (i % 16 == 15)
            guest_enter(0, 0);
    }
    guest_enter(0, 0);
}

PROGRAM(no_room)
{
    kit_map_thread_area();
    guest_submit(kit_park_sqe("park_space", WORD, 0, 5 * MILLISECOND));
    guest_enter(0, 0);
    fill_completions(32);
    CHECK_EQ(self()->page->header.cq_tail - self()->page->header.cq_head, 32);
    while (self()->page->header.cq_overflow == 0)
        sim_pause();
    CHECK_EQ(kernel.parks.count, 0);
    struct ring_cqe cqe;
    CHECK(guest_take(&cqe) && guest_take(&cqe));
    /* The one that waited for room goes first; until then the thread's PARK is taken. */
    guest_submit(kit_park_sqe("park_space", WORD, 0, 0));
    CHECK_EQ(guest_enter(0, 0), 32);
    for (int i = 0; i < 30; i++)
        CHECK(guest_take(&cqe) && cqe.result == 0);
    CHECK(guest_take(&cqe) && cqe.result == 2);
    CHECK(guest_take(&cqe) && cqe.result == 2 && !guest_take(&cqe));
    CHECK_EQ(self()->page->header.cq_overflow, 1);
}

/* ---- ends of waiters ------------------------------------------------------------------------------- */

THREAD(leaves_its_park)
{
    guest_submit(kit_park_sqe("park_space", WORD, 0, arg));
    guest_enter(0, 0);
}

PROGRAM(waiter_ends)
{
    kit_map_thread_area();
    for (uint32_t i = 0; i < 3; i++) {
        struct capos_client thread = kit_thread(leaves_its_park, i == 0 ? FOREVER : i * MILLISECOND);
        CHECK_EQ(kit_join(&thread), 0);
        CHECK_EQ(kernel.parks.count, 0);
        CHECK_EQ(kit_unpark(WORD, 1), 0);
    }
}

THREAD(waits_for_ever)
{
    kit_park(WORD, 0, arg);
}

PROGRAM(process_ends)
{
    kit_map_thread_area();
    for (uint32_t i = 0; i < 6; i++)
        kit_thread(waits_for_ever, i % 2 == 0 ? FOREVER : i * MILLISECOND);
    for (uint64_t i = sim_random() % 50; i > 0; i--)
        sim_pause();
    guest_exit(8);
}

/* ---- a lock on it ------------------------------------------------------------------------------------ */

#define ROUNDS 12u

static void lock(uint32_t *word)
{
    uint32_t seen = *word;
    if (seen == 0) {
        *word = 1;
        return;
    }
    for (;;) {
        seen = *word;
        *word = 2;
        if (seen == 0)
            return;
        sim_pause();
        int32_t result = kit_park(WORD, 2, sim_random() % 3 == 0 ? 1000 + sim_random() % MILLISECOND : FOREVER);
        EXPECT(result >= 0 && result <= 2);
    }
}

static void unlock(uint32_t *word)
{
    uint32_t seen = *word;
    *word = 0;
    sim_pause();
    if (seen == 2)
        EXPECT(kit_unpark(WORD, 1) >= 0);
}

THREAD(counts)
{
    (void)arg;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        lock(kit_word(WORD));
        uint32_t value = *kit_word(READY);
        for (uint64_t n = sim_random() % 4; n > 0; n--)
            sim_pause();
        *kit_word(READY) = value + 1;
        unlock(kit_word(WORD));
        sim_pause();
    }
}

PROGRAM(counter)
{
    struct capos_client threads[5];
    kit_map_thread_area();
    for (uint32_t i = 0; i < 5; i++)
        threads[i] = kit_thread(counts, i);
    for (uint32_t i = 0; i < 5; i++)
        kit_join(&threads[i]);
    CHECK_EQ(*kit_word(READY), 5 * ROUNDS);
    CHECK_EQ(*kit_word(WORD), 0);
}

/* ---- everything at once ----------------------------------------------------------------------------- */

#define STORM_PAGE 0x9000000ull

static void map_or_unmap(bool map)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_params in = { .hint = STORM_PAGE, .size = PAGE_SIZE, .prot = PROT_READ_BIT };
    struct capos_virtual_memory_unmap_params out = { .addr = STORM_PAGE, .size = PAGE_SIZE };
    struct capos_virtual_memory_map_results at;
    enum capos_status status = map ? capos_virtual_memory_map(&vm, &in, &at) : capos_virtual_memory_unmap(&vm, &out, NULL);
    CHECK(status == CAPOS_OK || status == CAPOS_EXCEPTION);
}

/* Words that come and go with their page, short waits, wake-ups; some leave with a wait under way. */
THREAD(storms)
{
    for (uint32_t i = 0; i < 40; i++) {
        uint64_t r = sim_random(), va = STORM_PAGE + r % 3 * 4;
        int32_t result = 0;
        if (r / 16 % 8 < 4)
            result = kit_park(va, 0, r / 256 % 200000);
        else if (r / 16 % 8 < 6)
            result = kit_unpark(va, 1 + (uint32_t)(r / 256 % 3));
        else
            map_or_unmap(r / 256 % 3 != 0);
        CHECK((result >= 0 && result <= 6) || result == CAP_ERR_INVALID_PARAMS_BUFFER);
        if (r / 4096 % 3 == 0)
            sim_pause();
    }
    guest_submit(kit_park_sqe("park_space", STORM_PAGE, 0, arg % 2 == 0 ? FOREVER : 1000));
    guest_enter(0, 0);
}

PROGRAM(storm)
{
    struct capos_client threads[6];
    kit_map_thread_area();
    map_or_unmap(true);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < 6; i++)
            threads[i] = kit_thread(storms, i);
        for (uint32_t i = 0; i < 6; i++)
            CHECK_EQ(kit_join(&threads[i]), 0);
        CHECK_EQ(kernel.parks.count, 0);
    }
}

PROGRAM(one_of_each)
{
    kit_map_thread_area();
    struct capos_client thread = kit_thread(waits_once, 0);
    wait_parked(1);
    EXPECT(kit_park(WORD, 0, 100) == 2);
    EXPECT(kit_unpark(WORD, 1) == 1);
    CHECK_EQ(kit_join(&thread), 0);
}

#define SHARING { "frame_allocator", NULL }, { "process_spawner", NULL }, { "shared_park_space", NULL }, { "park_space", NULL }

static const struct sim_test tests[] = {
    { .name = "park-checks", .init = order_of_checks, .grants = { PARK_GRANTS, { "timer", NULL } } },
    { .name = "park-outcomes", .init = outcomes, .grants = { PARK_GRANTS, { "timer", NULL } }, .seeds = 2 },
    { .name = "park-order", .init = first_in_first_out, .grants = { PARK_GRANTS }, .seeds = 4 },
    { .name = "park-memory-goes", .init = memory_goes, .grants = { PARK_GRANTS, { "frame_allocator", NULL } }, .seeds = 4 },
    { .name = "park-own-memory-goes", .init = own_memory_goes, .grants = { PARK_GRANTS } },
    { .name = "park-shared", .init = shared_words, .grants = { SHARING }, .programs = { { "shares", shares } }, .seeds = 2 },
    { .name = "park-dead-waiters", .init = dead_waiters_take_no_wakeup, .grants = { SHARING },
      .programs = { { "shares", shares }, { "spins", shares_and_spins } }, .seeds = 10 },
    { .name = "park-private", .init = private_words, .grants = { SHARING }, .programs = { { "waiter", private_waiter } } },
    { .name = "park-no-room", .init = no_room, .grants = { PARK_GRANTS } },
    { .name = "park-waiter-ends", .init = waiter_ends, .grants = { PARK_GRANTS }, .seeds = 2 },
    { .name = "park-process-ends", .init = process_ends, .grants = { PARK_GRANTS }, .exit_code = 8, .seeds = 6 },
    { .name = "park-counter", .init = counter, .grants = { PARK_GRANTS }, .seeds = 10 },
    { .name = "park-storm", .init = storm, .grants = { PARK_GRANTS }, .seeds = 6 },
    { .name = "park-faults", .init = one_of_each, .grants = { PARK_GRANTS }, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
