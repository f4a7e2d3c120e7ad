/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of core/endpoint: single rules by example, and random sequences of all
 * operations against a model that keeps plain arrays.
 */
#include "core/endpoint/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CALLS 40
#define RECEIVES 12

static const struct endpoint_limits limits = {.queued = 4, .in_flight = 3, .bytes = 100};

static struct endpoint ep;
static struct endpoint_call calls[CALLS];
static struct endpoint_receive receives[RECEIVES];

static int setup(void **state)
{
    (void)state;
    memset(&ep, 0xa5, sizeof ep);
    memset(calls, 0, sizeof calls);
    memset(receives, 0, sizeof receives);
    endpoint_init(&ep, &limits);
    return 0;
}

static struct endpoint_receive *wait_as(int i, uint64_t process, uint64_t thread, uint64_t user_data)
{
    receives[i] = (struct endpoint_receive){.party = {process, thread}, .user_data = user_data};
    assert_int_equal(endpoint_receive(&ep, &receives[i]), ENDPOINT_OK);
    return &receives[i];
}

static uint32_t deliver_next(void)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    assert_true(endpoint_match(&ep, &call, &receive));
    return endpoint_deliver(&ep, call, receive);
}

static void ceilings(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_int_equal(endpoint_enqueue(&ep, &calls[i], 20), ENDPOINT_OK);
    assert_int_equal(endpoint_enqueue(&ep, &calls[4], 0), ENDPOINT_QUEUE_FULL);
    assert_int_equal(calls[4].place, ENDPOINT_NOWHERE);
    endpoint_remove_call(&ep, &calls[1]);
    assert_int_equal(endpoint_enqueue(&ep, &calls[4], 41), ENDPOINT_BYTES_FULL);
    assert_int_equal(endpoint_enqueue(&ep, &calls[4], 40), ENDPOINT_OK);
    assert_int_equal(ep.bytes, 100);
    for (int i = 0; i < 3; i++)
        wait_as(i, 1, 2, 9);
    assert_int_equal(endpoint_receive(&ep, &receives[3]), ENDPOINT_RECEIVES_FULL);
    assert_int_equal(receives[3].place, ENDPOINT_NOWHERE);
    assert_true(endpoint_is_valid(&ep));
}

/* One message above the ceiling of bytes can still pass, when nothing else waits. */
static void large_message(void **state)
{
    (void)state;
    assert_int_equal(endpoint_enqueue(&ep, &calls[0], 5000), ENDPOINT_OK);
    assert_int_equal(endpoint_enqueue(&ep, &calls[1], 1), ENDPOINT_BYTES_FULL);
    assert_int_equal(endpoint_enqueue(&ep, &calls[1], UINT32_MAX), ENDPOINT_BYTES_FULL);
    endpoint_remove_call(&ep, &calls[0]);
    assert_int_equal(ep.bytes, 0);
    assert_int_equal(endpoint_enqueue(&ep, &calls[0], 50), ENDPOINT_OK);
    assert_int_equal(endpoint_enqueue(&ep, &calls[1], UINT32_MAX - 20), ENDPOINT_BYTES_FULL);
}

static void first_come(void **state)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    (void)state;
    assert_false(endpoint_match(&ep, &call, &receive));
    endpoint_enqueue(&ep, &calls[0], 1);
    assert_false(endpoint_match(&ep, &call, &receive));
    endpoint_enqueue(&ep, &calls[1], 1);
    wait_as(0, 5, 50, 1);
    wait_as(1, 6, 60, 2);
    /* Looking changes nothing: the pair keeps its places (EN-23). */
    for (int i = 0; i < 3; i++) {
        assert_true(endpoint_match(&ep, &call, &receive));
        assert_ptr_equal(call, &calls[0]);
        assert_ptr_equal(receive, &receives[0]);
        assert_ptr_equal(endpoint_first_receive(&ep), &receives[0]);
    }
    assert_int_equal(endpoint_deliver(&ep, call, receive), 1);
    assert_int_equal(calls[0].receiver.process, 5);
    assert_int_equal(calls[0].receiver.thread, 50);
    assert_int_equal(calls[0].id, 1);
    assert_int_equal(deliver_next(), 2);
    assert_int_equal(calls[1].receiver.process, 6);
    assert_int_equal(ep.bytes, 0);
    assert_int_equal(ep.in_flight, 2);
}

