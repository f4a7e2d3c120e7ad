/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Address spaces at their edges: what is refused, that a refusal changes
 * nothing, and who pays for a mapped object that nobody holds (FG-04).
 */
#include <string.h>

#include "abi/limits.h"
#include "guest.h"
#include "harness.h"

#define AREA 0x200000000ull
#define TAKE_OR_QUIT(call)                                                                        \
    do {                                                                                          \
        if ((call) != CAPOS_OK)                                                                   \
            harness_expect(__FILE__, __LINE__, #call);                                            \
    } while (0)

static struct capos_client vm;

static enum capos_status reserve(uint64_t hint, uint64_t pages, uint64_t *addr)
{
    struct capos_virtual_memory_reserve_results out = {0};
    enum capos_status status = capos_virtual_memory_reserve(
        &vm, &(struct capos_virtual_memory_reserve_params){ .hint = hint, .size = pages * PAGE_SIZE }, &out);
    *addr = out.addr;
    return status;
}

static enum capos_status commit(uint64_t addr, uint64_t pages, uint32_t prot)
{
    return capos_virtual_memory_commit(
        &vm, &(struct capos_virtual_memory_commit_params){ .addr = addr, .size = pages * PAGE_SIZE, .prot = prot }, NULL);
}

static enum capos_status decommit(uint64_t addr, uint64_t pages)
{
    return capos_virtual_memory_decommit(
        &vm, &(struct capos_virtual_memory_decommit_params){ .addr = addr, .size = pages * PAGE_SIZE }, NULL);
}

static enum capos_status unmap(uint64_t addr, uint64_t pages)
{
    return capos_virtual_memory_unmap(
        &vm, &(struct capos_virtual_memory_unmap_params){ .addr = addr, .size = pages * PAGE_SIZE }, NULL);
}

static bool refused(enum capos_status status, enum cap_exception_type type)
{
    return status == CAPOS_EXCEPTION && vm.exception.type == (uint16_t)type;
}

static bool invalid(enum capos_status status)
{
    return refused(status, CAP_EXCEPTION_INVALID_ARGUMENT);
}

static bool overloaded(enum capos_status status)
{
    return refused(status, CAP_EXCEPTION_OVERLOADED);
}

/* A commit across two neighbouring reservations, over a committed page, or outside leaves everything as it was. */
static int64_t commits(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    uint64_t at;
    guest_start(&guest, ring, pid, capset);
    vm = guest_open("virtual_memory");
    TAKE_OR_QUIT(reserve(AREA, 4, &at));
    TAKE_OR_QUIT(reserve(AREA + 4 * PAGE_SIZE, 4, &at));
    TAKE_OR_QUIT(commit(AREA + 2 * PAGE_SIZE, 1, 3));
    EXPECT(invalid(commit(AREA + 3 * PAGE_SIZE, 2, 3)));
    CHECK(sim_user(AREA + 3 * PAGE_SIZE, 1, false) == NULL);
    EXPECT(invalid(commit(AREA, 4, 3)));
    CHECK(sim_user(AREA, 1, false) == NULL && sim_user(AREA + 2 * PAGE_SIZE, 1, true) != NULL);
    EXPECT(invalid(commit(AREA + 8 * PAGE_SIZE, 1, 3)));
    EXPECT(invalid(commit(AREA + 1, 1, 3)));
    EXPECT(invalid(commit(AREA, 1, 8)));
    EXPECT(invalid(commit(UINT64_MAX - 4095, 2, 1)));
    /* Decommit and unmap may span both. */
    TAKE_OR_QUIT(decommit(AREA, 8));
    CHECK(sim_user(AREA + 2 * PAGE_SIZE, 1, false) == NULL);
    TAKE_OR_QUIT(unmap(AREA + PAGE_SIZE, 6));
    EXPECT(invalid(unmap(AREA, 8)));
    TAKE_OR_QUIT(unmap(AREA, 1));
    TAKE_OR_QUIT(unmap(AREA + 7 * PAGE_SIZE, 1));
    TAKE_OR_QUIT(reserve(AREA, 8, &at));
    return 0;
}

/* The region list is finite; running out is an answer, and giving one back makes room. */
static int64_t many_regions(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    uint64_t at;
    uint64_t count = 0;
    guest_start(&guest, ring, pid, capset);
    vm = guest_open("virtual_memory");
    while (count < 1000 && reserve(AREA + count * 2 * PAGE_SIZE, 1, &at) == CAPOS_OK)
        count++;
    CHECK(count > 200 && count < 256);
    CHECK(overloaded(reserve(AREA + count * 2 * PAGE_SIZE, 1, &at)));
    CHECK_EQ(unmap(AREA, 1), CAPOS_OK);
    CHECK_EQ(reserve(0, 3, &at), CAPOS_OK);
    CHECK_EQ(commit(at, 3, 3), CAPOS_OK);
    CHECK(overloaded(unmap(at + PAGE_SIZE, 1))); /* the split needs an entry */
    CHECK(sim_user(at + PAGE_SIZE, PAGE_SIZE, true) != NULL);
    return 0;
}

/* The largest reservation, with pages at both ends and on both sides of a table's edge: found, counted and given back
 * by every operation on the whole. */
static int64_t sparse(uint64_t ring, uint64_t pid, uint64_t capset)
{
    static const uint64_t places[] = {0, 511, 512, 100000, VIRTUAL_RESERVATION_PAGES_MAX - 1};
    struct guest guest;
    uint64_t at;
    guest_start(&guest, ring, pid, capset);
    vm = guest_open("virtual_memory");
    TAKE_OR_QUIT(reserve(AREA, VIRTUAL_RESERVATION_PAGES_MAX, &at));
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            EXPECT(overloaded(commit(AREA, VIRTUAL_RESERVATION_PAGES_MAX, 3)) == (i == 0));
            TAKE_OR_QUIT(commit(AREA + places[i] * PAGE_SIZE, 1, 3));
            CHECK(sim_user(AREA + places[i] * PAGE_SIZE, PAGE_SIZE, true) != NULL);
        }
        EXPECT(invalid(capos_virtual_memory_protect(
            &vm, &(struct capos_virtual_memory_protect_params){ .addr = AREA, .size = 513 * PAGE_SIZE, .prot = 1 }, NULL)));
        TAKE_OR_QUIT(decommit(AREA, VIRTUAL_RESERVATION_PAGES_MAX));
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
            CHECK(sim_user(AREA + places[i] * PAGE_SIZE, 1, false) == NULL);
    }
    TAKE_OR_QUIT(commit(AREA + 512 * PAGE_SIZE, 1, 3));
    TAKE_OR_QUIT(unmap(AREA, VIRTUAL_RESERVATION_PAGES_MAX));
    TAKE_OR_QUIT(reserve(AREA, VIRTUAL_RESERVATION_PAGES_MAX, &at));
    return 0;
}

