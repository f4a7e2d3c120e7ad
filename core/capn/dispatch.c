/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Answers that every dispatch function gives: see dispatch.h. Pure save for the call's own record and reply buffer. */
#include "core/capn/dispatch.h"

#include "core/base/text.h"

static enum capn_outcome keep_exception(struct capn_call_context *call, enum capn_exception_type type,
                                        const struct text_buf *text)
{
    call->exception.type = (uint16_t)type;
    call->exception.len = (uint16_t)text->len;
    return CAPN_EXCEPTION;
}

enum capn_outcome capn_call_exception(struct capn_call_context *call, enum capn_exception_type type, const char *text)
{
    struct text_buf buf = text_buf_over(call->exception.text, CAPN_EXCEPTION_TEXT_MAX);
    text_buf_append_str(&buf, text);
    return keep_exception(call, type, &buf);
}

enum capn_outcome capn_call_exception_number(struct capn_call_context *call, enum capn_exception_type type,
                                             const char *text, uint64_t number)
{
    struct text_buf buf = text_buf_over(call->exception.text, CAPN_EXCEPTION_TEXT_MAX);
    text_buf_append_str(&buf, text);
    text_buf_append_u64(&buf, number);
    return keep_exception(call, type, &buf);
}

enum capn_outcome capn_call_unknown_method(struct capn_call_context *call)
{
    return capn_call_exception(call, CAPN_UNIMPLEMENTED, "unknown method");
}

enum capn_outcome capn_call_params_refused(struct capn_call_context *call)
{
    return capn_call_exception(call, CAPN_FAILED, "params do not decode");
}

enum capn_error capn_call_params(const struct capn_call_context *call, struct capn_message *message,
                                 struct capn_struct *root)
{
    if (call->params_len == 0) {
        *root = (struct capn_struct){ 0 };
        return CAPN_OK;
    }
    enum capn_error error = capn_message_open(message, call->params, call->params_len, CAPN_LIMITS_PARAMS, NULL);
    return error != CAPN_OK ? error : capn_root(message, root);
}

struct capn_struct_builder capn_call_reply_begin(struct capn_call_context *call, struct capn_builder *builder,
                                                 uint16_t data_words, uint16_t pointer_count)
{
    capn_builder_init(builder, call->reply, call->reply_capacity);
    return capn_builder_root(builder, data_words, pointer_count);
}

enum capn_outcome capn_call_reply_end(struct capn_call_context *call, struct capn_builder *builder)
{
    size_t len;
    enum capn_error error = capn_builder_finish(builder, &len);
    if (error != CAPN_OK && error != CAPN_NO_SPACE)
        return capn_call_exception(call, CAPN_FAILED, "results do not encode");
    call->reply_needed = len;
    call->reply_len = error == CAPN_OK ? len : 0;
    return CAPN_DONE;
}

enum capn_outcome capn_call_reply_none(struct capn_call_context *call)
{
    call->reply_needed = 0;
    call->reply_len = 0;
    return CAPN_DONE;
}

enum capn_outcome capn_call_reply_empty_message(struct capn_call_context *call)
{
    struct capn_builder builder;
    capn_builder_init(&builder, call->reply, call->reply_capacity);
    return capn_call_reply_end(call, &builder);
}

enum capn_error capn_exception_encode(const struct capn_exception *exception, uint8_t *bytes, size_t capacity, size_t *len)
{
    struct capn_builder builder;
    capn_builder_init(&builder, bytes, capacity);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 1);
    capn_set_u16(&root, 0, exception->type);
    capn_set_text(&root, 0, (struct capn_text){ .bytes = exception->text, .len = exception->len });
    return capn_builder_finish(&builder, len);
}
