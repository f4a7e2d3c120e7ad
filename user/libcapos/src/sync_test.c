/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The locks: what they say in their words and when they enter the kernel, one
 * thread alone; then threads of the host, whose kernel waits on words as ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "capos/park.h"
#include "words.h"

/* What stands in for the kernel: alone, a note of the call; with threads, the host. */
static bool threads_run;
static struct {
    const uint32_t *word;
    uint32_t expected, woken, waits, wakes;
    uint64_t timeout;
    int32_t result;
    void (*meanwhile)(void); /* what happens while it waits */
} noted;

int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    if (threads_run) {
        syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
        return CAPOS_PARK_WOKEN;
    }
    noted.word = word;
    noted.expected = expected;
    noted.timeout = timeout_ns;
    noted.waits++;
    if (*word != expected)
        return CAPOS_PARK_DIFFERENT;
    assert_non_null(noted.meanwhile); /* else it would wait for ever */
    noted.meanwhile();
    return noted.result;
}

void capos_word_wake(const uint32_t *word, uint32_t count)
{
    if (threads_run) {
        syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count > INT32_MAX ? INT32_MAX : (int)count, NULL, NULL, 0);
        return;
    }
    noted.word = word;
    noted.woken = count;
    noted.wakes++;
}

static struct capos_mutex mutex;
static struct capos_condition condition;
static struct capos_once once;
static uint32_t runs;

static int setup(void **state)
{
    (void)state;
    memset(&noted, 0, sizeof noted);
    mutex = (struct capos_mutex){ 0 };
    condition = (struct capos_condition){ 0 };
    once = (struct capos_once){ 0 };
    runs = 0;
    threads_run = false;
    return 0;
}

/* ---- alone ----------------------------------------------------------------------------- */

static void free_lock_stays_out_of_the_kernel(void **state)
{
    (void)state;
    capos_mutex_lock(&mutex);
    assert_int_equal(mutex.word, 1);
    assert_false(capos_mutex_try_lock(&mutex));
    capos_mutex_unlock(&mutex);
    assert_int_equal(mutex.word, 0);
    assert_true(capos_mutex_try_lock(&mutex));
    capos_mutex_unlock(&mutex);
    assert_int_equal(noted.waits + noted.wakes, 0);
}

static void holder_leaves(void)
{
    capos_mutex_unlock(&mutex);
}

static void held_lock_is_waited_for(void **state)
{
    (void)state;
    capos_mutex_lock(&mutex);
    noted.meanwhile = holder_leaves;
    capos_mutex_lock(&mutex);
    assert_int_equal(noted.waits, 1);
    assert_ptr_equal(noted.word, &mutex.word);
    assert_int_equal(noted.expected, 2);
    assert_true(noted.timeout == CAPOS_WAIT_FOREVER);
    assert_int_equal(noted.wakes, 1); /* the holder saw that somebody waits */
    assert_int_equal(noted.woken, 1);
    assert_int_equal(mutex.word, 2); /* others may wait still */
    capos_mutex_unlock(&mutex);
    assert_int_equal(noted.wakes, 2);
    assert_int_equal(mutex.word, 0);
}

static void look_at_the_mutex(void)
{
    assert_int_equal(mutex.word, 0);
    assert_int_equal(noted.expected, condition.sequence);
}

static void condition_gives_the_lock_away(void **state)
{
    (void)state;
    capos_mutex_lock(&mutex);
    noted.meanwhile = look_at_the_mutex;
    noted.result = CAPOS_PARK_TIMED_OUT;
    assert_false(capos_condition_wait_for(&condition, &mutex, 77));
    assert_true(noted.timeout == 77);
    assert_int_equal(mutex.word, 2);
    noted.result = CAPOS_PARK_WOKEN;
    assert_true(capos_condition_wait_for(&condition, &mutex, 77));
    capos_condition_wait(&condition, &mutex);
    assert_true(noted.timeout == CAPOS_WAIT_FOREVER);
    assert_ptr_equal(noted.word, &condition.sequence);
    noted.wakes = 0;
    capos_condition_signal(&condition);
    assert_true(noted.wakes == 1 && noted.woken == 1 && condition.sequence == 1);
    capos_condition_broadcast(&condition);
    assert_true(noted.wakes == 2 && noted.woken == UINT32_MAX && condition.sequence == 2);
    assert_ptr_equal(noted.word, &condition.sequence);
}

static void run(void)
{
    runs++;
}

static void run_while_waited_for(void)
{
    runs++;
    once.word = 2;
}

static void other_finishes(void)
{
    assert_int_equal(once.word, 2);
    once.word = 3;
}

static void once_runs_once(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        capos_once(&once, run);
    assert_int_equal(runs, 1);
    assert_int_equal(noted.waits + noted.wakes, 0);
    setup(NULL);
    capos_once(&once, run_while_waited_for);
    assert_true(noted.wakes == 1 && noted.woken == UINT32_MAX && noted.word == &once.word);
    for (uint32_t begun = 1; begun <= 2; begun++) {
        setup(NULL);
        once.word = begun;
        noted.meanwhile = other_finishes;
        capos_once(&once, run);
        assert_true(runs == 0 && noted.waits == 1 && noted.expected == 2);
    }
}

/* ---- threads of the host ------------------------------------------------------------------ */

#define THREADS 4u
#define ROUNDS 20000u

static uint32_t counter;

static void *count(void *argument)
{
    for (uint32_t i = 0; i < ROUNDS; i++) {
        capos_mutex_lock(&mutex);
        counter++;
        capos_mutex_unlock(&mutex);
    }
    return argument;
}

static void in_threads(void *(*fn)(void *))
{
    pthread_t threads[THREADS];
    threads_run = true;
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fn, (void *)i), 0);
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void mutex_excludes(void **state)
{
    (void)state;
    counter = 0;
    in_threads(count);
    assert_int_equal(counter, THREADS * ROUNDS);
}

/* A token goes round: each thread waits for its turn. */
static void *pass_on(void *argument)
{
    uint32_t self = (uint32_t)(uintptr_t)argument;
    for (uint32_t i = 0; i < ROUNDS / 20; i++) {
        capos_mutex_lock(&mutex);
        while (counter % THREADS != self)
            capos_condition_wait(&condition, &mutex);
        counter++;
        capos_condition_broadcast(&condition);
        capos_mutex_unlock(&mutex);
    }
    return NULL;
}

static void condition_loses_no_signal(void **state)
{
    (void)state;
    counter = 0;
    in_threads(pass_on);
    assert_int_equal(counter, THREADS * (ROUNDS / 20));
}

static void slow_run(void)
{
    usleep(1000);
    runs++;
}

static void *run_once(void *argument)
{
    capos_once(&once, slow_run);
    assert_int_equal(runs, 1);
    return argument;
}

static void once_holds_all_until_it_is_done(void **state)
{
    (void)state;
    for (int i = 0; i < 50; i++) {
        setup(NULL);
        in_threads(run_once);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(free_lock_stays_out_of_the_kernel, setup),
        cmocka_unit_test_setup(held_lock_is_waited_for, setup),
        cmocka_unit_test_setup(condition_gives_the_lock_away, setup),
        cmocka_unit_test_setup(once_runs_once, setup),
        cmocka_unit_test_setup(mutex_excludes, setup),
        cmocka_unit_test_setup(condition_loses_no_signal, setup),
        cmocka_unit_test_setup(once_holds_all_until_it_is_done, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
