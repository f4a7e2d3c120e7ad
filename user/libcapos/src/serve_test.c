/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The loop of a service against a ring that the test plays: which object a
 * badge reaches, what goes back, who owns capabilities, later answers, and
 * what is left behind at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capos/capset.h"
#include "capos/heap.h"
#include "capos/serve.h"
#include "core/cap/transfer.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_dispatch.h"

#define MESSAGES_MAX 8u
#define ANSWERS_MAX 16u

/* ---- the ring ---------------------------------------------------------------------------- */

struct message {
    uint64_t interface_id;
    uint64_t badge;
    uint16_t method;
    uint16_t cap_count;
    uint64_t argument; /* of Timer.sleep */
};

struct returned {
    uint32_t call_id;
    bool is_exception;
    uint16_t type;
    uint32_t len;
    uint16_t cap_count;
    struct ring_transfer_descriptor cap;
};

static struct message messages[MESSAGES_MAX];
static uint32_t message_count, next_message;
static struct returned answers[ANSWERS_MAX];
static uint32_t answer_count;
static int32_t return_results[ANSWERS_MAX];
static uint32_t released[MESSAGES_MAX], released_count;
static uint64_t next_ticket;
static struct ring_sqe submitted[64]; /* by ticket */
static bool completed[64];
static uint32_t memory_in_use;

struct capos_ring *capos_ring(void)
{
    return NULL;
}

const struct capset_entry *capos_capset_find(const char *name)
{
    static struct capset_entry entry = { .cap_id = 9, .interface_id = CAPOS_ENDPOINT_INTERFACE_ID };
    return strcmp(name, "served") == 0 ? &entry : NULL;
}

void *capos_alloc(size_t bytes)
{
    memory_in_use++;
    return malloc(bytes);
}

void capos_free(void *memory)
{
    memory_in_use--;
    free(memory);
}

static void note_answer(const struct ring_sqe *sqe)
{
    const uint8_t *bytes = (const uint8_t *)(uintptr_t)sqe->addr;
    struct returned *answer = &answers[answer_count++];
    *answer = (struct returned){ .call_id = sqe->call_id, .len = sqe->len, .cap_count = sqe->xfer_cap_count,
                                 .is_exception = (sqe->flags & SQE_FLAG_RETURN_APPLICATION_EXCEPTION) != 0 };
    if (answer->is_exception)
        answer->type = (uint16_t)(bytes[16] | bytes[17] << 8);
    if (answer->cap_count > 0)
        memcpy(&answer->cap, bytes + sqe->len, sizeof answer->cap);
}

/* The next message, written where the receive wants it; its call id is its number from 1. */
static int32_t deliver(const struct ring_sqe *sqe, struct capos_completion *out)
{
    if (next_message == message_count)
        return CAP_ERR_INVOKE_FAILED;
    const struct message *m = &messages[next_message++];
    const uint64_t params[] = { 0x0000000200000000, 0x0000000100000000, m->argument };
    uint8_t *to = (uint8_t *)(uintptr_t)sqe->result_addr;
    struct endpoint_message header = { .interface_id = m->interface_id, .method_id = m->method, .params_len = sizeof params };
    assert_int_equal(sqe->result_len, CAPOS_RECEIVE_BYTES);
    memcpy(to, &header, sizeof header);
    memcpy(to + sizeof header, params, sizeof params);
    for (uint16_t i = 0; i < m->cap_count; i++) {
        struct ring_result_cap record = { .cap_id = 100u + i, .interface_id = CAPOS_TIMER_INTERFACE_ID };
        memcpy(to + sizeof header + sizeof params + i * sizeof record, &record, sizeof record);
    }
    out->badge = m->badge;
    out->call_id = next_message;
    out->cap_count = m->cap_count;
    return (int32_t)(sizeof header + sizeof params);
}

enum capos_status capos_ring_submit(struct capos_ring *ring, const struct ring_sqe *sqe, uint64_t *ticket)
{
    (void)ring;
    *ticket = next_ticket++;
    submitted[*ticket] = *sqe;
    if (sqe->opcode == RING_OP_RETURN)
        note_answer(sqe);
    return CAPOS_OK;
}

enum capos_status capos_ring_wait(struct capos_ring *ring, uint64_t ticket, uint64_t timeout_ns, struct capos_completion *out)
{
    const struct ring_sqe *sqe = &submitted[ticket];
    (void)ring, (void)timeout_ns;
    assert_true(ticket < next_ticket && !completed[ticket]);
    completed[ticket] = true;
    *out = (struct capos_completion){ .user_data = ticket };
    if (sqe->opcode == RING_OP_RETURN)
        out->result = return_results[answer_count - 1];
    else if (sqe->opcode == RING_OP_RECV)
        out->result = deliver(sqe, out);
    return CAPOS_OK;
}

