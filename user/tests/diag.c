/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel says about programs that do everything wrong: here is done a known number of wrong things of each
 * kind, and the scenarios add up what the console shows (docs/kernel-semantics.md, section 19).
 */
#include "check.h"

#include "abi/atomic.h"
#include "abi/limits.h"

#define BINARY "diag"
#define MILLION 1000000u
#define UNMAPPED 0x100000ull /* below the image */
#define KERNEL_ADDRESS 0xffffffff80210000ull
#define NOBODYS 0x00012345u /* a capability that nobody has */

static struct ring_header *header;

static void queue(struct ring_page *page, struct ring_sqe sqe)
{
    page->sqes[header->sq_tail & RING_SQ_MASK] = sqe;
    store_release_u32(&header->sq_tail, header->sq_tail + 1);
}

/* Each entry is answered, whether a line is printed or not (LA-05). */
static void submit_bad_nops(uint32_t count)
{
    struct ring_page *page = capos_ring()->page;
    uint32_t answered = 0, queued = 0;
    header = &page->header;
    while (answered < count) {
        for (uint32_t i = 0; i < RING_SQ_ENTRIES && queued < count; i++, queued++)
            queue(page, (struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1, .user_data = queued });
        capos_cap_enter(0, 0);
        for (; header->cq_head != load_acquire_u32(&header->cq_tail); answered++) {
            const struct ring_cqe *cqe = &page->cqes[header->cq_head & RING_CQ_MASK];
            if (cqe->result != CAP_ERR_INVALID_REQUEST || cqe->user_data != answered)
                check(false, "completion %lu with %d", cqe->user_data, cqe->result);
            store_release_u32(&header->cq_head, header->cq_head + 1);
        }
    }
    check(run_nop() == 0, "a NOP afterwards");
}

static void look_up_nothing(uint32_t count, uint64_t pause_ns)
{
    struct capos_client timer = { .cap_id = capos_capset_entry(0)->cap_id };
    for (uint32_t i = 0; i < count; i++) {
        sleep_ns(&timer, pause_ns);
        check(run_entry((struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = NOBODYS }) == CAP_ERR_INVOKE_FAILED, "look-up");
    }
}

/* 120,000 bytes, 4,000 at a time, so that there is often no room on the console. */
static void chatter(void)
{
    static uint8_t bytes[4000];
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    struct capos_console_write_params in = { .data = { bytes, sizeof bytes } };
    memset(bytes, '.', sizeof bytes);
    bytes[sizeof bytes - 1] = '\n';
    for (uint32_t i = 0; i < 30; i++)
        check_ok(capos_console_write(&console, &in, NULL), &console, "chatter");
}

/* 500 records of the longest kind; each is accepted, the ring keeps 256 of them (H72). */
static void records(void)
{
    static char text[LOG_MESSAGE_BYTES_MAX];
    struct capos_client sink = granted("log_sink", CAPOS_LOG_SINK_INTERFACE_ID);
    struct capos_log_sink_write_params in = {
        .has_record = true, .record = { .level = CAPOS_LOG_LEVEL_ERROR, .component = capn_text_of("flood"), .message = { text, sizeof text } } };
    memset(text, '.', sizeof text);
    for (uint32_t i = 0; i < 500; i++) {
        struct capos_log_sink_write_results got = { 0 };
        check_ok(capos_log_sink_write(&sink, &in, &got), &sink, "record");
        check(got.accepted, "record %u", i);
    }
}

/* ---- one of each kind -------------------------------------------------------------------- */

static void repeat(struct ring_sqe sqe, uint32_t count, int32_t wanted, const char *what)
{
    for (uint32_t i = 0; i < count; i++) {
        int32_t got = run_entry(sqe);
        check(got == wanted, "%s: %d", what, got);
    }
}

/* 18.2, C7: 64 entries, all refused with -1 before anything is looked at, in one second or in several. */
static void sixty_four_malformed(void)
{
    repeat((struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1 }, 10, CAP_ERR_INVALID_REQUEST, "NOP with a length");
    repeat((struct ring_sqe){ .opcode = RING_OP_RELEASE, .addr = 8 }, 10, CAP_ERR_INVALID_REQUEST, "RELEASE with an address");
    repeat((struct ring_sqe){ .opcode = RING_OP_CANCEL, .len = 8 }, 10, CAP_ERR_INVALID_REQUEST, "CANCEL with a length");
    repeat((struct ring_sqe){ .opcode = 77 }, 10, CAP_ERR_INVALID_REQUEST, "opcode 77");
    repeat((struct ring_sqe){ .opcode = RING_OP_CALL, .pipeline_dep = 1 }, 10, CAP_ERR_INVALID_REQUEST, "CALL with a dependency");
    repeat((struct ring_sqe){ .opcode = RING_OP_CALL, .call_id = 1 }, 14, CAP_ERR_INVALID_REQUEST, "CALL with a call id");
    check(run_nop() == 0, "a NOP afterwards");
}

