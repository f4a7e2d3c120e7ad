/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A process that works while another one exhausts one resource after the
 * other. On one processor each has half of the time; how much work that is, is
 * measured beside a process that only computes. Time counts instructions, so
 * the numbers are the same on every host.
 */
#include "exhaustion.h"

#define BINARY "exhaustion_victim"
#define WINDOW_NS 300000000ull
#define HELD_MAX 300u
#define RW (PROT_READ_BIT | PROT_WRITE_BIT)

struct shared_page {
    uint32_t work;     /* of the victim: calls of the kernel, with some computing between them */
    uint32_t refusals; /* of the attacker */
};

static struct shared_page *page;
static struct capos_client allocator, memory, timer;

static void map_shared(struct capos_client object)
{
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = RW };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_memory_object_map(&object, &in, &at), &object, "map the shared page");
    page = (struct shared_page *)at.addr;
}

static void refused(void)
{
    fetch_add_u32(&page->refusals, 1);
}

/* ---- the victim ------------------------------------------------------------------------------ */

static void work(void)
{
    for (;;) {
        (void)now_ns(&timer);
        for (uint32_t i = 0; i < 500; i++)
            __asm__ volatile("pause");
        fetch_add_u32(&page->work, 1);
    }
}

/* ---- attackers: each goes on after its limit has answered ----------------------------------------- */

static void compute(void)
{
    refused();
    for (;;)
        __asm__ volatile("pause");
}

/* Objects of `pages` pages; when no more are to be had, some refusals, and all over again. */
static void take_frames(uint32_t pages)
{
    static struct capos_client held[HELD_MAX];
    for (;;) {
        uint32_t count = 0;
        while (count < HELD_MAX && try_frames(&allocator, pages, &held[count]) == CAPOS_OK)
            count++;
        for (uint32_t i = 0; i < 50; i++)
            if (try_frames(&allocator, pages, &held[count]) != CAPOS_OK)
                refused();
        while (count > 0)
            capos_client_close(&held[--count]);
    }
}

static void slots(void)
{
    take_frames(1);
}

static void frames(void)
{
    take_frames(64);
}

static void addresses(void)
{
    struct capos_virtual_memory_reserve_params in = { .size = PAGE_SIZE };
    struct capos_virtual_memory_reserve_results got = { 0 };
    static uint64_t at[HELD_MAX];
    for (;;) {
        uint32_t count = 0;
        while (count < HELD_MAX && capos_virtual_memory_reserve(&memory, &in, &got) == CAPOS_OK)
            at[count++] = got.addr;
        refused();
        while (count > 0) {
            struct capos_virtual_memory_unmap_params out = { .addr = at[--count], .size = PAGE_SIZE };
            (void)capos_virtual_memory_unmap(&memory, &out, NULL);
        }
    }
}

static void anonymous(void)
{
    for (;;) {
        struct capos_virtual_memory_map_params in = { .size = 256 * PAGE_SIZE, .prot = RW };
        struct capos_virtual_memory_map_results got = { 0 };
        uint64_t at[32];
        uint32_t count = 0;
        while (count < 32 && capos_virtual_memory_map(&memory, &in, &got) == CAPOS_OK)
            at[count++] = got.addr;
        refused();
        while (count > 0) {
            struct capos_virtual_memory_unmap_params out = { .addr = at[--count], .size = 256 * PAGE_SIZE };
            (void)capos_virtual_memory_unmap(&memory, &out, NULL);
        }
    }
}

static void queue(void)
{
    static struct waiting_call calls[PROFILE_DEFAULT_ENDPOINT_QUEUE + 1];
    uint32_t endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id, i = 0;
    const uint64_t word = 1;
    for (;;) {
        start_call(&calls[i], endpoint, 1, &word, 1);
        if (has_ended(&calls[i], 0))
            refused();
        else
            i++;
    }
}

static void sleeps(void)
{
    static struct waiting_call calls[TIMER_SLEEP_WAITERS_MAX + 1];
    const uint64_t for_ever = UINT64_MAX;
    for (uint32_t i = 0;;) {
        start_call(&calls[i], timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, &for_ever, 1);
        if (has_ended(&calls[i], 0))
            refused();
        else
            i++;
    }
}

