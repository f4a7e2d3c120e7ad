/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The generated code against messages written down by hand (the worked examples of
 * docs/interfaces.md), and the way of one call: client, dispatcher, handler and back. The client's
 * transport (capos_client_call) is the one below: it hands the params straight to a dispatcher.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"
#include "schema/generated/capos_dispatch.h"
#include "schema/generated/capos_names.h"
#include "schema/own_sources.h"

static uint8_t buffer[65536];

/* Bytes of a message from hexadecimal digits; blanks and bars are for the eye. */
static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t digits = 0;
    for (; *hex != 0; hex++) {
        if (*hex == ' ' || *hex == '|')
            continue;
        int value = *hex <= '9' ? *hex - '0' : *hex - 'a' + 10;
        out[digits / 2] = (uint8_t)(digits % 2 == 0 ? value << 4 : out[digits / 2] | value);
        digits++;
    }
    return digits / 2;
}

static void assert_message(struct capn_builder *builder, const char *hex)
{
    uint8_t expected[1024];
    size_t expected_len = from_hex(hex, expected), len = 0;

    assert_int_equal(capn_builder_finish(builder, &len), CAPN_OK);
    assert_int_equal(len, expected_len);
    assert_memory_equal(buffer, expected, len);
}

static struct capn_struct open_hex(struct capn_message *message, const char *hex, uint8_t *bytes)
{
    struct capn_struct root;
    size_t len = from_hex(hex, bytes);

    assert_int_equal(capn_message_open(message, bytes, len, CAPN_LIMITS_PARAMS, NULL), CAPN_OK);
    assert_int_equal(capn_root(message, &root), CAPN_OK);
    return root;
}

static const char spawn_hex[] =
    "0000000014000000 0000000000000300 0900000012000000 0900000012000000 0900000057000000 6100000000000000"
    "6200000000000000 0800000003000200 0500000000000000 6232460222e03a91 0000000000000000 1900000022000000"
    "0000000000000000 0000000000000000 7b4b8e062e5fc19a 0000000000000000 0900000012000000 0800000001000000"
    "636f6e0000000000 7400000000000000 01000f0000000000";

static void spawn_params_bytes(void **state)
{
    struct capos_cap_grant grants[] = {
        { .name = capn_text_of("con"), .cap_id = 5, .interface_id = CAPOS_CONSOLE_INTERFACE_ID },
        { .name = capn_text_of("t"), .interface_id = CAPOS_TIMER_INTERFACE_ID, .has_source = true,
          .source = { .which = CAPOS_CAP_GRANT_SOURCE_KERNEL, .kernel = CAPOS_KERNEL_CAP_SOURCE_TIMER } },
    };
    struct capos_process_spawner_spawn_params params = {
        .name = capn_text_of("a"), .binary_name = capn_text_of("b"), .grants = capn_list_of_array(grants, 2),
    };
    struct capn_builder builder;

    (void)state;
    capn_builder_init(&builder, buffer, sizeof buffer);
    struct capn_struct_builder root = capn_builder_root(&builder, CAPOS_PROCESS_SPAWNER_SPAWN_PARAMS_DATA_WORDS,
                                                        CAPOS_PROCESS_SPAWNER_SPAWN_PARAMS_POINTER_WORDS);
    assert_int_equal(capos_process_spawner_spawn_params_encode(root, &params), CAPN_OK);
    /* The example puts list elements' texts behind all elements in the order of the elements, as the builder does. */
    assert_message(&builder, spawn_hex);
}

static void spawn_params_decode(void **state)
{
    struct capn_message message;
    uint8_t bytes[1024];
    struct capos_process_spawner_spawn_params params;
    struct capos_cap_grant grant;

    (void)state;
    assert_int_equal(capos_process_spawner_spawn_params_decode(open_hex(&message, spawn_hex, bytes), &params), CAPN_OK);
    assert_true(capn_text_equal(params.name, capn_text_of("a")));
    assert_true(capn_text_equal(params.binary_name, capn_text_of("b")));
    assert_int_equal(capn_list_len(&params.grants), 2);
    assert_int_equal(capos_cap_grant_list_get(&params.grants, 0, &grant), CAPN_OK);
    assert_true(capn_text_equal(grant.name, capn_text_of("con")));
    assert_int_equal(grant.cap_id, 5);
    assert_int_equal(grant.mode, CAPOS_CAP_GRANT_MODE_RAW);
    assert_true(grant.interface_id == CAPOS_CONSOLE_INTERFACE_ID);
    assert_false(grant.has_source);
    assert_int_equal(grant.source.which, CAPOS_CAP_GRANT_SOURCE_CAPABILITY);
    assert_int_equal(capos_cap_grant_list_get(&params.grants, 1, &grant), CAPN_OK);
    assert_true(capn_text_equal(grant.name, capn_text_of("t")));
    assert_true(grant.has_source);
    assert_int_equal(grant.source.which, CAPOS_CAP_GRANT_SOURCE_KERNEL);
    assert_int_equal(grant.source.kernel, CAPOS_KERNEL_CAP_SOURCE_TIMER);
    assert_int_not_equal(capos_cap_grant_list_get(&params.grants, 2, &grant), CAPN_OK);
}

