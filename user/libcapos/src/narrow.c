/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A wrapper that passes on some methods: serve.h, "narrowing". Messages go through as they are, unread. */
#include "capos/serve.h"
#include "core/base/bytes.h"
#include "self.h"

/* The capabilities of the target's answer go on to our caller. */
static void hand_on(struct capos_call *call, const struct capos_completion *done)
{
    const uint8_t *record = call->context.reply + done->result;
    for (uint16_t i = 0; i < done->cap_count; i++, record += sizeof(struct ring_result_cap))
        if (capos_call_give(call, load_le32(record), true) == RESULT_CAP_NONE)
            capos_release(load_le32(record));
}

/*
 * Asks the target. What came with the call goes on as copies: their descriptors stand behind the params, where the kernel
 * wrote the records of what arrived, which are put back for the release of ours.
 */
static enum capos_status ask(struct capos_call *call, struct ring_sqe *sqe, struct capos_completion *done)
{
    uint8_t records[CAPOS_TRANSFERS_MAX * sizeof(struct ring_result_cap)];
    uint8_t *behind = (uint8_t *)(uintptr_t)call->received.caps;
    uint16_t count = call->received.cap_count;
    if (count > CAPOS_TRANSFERS_MAX)
        return CAPOS_RING_BROKEN;
    if (count > 0) { /* an address also without params */
        memcpy(records, behind, count * sizeof(struct ring_result_cap));
        sqe->addr = (uintptr_t)behind - sqe->len;
        sqe->xfer_cap_count = count;
    }
    for (uint16_t i = 0; i < count; i++) {
        struct ring_transfer_descriptor copy = {
            .cap_id = load_le32(records + i * sizeof(struct ring_result_cap)), .transfer_mode = TRANSFER_MODE_COPY };
        memcpy(behind + i * sizeof copy, &copy, sizeof copy);
    }
    enum capos_status status = capos_ring_run(capos_ring(), sqe, done);
    if (count > 0)
        memcpy(behind, records, count * sizeof(struct ring_result_cap));
    return status;
}

static enum capn_outcome pass_on(struct capos_call *call, const struct capos_narrow *narrow)
{
    struct capn_call_context *context = &call->context;
    struct capos_completion done;
    struct ring_sqe sqe = {
        .opcode = RING_OP_CALL, .method_id = context->method, .cap_id = narrow->target.cap_id,
        .addr = context->params_len > 0 ? (uintptr_t)context->params : 0, .len = (uint32_t)context->params_len,
        .result_addr = (uintptr_t)context->reply, .result_len = (uint32_t)context->reply_capacity,
    };
    if (ask(call, &sqe, &done) != CAPOS_OK)
        return capn_call_exception(context, CAPN_FAILED, "the capability behind cannot be asked");
    if (done.result == CAP_ERR_APPLICATION_EXCEPTION &&
        capos_exception_read(context->reply, context->reply_capacity, &context->exception))
        return CAPN_EXCEPTION;
    if (done.result < 0)
        return capn_call_exception(context, CAPN_FAILED, capos_status_text((enum capos_status)done.result));
    context->reply_len = context->reply_needed = (size_t)done.result;
    hand_on(call, &done);
    return CAPN_DONE;
}

enum capn_outcome capos_narrow_serve(const void *ops, void *object, struct capn_call_context *context)
{
    const struct capos_narrow *narrow = object;
    struct capos_call *call = context->env;
    (void)ops;
    if (context->method > 63 || (narrow->methods >> context->method & 1) == 0)
        return capn_call_unknown_method(context);
    return pass_on(call, narrow);
}
