/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the exhaustion programs share: each drives limits until they answer,
 * says in a line what it drove and what answered, and shows that the console
 * capability held since start still works (docs/kernel-semantics.md, 18).
 */
#pragma once

#include "check.h"

#include "abi/atomic.h"
#include "abi/layout.h"
#include "abi/limits.h"

static struct capos_client held_console;
static const char *line_prefix;

static inline void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static inline void say(const char *format, ...)
{
    char text[240];
    struct text_buf buf = text_buf_over(text, sizeof text);
    capos_format(&buf, "[%s] ", line_prefix);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    struct capos_console_write_line_params in = { .text = { text, (uint32_t)buf.len } };
    check_ok(capos_console_write_line(&held_console, &in, NULL), &held_console, "a line");
}

static inline void begin(const char *prefix)
{
    line_prefix = prefix;
    held_console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
}

/* A write on the console capability held since start. */
static inline bool held_call_completes(void)
{
    struct capos_console_write_params in = { .data = { (const uint8_t *)"", 0 } };
    enum capos_status status = capos_console_write(&held_console, &in, NULL);
    check_ok(status, &held_console, "the held console call");
    return status == CAPOS_OK;
}

/* Says `what`, if a write on the held console completes. `what` is followed by what "held console call completed" is about. */
static inline void say_held(const char *what)
{
    if (held_call_completes())
        say("%s%sheld console call completed", what, *what != '\0' ? " " : "");
}

static inline const char *type_name(uint16_t type)
{
    switch ((enum cap_exception_type)type) {
    case CAP_EXCEPTION_FAILED:
        return "failed";
    case CAP_EXCEPTION_OVERLOADED:
        return "overloaded";
    case CAP_EXCEPTION_DISCONNECTED:
        return "disconnected";
    case CAP_EXCEPTION_UNIMPLEMENTED:
        return "unimplemented";
    case CAP_EXCEPTION_INVALID_ARGUMENT:
        return "invalidArgument";
    }
    return "unknown";
}

/* "Overloaded: TEXT" of the last call of a client, or whatever else it is. */
static inline const char *refusal_text(enum capos_status status, const struct capn_exception *exception)
{
    static char text[200];
    struct text_buf buf = text_buf_over(text, sizeof text - 1);
    if (status != CAPOS_EXCEPTION)
        text_buf_append_str(&buf, capos_status_text(status));
    else if (exception->type == CAP_EXCEPTION_OVERLOADED)
        capos_format(&buf, "Overloaded: %.*s", (int)exception->len, exception->text);
    else
        capos_format(&buf, "%s: %.*s", type_name(exception->type), (int)exception->len, exception->text);
    text[buf.len] = '\0';
    return text;
}

static inline const char *refusal(enum capos_status status, const struct capos_client *client)
{
    return refusal_text(status, &client->exception);
}

static inline bool is_overloaded(enum capos_status status, const struct capos_client *client, const char *text)
{
    const struct capn_exception *e = &client->exception;
    return status == CAPOS_EXCEPTION && e->type == CAP_EXCEPTION_OVERLOADED && text_equal(e->text, e->len, text, text_len(text));
}

/* ---- calls of which several are under way ------------------------------------------------------- */

struct waiting_call {
    uint64_t ticket;
    struct capos_completion done;
    _Alignas(8) uint8_t params[64];
    _Alignas(8) uint8_t reply[256];
};

/* `words` of params: a message of one struct with `words` data words. */
static inline void start_call(struct waiting_call *call, uint32_t cap_id, uint16_t method, const uint64_t *words, uint32_t count)
{
    uint64_t message[8] = { (uint64_t)(count + 1) << 32, (uint64_t)count << 32 };
    for (uint32_t i = 0; i < count; i++)
        message[2 + i] = words[i];
    memcpy(call->params, message, sizeof message);
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = cap_id, .method_id = method, .addr = (uintptr_t)call->params,
                            .len = 16 + 8 * count, .result_addr = (uintptr_t)call->reply, .result_len = sizeof call->reply };
    check(capos_ring_submit(capos_ring(), &sqe, &call->ticket) == CAPOS_OK, "submit");
    capos_cap_enter(0, 0);
}

static inline bool has_ended(struct waiting_call *call, uint64_t timeout_ns)
{
    return capos_ring_wait(capos_ring(), call->ticket, timeout_ns, &call->done) == CAPOS_OK;
}

/* The refusal of a call that has ended. */
static inline const char *call_refusal(const struct waiting_call *call)
{
    struct capn_exception exception = { 0 };
    struct capn_message message;
    struct capn_struct root;
    struct capn_text text = { 0 };
    if (call->done.result != CAP_ERR_APPLICATION_EXCEPTION)
        return refusal_text((enum capos_status)call->done.result, NULL);
    if (capn_message_open(&message, call->reply, sizeof call->reply, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK ||
        capn_root(&message, &root) != CAPN_OK || capn_get_text(&root, 0, &text) != CAPN_OK)
        return "an exception that does not decode";
    exception.type = capn_get_u16(&root, 0);
    exception.len = (uint16_t)utf8_cut(text.bytes, text.len, sizeof exception.text);
    if (exception.len > 0)
        memcpy(exception.text, text.bytes, exception.len);
    return refusal_text(CAPOS_EXCEPTION, &exception);
}

/* ---- memory ----------------------------------------------------------------------------------------- */

static inline enum capos_status try_frames(struct capos_client *allocator, uint32_t pages, struct capos_client *out)
{
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = pages };
    struct capos_frame_allocator_alloc_contiguous_results got = { 0 };
    enum capos_status status = capos_frame_allocator_alloc_contiguous(allocator, &in, &got);
    if (status == CAPOS_OK)
        status = capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, out);
    return status;
}

static inline enum capos_status try_frame(struct capos_client *allocator, struct capos_client *out)
{
    struct capos_frame_allocator_alloc_frame_results got = { 0 };
    enum capos_status status = capos_frame_allocator_alloc_frame(allocator, NULL, &got);
    if (status == CAPOS_OK)
        status = capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, out);
    return status;
}

/*
 * Single frames until refused, one given back and taken again, refused again, all given back. The successes; the refusal
 * is left in the client.
 */
static inline uint32_t exhaust_table(struct capos_client *allocator, enum capos_status *refused)
{
    static struct capos_client objects[CAP_SLOTS_MAX];
    uint32_t count = 0;
    while (count < CAP_SLOTS_MAX && (*refused = try_frame(allocator, &objects[count])) == CAPOS_OK)
        count++;
    if (*refused == CAPOS_OK || count == 0)
        return count;
    check(is_overloaded(*refused, allocator, "failed to reserve MemoryObject cap slot"), "%s", refusal(*refused, allocator));
    capos_client_close(&objects[0]);
    check_ok(try_frame(allocator, &objects[0]), allocator, "an allocation in the place of a released one");
    *refused = try_frame(allocator, &objects[count < CAP_SLOTS_MAX ? count : 0]);
    for (uint32_t i = 0; i < count; i++) {
        struct capos_memory_object_info_results info = { 0 };
        check_ok(capos_memory_object_info(&objects[i], NULL, &info), &objects[i], "an earlier capability");
    }
    held_call_completes();
    for (uint32_t i = 0; i < count; i++)
        capos_client_close(&objects[i]);
    return count;
}

static inline int end(const char *what)
{
    if (check_failures == 0)
        say("%s%sok", what, *what != '\0' ? " " : "");
    return check_failures == 0 ? 0 : 1;
}