/* Frame grants end at 4,096 pages, and a commit that does not fit takes none of them. */
static int64_t grants_end(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    uint64_t at;
    guest_start(&guest, ring, pid, capset);
    vm = guest_open("virtual_memory");
    CHECK_EQ(reserve(0, FRAME_GRANT_PAGES_MAX + 100, &at), CAPOS_OK);
    CHECK_EQ(commit(at, FRAME_GRANT_PAGES_MAX - 10, 3), CAPOS_OK);
    uint64_t rest = at + (FRAME_GRANT_PAGES_MAX - 10) * PAGE_SIZE;
    CHECK(overloaded(commit(rest, 11, 3)));
    CHECK_EQ(commit(rest, 10, 3), CAPOS_OK);
    CHECK(overloaded(commit(rest + 10 * PAGE_SIZE, 1, 3)));
    CHECK_EQ(decommit(at, 1), CAPOS_OK);
    CHECK_EQ(commit(rest + 10 * PAGE_SIZE, 1, 3), CAPOS_OK);
    return 0;
}

static struct capos_client object_of(struct capos_client *allocator, uint64_t pages)
{
    struct capos_frame_allocator_alloc_contiguous_results got;
    EXPECT(capos_frame_allocator_alloc_contiguous(
               allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = (uint32_t)pages }, &got) == CAPOS_OK);
    return guest_take_cap(got.handle_index);
}

