/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Typed calls against a ring that the test plays: what is sent, how each kind
 * of answer is read, who owns the capabilities of a reply.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/capset.h"
#include "capos/capset.h"
#include "capos/client.h"
#include "capos/ring.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"

static struct capset_entry entry = { .cap_id = 5, .name_len = 5, .interface_id = CAPOS_TIMER_INTERFACE_ID, .name = "timer" };
static struct capset_entry facet = { .cap_id = 6, .name_len = 7, .interface_id = CAPOS_ENDPOINT_INTERFACE_ID, .name = "service" };
static struct ring_sqe sent[16];
static uint32_t sent_count, taken_bytes; /* results that the profile of the test allows; 0: any */
static struct capos_completion answer;
static enum capos_status ring_status;
static uint8_t reply_bytes[256];
static uint32_t reply_len;

const struct capset_entry *capos_capset_find(const char *name)
{
    if (strcmp(name, "service") == 0)
        return &facet;
    return strcmp(name, "timer") == 0 ? &entry : NULL;
}

struct capos_ring *capos_ring(void)
{
    return NULL;
}

enum capos_status capos_ring_run(struct capos_ring *ring, const struct ring_sqe *sqe, struct capos_completion *out)
{
    (void)ring;
    sent[sent_count++] = *sqe;
    if (sqe->opcode == RING_OP_RELEASE) {
        *out = (struct capos_completion){ .result = 0 };
        return CAPOS_OK;
    }
    if (taken_bytes != 0 && sqe->result_len > taken_bytes) {
        *out = (struct capos_completion){ .result = CAP_ERR_INVALID_REQUEST };
        return CAPOS_OK;
    }
    memcpy((void *)(uintptr_t)sqe->result_addr, reply_bytes, reply_len);
    *out = answer;
    return ring_status;
}

static int setup(void **state)
{
    (void)state;
    sent_count = reply_len = taken_bytes = 0;
    ring_status = CAPOS_OK;
    answer = (struct capos_completion){ 0 };
    return 0;
}

static struct capos_client timer(void)
{
    struct capos_client client;
    assert_int_equal(capos_client_open(&client, "timer", CAPOS_TIMER_INTERFACE_ID), CAPOS_OK);
    return client;
}

static void answer_with(const uint64_t *words, uint32_t count)
{
    memcpy(reply_bytes, words, count * 8);
    reply_len = count * 8;
    answer.result = (int32_t)reply_len;
}

/* Last of all tests: the buffers stay as small as they became. */
static void a_small_profile_is_found_out(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    taken_bytes = 100;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_INVALID_REQUEST);
    assert_int_equal(sent_count, 6);
    assert_int_equal(sent[5].result_len, 512);
    sent_count = 0;
    taken_bytes = 4096;
    answer_with((const uint64_t[]){ 0x0000000300000000, 0x0000000200000000, 111, 222 }, 4);
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_OK);
    assert_int_equal(now.monotonic_ns, 111);
    assert_int_equal(sent_count, 3);
    assert_int_equal(sent[0].result_len, CAPOS_CALL_BUFFER_BYTES);
    assert_int_equal(sent[2].result_len, 4096);
    sent_count = 0;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_OK);
    assert_int_equal(sent_count, 1);
    assert_int_equal(sent[0].result_len, 4096);
}

static void open_compares_name_and_interface(void **state)
{
    (void)state;
    struct capos_client client;
    assert_int_equal(capos_client_open(&client, "other", CAPOS_TIMER_INTERFACE_ID), CAPOS_NOT_GRANTED);
    assert_int_equal(capos_client_open(&client, "timer", CAPOS_CONSOLE_INTERFACE_ID), CAPOS_NOT_GRANTED);
    client = timer();
    assert_int_equal(client.cap_id, 5);
    assert_false(client.owned);
}