static void in_flight_ceiling(void **state)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    (void)state;
    for (int i = 0; i < 3; i++) {
        wait_as(i, 1, 1, 1);
        endpoint_enqueue(&ep, &calls[i], 0);
        deliver_next();
    }
    wait_as(3, 1, 1, 1);
    endpoint_enqueue(&ep, &calls[3], 0);
    assert_false(endpoint_match(&ep, &call, &receive));
    endpoint_remove_call(&ep, &calls[1]);
    assert_true(endpoint_match(&ep, &call, &receive));
    assert_ptr_equal(call, &calls[3]);
}

static void ids(void **state)
{
    (void)state;
    ep.last_id = UINT32_MAX - 1;
    wait_as(0, 1, 1, 1);
    endpoint_enqueue(&ep, &calls[0], 0);
    assert_int_equal(deliver_next(), UINT32_MAX);
    ep.last_id = UINT32_MAX - 1; /* comes round again while the id is in flight; 0 is none */
    wait_as(1, 1, 1, 1);
    endpoint_enqueue(&ep, &calls[1], 0);
    assert_int_equal(deliver_next(), 1);
    ep.last_id = 0;
    assert_int_equal(endpoint_spare_id(&ep), 2);
    assert_ptr_equal(endpoint_find(&ep, 1, 1), &calls[1]);
    assert_null(endpoint_find(&ep, 1, 2));
    assert_null(endpoint_find(&ep, 2, 1));
    assert_null(endpoint_find(&ep, 0, 1));
    endpoint_remove_call(&ep, &calls[1]);
    assert_null(endpoint_find(&ep, 1, 1));
    endpoint_remove_call(&ep, &calls[1]); /* twice is nothing */
    assert_int_equal(ep.in_flight, 1);
}

static void finding_receives(void **state)
{
    (void)state;
    wait_as(0, 1, 10, 7);
    wait_as(1, 1, 11, 7);
    wait_as(2, 1, 11, 7);
    assert_ptr_equal(endpoint_find_receive(&ep, (struct endpoint_party){1, 11}, 7), &receives[1]);
    assert_null(endpoint_find_receive(&ep, (struct endpoint_party){1, 12}, 7));
    assert_null(endpoint_find_receive(&ep, (struct endpoint_party){2, 11}, 7));
    assert_null(endpoint_find_receive(&ep, (struct endpoint_party){1, 11}, 8));
    assert_ptr_equal(endpoint_pop_receive_of(&ep, (struct endpoint_party){1, 11}), &receives[1]);
    assert_ptr_equal(endpoint_pop_receive_of(&ep, (struct endpoint_party){1, 0}), &receives[0]);
    assert_null(endpoint_pop_receive_of(&ep, (struct endpoint_party){2, 0}));
    assert_ptr_equal(endpoint_pop_receive(&ep), &receives[2]);
    assert_null(endpoint_pop_receive(&ep));
    assert_null(endpoint_first_receive(&ep));
    endpoint_remove_receive(&ep, &receives[2]);
    assert_int_equal(ep.receiving, 0);
}

static void emptying(void **state)
{
    (void)state;
    wait_as(0, 1, 10, 7);
    endpoint_enqueue(&ep, &calls[0], 0);
    deliver_next();
    wait_as(1, 2, 20, 7);
    endpoint_enqueue(&ep, &calls[1], 0);
    deliver_next();
    endpoint_enqueue(&ep, &calls[2], 9);
    assert_null(endpoint_pop_received_by(&ep, (struct endpoint_party){2, 21}));
    assert_ptr_equal(endpoint_pop_received_by(&ep, (struct endpoint_party){2, 20}), &calls[1]);
    assert_ptr_equal(endpoint_pop_call(&ep), &calls[2]);
    assert_ptr_equal(endpoint_pop_call(&ep), &calls[0]);
    assert_null(endpoint_pop_call(&ep));
    assert_true(endpoint_is_valid(&ep));
}

