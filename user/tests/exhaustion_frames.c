/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The third pass, in 512 MiB under the default profile: the frame ledger, which single pages cannot reach because slots end
 * first, and a free list in pieces (docs/kernel-semantics.md, 18). A process may have 16 MiB, so all of memory takes many:
 * children fill it with objects of 64 pages, then of single pages, and then give back every second one of those.
 */
#include "exhaustion.h"

#define RUN 64u
#define RUNS (FRAME_GRANT_PAGES_MAX / RUN)
#define CHILDREN_MAX 48u
#define SPARE_SLOTS 8u
#define NO_PAGES "failed to reserve frame grant pages"
#define NO_FRAMES "out of physical frames"

struct shared_page {
    uint32_t give_back; /* every second single page, please */
    uint32_t ready;     /* children that have taken what there is */
    uint32_t given;     /* children that have given back */
    uint32_t leave;
};

static struct capos_client allocator;

static struct shared_page *map_shared(struct capos_client *object)
{
    struct capos_memory_object_map_params in = { .size = PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_memory_object_map(object, &in, &at), object, "map the shared page");
    return (struct shared_page *)at.addr;
}

static void await(const uint32_t *word, uint32_t value)
{
    struct capos_client timer = capos_client_for(capos_capset_entry(0)->cap_id, CAPOS_TIMER_INTERFACE_ID);
    while (load_acquire_u32(word) < value)
        sleep_ns(&timer, 1000000);
}

/* ---- the ledger ------------------------------------------------------------------------------ */

static void exhaust_ledger(void)
{
    static struct capos_client objects[RUNS + 1];
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count <= RUNS && (status = try_frames(&allocator, RUN, &objects[count])) == CAPOS_OK)
        count++;
    check(count == RUNS, "%u objects", count);
    say("ledger objects=%u pages=%u refused=%s", count, count * RUN, refusal(status, &allocator));
    check(is_overloaded(try_frame(&allocator, &objects[RUNS]), &allocator, NO_PAGES), "a single page is refused as well");
    say_held("ledger");
    capos_client_close(&objects[0]);
    check_ok(try_frames(&allocator, RUN, &objects[0]), &allocator, "in the place of what was given back");
    check(is_overloaded(try_frames(&allocator, 1, &objects[RUNS]), &allocator, NO_PAGES), "and then no more");
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
    check_ok(try_frames(&allocator, FRAME_GRANT_PAGES_MAX, &objects[0]), &allocator, "all in one object");
    capos_client_close(&objects[0]);
    if (check_failures == 0)
        say("ledger recovered");
}

/* ---- the free list ----------------------------------------------------------------------------- */

/* As a child: everything that its limits and the machine allow, large pieces first, so that single pages are what is left. */
static int take_all(void)
{
    static struct capos_client large[RUNS], single[CAP_SLOTS_MAX];
    struct capos_client shared = granted("shared", CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    struct shared_page *page = map_shared(&shared);
    uint32_t large_count = 0, count = 0;
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    while (large_count < RUNS - 1 && try_frames(&allocator, RUN, &large[large_count]) == CAPOS_OK)
        large_count++;
    uint32_t slots = CAP_SLOTS_MAX - capos_capset_count() - large_count - SPARE_SLOTS;
    while (count < slots && try_frame(&allocator, &single[count]) == CAPOS_OK)
        count++;
    fetch_add_u32(&page->ready, 1);
    await(&page->give_back, 1);
    for (uint32_t i = 0; i < count; i += 2)
        capos_client_close(&single[i]);
    fetch_add_u32(&page->given, 1);
    await(&page->leave, 1);
    return check_failures == 0 ? 44 : 1;
}

static uint32_t spawn_takers(const struct capos_client *shared, struct shared_page *page, struct capos_process *children)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_cap_grant grants[] = {
        capos_grant_kernel("do:take", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID),
        CONSOLE_GRANT,
        capos_grant_kernel("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID),
        capos_grant_held("shared", shared->cap_id, CAPOS_MEMORY_OBJECT_INTERFACE_ID),
    };
    uint32_t count = 0;
    enum capos_status status = CAPOS_OK;
    while (count < CHILDREN_MAX &&
           (status = capos_process_spawn(&spawner, "exhaustion_frames", grants, 4, &children[count])) == CAPOS_OK) {
        count++;
        await(&page->ready, count);
    }
    say("memory children=%s refused=%s", count > 16 ? "many" : "few", refusal(status, &spawner));
    check(is_overloaded(status, &spawner, NO_FRAMES), "one child too many");
    return count;
}

static void exhaust_memory(void)
{
    static struct capos_process children[CHILDREN_MAX];
    static struct capos_client objects[RUN];
    struct capos_client shared, none;
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    check_ok(try_frame(&allocator, &shared), &allocator, "a page to share");
    struct shared_page *page = map_shared(&shared);
    uint64_t before = free_frames(&monitor);
    uint32_t count = spawn_takers(&shared, page, children), singles = 0;
    while (singles < RUN && try_frame(&allocator, &objects[singles]) == CAPOS_OK) /* what the refused child would have had */
        singles++;
    say_held("memory");
    store_release_u32(&page->give_back, 1);
    await(&page->given, count);
    uint64_t scattered = free_frames(&monitor);
    enum capos_status status = try_frames(&allocator, RUN, &none);
    check(scattered > 2 * RUN && is_overloaded(status, &allocator, NO_FRAMES), "%lu frames free", scattered);
    say("fragmented free=%s request=%u refused=%s", scattered > 2 * RUN ? "enough" : "too-few", RUN, refusal(status, &allocator));
    for (uint32_t i = singles; i < RUN; i++)
        singles += try_frame(&allocator, &objects[i]) == CAPOS_OK;
    check(singles == RUN, "%u single pages", singles);
    say("fragmented single-pages=%u", singles);
    say_held("fragmented");
    for (uint32_t i = 0; i < singles; i++)
        capos_client_close(&objects[i]);
    store_release_u32(&page->leave, 1);
    for (uint32_t i = 0; i < count; i++)
        check(exit_code_of(&children[i]) == 44, "child %u", i);
    check(free_frames(&monitor) == before, "%lu frames free before, %lu after", before, free_frames(&monitor));
    check_ok(try_frames(&allocator, FRAME_GRANT_PAGES_MAX - 1, &none), &allocator, "a long run");
    if (check_failures == 0)
        say("memory recovered");
}

int main(void)
{
    if (task() != NULL)
        return take_all();
    begin("untrusted-exhaustion-frames");
    allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    say("start profile=default caps=%u", capos_capset_count());
    exhaust_ledger();
    exhaust_memory();
    return end("");
}
