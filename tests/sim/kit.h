/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What many simulated programs need: a program in one line, grants, spawning,
 * memory objects. For tests/sim only; over guest.h.
 */
#pragma once

#include <string.h>

#include "tests/sim/guest.h"
#include "tests/sim/harness.h"

#define PROGRAM(name)                                                       \
    static void name##_body(void);                                          \
    static int64_t name(uint64_t ring, uint64_t pid, uint64_t capset)       \
    {                                                                       \
        struct guest guest;                                                 \
        guest_start(&guest, ring, pid, capset);                             \
        name##_body();                                                      \
        return 0;                                                           \
    }                                                                       \
    static void name##_body(void)

#define HELD(grant_name, client, grant_mode)                                                                      \
    { .name = capn_text_of(grant_name), .cap_id = (client).cap_id, .interface_id = (client).interface_id, .mode = grant_mode }
#define KERNEL(grant_name, source_number, id)                                                                     \
    { .name = capn_text_of(grant_name), .interface_id = id, .has_source = true,                                   \
      .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = (enum capos_kernel_cap_source)(source_number) } }
#define TIMER_GRANT(grant_name) KERNEL(grant_name, CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID)
#define CONSOLE_GRANT(grant_name) KERNEL(grant_name, CAPOS_KERNEL_CAP_SOURCE_CONSOLE, CAPOS_CONSOLE_INTERFACE_ID)

struct kit_child {
    struct capos_client handle, manager;
};

static inline enum capos_status kit_try_spawn(struct capos_client *spawner, const char *binary,
                                              const struct capos_cap_grant *grants, uint32_t count, struct kit_child *out)
{
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(binary), .binary_name = capn_text_of(binary),
                                                     .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_process_spawner_spawn_results got;
    enum capos_status status = capos_process_spawner_spawn(spawner, &in, &got);
    if (status == CAPOS_OK)
        *out = (struct kit_child){ guest_take_cap(got.handle_index), guest_take_cap(got.capability_manager_index) };
    return status;
}

static inline struct kit_child kit_spawn(const char *binary, const struct capos_cap_grant *grants, uint32_t count)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct kit_child child = { 0 };
    enum capos_status status = kit_try_spawn(&spawner, binary, grants, count, &child);
    if (status == CAPOS_EXCEPTION)
        harness_note("spawn: %.*s", (int)spawner.exception.len, spawner.exception.text);
    EXPECT(status == CAPOS_OK);
    return child;
}

static inline int64_t kit_wait(struct kit_child *child)
{
    struct capos_process_handle_wait_results got = { 0 };
    EXPECT(capos_process_handle_wait(&child->handle, NULL, &got) == CAPOS_OK);
    return got.exit_code;
}

static inline void kit_forget(struct kit_child *child)
{
    CHECK_EQ(guest_release(child->manager.cap_id), 0);
    CHECK_EQ(guest_release(child->handle.cap_id), 0);
}

static inline enum capos_status kit_try_memory(uint32_t pages, struct capos_client *out)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = pages };
    enum capos_status status = capos_frame_allocator_alloc_contiguous(&allocator, &in, &got);
    *out = status == CAPOS_OK ? guest_take_cap(got.handle_index) : allocator;
    return status;
}

static inline struct capos_client kit_memory(uint32_t pages)
{
    struct capos_client object;
    EXPECT(kit_try_memory(pages, &object) == CAPOS_OK);
    return object;
}

/* Maps all of an object of that many pages; the address. */
static inline uint64_t kit_map(struct capos_client *object, uint64_t pages, uint32_t prot)
{
    struct capos_memory_object_map_results at = { 0 };
    struct capos_memory_object_map_params in = { .size = pages * PAGE_SIZE, .prot = prot };
    EXPECT(capos_memory_object_map(object, &in, &at) == CAPOS_OK);
    return at.addr;
}

/* Does the id name something? By a method that no interface has. */
static inline bool kit_is_held(uint32_t cap_id)
{
    return guest_run(guest_call_sqe(cap_id, 99, 0)).result != CAP_ERR_INVOKE_FAILED;
}

static inline void kit_ring_works(void)
{
    CHECK_EQ(guest_run((struct ring_sqe){ .opcode = RING_OP_NOP }).result, 0);
}

static inline uint8_t *kit_byte(uint64_t va)
{
    uint8_t *byte = sim_user(va, 1, true);
    CHECK(byte != NULL);
    return byte;
}
