/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* FrameAllocator and MemoryObject: mappings, rights, sharing, ledgers, the end of the table (H52, H64). */
#include "check.h"

#include "abi/layout.h"
#include "abi/limits.h"

#define RW (PROT_READ_BIT | PROT_WRITE_BIT)

static struct capos_client frames, monitor;

static enum capos_status take(uint32_t pages, struct capos_client *out)
{
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = pages };
    struct capos_frame_allocator_alloc_contiguous_results got;
    enum capos_status status = capos_frame_allocator_alloc_contiguous(&frames, &in, &got);
    return status == CAPOS_OK ? capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, out) : status;
}

static enum capos_status map(struct capos_client *object, uint64_t hint, uint64_t offset, uint64_t size, uint32_t prot,
                             uint64_t *addr)
{
    struct capos_memory_object_map_params in = { .hint = hint, .offset = offset, .size = size, .prot = prot };
    struct capos_memory_object_map_results got = { 0 };
    enum capos_status status = capos_memory_object_map(object, &in, &got);
    *addr = got.addr;
    return status;
}

static enum capos_status unmap(struct capos_client *object, uint64_t addr, uint64_t size)
{
    struct capos_memory_object_unmap_params in = { .addr = addr, .size = size };
    return capos_memory_object_unmap(object, &in, NULL);
}

static enum capos_status protect(struct capos_client *object, uint64_t addr, uint64_t size, uint32_t prot)
{
    struct capos_memory_object_protect_params in = { .addr = addr, .size = size, .prot = prot };
    return capos_memory_object_protect(object, &in, NULL);
}

static void refused(enum capos_status status, struct capos_client *client, const char *what)
{
    check_exception(status, client, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, what);
}

static void check_shared_bytes(void)
{
    struct capos_client object;
    struct capos_memory_object_info_results info = { 0 };
    uint64_t a, b;
    check_ok(take(3, &object), &frames, "3 pages");
    check(capos_memory_object_info(&object, NULL, &info) == CAPOS_OK && info.page_count == 3 && info.size_bytes == 3 * PAGE_SIZE,
          "info says %u pages, %lu bytes", info.page_count, info.size_bytes);
    check_ok(map(&object, 0, 0, 3 * PAGE_SIZE, RW, &a), &object, "map");
    check_ok(map(&object, 0x100000000, PAGE_SIZE, PAGE_SIZE, PROT_READ_BIT, &b), &object, "map read-only at a hint");
    check(b == 0x100000000, "the hint is exact: %lx", b);
    volatile uint64_t *first = (volatile uint64_t *)a, *second = (volatile uint64_t *)b;
    bool zero = true;
    for (size_t i = 0; i < 3 * PAGE_SIZE / 8; i++)
        zero = zero && first[i] == 0;
    check(zero, "fresh pages are zero");
    first[PAGE_SIZE / 8 + 5] = 0x1122334455667788;
    check(second[5] == 0x1122334455667788, "two mappings show the same bytes");
    check_ok(protect(&object, a, PAGE_SIZE, PROT_READ_BIT), &object, "protect one page");
    check_ok(protect(&object, a, PAGE_SIZE, RW), &object, "protect it back");
    first[0] = 1;
    check_ok(unmap(&object, b, PAGE_SIZE), &object, "unmap one mapping");
    check(first[PAGE_SIZE / 8 + 5] == 0x1122334455667788, "the other mapping stays");
    capos_client_close(&object);
    check(first[PAGE_SIZE / 8 + 5] == 0x1122334455667788, "a mapping outlives the capability");
}

