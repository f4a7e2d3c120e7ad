/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The core pass, under the profile `small-scratch`: cases C1 to C8 of docs/kernel-semantics.md, 18.2. */
#include "exhaustion.h"

#define QUEUED 4u /* of the profile */
#define RING_BYTES 4096u
#define INVALID_COUNT 64u
#define MARK(i) (0x1122334455667700u + (i))

static uint32_t endpoint;

/* ---- C1, C2 ------------------------------------------------------------------------------- */

/* One queued call comes, unchanged; it is answered with its own number. */
static bool serve_one(uint32_t i)
{
    static uint8_t buffer[256];
    struct capos_received got = { 0 };
    uint64_t words[4], answer[] = { i };
    if (capos_endpoint_receive(endpoint, buffer, sizeof buffer, 0, &got) != CAPOS_OK || got.params_len != sizeof words)
        return false;
    memcpy(words, got.params, sizeof words);
    struct capos_answer reply = { .bytes = (const uint8_t *)answer, .len = sizeof answer };
    return got.method == 7 && words[2] == MARK(i) && words[3] == ~MARK(i) &&
           capos_endpoint_return(endpoint, got.call_id, &reply) == CAPOS_OK;
}

static void exhaust_queue(void)
{
    static struct waiting_call calls[QUEUED + 2];
    uint32_t accepted = 0, drained = 0;
    for (; accepted <= QUEUED; accepted++) {
        uint64_t words[] = { MARK(accepted), ~MARK(accepted) };
        start_call(&calls[accepted], endpoint, 7, words, 2);
        if (has_ended(&calls[accepted], 0))
            break;
    }
    check(accepted == QUEUED, "%u calls wait", accepted);
    say("endpoint-queue accepted=%u refused=%s", accepted, call_refusal(&calls[accepted]));
    say_held("endpoint-queue");
    while (drained < accepted && serve_one(drained)) {
        uint64_t number;
        if (!has_ended(&calls[drained], CAP_ENTER_WAIT_FOREVER) || calls[drained].done.result != sizeof number)
            break;
        memcpy(&number, calls[drained].reply, sizeof number);
        if (number != drained)
            break;
        drained++;
    }
    check(drained == QUEUED, "%u calls served", drained);
    if (drained == QUEUED)
        say("endpoint-queue drained=%u in-order", drained);
}

/* ---- C3, C4 ------------------------------------------------------------------------------- */

static void exhaust_slots(uint32_t at_start)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    enum capos_status refused = CAPOS_OK;
    uint32_t successes = exhaust_table(&allocator, &refused);
    check(successes == CAP_SLOTS_MAX - at_start, "%u successes", successes);
    say("cap-table successes=%u refused=%s", successes, refusal(refused, &allocator));
    say_held("cap-table");
}

/* ---- C5, C6 ------------------------------------------------------------------------------- */

static void exceed_ring_scratch(void)
{
    static _Alignas(8) uint8_t params[RING_BYTES + 8];
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = held_console.cap_id, .method_id = CAPOS_CONSOLE_WRITE_METHOD,
                            .addr = (uintptr_t)params, .len = RING_BYTES + 1 };
    int32_t result = run_entry(sqe);
    check(result == CAP_ERR_INVALID_REQUEST, "params beyond the ring scratch: %d", result);
    say("ring-scratch oversize result=%d", result);
    sqe.len = 16;
    sqe.result_len = RING_BYTES + 1;
    check(run_entry(sqe) == CAP_ERR_INVALID_REQUEST, "a result beyond the ring scratch");
    if (held_call_completes())
        say("ring-scratch recovered");
}

/* What fits is answered whole, what does not is refused in words. */
static void exceed_reply_scratch(void)
{
    struct capos_client source = granted("entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    struct capos_entropy_source_fill_params in = { .bytes = 481 };
    struct capos_entropy_source_fill_results got = { 0 };
    enum capos_status status = capos_entropy_source_fill(&source, &in, &got);
    check(status == CAPOS_EXCEPTION && source.exception.len > 0, "a reply of 520 bytes: %s", capos_status_text(status));
    say("reply-scratch clamp result=%d type=%s", (int)status, type_name(source.exception.type));
    in.bytes = 480;
    check_ok(capos_entropy_source_fill(&source, &in, &got), &source, "a reply of 512 bytes");
    check(got.data.len == 480, "%u bytes", got.data.len);
    if (held_call_completes())
        say("reply-scratch recovered");
}

/* ---- C7 ----------------------------------------------------------------------------------- */

/* Kinds that answer -1 (docs/abi.md, "Wire-validation matrix"). */
static struct ring_sqe invalid_entry(uint32_t i)
{
    switch (i % 8) {
    case 0:
        return (struct ring_sqe){ .opcode = (uint8_t)(10 + i) };
    case 1:
        return (struct ring_sqe){ .opcode = RING_OP_NOP, .len = 1 };
    case 2:
        return (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = held_console.cap_id, .session_disclosure = 8 };
    case 3:
        return (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = endpoint, .method_id = 1 };
    case 4:
        return (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = endpoint, .flags = 0x80 };
    case 5:
        return (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = endpoint };
    case 6:
        return (struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = held_console.cap_id, .addr = 8 };
    default:
        return (struct ring_sqe){ .opcode = 7 };
    }
}

static void submit_invalid(void)
{
    uint32_t errors = 0;
    for (uint32_t i = 0; i < INVALID_COUNT; i += RING_SQ_ENTRIES) {
        uint64_t tickets[RING_SQ_ENTRIES];
        for (uint32_t k = 0; k < RING_SQ_ENTRIES; k++) {
            struct ring_sqe sqe = invalid_entry(i + k);
            check(capos_ring_submit(capos_ring(), &sqe, &tickets[k]) == CAPOS_OK, "submit");
        }
        for (uint32_t k = 0; k < RING_SQ_ENTRIES; k++) {
            struct capos_completion done = { 0 };
            check(capos_ring_wait(capos_ring(), tickets[k], CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK, "a completion");
            check(done.result == CAP_ERR_INVALID_REQUEST, "entry %u: %d", i + k, done.result);
            errors += done.result == CAP_ERR_INVALID_REQUEST;
        }
    }
    struct capos_completion none;
    check(capos_ring_wait(capos_ring(), UINT64_MAX, 0, &none) == CAPOS_TIMED_OUT && capos_ring()->early_count == 0,
          "one completion each");
    say("invalid-submissions count=%u errors=%u", INVALID_COUNT, errors);
    say("invalid-submissions nop=%d", run_nop());
}

int main(void)
{
    begin("untrusted-exhaustion");
    endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    uint32_t at_start = capos_capset_count();
    say("core start profile=small-scratch caps=%u", at_start);
    exhaust_queue();
    exhaust_slots(at_start);
    exceed_ring_scratch();
    exceed_reply_scratch();
    submit_invalid();
    return end("core");
}
