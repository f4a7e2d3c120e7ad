/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of the region set: range rules, splitting, capacity, and a page-by-page reference model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/region/region.h"

#define CAPACITY 8u
#define BASE 0x10000000ull
#define PAGE(n) (BASE + (uint64_t)(n) * PAGE_SIZE)

static struct region storage[CAPACITY + 1];
static struct region_set set;

static int setup(void **state)
{
    (void)state;
    memset(storage, 0xee, sizeof storage);
    region_set_init(&set, storage, CAPACITY);
    return 0;
}

static struct region anon(uint64_t start, uint64_t pages, uint64_t tag)
{
    return (struct region){ .start = start, .pages = pages, .tag = tag, .kind = REGION_ANON, .prot = 3 };
}

static enum region_error insert(uint64_t start, uint64_t pages, uint64_t tag)
{
    struct region r = anon(start, pages, tag);
    return region_insert(&set, &r);
}

static void test_range_rules(void **state)
{
    uint64_t pages = 99;

    (void)state;
    assert_int_equal(region_check_range(0x1000, 0, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(0x1001, 0x1000, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(0x1000, 0x1001, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(USER_HALF_LIMIT, 0x1000, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(USER_HALF_LIMIT - 0x1000, 0x2000, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(0x1000, 0ull - 0x1000, &pages), REGION_INVALID);
    assert_int_equal(region_check_range(0ull - 0x1000, 0x2000, &pages), REGION_INVALID);
    assert_int_equal(pages, 99);
    assert_int_equal(region_check_range(0, USER_HALF_LIMIT, &pages), REGION_OK);
    assert_int_equal(pages, USER_HALF_LIMIT / 4096);
    assert_int_equal(region_check_range(USER_HALF_LIMIT - 0x1000, 0x1000, &pages), REGION_OK);
    assert_int_equal(pages, 1);
}

static void test_insert(void **state)
{
    (void)state;
    assert_int_equal(insert(PAGE(4), 2, 1), REGION_OK);
    assert_int_equal(insert(PAGE(4), 1, 2), REGION_OCCUPIED);
    assert_int_equal(insert(PAGE(5), 3, 2), REGION_OCCUPIED);
    assert_int_equal(insert(PAGE(3), 2, 2), REGION_OCCUPIED);
    assert_int_equal(insert(PAGE(0), 9, 2), REGION_OCCUPIED);
    assert_int_equal(insert(PAGE(6), 0, 2), REGION_INVALID);
    assert_int_equal(insert(PAGE(6) + 1, 1, 2), REGION_INVALID);
    assert_int_equal(insert(USER_HALF_LIMIT - 4096, 2, 2), REGION_INVALID);
    assert_int_equal(insert(PAGE(6), UINT64_MAX / 4096 + 1, 2), REGION_INVALID);
    assert_int_equal(insert(PAGE(6), 1, 3), REGION_OK);
    assert_int_equal(insert(PAGE(2), 2, 4), REGION_OK);
    assert_int_equal(insert(0, 1, 5), REGION_OK);
    assert_int_equal(insert(USER_HALF_LIMIT - 4096, 1, 6), REGION_OK);
    assert_int_equal(set.count, 5);
    for (uint32_t i = 1; i < set.count; i++)
        assert_true(region_end(&storage[i - 1]) <= storage[i].start);
    assert_int_equal(region_pages_of(&set, REGION_ANON), 7);
    assert_int_equal(region_pages_of(&set, REGION_IMAGE), 0);
}

static void test_insert_full(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        assert_int_equal(insert(PAGE(2 * i), 1, i), REGION_OK);
    assert_int_equal(insert(PAGE(0), 1, 1), REGION_OCCUPIED);
    assert_int_equal(insert(PAGE(1), 1, 1), REGION_FULL);
    assert_int_equal(set.count, CAPACITY);
    assert_int_equal(storage[CAPACITY].kind, 0xee);
}

static void test_find(void **state)
{
    (void)state;
    assert_null(region_find(&set, PAGE(0)));
    insert(PAGE(2), 2, 7);
    assert_null(region_find(&set, PAGE(2) - 1));
    assert_int_equal(region_find(&set, PAGE(2))->tag, 7);
    assert_int_equal(region_find(&set, PAGE(4) - 1)->tag, 7);
    assert_null(region_find(&set, PAGE(4)));
}

static void test_place(void **state)
{
    struct region r = anon(0, 2, 1);
    uint64_t start = 99;

    (void)state;
    assert_int_equal(region_place(&set, 0x1300000, &r, &start), REGION_INVALID); /* the CapSet page */
    assert_int_equal(region_place(&set, USER_MAP_BASE + 1, &r, &start), REGION_INVALID);
    assert_int_equal(region_place(&set, USER_MAP_LIMIT - 0x1000, &r, &start), REGION_INVALID);
    assert_int_equal(region_place(&set, 0ull - 0x1000, &r, &start), REGION_INVALID);
    assert_int_equal(start, 99);
    assert_int_equal(region_place(&set, USER_MAP_LIMIT - 0x2000, &r, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_LIMIT - 0x2000);
    assert_int_equal(region_place(&set, USER_MAP_LIMIT - 0x2000, &r, &start), REGION_OCCUPIED);
    assert_int_equal(region_place(&set, USER_MAP_LIMIT - 0x3000, &r, &start), REGION_OCCUPIED);
    assert_int_equal(region_place(&set, 0, &r, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_BASE);
    assert_int_equal(region_place(&set, 0x100000000, &r, &start), REGION_OK);
    assert_int_equal(start, 0x100000000);
    r.pages = 0;
    assert_int_equal(region_place(&set, 0, &r, &start), REGION_INVALID);
    assert_int_equal(region_place(&set, PAGE(0), &r, &start), REGION_INVALID);
}

static void test_first_fit(void **state)
{
    const uint64_t all = (USER_MAP_LIMIT - USER_MAP_BASE) / PAGE_SIZE;
    uint64_t start;

    (void)state;
    assert_int_equal(region_find_gap(&set, all, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_BASE);
    assert_int_equal(region_find_gap(&set, all + 1, &start), REGION_NO_SPACE);
    assert_int_equal(region_find_gap(&set, UINT64_MAX, &start), REGION_NO_SPACE);
    insert(USER_MAP_BASE - 0x2000, 3, 1);                  /* reaches one page in */
    insert(USER_MAP_BASE + 3 * PAGE_SIZE, 1, 2);           /* two pages free before it */
    insert(USER_MAP_BASE + 7 * PAGE_SIZE, 1, 3);           /* three pages free before it */
    assert_int_equal(region_find_gap(&set, 2, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_BASE + 1 * PAGE_SIZE);
    assert_int_equal(region_find_gap(&set, 3, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_BASE + 4 * PAGE_SIZE);
    assert_int_equal(region_find_gap(&set, 4, &start), REGION_OK);
    assert_int_equal(start, USER_MAP_BASE + 8 * PAGE_SIZE);
    assert_int_equal(region_find_gap(&set, all - 7, &start), REGION_NO_SPACE);
    assert_int_equal(region_find_gap(&set, all - 8, &start), REGION_OK);
    insert(USER_MAP_BASE + 8 * PAGE_SIZE, all - 8, 4);
    insert(USER_MAP_LIMIT, 1, 5); /* the page nobody may map, taken by the kernel here */
    assert_int_equal(region_find_gap(&set, 4, &start), REGION_NO_SPACE);
    assert_int_equal(region_find_gap(&set, 3, &start), REGION_OK);
}

static void test_remove_splits(void **state)
{
    struct region r = anon(PAGE(0), 10, 5);

    (void)state;
    r.object_page = 100;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    assert_int_equal(region_remove(&set, PAGE(3), 2), REGION_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(storage[0].pages, 3);
    assert_int_equal(storage[0].object_page, 100);
    assert_int_equal(storage[1].start, PAGE(5));
    assert_int_equal(storage[1].pages, 5);
    assert_int_equal(storage[1].object_page, 105);
    assert_int_equal(storage[1].tag, 5);
    assert_int_equal(region_remove(&set, PAGE(2), 4), REGION_OK); /* a tail, a gap and a head */
    assert_int_equal(storage[0].pages, 2);
    assert_int_equal(storage[1].start, PAGE(6));
    assert_int_equal(storage[1].object_page, 106);
    assert_int_equal(region_remove(&set, PAGE(2), 4), REGION_OK); /* nothing there */
    assert_int_equal(set.count, 2);
    assert_int_equal(region_remove(&set, PAGE(0), 0), REGION_INVALID);
    assert_int_equal(region_remove(&set, PAGE(0) + 1, 1), REGION_INVALID);
    assert_int_equal(region_remove(&set, 0, USER_HALF_LIMIT / PAGE_SIZE), REGION_OK);
    assert_int_equal(set.count, 0);
}

static void test_full_refuses_before_change(void **state)
{
    struct region before[CAPACITY];

    (void)state;
    for (uint32_t i = 0; i < CAPACITY; i++)
        assert_int_equal(insert(PAGE(4 * i), 3, i), REGION_OK);
    memcpy(before, storage, sizeof before);
    assert_int_equal(region_remove(&set, PAGE(1), 1), REGION_FULL);
    assert_int_equal(region_protect(&set, PAGE(1), 1, 1), REGION_FULL);
    assert_int_equal(region_protect(&set, PAGE(1), 2, 1), REGION_FULL);
    assert_int_equal(region_protect(&set, PAGE(0), 2, 1), REGION_FULL);
    assert_memory_equal(before, storage, sizeof before);
    assert_int_equal(region_remove(&set, PAGE(29), 2), REGION_OK); /* a tail needs no entry */
    assert_int_equal(region_remove(&set, PAGE(0), 1), REGION_OK);
    assert_int_equal(region_remove(&set, PAGE(24), 3), REGION_OK);
    assert_int_equal(set.count, CAPACITY - 1);
    assert_int_equal(region_protect(&set, PAGE(5), 1, 1), REGION_FULL); /* needs two */
    assert_int_equal(region_protect(&set, PAGE(5), 2, 1), REGION_OK);
    assert_int_equal(set.count, CAPACITY);
}

static void test_protect_splits_and_joins(void **state)
{
    struct region r = anon(PAGE(0), 6, 5);

    (void)state;
    r.object_page = 7;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    assert_int_equal(region_protect(&set, PAGE(2), 2, 1), REGION_OK);
    assert_int_equal(set.count, 3);
    assert_int_equal(storage[1].prot, 1);
    assert_int_equal(storage[1].object_page, 9);
    assert_int_equal(storage[2].object_page, 11);
    assert_int_equal(region_protect(&set, PAGE(0), 6, 0), REGION_OK);
    assert_int_equal(set.count, 1);
    assert_int_equal(storage[0].pages, 6);
    assert_int_equal(storage[0].object_page, 7);
    assert_int_equal(storage[0].prot, 0);
    assert_int_equal(region_protect(&set, PAGE(0), 0, 0), REGION_INVALID);
}

/* Neighbours of another tag, kind or object page stay apart. */
static void test_joins_only_equals(void **state)
{
    struct region r = anon(PAGE(0), 1, 1);

    (void)state;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    r = anon(PAGE(1), 1, 2);
    r.object_page = 1;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    r = anon(PAGE(2), 1, 2);
    r.object_page = 2;
    r.kind = REGION_OBJECT;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    r.start = PAGE(3);
    r.object_page = 4;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    assert_int_equal(region_protect(&set, PAGE(0), 4, 1), REGION_OK);
    assert_int_equal(set.count, 4);
}

static void test_covered(void **state)
{
    const uint64_t one = 1;
    struct region r = anon(PAGE(4), 1, 1);

    (void)state;
    insert(PAGE(0), 2, 1);
    insert(PAGE(2), 2, 2);
    r.kind = REGION_OBJECT;
    assert_int_equal(region_insert(&set, &r), REGION_OK);
    assert_true(region_covered(&set, PAGE(0), 4, REGION_ANON, NULL));
    assert_true(region_covered(&set, PAGE(1), 2, REGION_ANON, NULL));
    assert_false(region_covered(&set, PAGE(0), 4, REGION_ANON, &one));
    assert_true(region_covered(&set, PAGE(1), 1, REGION_ANON, &one));
    assert_false(region_covered(&set, PAGE(3), 2, REGION_ANON, NULL));
    assert_false(region_covered(&set, PAGE(3), 2, REGION_OBJECT, NULL));
    assert_true(region_covered(&set, PAGE(4), 1, REGION_OBJECT, &one));
    assert_false(region_covered(&set, PAGE(4), 2, REGION_OBJECT, &one));
    assert_false(region_covered(&set, PAGE(0) - PAGE_SIZE, 2, REGION_ANON, NULL));
    assert_false(region_covered(&set, PAGE(0), 0, REGION_ANON, NULL));
    assert_false(region_covered(&set, PAGE(0) + 1, 1, REGION_ANON, NULL));
}

/* The reference: one record per page of a small window. */
#define WINDOW 48u

struct model_page {
    uint64_t tag;
    uint32_t object_page;
    uint8_t kind; /* 0: free */
    uint8_t prot;
};

static struct model_page model[WINDOW];

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void assert_same_as_model(void)
{
    struct model_page seen[WINDOW];

    memset(seen, 0, sizeof seen);
    assert_true(set.count <= CAPACITY);
    for (uint32_t i = 0; i < set.count; i++) {
        const struct region *r = &storage[i];
        assert_true(r->pages > 0 && (i == 0 || region_end(&storage[i - 1]) <= r->start));
        for (uint64_t p = 0; p < r->pages; p++) {
            struct model_page *page = &seen[(r->start - BASE) / PAGE_SIZE + p];
            page->tag = r->tag;
            page->object_page = r->object_page + (uint32_t)p;
            page->kind = r->kind;
            page->prot = r->prot;
        }
    }
    assert_memory_equal(seen, model, sizeof seen);
    assert_int_equal(storage[CAPACITY].kind, 0xee);
}

static bool model_free(uint64_t first, uint64_t pages)
{
    for (uint64_t p = first; p < first + pages; p++) {
        if (model[p].kind != 0)
            return false;
    }
    return true;
}

static void random_insert(uint64_t first, uint64_t pages, uint64_t r)
{
    struct region region = { .start = PAGE(first), .pages = pages, .tag = r & 1, .object_page = r >> 1 & 3,
                             .kind = r >> 3 & 1 ? REGION_ANON : REGION_OBJECT, .prot = r >> 4 & 1 };
    bool full = set.count == CAPACITY;
    enum region_error err = region_insert(&set, &region);

    assert_int_equal(err, !model_free(first, pages) ? REGION_OCCUPIED : full ? REGION_FULL : REGION_OK);
    for (uint64_t p = 0; err == REGION_OK && p < pages; p++) {
        model[first + p].tag = region.tag;
        model[first + p].object_page = region.object_page + (uint32_t)p;
        model[first + p].kind = region.kind;
        model[first + p].prot = region.prot;
    }
}

static void random_cover_query(uint64_t first, uint64_t pages, uint64_t r)
{
    uint64_t tag = r & 1;
    bool any = true;
    bool tagged = true;

    for (uint64_t p = first; p < first + pages; p++) {
        any = any && model[p].kind == REGION_ANON;
        tagged = tagged && model[p].kind == REGION_ANON && model[p].tag == tag;
    }
    assert_int_equal(region_covered(&set, PAGE(first), pages, REGION_ANON, NULL), any);
    assert_int_equal(region_covered(&set, PAGE(first), pages, REGION_ANON, &tag), tagged);
    assert_int_equal(region_find(&set, PAGE(first)) != NULL, model[first].kind != 0);
}

static void test_against_model(void **state)
{
    uint64_t seed = 5;
    unsigned full = 0;

    (void)state;
    memset(model, 0, sizeof model);
    for (unsigned round = 0; round < 60000; round++) {
        uint64_t r = next_random(&seed);
        uint64_t first = (r >> 8) % WINDOW;
        uint64_t pages = 1 + (r >> 16) % 8;
        if (first + pages > WINDOW)
            pages = WINDOW - first;
        enum region_error err = REGION_OK;
        switch (r % 5) {
        case 0:
        case 1:
            random_insert(first, pages, r >> 32);
            break;
        case 2:
            err = region_remove(&set, PAGE(first), pages);
            if (err == REGION_OK)
                memset(model + first, 0, pages * sizeof model[0]);
            break;
        case 3:
            err = region_protect(&set, PAGE(first), pages, r >> 32 & 1);
            for (uint64_t p = first; err == REGION_OK && p < first + pages; p++)
                model[p].prot = model[p].kind == 0 ? 0 : r >> 32 & 1;
            break;
        default:
            random_cover_query(first, pages, r >> 32);
            break;
        }
        assert_true(err == REGION_OK || (err == REGION_FULL && set.count + 2 > CAPACITY));
        full += err == REGION_FULL;
        assert_same_as_model();
    }
    assert_true(full > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_range_rules, setup),
        cmocka_unit_test_setup(test_insert, setup),
        cmocka_unit_test_setup(test_insert_full, setup),
        cmocka_unit_test_setup(test_find, setup),
        cmocka_unit_test_setup(test_place, setup),
        cmocka_unit_test_setup(test_first_fit, setup),
        cmocka_unit_test_setup(test_remove_splits, setup),
        cmocka_unit_test_setup(test_full_refuses_before_change, setup),
        cmocka_unit_test_setup(test_protect_splits_and_joins, setup),
        cmocka_unit_test_setup(test_joins_only_equals, setup),
        cmocka_unit_test_setup(test_covered, setup),
        cmocka_unit_test_setup(test_against_model, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