enum capos_status capos_ring_wait_any(struct capos_ring *ring, uint64_t timeout_ns)
{
    (void)ring, (void)timeout_ns;
    return CAPOS_OK;
}

static struct ring_transfer_descriptor passed[3];

enum capos_status capos_ring_run(struct capos_ring *ring, const struct ring_sqe *sqe, struct capos_completion *out)
{
    uint64_t ticket;
    if (sqe->opcode == RING_OP_CALL && sqe->xfer_cap_count == 3)
        memcpy(passed, (const uint8_t *)(uintptr_t)sqe->addr + sqe->len, sizeof passed);
    if (sqe->opcode == RING_OP_RELEASE)
        released[released_count++] = sqe->cap_id;
    capos_ring_submit(ring, sqe, &ticket);
    if (sqe->opcode == RING_OP_CANCEL)
        message_count = next_message; /* what is cancelled ends without a message */
    return capos_ring_wait(ring, ticket, 0, out);
}

/* ---- the service ---------------------------------------------------------------------------- */

static struct capos_server server;
static uint64_t slept, told_object;
static uint32_t kept[4], kept_count;
static struct capos_client taken;

/* The duration says what to do. */
enum task { ANSWER, REFUSE, KEEP, STOP, TAKE, GIVE_MOVED, LOSE, ANSWER_KEPT };

static enum capn_outcome do_task(struct capos_call *call, uint64_t task)
{
    static const struct capos_transfer gift = { .cap_id = 78, .moves = false };
    struct capos_later later = { .reply = &capos_timer_sleep_reply, .give = &gift, .give_count = 1 };
    switch (task) {
    case REFUSE: return capos_call_exception(call, CAPN_INVALID_ARGUMENT, "no");
    case KEEP:
        kept[kept_count] = capos_call_defer(call);
        return kept[kept_count++] != 0 ? CAPN_PENDING : capos_call_exception(call, CAPN_OVERLOADED, "full");
    case STOP: server.stop = true; break;
    case TAKE:
        assert_int_equal(capos_call_take(call, 1, CAPOS_CONSOLE_INTERFACE_ID, &taken), CAPOS_BAD_REPLY);
        assert_int_equal(capos_call_take(call, 3, CAPOS_TIMER_INTERFACE_ID, &taken), CAPOS_BAD_REPLY);
        assert_int_equal(capos_call_take(call, 1, CAPOS_TIMER_INTERFACE_ID, &taken), CAPOS_OK);
        assert_int_equal(capos_call_take(call, 1, CAPOS_TIMER_INTERFACE_ID, &taken), CAPOS_BAD_REPLY);
        break;
    case GIVE_MOVED: assert_int_equal(capos_call_give(call, 77, true), 0); break;
    case LOSE: return CAPN_PENDING;
    case ANSWER_KEPT:
        assert_int_equal(capos_server_answer(&server, kept[0], &later), CAPOS_OK);
        assert_int_equal(capos_server_answer(&server, kept[0], &later), CAPOS_NO_SUCH_CAP);
        break;
    default: break;
    }
    return CAPN_DONE;
}

static enum capn_outcome sleep(void *env, void *object, const struct capos_timer_sleep_params *in,
                               struct capos_timer_sleep_results *out)
{
    (void)out;
    slept++;
    told_object = (uintptr_t)object;
    return do_task(env, in->duration_ns);
}

static const struct capos_timer_ops methods = { .sleep = sleep };
static struct capos_served objects[3];

static int setup(void **state)
{
    (void)state;
    message_count = next_message = answer_count = released_count = kept_count = memory_in_use = 0;
    next_ticket = 1;
    slept = told_object = 0;
    memset(completed, 0, sizeof completed);
    memset(return_results, 0, sizeof return_results);
    for (uint32_t i = 0; i < 3; i++)
        objects[i] = (struct capos_served){ CAPOS_TIMER_INTERFACE_ID, capos_timer_serve, &methods, (void *)(uintptr_t)(i + 10),
                                            i == 0 ? 0 : i };
    server = (struct capos_server){ .objects = objects, .object_count = 3, .deferred_max = 2 };
    assert_int_equal(capos_server_open(&server, "other"), CAPOS_NOT_GRANTED);
    assert_int_equal(capos_server_open(&server, "served"), CAPOS_OK);
    assert_int_equal(server.endpoint, 9);
    return 0;
}

