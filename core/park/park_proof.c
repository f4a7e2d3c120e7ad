/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The table of waiters: one operation on a bucket of every length up to three.
 * Whoever was put in is found by its key until it is taken out (so no wake-up
 * is lost between the two), each is there once, and of one key the first to
 * come is the first to go. The keys are three that lie in one bucket and
 * differ in the owner or in the word, and one of another bucket.
 */
#include "core/base/shape_proof.h"
#include "core/park/park.c"

static const struct park_key asked = {2, 0x1000}, other_owner = {181, 0x1000}, other_word = {2, 2560}, elsewhere = {3, 0x1000};

static struct park_table table;
static struct park_waiter p0, p1, p2, fresh;
static struct park_bucket *bucket;

static bool same(struct park_key a, struct park_key b)
{
    return a.space == b.space && a.word == b.word;
}

static void set(struct park_waiter *waiter, uint32_t key, struct park_waiter *prev, struct park_waiter *next)
{
    waiter->key = key == 0 ? asked : key == 1 ? other_owner : other_word;
    waiter->prev = prev;
    waiter->next = next;
    waiter->queued = true;
}

/* A bucket of so many waiters, with the keys k0, k1, k2 (0 asked, 1 other_owner, 2 other_word). */
static void a_table(uint32_t count, uint32_t k0, uint32_t k1, uint32_t k2)
{
    bucket = &table.buckets[bucket_of(asked)];
    assert(bucket_of(other_owner) == bucket_of(asked) && bucket_of(other_word) == bucket_of(asked));
    assert(bucket_of(elsewhere) != bucket_of(asked));
    if (count > 0)
        set(&p0, k0, NULL, count > 1 ? &p1 : NULL);
    if (count > 1)
        set(&p1, k1, &p0, count > 2 ? &p2 : NULL);
    if (count > 2)
        set(&p2, k2, &p1, NULL);
    bucket->head = count > 0 ? &p0 : NULL;
    bucket->tail = count > 2 ? &p2 : count > 1 ? &p1 : count > 0 ? &p0 : NULL;
    table.count = count + 5; /* others are in other buckets */
}

/* The bucket has exactly these, in this order; NULL where it is shorter. */
static void assert_bucket(const struct park_waiter *a, const struct park_waiter *b, const struct park_waiter *c,
                          const struct park_waiter *d)
{
    assert(bucket->head == a && bucket->tail == (d != NULL ? d : c != NULL ? c : b != NULL ? b : a));
    if (a != NULL)
        assert(a->queued && a->prev == NULL && a->next == b);
    if (b != NULL)
        assert(b->queued && b->prev == a && b->next == c);
    if (c != NULL)
        assert(c->queued && c->prev == b && c->next == d);
    if (d != NULL)
        assert(d->queued && d->prev == c && d->next == NULL);
    assert(table.buckets[bucket_of(elsewhere)].head == NULL && table.buckets[bucket_of(elsewhere)].tail == NULL);
    assert(table.count == 5 + (uint32_t)(a != NULL) + (b != NULL) + (c != NULL) + (d != NULL));
}

static bool is_out(const struct park_waiter *waiter)
{
    return !waiter->queued && waiter->next == NULL && waiter->prev == NULL;
}

static void try_enqueue(uint32_t count)
{
    a_table(count, 0, 1, 0);
    fresh.prev = &p1; /* what a former wait may have left */
    fresh.next = &p1;
    fresh.queued = false;
    probe(1);
    assert(park_enqueue(&table, &fresh, asked) && same(fresh.key, asked));
    if (count == 0)
        assert_bucket(&fresh, NULL, NULL, NULL);
    else if (count == 1)
        assert_bucket(&p0, &fresh, NULL, NULL);
    else if (count == 2)
        assert_bucket(&p0, &p1, &fresh, NULL);
    else
        assert_bucket(&p0, &p1, &p2, &fresh);
}

static void try_again(uint32_t which)
{
    struct park_waiter *waiter = which == 0 ? &p0 : which == 1 ? &p1 : &p2;
    a_table(3, 0, 1, 2);
    probe(2);
    assert(!park_enqueue(&table, waiter, elsewhere));
    assert(same(p0.key, asked) && same(p1.key, other_owner) && same(p2.key, other_word));
    assert_bucket(&p0, &p1, &p2, NULL);
}

