/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads: see capos/thread.h. The memory of one: its start record, its call
 * buffers, its thread-local variables up to the thread pointer, its stack
 * unless the caller has one. The first thread's is made by the kernel.
 */
#include "capos/thread.h"

#include "abi/layout.h"
#include "capos/heap.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "core/base/bytes.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"
#include "self.h"

/* Addresses and numbers that the linker script makes. */
extern const uint8_t capos_tls_image[], capos_tls_image_bytes[], capos_tls_bytes[], capos_tls_align[];

static _Thread_local uint32_t own_id = 1;
static _Thread_local struct capos_ring own_ring;

struct thread_memory {
    capos_thread_fn *fn;
    void *argument;
    _Alignas(8) uint8_t request[CAPOS_THREAD_CALL_BUFFER_BYTES];
    _Alignas(8) uint8_t reply[CAPOS_THREAD_CALL_BUFFER_BYTES];
    /* Behind it: thread-local variables, thread pointer, stack. */
};

uint32_t capos_thread_id(void)
{
    return own_id;
}

struct capos_ring *capos_ring(void)
{
    return &own_ring;
}

static size_t number(const uint8_t *symbol)
{
    return (size_t)(uintptr_t)symbol;
}

static uintptr_t round_up(uintptr_t value, size_t to)
{
    return (value + to - 1) & ~(uintptr_t)(to - 1);
}

/* The variables end where the thread pointer is, and begin a multiple of their own alignment before it. */
static size_t tls_bytes(void)
{
    return round_up(number(capos_tls_bytes), number(capos_tls_align));
}

static size_t pointer_alignment(void)
{
    return number(capos_tls_align) > 16 ? number(capos_tls_align) : 16;
}

/* With the word at the thread pointer. */
static size_t tls_room(void)
{
    return tls_bytes() + 2 * pointer_alignment();
}

/* A copy of the thread-local variables in tls_room bytes from `at` on; the thread pointer, whose word points to itself. */
static uint64_t build_tls(uintptr_t at)
{
    uintptr_t tp = round_up(at + tls_bytes(), pointer_alignment());
    uint8_t *variables = (uint8_t *)(tp - tls_bytes());
    memset(variables, 0, tls_bytes());
    memcpy(variables, capos_tls_image, number(capos_tls_image_bytes));
    *(uint64_t *)tp = tp;
    return tp;
}

_Noreturn void capos_thread_exit(int64_t code)
{
    struct capos_client control;
    uint64_t ticket;
    uint64_t params[3] = { 2ull << 32, 1ull << 32, (uint64_t)code }; /* a message of one word */
    bool granted = capos_client_open(&control, "thread_control", CAPOS_THREAD_CONTROL_INTERFACE_ID) == CAPOS_OK;
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .method_id = CAPOS_THREAD_CONTROL_EXIT_THREAD_METHOD,
                            .cap_id = control.cap_id, .addr = (uintptr_t)params, .len = sizeof params };
    while (granted && capos_ring_submit(capos_ring(), &sqe, &ticket) == CAPOS_RING_FULL)
        capos_cap_enter(0, 0);
    for (;;)
        capos_cap_enter(RING_CQ_ENTRIES, CAP_ENTER_WAIT_FOREVER);
}

static _Noreturn void thread_entry(uint64_t memory, uint64_t tid, uint64_t ring)
{
    struct thread_memory *self = (struct thread_memory *)memory;
    own_id = (uint32_t)tid;
    if (capos_ring_init(&own_ring, (struct ring_page *)ring) != CAPOS_OK)
        capos_exit(EXIT_CODE_BOOTSTRAP);
    capos_client_use_buffers(self->request, self->reply, sizeof self->request);
    capos_thread_exit(self->fn(self->argument));
}

static enum capos_status create(struct capos_thread *thread, uint64_t stack_top, uint64_t tp)
{
    struct capos_client spawner, control;
    struct capos_thread_spawner_create_results got;
    struct capos_thread_spawner_create_params in = {
        .entry = (uintptr_t)thread_entry, .stack_top = stack_top, .arg = (uintptr_t)thread->memory, .fs_base = tp };
    enum capos_status status = capos_client_open(&control, "thread_control", CAPOS_THREAD_CONTROL_INTERFACE_ID);
    if (status == CAPOS_OK)
        status = capos_client_open(&spawner, "thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID);
    if (status == CAPOS_OK)
        status = capos_thread_spawner_create(&spawner, &in, &got);
    if (status == CAPOS_OK)
        status = capos_reply_take(got.handle_index, CAPOS_THREAD_HANDLE_INTERFACE_ID, &thread->handle);
    return status;
}

enum capos_status capos_thread_start(struct capos_thread *thread, capos_thread_fn *fn, void *argument,
                                     const struct capos_thread_options *options)
{
    struct capos_thread_options use = options != NULL ? *options : (struct capos_thread_options){ 0 };
    size_t own_stack = 0;
    if (use.stack_bytes == 0)
        use.stack_bytes = CAPOS_THREAD_STACK_BYTES;
    if (use.stack == NULL)
        own_stack = use.stack_bytes;
    *thread = (struct capos_thread){ 0 };
    if (own_stack > CAPOS_HEAP_BYTES)
        return CAPOS_OUT_OF_MEMORY;
    struct thread_memory *memory = capos_alloc(sizeof *memory + tls_room() + own_stack);
    if (memory == NULL)
        return CAPOS_OUT_OF_MEMORY;
    memory->fn = fn;
    memory->argument = argument;
    thread->memory = memory;
    uintptr_t behind = (uintptr_t)(memory + 1);
    uintptr_t stack = use.stack != NULL ? (uintptr_t)use.stack : behind + tls_room();
    enum capos_status status = create(thread, stack + use.stack_bytes, build_tls(behind));
    if (status != CAPOS_OK) {
        capos_free(memory);
        thread->memory = NULL;
    }
    return status;
}

enum capos_status capos_thread_join(struct capos_thread *thread, int64_t *exit_code)
{
    struct capos_thread_handle_join_results got;
    enum capos_status status = capos_thread_handle_join(&thread->handle, NULL, &got);
    if (status != CAPOS_OK)
        return status;
    *exit_code = got.exit_code;
    capos_client_close(&thread->handle);
    capos_free(thread->memory);
    thread->memory = NULL;
    return CAPOS_OK;
}