static void send(uint64_t badge, uint64_t task)
{
    messages[message_count++] = (struct message){ .interface_id = CAPOS_TIMER_INTERFACE_ID, .badge = badge,
                                                  .method = CAPOS_TIMER_SLEEP_METHOD, .argument = task };
}

static uint64_t cookie(uint32_t generation, uint32_t index)
{
    uint64_t made = 0;
    assert_true(cap_cookie_make(generation, index, &made));
    return made;
}

static void serve_all(enum capos_status wanted)
{
    assert_int_equal(capos_serve(&server), wanted);
    assert_int_equal(memory_in_use, 0);
}

/* ---- tests ---------------------------------------------------------------------------------------- */

static void calls_are_answered_until_the_endpoint_is_gone(void **state)
{
    (void)state;
    send(0, ANSWER);
    send(5, REFUSE);
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(slept, 2);
    assert_int_equal(answer_count, 2);
    assert_int_equal(answers[0].call_id, 1);
    assert_false(answers[0].is_exception);
    assert_int_equal(answers[0].len, 0);
    assert_int_equal(answers[1].call_id, 2);
    assert_true(answers[1].is_exception);
    assert_int_equal(answers[1].type, CAPN_INVALID_ARGUMENT);
}

static void a_badge_reaches_one_object(void **state)
{
    (void)state;
    send(cookie(2, 2), ANSWER);
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(told_object, 12);
    const uint64_t dead[] = { cookie(3, 2), cookie(1, 2), cookie(1, 0), cookie(1, 3), cookie(1, 0xffffff) };
    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++) {
        setup(NULL);
        send(dead[i], ANSWER);
        serve_all(CAPOS_NO_SUCH_CAP);
        assert_int_equal(slept, 0);
        assert_int_equal(answers[0].type, CAPN_DISCONNECTED);
    }
}

static void an_interface_reaches_its_object_only(void **state)
{
    (void)state;
    send(0, ANSWER);
    messages[0].interface_id = CAPOS_CONSOLE_INTERFACE_ID;
    send(cookie(1, 1), ANSWER);
    messages[1].interface_id = CAPOS_CONSOLE_INTERFACE_ID;
    send(cookie(1, 1), ANSWER);
    messages[2].interface_id = CAPOS_ENDPOINT_INTERFACE_ID;
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(answers[0].type, CAPN_DISCONNECTED);
    assert_int_equal(answers[1].type, CAPN_DISCONNECTED);
    assert_false(answers[2].is_exception);
    assert_int_equal(told_object, 11);
}

static void revoked_objects_are_out_of_reach(void **state)
{
    (void)state;
    assert_true(capos_served_cookie(&server, 1) == cookie(1, 1));
    assert_true(capos_served_cookie(&server, 0) == 0);
    assert_true(capos_served_cookie(&server, 3) == 0);
    capos_served_revoke(&server, 1);
    assert_int_equal(objects[1].generation, 2);
    assert_null(objects[1].serve);
    send(cookie(2, 1), ANSWER);
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(answers[0].type, CAPN_DISCONNECTED);
    objects[2].generation = 0xffffff;
    capos_served_revoke(&server, 2);
    assert_int_equal(objects[2].generation, 0);
}

static void capabilities_are_taken_or_released(void **state)
{
    (void)state;
    send(0, TAKE);
    messages[0].cap_count = 3;
    send(0, GIVE_MOVED);
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(released_count, 2);
    assert_int_equal(released[0], 100);
    assert_int_equal(released[1], 102);
    assert_int_equal(taken.cap_id, 101);
    assert_true(taken.owned);
    assert_int_equal(answers[1].cap_count, 1);
    assert_int_equal(answers[1].cap.cap_id, 77);
    assert_int_equal(answers[1].cap.transfer_mode, TRANSFER_MODE_MOVE);
}

static void a_refused_answer_becomes_an_exception(void **state)
{
    (void)state;
    static const int32_t codes[] = { CAP_ERR_INVALID_PARAMS_BUFFER, CAP_ERR_TRANSFER_NOT_SUPPORTED,
                                     CAP_ERR_INVALID_TRANSFER_DESCRIPTOR, CAP_ERR_TRANSFER_ABORTED };
    for (size_t i = 0; i < 4; i++) {
        setup(NULL);
        send(0, GIVE_MOVED);
        return_results[0] = codes[i];
        serve_all(CAPOS_NO_SUCH_CAP);
        assert_int_equal(answer_count, 2);
        assert_int_equal(answers[1].call_id, 1);
        assert_true(answers[1].is_exception);
    }
    setup(NULL);
    send(0, ANSWER);
    return_results[0] = CAP_ERR_INVALID_RESULT_BUFFER; /* the caller has been told */
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_int_equal(answer_count, 1);
}