static void nonsense(void)
{
    for (;;) {
        uint64_t tickets[RING_SQ_ENTRIES];
        struct capos_completion done;
        for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
            capos_ring_submit(capos_ring(), &(struct ring_sqe){ .opcode = 99 }, &tickets[i]);
        for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
            if (capos_ring_wait(capos_ring(), tickets[i], CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK && done.result < 0)
                refused();
    }
}

static void noise(void)
{
    static uint8_t bytes[4000];
    struct capos_console_write_params in = { .data = { bytes, sizeof bytes } };
    memset(bytes, '.', sizeof bytes);
    for (;;) {
        bytes[sizeof bytes - 1] = '\n';
        (void)capos_console_write(&held_console, &in, NULL);
        refused();
    }
}

static void idle(void)
{
    struct capos_completion never;
    for (;;)
        capos_ring_wait(capos_ring(), 0, CAP_ENTER_WAIT_FOREVER, &never);
}

static void spawns(void)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_cap_grant grant = capos_grant_kernel("do:idle", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    static struct capos_process child;
    for (;;)
        if (capos_process_spawn(&spawner, BINARY, &grant, 1, &child) != CAPOS_OK)
            refused();
}

static const struct {
    const char *name;
    void (*run)(void);
} roles[] = { { "compute", compute }, { "slots", slots }, { "frames", frames }, { "addresses", addresses }, { "anonymous", anonymous },
              { "queue", queue }, { "sleeps", sleeps }, { "nonsense", nonsense }, { "noise", noise }, { "spawns", spawns } };
#define ROLES (sizeof roles / sizeof roles[0])

static _Noreturn void child(void)
{
    if (task_is("idle"))
        idle();
    timer = capos_client_for(capos_capset_entry(0)->cap_id, CAPOS_TIMER_INTERFACE_ID);
    map_shared(granted("shared", CAPOS_MEMORY_OBJECT_INTERFACE_ID));
    if (task_is("work"))
        work();
    held_console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    for (size_t i = 0; i < ROLES; i++)
        if (task_is(roles[i].name))
            roles[i].run();
    capos_exit(3);
}

/* ---- both side by side ------------------------------------------------------------------------------ */

static uint32_t work_beside(const char *role, const struct capos_cap_grant *grants, uint32_t count)
{
    static struct capos_process attacker;
    store_release_u32(&page->refusals, 0);
    if (!spawn_task(BINARY, role, grants, count, &attacker))
        return 0;
    while (load_acquire_u32(&page->refusals) == 0)
        sleep_ns(&timer, 10000000);
    uint32_t before = load_acquire_u32(&page->work);
    sleep_ns(&timer, WINDOW_NS);
    uint32_t done = load_acquire_u32(&page->work) - before;
    check(capos_process_terminate(&attacker) == CAPOS_OK && exit_code_of(&attacker) == EXIT_CODE_TERMINATED, "%s: its end", role);
    return done;
}

int main(void)
{
    static struct capos_process victim;
    if (task() != NULL)
        child();
    begin("exhaustion");
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_client shared = { 0 };
    check_ok(try_frame(&allocator, &shared), &allocator, "a page to share");
    map_shared(shared);
    const struct capos_cap_grant grants[] = {
        capos_grant_held("shared", shared.cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID), CONSOLE_GRANT,
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
        capos_grant_kernel("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID),
        capos_grant_kernel("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID),
        capos_grant_kernel("process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID),
    };
    spawn_task(BINARY, "work", grants, 1, &victim);
    uint32_t share = 0;
    for (size_t i = 0; i < ROLES && check_failures == 0; i++) {
        uint32_t done = work_beside(roles[i].name, grants, 6);
        share = i == 0 ? done : share;
        uint32_t percent = share > 0 ? (uint32_t)(done * 100ull / share) : 0;
        say("victim beside %s: %u per cent of its share", roles[i].name, percent);
        check(percent >= 90, "%s: %u of %u", roles[i].name, done, share);
    }
    check(share > 100, "%u", share);
    check(capos_process_terminate(&victim) == CAPOS_OK && exit_code_of(&victim) == EXIT_CODE_TERMINATED, "the victim's end");
    return end("victim");
}