static void small_results_bytes(void **state)
{
    struct capn_builder builder;
    struct capos_process_spawner_spawn_results spawned = { .handle_index = 0, .capability_manager_index = 1 };
    struct capos_timer_now_results now = { .monotonic_ns = 0x1122334455667788, .tick = 9 };

    (void)state;
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_process_spawner_spawn_results_encode(capn_builder_root(&builder, 1, 0), &spawned), CAPN_OK);
    assert_message(&builder, "00000000 02000000 | 00000000 01000000 | 00000100 00000000");
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_timer_now_results_encode(capn_builder_root(&builder, 2, 0), &now), CAPN_OK);
    assert_message(&builder, "00000000 03000000 | 00000000 02000000 | 8877665544332211 | 0900000000000000");
}

static const char read_line_hex[] =
    "00000000 05000000 | 00000000 00000100 | 00000000 01000100 | 40000000 01000100 | 01000000 1a000000 | 3e20000000000000";
static const char line_hex[] =
    "00000000 04000000 | 00000000 01000100 | 0000000000000000 | 01000000 12000000 | 6869000000000000";

static void read_line_bytes(void **state)
{
    struct capn_builder builder;
    struct capos_terminal_session_read_line_params params = {
        .has_request = true,
        .request = { .prompt = capn_text_of("> "), .max_bytes = 64, .echo = CAPOS_LINE_ECHO_HIDDEN, .allow_empty = true },
    };
    struct capos_terminal_session_read_line_results results = {
        .status = CAPOS_LINE_STATUS_SUBMITTED, .line = { (const uint8_t *)"hi", 2 },
    };

    (void)state;
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_terminal_session_read_line_params_encode(capn_builder_root(&builder, 0, 1), &params), CAPN_OK);
    assert_message(&builder, read_line_hex);
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_terminal_session_read_line_results_encode(capn_builder_root(&builder, 1, 1), &results), CAPN_OK);
    assert_message(&builder, line_hex);
}

static void read_line_decode(void **state)
{
    struct capn_message message;
    uint8_t bytes[256];
    struct capos_terminal_session_read_line_params params;
    struct capos_terminal_session_read_line_results results;

    (void)state;
    assert_int_equal(capos_terminal_session_read_line_params_decode(open_hex(&message, read_line_hex, bytes), &params), CAPN_OK);
    assert_true(params.has_request);
    assert_true(capn_text_equal(params.request.prompt, capn_text_of("> ")));
    assert_int_equal(params.request.max_bytes, 64);
    assert_int_equal(params.request.echo, CAPOS_LINE_ECHO_HIDDEN);
    assert_true(params.request.allow_empty);
    assert_int_equal(capos_terminal_session_read_line_results_decode(open_hex(&message, line_hex, bytes), &results), CAPN_OK);
    assert_int_equal(results.status, CAPOS_LINE_STATUS_SUBMITTED);
    assert_int_equal(results.line.len, 2);
    assert_memory_equal(results.line.bytes, "hi", 2);
}

static void unknown_numbers_survive(void **state)
{
    struct capn_message message;
    uint8_t bytes[256];
    struct capos_cap_grant_source source;
    struct capn_builder builder;

    (void)state;
    /* Our own kernel source, then a union tag that nobody knows. */
    assert_int_equal(capos_cap_grant_source_decode(
        open_hex(&message, "0000000002000000 0000000001000000 0100008000000000", bytes), &source), CAPN_OK);
    assert_int_equal(source.kernel, CAPOS_KERNEL_CAP_SOURCE_SYSTEM_MONITOR);
    assert_false(capos_kernel_cap_source_known(source.kernel));
    assert_true(capos_kernel_cap_source_known(CAPOS_KERNEL_CAP_SOURCE_NIC));
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_cap_grant_source_encode(capn_builder_root(&builder, 1, 0), &source), CAPN_OK);
    assert_message(&builder, "0000000002000000 0000000001000000 0100008000000000");
    assert_int_equal(capos_cap_grant_source_decode(
        open_hex(&message, "0000000002000000 0000000001000000 0700050000000000", bytes), &source), CAPN_OK);
    assert_int_equal(source.which, 7);
    assert_false(capos_cap_grant_source_which_known(source.which));
    assert_true(capos_cap_grant_source_which_known(CAPOS_CAP_GRANT_SOURCE_KERNEL));
    assert_int_equal(source.kernel, 0);
}

