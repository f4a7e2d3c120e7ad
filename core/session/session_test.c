/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Tests of core/session/session.c: places, references, time, what is disclosed. */
#include "core/session/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t secret[SESSION_REF_SECRET_BYTES] = { 1, 2, 3 };
static const uint8_t seeded[SESSION_PRINCIPAL_BYTES] = { 9, 8, 7, [31] = 6 };
static struct session_table table;

static struct session_request request_of(uint64_t creator)
{
    return (struct session_request){
        .creator = creator, .now_ms = 1000, .lifetime_ms = 500, .principal = seeded, .name = "Visitor", .name_len = 7,
        .kind = CAPOS_PRINCIPAL_KIND_GUEST, .auth = CAPOS_AUTH_STRENGTH_PASSWORD, .profile = SESSION_PROFILE_GUEST,
    };
}

static struct session *must_open(const struct session_request *request)
{
    struct session *session = NULL;
    assert_int_equal(session_open(&table, secret, request, &session), SESSION_OK);
    return session;
}

static int empty(void **state)
{
    (void)state;
    table = (struct session_table){ 0 };
    return 0;
}

static void test_record(void **state)
{
    (void)state;
    struct session_request request = request_of(7);
    struct session *a = must_open(&request), *b = must_open(&request);
    assert_int_equal(a->serial, 1);
    assert_int_equal(b->serial, 2);
    assert_int_equal(session_serial(b), 2);
    assert_int_equal(session_serial(NULL), 0);
    assert_int_equal(a->refs, 1);
    assert_memory_equal(a->principal, seeded, sizeof seeded);
    assert_int_equal(a->name_len, 7);
    assert_memory_equal(a->name, "Visitor", 7);
    assert_int_equal(a->created_ms, 1000);
    assert_int_equal(a->expires_ms, 1500);
    assert_true(a->kind == request.kind && a->auth == request.auth && a->profile == request.profile);
    assert_memory_not_equal(a->id, b->id, SESSION_ID_BYTES);
    assert_int_equal(table.used, 2);
}

static void test_ids(void **state)
{
    (void)state;
    static const uint8_t other_secret[SESSION_REF_SECRET_BYTES] = { 1, 2, 4 };
    struct session_request request = request_of(7);
    request.principal = NULL;
    struct session *a = must_open(&request), *b = must_open(&request);
    assert_memory_not_equal(a->principal, b->principal, SESSION_PRINCIPAL_BYTES);
    assert_memory_not_equal(a->principal, a->id, SESSION_ID_BYTES);
    uint8_t id[SESSION_ID_BYTES];
    memcpy(id, a->id, sizeof id);
    table = (struct session_table){ 0 };
    a = must_open(&request);
    assert_memory_equal(a->id, id, sizeof id);
    table = (struct session_table){ 0 };
    assert_int_equal(session_open(&table, other_secret, &request, &a), SESSION_OK);
    assert_memory_not_equal(a->id, id, sizeof id);
}

static void test_long_name(void **state)
{
    (void)state;
    char name[SESSION_NAME_BYTES + 2];
    memset(name, 'x', sizeof name);
    memcpy(name + SESSION_NAME_BYTES - 1, "\xc3\xa4", 2);
    struct session_request request = request_of(7);
    request.name = name;
    request.name_len = SESSION_NAME_BYTES + 1;
    assert_int_equal(must_open(&request)->name_len, SESSION_NAME_BYTES - 1);
    request.name_len = 0;
    assert_int_equal(must_open(&request)->name_len, 0);
}

static void test_creator_has_a_share(void **state)
{
    (void)state;
    struct session_request request = request_of(7), other = request_of(8);
    struct session *first = must_open(&request), *refused;
    for (uint32_t i = 1; i < SESSIONS_PER_CREATOR; i++)
        must_open(&request);
    assert_int_equal(session_open(&table, secret, &request, &refused), SESSION_CREATOR_FULL);
    assert_int_equal(table.used, SESSIONS_PER_CREATOR);
    must_open(&other);
    /* A stale one counts until nothing refers to it. */
    session_end(first);
    assert_int_equal(session_open(&table, secret, &request, &refused), SESSION_CREATOR_FULL);
    session_drop(&table, first);
    must_open(&request);
}

