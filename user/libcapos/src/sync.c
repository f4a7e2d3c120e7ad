/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mutex, condition variable, once: see capos/park.h. Whoever waits has said so
 * in the word first, and waits only while the word still says it: a wake-up
 * between the two finds the word changed, so none is lost.
 */
#include "abi/atomic.h"
#include "capos/park.h"
#include "words.h"

enum { FREE = 0, HELD = 1, CONTENDED = 2 };

/* From now on the holder must wake somebody, so the lock is taken as contended. */
static void lock_contended(struct capos_mutex *mutex)
{
    while (exchange_u32(&mutex->word, CONTENDED) != FREE)
        (void)capos_word_wait(&mutex->word, CONTENDED, CAPOS_WAIT_FOREVER);
}

bool capos_mutex_try_lock(struct capos_mutex *mutex)
{
    return compare_exchange_u32(&mutex->word, FREE, HELD) == FREE;
}

void capos_mutex_lock(struct capos_mutex *mutex)
{
    if (!capos_mutex_try_lock(mutex))
        lock_contended(mutex);
}

void capos_mutex_unlock(struct capos_mutex *mutex)
{
    if (exchange_u32(&mutex->word, FREE) == CONTENDED)
        capos_word_wake(&mutex->word, 1);
}

bool capos_condition_wait_for(struct capos_condition *condition, struct capos_mutex *mutex, uint64_t timeout_ns)
{
    uint32_t seen = load_acquire_u32(&condition->sequence);
    capos_mutex_unlock(mutex);
    int32_t result = capos_word_wait(&condition->sequence, seen, timeout_ns);
    lock_contended(mutex); /* others that the signal woke may wait for it as well */
    return result != CAPOS_PARK_TIMED_OUT;
}

void capos_condition_wait(struct capos_condition *condition, struct capos_mutex *mutex)
{
    (void)capos_condition_wait_for(condition, mutex, CAPOS_WAIT_FOREVER);
}

void capos_condition_signal(struct capos_condition *condition)
{
    (void)fetch_add_u32(&condition->sequence, 1);
    capos_word_wake(&condition->sequence, 1);
}

void capos_condition_broadcast(struct capos_condition *condition)
{
    (void)fetch_add_u32(&condition->sequence, 1);
    capos_word_wake(&condition->sequence, UINT32_MAX);
}

enum { NOT_YET = 0, UNDER_WAY = 1, WAITED_FOR = 2, DONE = 3 };

void capos_once(struct capos_once *once, void (*fn)(void))
{
    uint32_t seen = load_acquire_u32(&once->word);
    if (seen == NOT_YET)
        seen = compare_exchange_u32(&once->word, NOT_YET, UNDER_WAY);
    if (seen == NOT_YET) {
        fn();
        if (exchange_u32(&once->word, DONE) == WAITED_FOR)
            capos_word_wake(&once->word, UINT32_MAX);
        return;
    }
    while (seen != DONE) {
        if (seen == UNDER_WAY)
            seen = compare_exchange_u32(&once->word, UNDER_WAY, WAITED_FOR);
        if (seen != DONE)
            (void)capos_word_wait(&once->word, WAITED_FOR, CAPOS_WAIT_FOREVER);
        seen = load_acquire_u32(&once->word);
    }
}