static void deep_values_end(void **state)
{
    struct capos_cue_value levels[80] = { 0 };
    struct capn_builder builder;

    (void)state;
    for (size_t i = 0; i + 1 < 80; i++) {
        levels[i].which = CAPOS_CUE_VALUE_LIST;
        levels[i].list = capn_list_of_array(&levels[i + 1], 1);
    }
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_cue_value_encode(capn_builder_root(&builder, 2, 1), &levels[0]), CAPN_TOO_DEEP);
    capn_builder_init(&builder, buffer, sizeof buffer);
    assert_int_equal(capos_cue_value_encode(capn_builder_root(&builder, 2, 1), &levels[40]), CAPN_OK);
}

/* One call, from client to handler. */

struct clock {
    uint64_t now;
    uint64_t slept;
};

static enum capn_outcome timer_now(void *env, void *object, const struct capos_timer_now_params *in,
                                   struct capos_timer_now_results *out)
{
    struct clock *clock = object;

    (void)env;
    (void)in;
    out->monotonic_ns = clock->now;
    return CAPN_DONE;
}

static enum capn_outcome timer_sleep(void *env, void *object, const struct capos_timer_sleep_params *in,
                                     struct capos_timer_sleep_results *out)
{
    struct clock *clock = object;

    (void)out;
    if (in->duration_ns == 13)
        return capn_call_exception(env, CAPN_OVERLOADED, "no");
    clock->slept += in->duration_ns;
    return CAPN_DONE;
}

static const struct capos_timer_ops timer_ops = { .now = timer_now, .sleep = timer_sleep };
static struct clock the_clock;
static struct capn_call_context last;

static void start_call(struct capn_call_context *call, uint16_t method, const uint8_t *params, size_t len)
{
    *call = (struct capn_call_context){
        .env = call, .method = method, .params = params, .params_len = len, .reply = buffer, .reply_capacity = sizeof buffer,
    };
}

enum capos_status capos_client_call(struct capos_client *client, const struct capos_method *method, const void *in, void *out)
{
    static uint8_t request[4096];
    struct capn_builder builder;
    struct capn_message message;
    struct capn_struct root;
    size_t len = 0;

    assert_true(method->interface_id == client->interface_id);
    capn_builder_init(&builder, request, sizeof request);
    struct capn_struct_builder params = capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        assert_int_equal(method->encode(params, in), CAPN_OK);
    assert_int_equal(capn_builder_finish(&builder, &len), CAPN_OK);
    start_call(&last, method->ordinal, request, len);
    if (capos_timer_dispatch(&timer_ops, &the_clock, &last) != CAPN_DONE)
        return CAPOS_EXCEPTION;
    if (method->reply_style == CAPOS_REPLY_NONE) {
        assert_int_equal(last.reply_len, 0);
        return CAPOS_OK;
    }
    assert_int_equal(capn_message_open(&message, buffer, last.reply_len, CAPN_LIMITS_PARAMS, NULL), CAPN_OK);
    assert_int_equal(capn_root(&message, &root), CAPN_OK);
    assert_int_equal(method->decode(root, out), CAPN_OK);
    return CAPOS_OK;
}

static void client_to_handler(void **state)
{
    struct capos_client timer = { .interface_id = CAPOS_TIMER_INTERFACE_ID };
    struct capos_timer_now_results now;

    (void)state;
    the_clock = (struct clock){ .now = 77 };
    assert_int_equal(capos_timer_now(&timer, NULL, &now), CAPOS_OK);
    assert_true(now.monotonic_ns == 77 && now.tick == 0);
    assert_int_equal(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 5 }, NULL), CAPOS_OK);
    assert_true(the_clock.slept == 5);
    assert_int_equal(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 13 }, NULL), CAPOS_EXCEPTION);
    assert_int_equal(last.exception.type, CAPN_OVERLOADED);
    assert_true(the_clock.slept == 5);
}