static void test_table_fills(void **state)
{
    (void)state;
    struct session *last = NULL, *refused;
    for (uint64_t creator = 1; table.used < SESSIONS_MAX; creator++)
        for (uint32_t i = 0; i < SESSIONS_PER_CREATOR; i++) {
            struct session_request request = request_of(creator);
            last = must_open(&request);
        }
    struct session_request request = request_of(1000);
    assert_int_equal(session_open(&table, secret, &request, &refused), SESSION_TABLE_FULL);
    uint64_t serial = last->serial;
    session_drop(&table, last);
    struct session *next = must_open(&request);
    assert_ptr_equal(next, last);
    assert_int_equal(next->serial, serial + 1); /* the refused one took no number */
}

static void test_references(void **state)
{
    (void)state;
    struct session_request request = request_of(7);
    struct session *session = must_open(&request);
    session_hold(session);
    session_drop(&table, session);
    assert_int_equal(session->serial, 1);
    assert_int_equal(table.used, 1);
    session_drop(&table, NULL);
    session_drop(&table, session);
    static const struct session nothing;
    assert_memory_equal(session->id, nothing.id, SESSION_ID_BYTES);
    assert_int_equal(session->serial, 0);
    assert_int_equal(table.used, 0);
}

static void test_live_and_stale(void **state)
{
    (void)state;
    struct session_request request = request_of(7);
    struct session *session = must_open(&request);
    assert_true(session_is_live(session, 1000));
    assert_true(session_is_live(session, 1499));
    assert_false(session_is_live(session, 1500));
    assert_true(session_is_live(session, 1400));
    session_end(session);
    assert_false(session_is_live(session, 1400));
    request.lifetime_ms = UINT64_MAX - 999;
    session = must_open(&request);
    assert_int_equal(session->expires_ms, UINT64_MAX);
    assert_true(session_is_live(session, UINT64_MAX - 1));
}

static void test_lifetimes(void **state)
{
    (void)state;
    struct capos_session_lifetime_config config = { .operator_ms = 1, .guest_ms = 2, .anonymous_ms = 3 };
    assert_int_equal(session_lifetime_ms(&config, SESSION_PROFILE_OPERATOR), 1);
    assert_int_equal(session_lifetime_ms(&config, SESSION_PROFILE_GUEST), 2);
    assert_int_equal(session_lifetime_ms(&config, SESSION_PROFILE_ANONYMOUS), 3);
    config = (struct capos_session_lifetime_config){ 0 };
    for (int i = 0; i < 2; i++) {
        const struct capos_session_lifetime_config *from = i == 0 ? &config : NULL;
        assert_int_equal(session_lifetime_ms(from, SESSION_PROFILE_OPERATOR), 900000);
        assert_int_equal(session_lifetime_ms(from, SESSION_PROFILE_GUEST), 300000);
        assert_int_equal(session_lifetime_ms(from, SESSION_PROFILE_ANONYMOUS), 300000);
        assert_int_equal(session_lifetime_ms(from, SESSION_PROFILE_SYSTEM), 0);
    }
}

static void test_description(void **state)
{
    (void)state;
    const struct session_ref ref = { .low = 11, .high = 12, .epoch = 13 };
    struct session_request request = request_of(7);
    struct session *session = must_open(&request);
    for (uint32_t mask = 0; mask <= 8; mask++) {
        struct caller_session got;
        memset(&got, 0xff, sizeof got);
        session_describe(session, &ref, 1000, mask, &got);
        assert_true(got.scoped_ref == 11 && got.scoped_ref_hi == 12 && got.epoch == 13);
        assert_int_equal(got.flags, CALLER_SESSION_LIVE);
        assert_int_equal(got.disclosed_fields, mask & 7);
        assert_int_equal(got.principal_kind, (mask & 1) != 0 ? 4 : 0);
        assert_int_equal(got.auth_strength, (mask & 2) != 0 ? 1 : 0);
        assert_int_equal(got.profile_class, (mask & 4) != 0 ? 2 : 0);
        assert_int_equal(got.reserved, 0);
        session_describe(session, &ref, 1500, mask, &got);
        assert_int_equal(got.flags, CALLER_SESSION_STALE);
        assert_int_equal(got.disclosed_fields, mask & 7);
    }
    struct caller_session got, none = { 0 };
    session_describe(NULL, &ref, 0, 7, &got);
    assert_memory_equal(&got, &none, sizeof got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_record, empty),
        cmocka_unit_test_setup(test_ids, empty),
        cmocka_unit_test_setup(test_long_name, empty),
        cmocka_unit_test_setup(test_creator_has_a_share, empty),
        cmocka_unit_test_setup(test_table_fills, empty),
        cmocka_unit_test_setup(test_references, empty),
        cmocka_unit_test_setup(test_live_and_stale, empty),
        cmocka_unit_test_setup(test_lifetimes, empty),
        cmocka_unit_test_setup(test_description, empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
