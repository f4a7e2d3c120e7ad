/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads of simulated programs: a thread in one line, starting, joining, ending; words. For tests/sim only; over kit.h. */
#pragma once

#include "tests/sim/kit.h"

#define THREAD_NO_CODE INT64_MIN

/* A thread function with its argument; returning ends the thread with 0. */
#define THREAD(name)                                                    \
    static void name##_body(uint64_t arg);                              \
    static int64_t name(uint64_t arg, uint64_t tid, uint64_t ring)      \
    {                                                                   \
        struct guest guest;                                             \
        guest_thread_start(&guest, tid, ring);                          \
        name##_body(arg);                                               \
        kit_exit_thread(0);                                             \
    }                                                                   \
    static void name##_body(uint64_t arg)

#define THREAD_GRANTS { "thread_spawner", NULL }, { "thread_control", NULL }, { "virtual_memory", NULL }

static inline _Noreturn void kit_exit_thread(int64_t code)
{
    struct capos_client control = guest_open("thread_control");
    struct capos_thread_control_exit_thread_params in = { .code = code };
    uint32_t len = guest_encode(&capos_thread_control_exit_thread_method, &in);
    guest_submit(guest_call_sqe(control.cap_id, CAPOS_THREAD_CONTROL_EXIT_THREAD_METHOD, len));
    guest_enter(0, 0);
    harness_expect(__FILE__, __LINE__, "exitThread returned");
}

/* Buffers for the threads; once, by the first one. */
static inline void kit_map_thread_area(void)
{
    struct capos_client vm = guest_open("virtual_memory");
    struct capos_virtual_memory_map_params in = { .hint = GUEST_AREA, .size = GUEST_AREA_BYTES,
                                                  .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    EXPECT(capos_virtual_memory_map(&vm, &in, &(struct capos_virtual_memory_map_results){ 0 }) == CAPOS_OK);
}

static inline enum capos_status kit_try_thread(struct capos_client *spawner, sim_program_fn *fn, uint64_t arg,
                                               struct capos_client *out)
{
    struct capos_thread_spawner_create_params in = { .entry = sim_entry(fn), .stack_top = 0x3000000, .arg = arg };
    struct capos_thread_spawner_create_results got;
    enum capos_status status = capos_thread_spawner_create(spawner, &in, &got);
    if (status == CAPOS_OK)
        *out = guest_take_cap(got.handle_index);
    return status;
}

static inline struct capos_client kit_thread(sim_program_fn *fn, uint64_t arg)
{
    struct capos_client spawner = guest_open("thread_spawner"), handle = { 0 };
    EXPECT(kit_try_thread(&spawner, fn, arg, &handle) == CAPOS_OK);
    return handle;
}

/* Waits for the end and gives the handle back. */
static inline int64_t kit_join(struct capos_client *handle)
{
    struct capos_thread_handle_join_results got = { .exit_code = THREAD_NO_CODE };
    EXPECT(capos_thread_handle_join(handle, NULL, &got) == CAPOS_OK);
    CHECK_EQ(guest_release(handle->cap_id), 0);
    return got.exit_code;
}

/* ---- words and parking --------------------------------------------------------------- */

static inline uint32_t *kit_word(uint64_t va)
{
    uint32_t *word = sim_user(va, sizeof *word, true);
    CHECK(word != NULL);
    return word;
}

static inline struct ring_sqe kit_park_sqe(const char *space, uint64_t va, uint32_t expected, uint64_t timeout_ns)
{
    const struct guest *self = *sim_local();
    uint64_t tid = self->page == sim_user(USER_RING_BASE, PAGE_SIZE, true) ? 1 : self->pid;
    return (struct ring_sqe){ .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = guest_find(space)->cap_id,
                              .addr = va, .len = expected, .pipeline_dep = timeout_ns, .call_id = (uint32_t)tid };
}

static inline int32_t kit_park(uint64_t va, uint32_t expected, uint64_t timeout_ns)
{
    return guest_run(kit_park_sqe("park_space", va, expected, timeout_ns)).result;
}

static inline struct ring_sqe kit_unpark_sqe(const char *space, uint64_t va, uint32_t count)
{
    return (struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = guest_find(space)->cap_id, .addr = va, .len = count };
}

static inline int32_t kit_unpark(uint64_t va, uint32_t count)
{
    return guest_run(kit_unpark_sqe("park_space", va, count)).result;
}