static void bad_buffers_and_ids(uint32_t console)
{
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = console, .addr = UNMAPPED, .len = 8 };
    repeat(call, 3, CAP_ERR_INVALID_PARAMS_BUFFER, "unmapped params");
    call.addr = KERNEL_ADDRESS;
    repeat(call, 4, CAP_ERR_INVALID_PARAMS_BUFFER, "params in the kernel");
    call = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = console, .result_addr = UNMAPPED, .result_len = 8 };
    repeat(call, 2, CAP_ERR_INVALID_RESULT_BUFFER, "unmapped result");
    call = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = console, .len = RING_SCRATCH_MAX + 1 };
    repeat(call, 2, CAP_ERR_INVALID_REQUEST, "CALL too long");
    call = (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = NOBODYS };
    repeat(call, 5, CAP_ERR_INVOKE_FAILED, "CALL of nothing");
    repeat((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = NOBODYS }, 3, CAP_ERR_INVALID_REQUEST, "RELEASE of nothing");
    repeat((struct ring_sqe){ .opcode = RING_OP_FINISH }, 2, CAP_ERR_UNSUPPORTED_OPCODE, "FINISH");
    repeat((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = console }, 2, CAP_ERR_INVOKE_FAILED, "RETURN to a console");
}

static void bad_transfers(uint32_t console, uint32_t endpoint)
{
    static _Alignas(8) struct ring_transfer_descriptor wrong[2];
    wrong[0] = (struct ring_transfer_descriptor){ .cap_id = console, .transfer_mode = TRANSFER_MODE_COPY };
    struct ring_sqe call = { .opcode = RING_OP_CALL, .cap_id = console, .addr = (uintptr_t)wrong, .xfer_cap_count = 1 };
    repeat(call, 3, CAP_ERR_TRANSFER_NOT_SUPPORTED, "a capability for a console");
    call.cap_id = endpoint;
    wrong[0].cap_id = NOBODYS;
    repeat(call, 2, CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, "a capability that nobody has");
}

static void bad_endpoint_operations(uint32_t endpoint)
{
    repeat((struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = endpoint, .pipeline_dep = 4711 }, 3, CAP_ERR_INVALID_REQUEST,
           "CANCEL of nothing");
    repeat((struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = endpoint, .call_id = 9 }, 2, CAP_ERR_INVOKE_FAILED,
           "RETURN of nothing");
}

static void beyond_limits(void)
{
    struct capos_client frames = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = FRAME_GRANT_PAGES_MAX + 1 };
    for (uint32_t i = 0; i < 2; i++)
        check_exception(capos_frame_allocator_alloc_contiguous(&frames, &in, NULL), &frames, CAP_EXCEPTION_OVERLOADED,
                        "failed to reserve frame grant pages", "4097 pages");
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_process process;
    for (uint32_t i = 0; i < 3; i++)
        check(capos_process_spawn(&spawner, "nothing", NULL, 0, &process) == CAPOS_EXCEPTION, "an unknown program");
    check(run_task(BINARY, "crash", NULL, 0) == EXIT_CODE_FAULT, "a child that faults");
}

static void spoil_the_ring(void)
{
    struct ring_header *own = &capos_ring()->page->header;
    for (uint32_t i = 0; i < 2; i++) {
        store_release_u32(&own->sq_tail, own->sq_tail + 20);
        capos_cap_enter(0, 0);
    }
    uint32_t head = own->cq_head;
    store_release_u32(&own->cq_head, head + 1); /* the timer's interrupt may see this as well */
    capos_cap_enter(0, 0);
    store_release_u32(&own->cq_head, head);
    check(run_nop() == 0, "a NOP on the repaired ring");
}

static void every_kind(void)
{
    uint32_t console = granted("console", CAPOS_CONSOLE_INTERFACE_ID).cap_id;
    uint32_t endpoint = granted("endpoint", capos_capset_find("endpoint")->interface_id).cap_id;
    sixty_four_malformed();
    bad_buffers_and_ids(console);
    sleep_ns(&(struct capos_client){ .cap_id = capos_capset_entry(0)->cap_id }, 1100000000); /* the bucket of all keys fills */
    bad_transfers(console, endpoint);
    bad_endpoint_operations(endpoint);
    beyond_limits();
    spoil_the_ring();
}

/* ---- several at once ------------------------------------------------------------------------ */

static void together(const char *first, const char *second)
{
    struct capos_process processes[2];
    struct capos_cap_grant grants[] = {
        CONSOLE_GRANT, capos_grant_kernel("log_sink", CAPOS_KERNEL_CAP_SOURCE_LOG_SINK, CAPOS_LOG_SINK_INTERFACE_ID) };
    if (!spawn_task(BINARY, first, grants, 2, &processes[0]) || !spawn_task(BINARY, second, grants, 2, &processes[1]))
        return;
    check(exit_code_of(&processes[0]) == 0, "%s", first);
    check(exit_code_of(&processes[1]) == 0, "%s", second);
}

int main(void)
{
    if (task_is("every-kind"))
        every_kind();
    else if (task_is("count"))
        together("million", "few");
    else if (task_is("noise"))
        together("chatter", "thousands");
    else if (task_is("million"))
        submit_bad_nops(MILLION);
    else if (task_is("thousands"))
        submit_bad_nops(50000);
    else if (task_is("few"))
        look_up_nothing(5, 20000000);
    else if (task_is("logs"))
        together("records", "thousands");
    else if (task_is("chatter"))
        chatter();
    else if (task_is("records"))
        records();
    else if (task_is("crash"))
        *(volatile uint32_t *)UNMAPPED = 1;
    return finish("diag");
}