/* A mapped object whose capability is gone is still paid for, and until the last page of it is unmapped. */
static int64_t mapped_and_released(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    struct capos_memory_object_map_results at;
    guest_start(&guest, ring, pid, capset);
    vm = guest_open("virtual_memory");
    struct capos_client allocator = guest_open("frame_allocator");
    for (int i = 0; i < 4; i++) {
        struct capos_client object = object_of(&allocator, 1000);
        struct capos_memory_object_map_params map = { .size = PAGE_SIZE, .offset = 7 * PAGE_SIZE, .prot = 3 };
        CHECK_EQ(capos_memory_object_map(&object, &map, &at), CAPOS_OK);
        CHECK_EQ(guest_release(object.cap_id), 0);
    }
    struct capos_frame_allocator_alloc_contiguous_results got;
    CHECK_EQ(capos_frame_allocator_alloc_contiguous(
                 &allocator, &(struct capos_frame_allocator_alloc_contiguous_params){ .count = 97 }, &got), CAPOS_EXCEPTION);
    CHECK_EQ(allocator.exception.type, CAP_EXCEPTION_OVERLOADED);
    CHECK(invalid(unmap(at.addr, 1))); /* not VirtualMemory's to take away */
    CHECK(sim_user(at.addr, PAGE_SIZE, true) != NULL);
    struct capos_client fits = object_of(&allocator, 96);
    CHECK_EQ(guest_release(fits.cap_id), 0);
    return 0;
}

/* Partial unmapping and protecting of a mapping; another object's mapping is out of reach. */
static int64_t object_pieces(uint64_t ring, uint64_t pid, uint64_t capset)
{
    struct guest guest;
    struct capos_memory_object_map_results a, b;
    guest_start(&guest, ring, pid, capset);
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_client one = object_of(&allocator, 8);
    struct capos_client two = object_of(&allocator, 8);
    struct capos_memory_object_map_params map = { .hint = AREA, .size = 8 * PAGE_SIZE, .prot = 3 };
    EXPECT(capos_memory_object_map(&one, &map, &a) == CAPOS_OK);
    map.hint = AREA + 8 * PAGE_SIZE;
    EXPECT(capos_memory_object_map(&two, &map, &b) == CAPOS_OK);
    *(uint8_t *)sim_user(AREA + 6 * PAGE_SIZE, 1, true) = 66;
    struct capos_memory_object_unmap_params across = { .addr = AREA + 7 * PAGE_SIZE, .size = 2 * PAGE_SIZE };
    EXPECT(capos_memory_object_unmap(&one, &across, NULL) == CAPOS_EXCEPTION);
    CHECK(sim_user(AREA + 7 * PAGE_SIZE, 2 * PAGE_SIZE, true) != NULL);
    struct capos_memory_object_unmap_params middle = { .addr = AREA + 2 * PAGE_SIZE, .size = 2 * PAGE_SIZE };
    EXPECT(capos_memory_object_unmap(&one, &middle, NULL) == CAPOS_OK);
    CHECK(sim_user(AREA + 2 * PAGE_SIZE, 1, false) == NULL && sim_user(AREA + 4 * PAGE_SIZE, 1, true) != NULL);
    EXPECT(capos_memory_object_protect(&one, &(struct capos_memory_object_protect_params){
               .addr = AREA + 5 * PAGE_SIZE, .size = 2 * PAGE_SIZE }, NULL) == CAPOS_OK);
    CHECK(sim_user(AREA + 6 * PAGE_SIZE, 1, false) == NULL && sim_user(AREA + 7 * PAGE_SIZE, 1, true) != NULL);
    EXPECT(capos_memory_object_protect(&one, &(struct capos_memory_object_protect_params){
               .addr = AREA + 4 * PAGE_SIZE, .size = 4 * PAGE_SIZE, .prot = 1 }, NULL) == CAPOS_OK);
    CHECK_EQ(*(uint8_t *)sim_user(AREA + 6 * PAGE_SIZE, 1, false), 66);
    CHECK_EQ(guest_release(one.cap_id), 0);
    CHECK_EQ(*(uint8_t *)sim_user(AREA + 6 * PAGE_SIZE, 1, false), 66);
    return 0;
}

static const struct sim_test tests[] = {
    { .name = "commits", .init = commits, .grants = { { "virtual_memory", NULL } }, .every_fault = true },
    { .name = "many-regions", .init = many_regions, .grants = { { "virtual_memory", NULL } } },
    { .name = "sparse-reservation", .init = sparse, .grants = { { "virtual_memory", NULL } } },
    { .name = "frame-grants-end", .init = grants_end, .grants = { { "virtual_memory", NULL } } },
    { .name = "mapped-and-released", .init = mapped_and_released,
      .grants = { { "virtual_memory", NULL }, { "frame_allocator", NULL } } },
    { .name = "object-pieces", .init = object_pieces, .grants = { { "frame_allocator", NULL } }, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
