/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The heap: alignment, separation, reuse, merging, exhaustion. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "capos/heap.h"
#include "words.h"

/* One thread alone never waits. */
int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    (void)word, (void)expected, (void)timeout_ns;
    fail_msg("the heap is locked");
    return -1;
}

void capos_word_wake(const uint32_t *word, uint32_t count)
{
    (void)word, (void)count;
    fail_msg("somebody waits for the heap");
}

static void pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    unsigned char *pieces[16];
    for (size_t i = 0; i < 16; i++) {
        pieces[i] = capos_alloc(i + 1);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)i, i + 1);
    }
    for (size_t i = 0; i < 16; i++) {
        for (size_t k = 0; k <= i; k++)
            assert_int_equal(pieces[i][k], i);
        capos_free(pieces[i]);
    }
    assert_int_equal(capos_heap_used(), 0);
}

static void nothing_for_nothing(void **state)
{
    (void)state;
    assert_null(capos_alloc(0));
    assert_null(capos_alloc(CAPOS_HEAP_BYTES));
    assert_null(capos_alloc(SIZE_MAX));
    capos_free(NULL);
    assert_int_equal(capos_heap_used(), 0);
}

static void neighbours_merge(void **state)
{
    (void)state;
    void *a = capos_alloc(CAPOS_HEAP_BYTES / 4), *b = capos_alloc(CAPOS_HEAP_BYTES / 4), *c = capos_alloc(CAPOS_HEAP_BYTES / 4);
    assert_non_null(c);
    assert_null(capos_alloc(CAPOS_HEAP_BYTES / 2));
    capos_free(a);
    capos_free(b);
    void *ab = capos_alloc(CAPOS_HEAP_BYTES / 2);
    assert_ptr_equal(ab, a);
    capos_free(ab);
    capos_free(c);
    void *all = capos_alloc(CAPOS_HEAP_BYTES - 16);
    assert_non_null(all);
    capos_free(all);
}

static void full_and_usable_again(void **state)
{
    (void)state;
    void *pieces[64];
    size_t count = 0;
    while (count < 64 && (pieces[count] = capos_alloc(8192)) != NULL)
        count++;
    assert_in_range(count, 16, 63);
    assert_true(capos_heap_used() <= CAPOS_HEAP_BYTES);
    for (size_t i = 0; i < count; i += 2)
        capos_free(pieces[i]);
    for (size_t i = 0; i < count; i += 2)
        assert_non_null(pieces[i] = capos_alloc(8192));
    for (size_t i = 0; i < count; i++)
        capos_free(pieces[i]);
    assert_int_equal(capos_heap_used(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_and_apart), cmocka_unit_test(nothing_for_nothing),
        cmocka_unit_test(neighbours_merge), cmocka_unit_test(full_and_usable_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