static void request_and_result(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    answer_with((const uint64_t[]){ 0x0000000300000000, 0x0000000200000000, 111, 222 }, 4);
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_OK);
    assert_int_equal(now.monotonic_ns, 111);
    assert_int_equal(now.tick, 222);
    assert_int_equal(sent[0].opcode, RING_OP_CALL);
    assert_int_equal(sent[0].cap_id, 5);
    assert_int_equal(sent[0].method_id, CAPOS_TIMER_NOW_METHOD);
    assert_int_equal(sent[0].result_len, CAPOS_CALL_BUFFER_BYTES);
    struct capos_timer_sleep_params in = { .duration_ns = 0x1234 };
    answer.result = 0;
    assert_int_equal(capos_timer_sleep(&client, &in, NULL), CAPOS_OK);
    const uint64_t *words = (const uint64_t *)(uintptr_t)sent[1].addr;
    assert_int_equal(sent[1].len, 24);
    assert_int_equal(words[2], 0x1234);
}

static void transport_codes_come_through(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    for (int32_t code = -8; code <= -1; code++) {
        answer.result = code;
        assert_int_equal(capos_timer_now(&client, NULL, &now), code);
    }
    ring_status = CAPOS_RING_BROKEN;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_RING_BROKEN);
}

static void exceptions_are_values(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    answer_with((const uint64_t[]){ 0x0000000400000000, 0x0001000100000000, 3, 0x0000001200000001, 0x78 }, 5);
    answer.result = CAP_ERR_APPLICATION_EXCEPTION;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_EXCEPTION);
    assert_int_equal(client.exception.type, CAP_EXCEPTION_UNIMPLEMENTED);
    assert_int_equal(client.exception.len, 1);
    assert_int_equal(client.exception.text[0], 'x');
    answer.result = CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_EXCEPTION_TRUNCATED);
}

static void bad_replies_are_refused(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    answer_with((const uint64_t[]){ 0x0000000900000000, 0x0000000200000000, 1, 2 }, 4);
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_BAD_REPLY);
    answer.result = 0;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_BAD_REPLY);
    answer.result = 16;
    assert_int_equal(capos_timer_sleep(&client, &(struct capos_timer_sleep_params){ 0 }, NULL), CAPOS_BAD_REPLY);
}

/* A reply of 24 bytes with two capabilities behind it. */
static void answer_with_caps(void)
{
    const uint64_t words[] = { 0x0000000200000000, 0x0000000100000000, 0x10000, 77, CAPOS_PROCESS_HANDLE_INTERFACE_ID,
                               78, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID };
    answer_with(words, 7);
    answer.result = 24;
    answer.cap_count = 2;
    answer.flags = CQE_FLAG_TRANSFER_RESULT_CAPS;
}

static void capabilities_of_a_reply(void **state)
{
    (void)state;
    struct capos_client spawner = capos_client_for(9, CAPOS_PROCESS_SPAWNER_INTERFACE_ID), handle, wrong;
    struct capos_process_spawner_spawn_results got;
    answer_with_caps();
    assert_int_equal(capos_process_spawner_spawn(&spawner, &(struct capos_process_spawner_spawn_params){ 0 }, &got), CAPOS_OK);
    assert_int_equal(got.capability_manager_index, 1);
    assert_int_equal(capos_reply_take(0, CAPOS_TIMER_INTERFACE_ID, &wrong), CAPOS_BAD_REPLY);
    assert_int_equal(capos_reply_take(2, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &wrong), CAPOS_BAD_REPLY);
    assert_int_equal(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &handle), CAPOS_OK);
    assert_int_equal(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &wrong), CAPOS_BAD_REPLY);
    assert_int_equal(handle.cap_id, 77);
    assert_true(handle.owned);
    /* The next call first gives back what nobody took. */
    setup(NULL);
    struct capos_client client = timer();
    capos_timer_sleep(&client, &(struct capos_timer_sleep_params){ 0 }, NULL);
    assert_int_equal(sent_count, 2);
    assert_int_equal(sent[0].opcode, RING_OP_RELEASE);
    assert_int_equal(sent[0].cap_id, 78);
    capos_client_close(&handle);
    capos_client_close(&handle);
    assert_int_equal(sent_count, 3);
    assert_int_equal(sent[2].cap_id, 77);
    capos_client_close(&client);
    assert_int_equal(sent_count, 3);
}

