/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which refusal an address space gives, by type and text, and that what a
 * failed attempt had charged is given back: attempts repeat until a charge
 * that stayed would show.
 */
#include "abi/limits.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

#define AREA 0x200000000ull
#define INVALID CAP_EXCEPTION_INVALID_ARGUMENT
#define OVERLOADED CAP_EXCEPTION_OVERLOADED

static struct capos_client vm;

static enum capos_status reserve(uint64_t hint, uint64_t size)
{
    struct capos_virtual_memory_reserve_params in = { .hint = hint, .size = size };
    return capos_virtual_memory_reserve(&vm, &in, &(struct capos_virtual_memory_reserve_results){ 0 });
}

static enum capos_status map(uint64_t hint, uint64_t size, uint32_t prot)
{
    struct capos_virtual_memory_map_params in = { .hint = hint, .size = size, .prot = prot };
    return capos_virtual_memory_map(&vm, &in, &(struct capos_virtual_memory_map_results){ 0 });
}

static enum capos_status commit(uint64_t addr, uint64_t size, uint32_t prot)
{
    return capos_virtual_memory_commit(&vm, &(struct capos_virtual_memory_commit_params){ .addr = addr, .size = size, .prot = prot }, NULL);
}

static enum capos_status decommit(uint64_t addr, uint64_t size)
{
    return capos_virtual_memory_decommit(&vm, &(struct capos_virtual_memory_decommit_params){ .addr = addr, .size = size }, NULL);
}

static enum capos_status protect(uint64_t addr, uint64_t size, uint32_t prot)
{
    return capos_virtual_memory_protect(&vm, &(struct capos_virtual_memory_protect_params){ .addr = addr, .size = size, .prot = prot }, NULL);
}

static enum capos_status unmap(uint64_t addr, uint64_t size)
{
    return capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){ .addr = addr, .size = size }, NULL);
}

#define REFUSED(client, call, type, text)                      \
    do {                                                       \
        CHECK_EQ(call, CAPOS_EXCEPTION);                       \
        CHECK(guest_exception_is(client, type, text));         \
    } while (0)
#define VM_REFUSED(call, type, text) REFUSED(&vm, call, type, text)

static void of_ranges(void)
{
    static const char *const range = "invalid address range", *const prot = "invalid protection", *const here = "address range is not mapped here";
    VM_REFUSED(reserve(AREA + 1, PAGE_SIZE), INVALID, range);
    VM_REFUSED(reserve(0, 0), INVALID, range);
    VM_REFUSED(map(AREA, PAGE_SIZE, 8), INVALID, prot);
    VM_REFUSED(map(AREA, 0, 3), INVALID, range);
    VM_REFUSED(commit(AREA, 0, 3), INVALID, range);
    VM_REFUSED(commit(AREA, PAGE_SIZE, 8), INVALID, prot);
    VM_REFUSED(commit(AREA, PAGE_SIZE, 3), INVALID, here);
    VM_REFUSED(decommit(AREA + 8, PAGE_SIZE), INVALID, range);
    VM_REFUSED(decommit(AREA, PAGE_SIZE), INVALID, here);
    VM_REFUSED(unmap(AREA, 0), INVALID, range);
    VM_REFUSED(unmap(AREA, PAGE_SIZE), INVALID, here);
    VM_REFUSED(protect(AREA, 0, 1), INVALID, range);
    VM_REFUSED(protect(AREA, PAGE_SIZE, 8), INVALID, prot);
    VM_REFUSED(protect(AREA, PAGE_SIZE, 1), INVALID, here);
    CHECK_EQ(reserve(AREA, 4 * PAGE_SIZE), CAPOS_OK);
    VM_REFUSED(reserve(AREA + 3 * PAGE_SIZE, PAGE_SIZE), INVALID, "address range is occupied");
    VM_REFUSED(protect(AREA, PAGE_SIZE, 1), INVALID, "page is not committed");
    CHECK_EQ(commit(AREA + PAGE_SIZE, PAGE_SIZE, 3), CAPOS_OK);
    VM_REFUSED(commit(AREA, 4 * PAGE_SIZE, 3), INVALID, "page is already committed");
    VM_REFUSED(commit(AREA + 3 * PAGE_SIZE, 2 * PAGE_SIZE, 3), INVALID, here);
    CHECK_EQ(unmap(AREA, 4 * PAGE_SIZE), CAPOS_OK);
}