static void later_answers_are_bounded_and_all_given(void **state)
{
    (void)state;
    send(0, KEEP);
    send(0, KEEP);
    send(0, KEEP);
    send(0, ANSWER_KEPT);
    send(0, STOP);
    serve_all(CAPOS_OK);
    assert_int_equal(answer_count, 5);
    assert_int_equal(answers[0].call_id, 3);
    assert_int_equal(answers[0].type, CAPN_OVERLOADED);
    assert_int_equal(answers[1].call_id, 1);
    assert_false(answers[1].is_exception);
    assert_int_equal(answers[1].cap.cap_id, 78);
    assert_int_equal(answers[2].call_id, 4);
    assert_int_equal(answers[3].call_id, 5);
    assert_int_equal(answers[4].call_id, 2);
    assert_int_equal(answers[4].type, CAPN_DISCONNECTED);
}

static void a_lost_call_is_answered(void **state)
{
    (void)state;
    send(0, LOSE);
    serve_all(CAPOS_NO_SUCH_CAP);
    assert_true(answers[0].is_exception);
    assert_int_equal(answers[0].type, CAPN_FAILED);
}

static void a_wrapper_passes_copies_on(void **state)
{
    (void)state;
    static struct capos_narrow wrapper = { .target = { .cap_id = 55 }, .methods = 1 };
    static struct capos_served wrapped[1];
    wrapped[0] = (struct capos_served){ .interface_id = CAPOS_TIMER_INTERFACE_ID, .serve = capos_narrow_serve, .object = &wrapper };
    server.objects = wrapped;
    server.object_count = 1;
    messages[0] = (struct message){ .interface_id = CAPOS_TIMER_INTERFACE_ID, .cap_count = 3 };
    message_count = 1;
    (void)capos_serve(&server);
    for (uint32_t i = 0; i < 3; i++)
        assert_true(passed[i].cap_id == 100 + i && passed[i].transfer_mode == TRANSFER_MODE_COPY && passed[i].reserved == 0);
    assert_int_equal(released_count, 3);
    assert_true(released[0] == 100 && released[1] == 101 && released[2] == 102); /* what came is not kept */
    assert_false(answers[0].is_exception);
}

static void messages_are_checked(void **state)
{
    (void)state;
    uint8_t buffer[128] = { 0 };
    struct capos_received got;
    struct endpoint_message header = { .params_len = 8 };
    struct capos_completion done = { .result = 64, .call_id = 1 };
    memcpy(buffer, &header, sizeof header);
    assert_int_equal(capos_endpoint_read(buffer, sizeof buffer, &done, &got), CAPOS_OK);
    assert_int_equal(got.params_len, 8);
    assert_ptr_equal(got.params, buffer + 56);
    done.cap_count = 4;
    assert_int_equal(capos_endpoint_read(buffer, sizeof buffer, &done, &got), CAPOS_OK);
    done.cap_count = 5;
    assert_int_equal(capos_endpoint_read(buffer, sizeof buffer, &done, &got), CAPOS_RING_BROKEN);
    static const struct capos_completion bad[] = {
        { .result = 55, .call_id = 1 }, { .result = 63, .call_id = 1 }, { .result = 65, .call_id = 1 },
        { .result = 64, .call_id = 0 }, { .result = 200, .call_id = 1 } };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(capos_endpoint_read(buffer, sizeof buffer, &bad[i], &got), CAPOS_RING_BROKEN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(calls_are_answered_until_the_endpoint_is_gone, setup),
        cmocka_unit_test_setup(a_badge_reaches_one_object, setup),
        cmocka_unit_test_setup(an_interface_reaches_its_object_only, setup),
        cmocka_unit_test_setup(revoked_objects_are_out_of_reach, setup),
        cmocka_unit_test_setup(capabilities_are_taken_or_released, setup),
        cmocka_unit_test_setup(a_refused_answer_becomes_an_exception, setup),
        cmocka_unit_test_setup(later_answers_are_bounded_and_all_given, setup),
        cmocka_unit_test_setup(a_lost_call_is_answered, setup),
        cmocka_unit_test_setup(a_wrapper_passes_copies_on, setup),
        cmocka_unit_test(messages_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
