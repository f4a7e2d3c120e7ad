/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PARK and UNPARK as entries: what is sent, which space is used, what comes back, a queue that is full. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "abi/capset.h"
#include "capos/capset.h"
#include "capos/park.h"
#include "capos/ring.h"
#include "capos/syscall.h"
#include "capos/thread.h"
#include "schema/generated/capos.h"
#include "words.h"

static struct capset_entry entries[3];
static uint32_t entry_count, sent_count, full_for, entered;
static struct ring_sqe sent;
static struct capos_completion answer;
static enum capos_status status;
static uint32_t word;

const struct capset_entry *capos_capset_entry(uint32_t i)
{
    return i < entry_count ? &entries[i] : NULL;
}

uint32_t capos_thread_id(void)
{
    return 7;
}

struct capos_ring *capos_ring(void)
{
    return NULL;
}

uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    assert_true(number == SYSCALL_CAP_ENTER && arg0 == 0 && arg1 == 0);
    entered++;
    return 0;
}

enum capos_status capos_ring_run(struct capos_ring *ring, const struct ring_sqe *sqe, struct capos_completion *out)
{
    (void)ring;
    if (full_for > 0) {
        full_for--;
        return CAPOS_RING_FULL;
    }
    sent = *sqe;
    sent_count++;
    *out = answer;
    return status;
}

static int setup(void **state)
{
    (void)state;
    memset(entries, 0, sizeof entries);
    entries[0] = (struct capset_entry){ .cap_id = 3, .interface_id = CAPOS_SHARED_PARK_SPACE_INTERFACE_ID };
    entries[1] = (struct capset_entry){ .cap_id = 4, .interface_id = CAPOS_PARK_SPACE_INTERFACE_ID };
    entry_count = 2;
    sent_count = full_for = entered = 0;
    status = CAPOS_OK;
    answer = (struct capos_completion){ 0 };
    return 0;
}

static void entries_are_as_the_abi_says(void **state)
{
    (void)state;
    answer.result = CAPOS_PARK_TIMED_OUT;
    assert_int_equal(capos_park(9, &word, 0xfffffff0, 55), CAPOS_PARK_TIMED_OUT);
    struct ring_sqe park = { .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = 9, .addr = (uintptr_t)&word,
                             .len = 0xfffffff0, .pipeline_dep = 55, .call_id = 7 };
    assert_memory_equal(&sent, &park, sizeof park);
    answer.result = 3;
    assert_int_equal(capos_unpark(9, &word, 12), 3);
    struct ring_sqe unpark = { .opcode = RING_OP_UNPARK, .cap_id = 9, .addr = (uintptr_t)&word, .len = 12 };
    assert_memory_equal(&sent, &unpark, sizeof unpark);
    answer.result = -2;
    assert_int_equal(capos_unpark(9, &word, 1), CAPOS_INVALID_PARAMS);
    status = CAPOS_RING_BROKEN;
    assert_int_equal(capos_park(9, &word, 0, 0), CAPOS_RING_BROKEN);
}

static void full_queue_is_emptied_first(void **state)
{
    (void)state;
    full_for = 2;
    assert_int_equal(capos_unpark(9, &word, 1), 0);
    assert_true(entered == 2 && sent_count == 1);
}

static void locks_use_the_park_space(void **state)
{
    (void)state;
    assert_int_equal(capos_word_wait(&word, 2, 99), 0);
    assert_true(sent.opcode == RING_OP_PARK && sent.cap_id == 4 && sent.len == 2 && sent.pipeline_dep == 99);
    capos_word_wake(&word, 5);
    assert_true(sent.opcode == RING_OP_UNPARK && sent.cap_id == 4 && sent.len == 5);
    entry_count = 1; /* only the shared one is left */
    assert_true(capos_word_wait(&word, 2, 99) < 0);
    capos_word_wake(&word, 5);
    assert_int_equal(sent_count, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(entries_are_as_the_abi_says, setup),
        cmocka_unit_test_setup(full_queue_is_emptied_first, setup),
        cmocka_unit_test_setup(locks_use_the_park_space, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