/* PROOF a_waiter_is_queued_once
 * of: park_enqueue
 * bound: up to 3 waiters in the bucket: the operation looks at the last
 * next: 4: nothing new
 * unwind: 4
 */
void a_waiter_is_queued_once(void)
{
    if (nondet_bool())
        SHAPE(4, try_enqueue);
    else
        SHAPE(3, try_again);
}

static void try_remove(uint32_t n)
{
    uint32_t count = n < 3 ? 3 : n < 5 ? 2 : 1, at = n < 3 ? n : n < 5 ? n - 3 : 0;
    struct park_waiter *waiter = at == 0 ? &p0 : at == 1 ? &p1 : &p2;
    a_table(count, 0, 1, 2);
    probe(1);
    assert(park_remove(&table, waiter) && is_out(waiter));
    if (count == 3)
        assert_bucket(at == 0 ? &p1 : &p0, at == 2 ? &p1 : &p2, NULL, NULL);
    else if (count == 2)
        assert_bucket(at == 0 ? &p1 : &p0, NULL, NULL, NULL);
    else
        assert_bucket(NULL, NULL, NULL, NULL);
    assert(!park_remove(&table, waiter) && is_out(waiter) && table.count == 4 + count);
}

/* PROOF a_waiter_leaves_from_anywhere
 * of: park_remove
 * bound: 1 to 3 waiters in the bucket: the one that leaves has a neighbour, or none, on both sides
 * next: 4: nothing new
 * unwind: 4
 */
void a_waiter_leaves_from_anywhere(void)
{
    SHAPE(6, try_remove);
}

/* Three waiters, each of the key that is asked for or of another. */
static void try_take(uint32_t n)
{
    uint32_t k0 = n & 1 ? 1 : 0, k1 = n & 2 ? 2 : 0, k2 = n & 4 ? 1 : 0;
    a_table(3, k0, k1, k2);
    const struct park_waiter *woken = park_take(&table, asked);
    if (k0 == 0) {
        probe(1);
        assert(woken == &p0 && is_out(&p0));
        assert_bucket(&p1, &p2, NULL, NULL);
    } else if (k1 == 0) {
        probe(2);
        assert(woken == &p1 && is_out(&p1));
        assert_bucket(&p0, &p2, NULL, NULL);
    } else if (k2 == 0) {
        probe(3);
        assert(woken == &p2 && is_out(&p2));
        assert_bucket(&p0, &p1, NULL, NULL);
    } else {
        probe(4);
        assert(woken == NULL);
        assert_bucket(&p0, &p1, &p2, NULL);
    }
}

static void try_take_of_few(uint32_t count)
{
    a_table(count, 0, 0, 0);
    probe(5);
    assert(park_take(&table, elsewhere) == NULL);
    assert(park_take(&table, asked) == (count > 0 ? &p0 : NULL));
    assert_bucket(count > 1 ? &p1 : NULL, NULL, NULL, NULL);
}

/* PROOF the_first_of_a_key_is_woken
 * of: park_take
 * bound: up to 3 waiters in the bucket, each of the key asked for or of another: the search goes over all alike
 * next: 4: twice as many shapes
 * unwind: 4
 * flags: --tuple-sym-flattener
 */
void the_first_of_a_key_is_woken(void)
{
    if (nondet_bool())
        SHAPE(8, try_take);
    else
        SHAPE(3, try_take_of_few);
}

/* PROOF keys_of_two_owners_differ
 * of: park_key_private, park_key_shared
 * bound: none: every process and object below 2^63, every word
 */
void keys_of_two_owners_differ(void)
{
    uint64_t a = nondet_u64(), b = nondet_u64(), word = nondet_u64(), other = nondet_u64();
    assume(a < (uint64_t)1 << 63 && b < (uint64_t)1 << 63);
    struct park_key mine = park_key_private(a, word), yours = park_key_private(b, other);
    assert(same(mine, yours) == (a == b && word == other));
    mine = park_key_shared(a, word);
    assert(!same(mine, yours));
    yours = park_key_shared(b, other);
    probe(1);
    assert(same(mine, yours) == (a == b && word == other));
    assert(mine.word == word);
}