static void dispatch_refusals(void **state)
{
    static const uint8_t garbage[8] = { 0xff, 0xff, 0xff, 0xff };
    struct capn_call_context call;
    const struct capos_timer_ops none = { 0 };

    (void)state;
    /* The method number comes before the params. */
    start_call(&call, 2, garbage, sizeof garbage);
    assert_int_equal(capos_timer_dispatch(&timer_ops, &the_clock, &call), CAPN_EXCEPTION);
    assert_int_equal(call.exception.type, CAPN_UNIMPLEMENTED);
    start_call(&call, CAPOS_TIMER_NOW_METHOD, garbage, sizeof garbage);
    assert_int_equal(capos_timer_dispatch(&none, &the_clock, &call), CAPN_EXCEPTION);
    assert_int_equal(call.exception.type, CAPN_UNIMPLEMENTED);
    start_call(&call, CAPOS_TIMER_SLEEP_METHOD, garbage, sizeof garbage);
    assert_int_equal(capos_timer_dispatch(&timer_ops, &the_clock, &call), CAPN_EXCEPTION);
    assert_int_equal(call.exception.type, CAPN_FAILED);
    /* No params at all are enough only for a method that has none. */
    start_call(&call, CAPOS_TIMER_SLEEP_METHOD, NULL, 0);
    assert_int_equal(capos_timer_dispatch(&timer_ops, &the_clock, &call), CAPN_EXCEPTION);
    assert_int_equal(call.exception.type, CAPN_FAILED);
    /* A reply that does not fit says what it needs. */
    start_call(&call, CAPOS_TIMER_NOW_METHOD, NULL, 0);
    call.reply_capacity = 31;
    assert_int_equal(capos_timer_dispatch(&timer_ops, &the_clock, &call), CAPN_DONE);
    assert_int_equal(call.reply_needed, 32);
    assert_int_equal(call.reply_len, 0);
}

static void void_styles(void **state)
{
    struct capn_call_context call;

    (void)state;
    assert_int_equal(capos_timer_sleep_reply.style, CAPOS_REPLY_NONE);
    assert_int_equal(capos_timer_now_reply.style, CAPOS_REPLY_MESSAGE);
    assert_int_equal(capos_user_session_logout_reply.style, CAPOS_REPLY_EMPTY_MESSAGE);
    assert_int_equal(capos_scheduling_policy_cap_set_weight_reply.style, CAPOS_REPLY_EMPTY_MESSAGE);
    assert_int_equal(capos_scheduling_policy_cap_set_latency_class_reply.style, CAPOS_REPLY_EMPTY_MESSAGE);
    assert_int_equal(capos_capability_manager_revoke_reply.style, CAPOS_REPLY_EMPTY_MESSAGE);
    assert_int_equal(capos_capability_manager_revoke_method.reply_style, CAPOS_REPLY_EMPTY_MESSAGE);
    start_call(&call, 0, NULL, 0);
    assert_int_equal(capos_reply_encode(&call, &capos_capability_manager_revoke_reply, NULL), CAPN_DONE);
    assert_int_equal(call.reply_len, 16);
    start_call(&call, 0, NULL, 0);
    assert_int_equal(capos_reply_encode(&call, &capos_timer_sleep_reply, NULL), CAPN_DONE);
    assert_int_equal(call.reply_len, 0);
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(capos_interface_name(0x913ae02202463262), "Console");
    assert_string_equal(capos_method_name(CAPOS_PROCESS_SPAWNER_INTERFACE_ID, 1), "createPipe");
    assert_null(capos_method_name(CAPOS_PROCESS_SPAWNER_INTERFACE_ID, 2));
    assert_null(capos_method_name(CAPOS_ENDPOINT_INTERFACE_ID, 0));
    assert_null(capos_interface_name(0x6e756c6c63617030));
    assert_string_equal(capos_log_level_name(CAPOS_LOG_LEVEL_WARN), "warn");
    assert_null(capos_log_level_name((enum capos_log_level)4));
    assert_int_equal(CAPOS_INTERFACE_COUNT, 82);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spawn_params_bytes), cmocka_unit_test(spawn_params_decode), cmocka_unit_test(small_results_bytes),
        cmocka_unit_test(read_line_bytes), cmocka_unit_test(read_line_decode), cmocka_unit_test(unknown_numbers_survive),
        cmocka_unit_test(deep_values_end), cmocka_unit_test(client_to_handler), cmocka_unit_test(dispatch_refusals),
        cmocka_unit_test(void_styles), cmocka_unit_test(names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