static void too_many_capabilities(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_now_results now;
    answer_with((const uint64_t[]){ 0x0000000300000000, 0x0000000200000000, 1, 2 }, 4);
    answer.cap_count = 17;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_BAD_REPLY);
    answer.cap_count = 1;
    answer.result = CAPOS_CALL_BUFFER_BYTES;
    assert_int_equal(capos_timer_now(&client, NULL, &now), CAPOS_BAD_REPLY);
}

static void request_that_does_not_fit(void **state)
{
    (void)state;
    static uint8_t big[CAPOS_CALL_BUFFER_BYTES];
    struct capos_client console = capos_client_for(1, CAPOS_CONSOLE_INTERFACE_ID);
    struct capos_console_write_params in = { .data = { big, sizeof big } };
    assert_int_equal(capos_console_write(&console, &in, NULL), CAPOS_TOO_LARGE);
    assert_int_equal(sent_count, 0);
    in.data.len = CAPOS_CALL_BUFFER_BYTES - 24;
    assert_int_equal(capos_console_write(&console, &in, NULL), CAPOS_OK);
    assert_int_equal(sent[0].len, CAPOS_CALL_BUFFER_BYTES);
}

static void facets_serve_for_any_interface(void **state)
{
    (void)state;
    struct capos_client client;
    assert_int_equal(capos_client_open(&client, "service", CAPOS_TIMER_INTERFACE_ID), CAPOS_OK);
    assert_int_equal(client.cap_id, 6);
    assert_true(client.interface_id == CAPOS_TIMER_INTERFACE_ID);
}

static void descriptors_follow_the_params(void **state)
{
    (void)state;
    struct capos_client client = timer();
    struct capos_timer_sleep_params in = { .duration_ns = 1 };
    struct capos_method_call call = { .method = &capos_timer_sleep_method, .in = &in };
    const struct capos_transfer caps[] = { { 7, false }, { 0x01000009, true } };
    assert_int_equal(capos_client_call_with(&client, &call, caps, 2), CAPOS_OK);
    assert_int_equal(sent[0].xfer_cap_count, 2);
    struct ring_transfer_descriptor got[2];
    memcpy(got, (const uint8_t *)(uintptr_t)sent[0].addr + sent[0].len, sizeof got);
    assert_int_equal(got[0].cap_id, 7);
    assert_int_equal(got[0].transfer_mode, TRANSFER_MODE_COPY);
    assert_int_equal(got[1].cap_id, 0x01000009);
    assert_int_equal(got[1].transfer_mode, TRANSFER_MODE_MOVE);
    assert_int_equal(got[1].reserved, 0);
    assert_int_equal(capos_client_call_with(&client, &call, caps, CAPOS_TRANSFERS_MAX + 1), CAPOS_TOO_LARGE);
    assert_int_equal(sent_count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(open_compares_name_and_interface, setup),
        cmocka_unit_test_setup(request_and_result, setup),
        cmocka_unit_test_setup(facets_serve_for_any_interface, setup),
        cmocka_unit_test_setup(descriptors_follow_the_params, setup),
        cmocka_unit_test_setup(transport_codes_come_through, setup),
        cmocka_unit_test_setup(exceptions_are_values, setup),
        cmocka_unit_test_setup(bad_replies_are_refused, setup),
        cmocka_unit_test_setup(capabilities_of_a_reply, setup),
        cmocka_unit_test_setup(too_many_capabilities, setup),
        cmocka_unit_test_setup(request_that_does_not_fit, setup),
        cmocka_unit_test_setup(a_small_profile_is_found_out, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