static void check_refusals(void)
{
    struct capos_client object;
    uint64_t addr, at;
    check_exception(take(0, &object), &frames, CAP_EXCEPTION_INVALID_ARGUMENT, NULL, "0 pages");
    check_exception(take(FRAME_GRANT_PAGES_MAX + 1, &object), &frames, CAP_EXCEPTION_OVERLOADED, NULL, "4097 pages");
    check_ok(take(2, &object), &frames, "2 pages");
    refused(map(&object, 0, 0, PAGE_SIZE, PROT_WRITE_BIT | PROT_EXEC_BIT, &addr), &object, "H64 write and execute");
    refused(map(&object, 0, 0, PAGE_SIZE, 8, &addr), &object, "unknown right");
    refused(map(&object, 0, 0, 0, RW, &addr), &object, "no bytes");
    refused(map(&object, 0, 0, 100, RW, &addr), &object, "part of a page");
    refused(map(&object, 0, 8, PAGE_SIZE, RW, &addr), &object, "unaligned offset");
    refused(map(&object, 0, PAGE_SIZE, 2 * PAGE_SIZE, RW, &addr), &object, "behind the end");
    refused(map(&object, 0, UINT64_MAX - PAGE_SIZE + 1, 2 * PAGE_SIZE, RW, &addr), &object, "offset that wraps");
    refused(map(&object, USER_IMAGE_BASE, 0, PAGE_SIZE, RW, &addr), &object, "hint in the image");
    refused(map(&object, USER_MAP_BASE + 1, 0, PAGE_SIZE, RW, &addr), &object, "unaligned hint");
    refused(map(&object, USER_MAP_LIMIT, 0, PAGE_SIZE, RW, &addr), &object, "hint above the ceiling");
    refused(map(&object, 0xffffffff80000000, 0, PAGE_SIZE, RW, &addr), &object, "hint in the kernel half");
    check_ok(map(&object, 0, 0, 2 * PAGE_SIZE, RW, &at), &object, "map");
    refused(map(&object, at, 0, PAGE_SIZE, RW, &addr), &object, "occupied hint");
    refused(unmap(&object, at, 3 * PAGE_SIZE), &object, "unmap of more than there is");
    refused(unmap(&object, USER_IMAGE_BASE, PAGE_SIZE), &object, "unmap of the image");
    refused(unmap(&object, USER_RING_BASE, PAGE_SIZE), &object, "unmap of the ring");
    refused(protect(&object, at, 2 * PAGE_SIZE, PROT_WRITE_BIT | PROT_EXEC_BIT), &object, "protect write and execute");
    refused(protect(&object, USER_CAPSET_BASE, PAGE_SIZE, RW), &object, "protect of the CapSet page");
    *(volatile uint64_t *)(at + PAGE_SIZE) = 1;
    check_ok(unmap(&object, at, PAGE_SIZE), &object, "unmap of the first page");
    check(*(volatile uint64_t *)(at + PAGE_SIZE) == 1, "the second page stays");
    check_ok(unmap(&object, at + PAGE_SIZE, PAGE_SIZE), &object, "unmap of the rest");
    capos_client_close(&object);
}

static void check_end_of_table(void)
{
    static struct capos_client objects[CAP_SLOTS_MAX];
    uint32_t count = 0, held = capos_capset_count();
    enum capos_status status;
    while (count < CAP_SLOTS_MAX && (status = take(1, &objects[count])) == CAPOS_OK)
        count++;
    check(count == CAP_SLOTS_MAX - held, "%u objects beside %u capabilities", count, held);
    check_exception(status, &frames, CAP_EXCEPTION_OVERLOADED, "failed to reserve MemoryObject cap slot", "H52 the 257th");
    capos_client_close(&objects[0]);
    check_ok(take(1, &objects[0]), &frames, "one again after a release");
    check_exception(take(1, &objects[1]), &frames, CAP_EXCEPTION_OVERLOADED, "failed to reserve MemoryObject cap slot",
                    "full again");
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
}

static void check_page_limit(void)
{
    struct capos_client big, rest;
    check_ok(take(4000, &big), &frames, "4000 pages");
    check_exception(take(200, &rest), &frames, CAP_EXCEPTION_OVERLOADED, "failed to reserve frame grant pages",
                    "200 pages more than are granted");
    check_ok(take(50, &rest), &frames, "50 pages");
    capos_client_close(&rest);
    capos_client_close(&big);
}

int main(void)
{
    frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    check_refusals();
    uint64_t before = free_frames(&monitor), ledgers = ledger_sum(&monitor);
    check_refusals();
    check_end_of_table();
    check_page_limit();
    check(free_frames(&monitor) == before, "frames: %lu before, %lu after", before, free_frames(&monitor));
    check(ledger_sum(&monitor) == ledgers, "the ledgers are back");
    check_shared_bytes();
    return finish("frames");
}
