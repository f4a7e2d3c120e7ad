/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of what every dispatch function answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/capn/dispatch.h"
#include "core/capn/wire_words_test.h"

static void assert_exception(const struct capn_call_context *call, int type, const char *text)
{
    assert_int_equal(call->exception.type, type);
    assert_int_equal(call->exception.len, strlen(text));
    assert_memory_equal(call->exception.text, text, strlen(text));
}

static void exceptions(void **state)
{
    (void)state;
    struct capn_call_context call = { 0 };
    assert_int_equal(capn_call_unknown_method(&call), CAPN_EXCEPTION);
    assert_exception(&call, 3, "unknown method");
    assert_int_equal(capn_call_params_refused(&call), CAPN_EXCEPTION);
    assert_exception(&call, 0, "params do not decode");
    assert_int_equal(capn_call_exception_number(&call, CAPN_OVERLOADED, "result buffer too small: ", 65536), CAPN_EXCEPTION);
    assert_exception(&call, 1, "result buffer too small: 65536");
    char longer[120];
    memset(longer, 'x', sizeof longer);
    longer[119] = 0;
    assert_int_equal(capn_call_exception(&call, CAPN_INVALID_ARGUMENT, longer), CAPN_EXCEPTION);
    assert_int_equal(call.exception.type, 4);
    assert_int_equal(call.exception.len, CAPN_EXCEPTION_TEXT_MAX);
}

static void params(void **state)
{
    (void)state;
    struct capn_message message;
    struct capn_struct root;
    struct capn_call_context call = { 0 };
    assert_int_equal(capn_call_params(&call, &message, &root), CAPN_OK);
    assert_true(capn_get_u64(&root, 0) == 0);
    struct wire wire = wire_of(1, (uint32_t[]){ 2 }, (uint64_t[]){ W_STRUCT(0, 1, 0), 42 });
    call.params = wire.bytes;
    call.params_len = wire.len;
    assert_int_equal(capn_call_params(&call, &message, &root), CAPN_OK);
    assert_true(capn_get_u64(&root, 0) == 42);
    assert_int_equal(message.nesting, 32);
    assert_int_equal(message.words_left, 16384 - 2);
    call.params_len = wire.len - 1;
    assert_int_equal(capn_call_params(&call, &message, &root), CAPN_TRUNCATED);
    call.params_len = 1;
    assert_int_equal(capn_call_params(&call, &message, &root), CAPN_TRUNCATED);
    wire_free(&wire);
    wire = wire_of(1, (uint32_t[]){ 0 }, (uint64_t[]){ 0 });
    call.params = wire.bytes;
    call.params_len = wire.len;
    assert_int_equal(capn_call_params(&call, &message, &root), CAPN_OUT_OF_BOUNDS);
    wire_free(&wire);
}

static void replies(void **state)
{
    (void)state;
    uint8_t reply[32];
    struct capn_builder builder;
    struct capn_struct_builder root;
    struct capn_call_context call = { .reply = reply, .reply_capacity = sizeof reply };
    root = capn_call_reply_begin(&call, &builder, 2, 0);
    capn_set_u64(&root, 8, 5);
    assert_int_equal(capn_call_reply_end(&call, &builder), CAPN_DONE);
    assert_int_equal(call.reply_len, 32);
    assert_int_equal(call.reply_needed, 32);
    assert_int_equal(reply[24], 5);
    call.reply_capacity = 31;
    root = capn_call_reply_begin(&call, &builder, 2, 0);
    assert_int_equal(capn_call_reply_end(&call, &builder), CAPN_DONE);
    assert_int_equal(call.reply_len, 0);
    assert_int_equal(call.reply_needed, 32);
    root = capn_call_reply_begin(&call, &builder, 1, 0);
    capn_set_u64(&root, 8, 5);
    assert_int_equal(capn_call_reply_end(&call, &builder), CAPN_EXCEPTION);
    assert_exception(&call, 0, "results do not encode");
    assert_int_equal(capn_call_reply_none(&call), CAPN_DONE);
    assert_int_equal(call.reply_len, 0);
    assert_int_equal(call.reply_needed, 0);
    memset(reply, 0xff, sizeof reply);
    assert_int_equal(capn_call_reply_empty_message(&call), CAPN_DONE);
    assert_int_equal(call.reply_len, 16);
    assert_int_equal(call.reply_needed, 16);
    assert_memory_equal(reply, "\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
}

/* The example of the ABI: type 3, message "x". */
static void exception_message(void **state)
{
    (void)state;
    static const uint8_t expected[40] = { 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 3, 0, 0, 0,
                                          0, 0, 0, 0, 1, 0, 0, 0, 0x12, 0, 0, 0, 0x78 };
    uint8_t bytes[40];
    size_t len;
    struct capn_call_context call = { 0 };
    capn_call_exception(&call, CAPN_UNIMPLEMENTED, "x");
    assert_int_equal(capn_exception_encode(&call.exception, bytes, sizeof bytes, &len), CAPN_OK);
    assert_int_equal(len, 40);
    assert_memory_equal(bytes, expected, 40);
    assert_int_equal(capn_exception_encode(&call.exception, bytes, 39, &len), CAPN_NO_SPACE);
    assert_int_equal(len, 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exceptions), cmocka_unit_test(params), cmocka_unit_test(replies), cmocka_unit_test(exception_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