/* ---- against a model ------------------------------------------------------------------ */

/* Record numbers, oldest first. */
struct row {
    int items[CALLS];
    int count;
};

static struct row queue, flight, waiting;

static void row_add(struct row *row, int item)
{
    row->items[row->count++] = item;
}

static void row_drop(struct row *row, int item)
{
    int to = 0;
    for (int i = 0; i < row->count; i++)
        if (row->items[i] != item)
            row->items[to++] = row->items[i];
    row->count = to;
}

static uint32_t queue_bytes(void)
{
    uint32_t sum = 0;
    for (int i = 0; i < queue.count; i++)
        sum += calls[queue.items[i]].bytes;
    return sum;
}

static int pick_free_call(void)
{
    int i = rand() % CALLS;
    return calls[i].place == ENDPOINT_NOWHERE ? i : -1;
}

static void step_call(void)
{
    int i = pick_free_call();
    uint32_t bytes = (uint32_t)(rand() % 60);
    if (i < 0)
        return;
    bool full = queue.count >= 4;
    bool fat = queue.count > 0 && queue_bytes() + bytes > 100;
    enum endpoint_error error = endpoint_enqueue(&ep, &calls[i], bytes);
    assert_int_equal(error, full ? ENDPOINT_QUEUE_FULL : fat ? ENDPOINT_BYTES_FULL : ENDPOINT_OK);
    if (error == ENDPOINT_OK)
        row_add(&queue, i);
}

static void step_receive(void)
{
    int i = rand() % RECEIVES;
    if (receives[i].place != ENDPOINT_NOWHERE)
        return;
    receives[i] = (struct endpoint_receive){
        .party = {1 + (uint64_t)rand() % 3, 10 + (uint64_t)rand() % 2}, .user_data = (uint64_t)rand() % 3};
    enum endpoint_error error = endpoint_receive(&ep, &receives[i]);
    assert_int_equal(error, waiting.count >= 3 ? ENDPOINT_RECEIVES_FULL : ENDPOINT_OK);
    if (error == ENDPOINT_OK)
        row_add(&waiting, i);
}

static void step_match(void)
{
    struct endpoint_call *call;
    struct endpoint_receive *receive;
    bool ready = queue.count > 0 && waiting.count > 0 && flight.count < 3;
    assert_int_equal(endpoint_match(&ep, &call, &receive), ready);
    if (!ready)
        return;
    assert_ptr_equal(call, &calls[queue.items[0]]);
    assert_ptr_equal(receive, &receives[waiting.items[0]]);
    if (rand() % 4 == 0)
        return; /* a delivery that failed */
    uint32_t id = endpoint_deliver(&ep, call, receive);
    for (int i = 0; i < flight.count; i++)
        assert_int_not_equal(calls[flight.items[i]].id, id);
    assert_int_not_equal(id, 0);
    row_add(&flight, queue.items[0]);
    row_drop(&queue, queue.items[0]);
    row_drop(&waiting, waiting.items[0]);
}

static void step_return(void)
{
    uint32_t id = flight.count > 0 && rand() % 3 > 0 ? calls[flight.items[rand() % flight.count]].id : (uint32_t)rand() % 9;
    uint64_t process = 1 + (uint64_t)rand() % 3;
    int expected = -1;
    for (int i = 0; i < flight.count; i++)
        if (calls[flight.items[i]].id == id && calls[flight.items[i]].receiver.process == process)
            expected = flight.items[i];
    struct endpoint_call *found = endpoint_find(&ep, id, process);
    assert_ptr_equal(found, expected < 0 ? NULL : &calls[expected]);
    if (found == NULL)
        return;
    endpoint_remove_call(&ep, found);
    row_drop(&flight, expected);
}

static void step_remove(void)
{
    int i = rand() % CALLS, j = rand() % RECEIVES;
    endpoint_remove_call(&ep, &calls[i]);
    row_drop(&queue, i);
    row_drop(&flight, i);
    endpoint_remove_receive(&ep, &receives[j]);
    row_drop(&waiting, j);
}

