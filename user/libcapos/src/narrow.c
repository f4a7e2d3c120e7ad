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

static enum capn_outcome pass_on(struct capos_call *call, const struct capos_narrow *narrow)
{
    struct capn_call_context *context = &call->context;
    struct capos_completion done;
    struct ring_sqe sqe = {
        .opcode = RING_OP_CALL, .method_id = context->method, .cap_id = narrow->target.cap_id,
        .addr = context->params_len > 0 ? (uintptr_t)context->params : 0, .len = (uint32_t)context->params_len,
        .result_addr = (uintptr_t)context->reply, .result_len = (uint32_t)context->reply_capacity,
    };
    if (capos_ring_run(capos_ring(), &sqe, &done) != CAPOS_OK)
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
    if (call->received.cap_count > 0)
        return capn_call_exception(context, CAPN_INVALID_ARGUMENT, "capabilities do not pass");
    return pass_on(call, narrow);
}
