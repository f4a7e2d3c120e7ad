/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A page from its allocation to its end: as a memory object, and as anonymous memory. */
#include "bench.h"

#include "abi/layout.h"

#define RW (PROT_READ_BIT | PROT_WRITE_BIT)

static struct capos_client frames, memory;

static void object_page(void *argument)
{
    struct capos_frame_allocator_alloc_contiguous_params take = { .count = 1 };
    struct capos_frame_allocator_alloc_contiguous_results got;
    struct capos_memory_object_map_params map = { .size = PAGE_SIZE, .prot = RW };
    struct capos_memory_object_map_results at = { 0 };
    struct capos_client object;
    (void)argument;
    must(capos_frame_allocator_alloc_contiguous(&frames, &take, &got) == CAPOS_OK &&
         capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) == CAPOS_OK, "allocating a page", 0);
    must(capos_memory_object_map(&object, &map, &at) == CAPOS_OK, "mapping it", 0);
    *(volatile uint64_t *)at.addr = 1;
    struct capos_memory_object_unmap_params unmap = { .addr = at.addr, .size = PAGE_SIZE };
    must(capos_memory_object_unmap(&object, &unmap, NULL) == CAPOS_OK, "unmapping it", 0);
    capos_client_close(&object);
}

static void anonymous_page(void *argument)
{
    struct capos_virtual_memory_map_params map = { .size = PAGE_SIZE, .prot = RW };
    struct capos_virtual_memory_map_results at = { 0 };
    (void)argument;
    must(capos_virtual_memory_map(&memory, &map, &at) == CAPOS_OK, "mapping a page", 0);
    *(volatile uint64_t *)at.addr = 1;
    struct capos_virtual_memory_unmap_params unmap = { .addr = at.addr, .size = PAGE_SIZE };
    must(capos_virtual_memory_unmap(&memory, &unmap, NULL) == CAPOS_OK, "unmapping a page", 0);
}

void bench_memory(void)
{
    frames = bench_open("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    memory = bench_open("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    bench_row("page_object_typed", object_page, NULL, 1);
    bench_row("page_anonymous_typed", anonymous_page, NULL, 1);
}