static bool is_of(struct endpoint_party asked, struct endpoint_party party)
{
    return asked.process == party.process && (asked.thread == 0 || asked.thread == party.thread);
}

static void step_leave(void)
{
    struct endpoint_party party = {1 + (uint64_t)rand() % 3, rand() % 2 == 0 ? 0 : 10 + (uint64_t)rand() % 2};
    int call = -1, receive = -1;
    for (int i = flight.count - 1; i >= 0; i--)
        if (is_of(party, calls[flight.items[i]].receiver))
            call = flight.items[i];
    for (int i = waiting.count - 1; i >= 0; i--)
        if (is_of(party, receives[waiting.items[i]].party))
            receive = waiting.items[i];
    assert_ptr_equal(endpoint_pop_received_by(&ep, party), call < 0 ? NULL : &calls[call]);
    assert_ptr_equal(endpoint_pop_receive_of(&ep, party), receive < 0 ? NULL : &receives[receive]);
    row_drop(&flight, call);
    row_drop(&waiting, receive);
}

static void step_pop(void)
{
    int call = queue.count > 0 ? queue.items[0] : flight.count > 0 ? flight.items[0] : -1;
    int receive = waiting.count > 0 ? waiting.items[0] : -1;
    assert_ptr_equal(endpoint_pop_call(&ep), call < 0 ? NULL : &calls[call]);
    assert_ptr_equal(endpoint_pop_receive(&ep), receive < 0 ? NULL : &receives[receive]);
    row_drop(&queue, call);
    row_drop(&flight, call);
    row_drop(&waiting, receive);
}

static void check_model(void)
{
    assert_true(endpoint_is_valid(&ep));
    assert_int_equal(ep.queued, queue.count);
    assert_int_equal(ep.in_flight, flight.count);
    assert_int_equal(ep.receiving, waiting.count);
    assert_int_equal(ep.bytes, queue_bytes());
}

static void random_steps(void **state)
{
    static void (*const steps[])(void) = {step_call, step_call,   step_receive, step_receive, step_match,
                                          step_match, step_return, step_remove,  step_leave,   step_pop};
    for (unsigned int seed = 1; seed <= 60; seed++) {
        srand(seed);
        setup(state);
        queue.count = flight.count = waiting.count = 0;
        ep.last_id = UINT32_MAX - (uint32_t)(rand() % 20);
        for (int i = 0; i < 2000; i++) {
            steps[(size_t)rand() % (sizeof steps / sizeof steps[0] - (rand() % 8 != 0))]();
            check_model();
        }
    }
}

static void broken_ones_are_found(void **state)
{
    (void)state;
    endpoint_enqueue(&ep, &calls[0], 5);
    endpoint_enqueue(&ep, &calls[1], 5);
    struct endpoint_link *second = calls[0].link.next;
    ep.bytes++;
    assert_false(endpoint_is_valid(&ep));
    ep.bytes--;
    calls[0].link.next = &ep.calls;
    assert_false(endpoint_is_valid(&ep));
    calls[0].link.next = second;
    calls[0].place = ENDPOINT_IN_FLIGHT;
    assert_false(endpoint_is_valid(&ep));
    calls[0].place = ENDPOINT_QUEUED;
    ep.queued = 1;
    assert_false(endpoint_is_valid(&ep));
    ep.queued = 2;
    assert_true(endpoint_is_valid(&ep));
    wait_as(0, 1, 1, 1);
    wait_as(1, 1, 1, 1);
    deliver_next();
    deliver_next();
    calls[1].id = calls[0].id;
    assert_false(endpoint_is_valid(&ep));
    calls[1].id = 0;
    assert_false(endpoint_is_valid(&ep));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(ceilings, setup),         cmocka_unit_test_setup(large_message, setup),
        cmocka_unit_test_setup(first_come, setup),       cmocka_unit_test_setup(in_flight_ceiling, setup),
        cmocka_unit_test_setup(ids, setup),              cmocka_unit_test_setup(finding_receives, setup),
        cmocka_unit_test_setup(emptying, setup),         cmocka_unit_test_setup(random_steps, setup),
        cmocka_unit_test_setup(broken_ones_are_found, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