static void of_limits(void)
{
    static const char *const reservations = "failed to reserve virtual reservation pages", *const grants = "failed to reserve frame grant pages";
    uint64_t most = VIRTUAL_RESERVATION_PAGES_MAX * PAGE_SIZE;
    VM_REFUSED(reserve(AREA, most + PAGE_SIZE), OVERLOADED, reservations);
    for (int i = 0; i < 3; i++) {
        VM_REFUSED(reserve(AREA + 1, most), INVALID, "invalid address range");
        VM_REFUSED(reserve(USER_HALF_LIMIT - 2 * PAGE_SIZE, 4 * PAGE_SIZE), INVALID, "invalid address range");
        VM_REFUSED(map(AREA, most, 3), OVERLOADED, grants); /* gives the reservation back */
    }
    CHECK_EQ(reserve(AREA, most), CAPOS_OK);
    VM_REFUSED(reserve(0, PAGE_SIZE), OVERLOADED, reservations);
    for (int i = 0; i < 3; i++)
        VM_REFUSED(commit(AREA, (FRAME_GRANT_PAGES_MAX + 1ull) * PAGE_SIZE, 3), OVERLOADED, grants);
    CHECK_EQ(unmap(AREA, most), CAPOS_OK);
    uint64_t count = 0;
    while (reserve(AREA + count * 2 * PAGE_SIZE, PAGE_SIZE) == CAPOS_OK)
        count++;
    CHECK(guest_exception_is(&vm, OVERLOADED, "too many address ranges"));
}

PROGRAM(refusals)
{
    vm = guest_open("virtual_memory");
    of_ranges();
    of_limits();
}

/* More than the machine has: every attempt is refused for the same reason, and leaves memory for others. */
PROGRAM(no_frames)
{
    static const char *const frames = "out of physical frames";
    struct capos_client allocator = guest_open("frame_allocator");
    vm = guest_open("virtual_memory");
    uint64_t free = frames_free_count(), pages = free + 100;
    CHECK(pages < FRAME_GRANT_PAGES_MAX && 2 * pages > FRAME_GRANT_PAGES_MAX);
    CHECK_EQ(reserve(AREA, pages * PAGE_SIZE), CAPOS_OK);
    for (int i = 0; i < 4; i++) {
        VM_REFUSED(commit(AREA, pages * PAGE_SIZE, 3), OVERLOADED, frames);
        VM_REFUSED(map(AREA + 0x100000000, pages * PAGE_SIZE, 3), OVERLOADED, frames);
        struct capos_frame_allocator_alloc_contiguous_results got;
        struct capos_frame_allocator_alloc_contiguous_params in = { .count = (uint32_t)pages };
        CHECK_EQ(capos_frame_allocator_alloc_contiguous(&allocator, &in, &got), CAPOS_EXCEPTION);
        CHECK_EQ(allocator.exception.type, OVERLOADED);
        CHECK(frames_free_count() + 16 > free); /* a page table or two stay */
    }
    CHECK(sim_user(AREA, 1, false) == NULL && sim_user(AREA + (pages - 200) * PAGE_SIZE, 1, false) == NULL);
    CHECK_EQ(commit(AREA, (free - 100) * PAGE_SIZE, 3), CAPOS_OK);
}

PROGRAM(of_objects)
{
    struct capos_client object = kit_memory(2);
    struct capos_memory_object_map_results at;
    struct capos_memory_object_map_params in = { .hint = AREA, .size = 3 * PAGE_SIZE, .prot = 3 };
    REFUSED(&object, capos_memory_object_map(&object, &in, &at), INVALID, "range is outside the object");
    in.size = 2 * PAGE_SIZE, in.offset = PAGE_SIZE;
    REFUSED(&object, capos_memory_object_map(&object, &in, &at), INVALID, "range is outside the object");
    in.offset = 0, in.prot = 8;
    REFUSED(&object, capos_memory_object_map(&object, &in, &at), INVALID, "invalid protection");
    in.prot = 3;
    CHECK_EQ(capos_memory_object_map(&object, &in, &at), CAPOS_OK);
    REFUSED(&object, capos_memory_object_map(&object, &in, &at), INVALID, "address range is occupied");
    struct capos_memory_object_protect_params protect = { .addr = AREA, .size = 2 * PAGE_SIZE, .prot = 9 };
    REFUSED(&object, capos_memory_object_protect(&object, &protect, NULL), INVALID, "invalid protection");
    protect.addr = AREA + PAGE_SIZE, protect.prot = 1;
    REFUSED(&object, capos_memory_object_protect(&object, &protect, NULL), INVALID, "address range is not mapped here");
    struct capos_memory_object_unmap_params unmapping = { .addr = AREA - PAGE_SIZE, .size = PAGE_SIZE };
    REFUSED(&object, capos_memory_object_unmap(&object, &unmapping, NULL), INVALID, "address range is not mapped here");
}

static const struct sim_test tests[] = {
    { .name = "memory-refusals", .init = refusals, .grants = { { "virtual_memory", NULL } } },
    { .name = "memory-frames-end", .init = no_frames, .grants = { { "virtual_memory", NULL }, { "frame_allocator", NULL } },
      .memory_bytes = 24u << 20 },
    { .name = "object-refusals", .init = of_objects, .grants = { { "frame_allocator", NULL } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
