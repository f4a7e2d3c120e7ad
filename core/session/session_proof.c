/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sessions: how long they live, what is said of them, and that a number names
 * one session only. The derivation of ids (HMAC) is replaced by one that writes
 * nothing and notes what it was asked for.
 */
#include "core/base/base_proof.h"
#include "core/session/session.c"

static struct session_table table;
static struct session other;
static const uint8_t secret[SESSION_REF_SECRET_BYTES];
static uint32_t derived;

void hmac_sha256_init(struct hmac_sha256 *ctx, const uint8_t *key, size_t key_len)
{
    (void)ctx;
    assert(key == secret && key_len == SESSION_REF_SECRET_BYTES);
}

void hmac_sha256_update(struct hmac_sha256 *ctx, const void *bytes, size_t len)
{
    (void)ctx;
    assert(bytes == id_label || bytes == principal_label || len == 8);
}

void hmac_sha256_final(struct hmac_sha256 *ctx, uint8_t tag[SHA256_BYTES])
{
    (void)ctx;
    (void)tag;
    derived++;
}

size_t text_len(const char *str)
{
    return str == id_label ? sizeof id_label - 1 : sizeof principal_label - 1;
}

size_t utf8_cut(const char *bytes, size_t len, size_t limit)
{
    (void)bytes;
    assert(limit == SESSION_NAME_BYTES);
    return len < 1 ? len : 1;
}

uint16_t session_kind_number(enum capos_principal_kind kind)
{
    return (uint16_t)(kind + 100);
}

uint16_t session_auth_number(enum capos_auth_strength strength)
{
    return (uint16_t)(strength + 200);
}

/* PROOF a_session_lives_until_its_end
 * of: session_is_live, session_end, session_serial
 * bound: none: every session, every moment
 */
void a_session_lives_until_its_end(void)
{
    uint64_t now = nondet_u64();
    other.ended = nondet_bool();
    other.expires_ms = nondet_u64();
    other.serial = nondet_u64();
    bool live = session_is_live(&other, now);
    if (other.ended) {
        probe(1);
        assert(!live);
    } else if (now >= other.expires_ms) {
        probe(2);
        assert(!live);
    } else {
        probe(3);
        assert(live);
    }
    assert(session_serial(&other) == other.serial && session_serial(NULL) == 0);
    session_end(&other);
    assert(!session_is_live(&other, nondet_u64()));
}

/* PROOF lifetimes_are_as_configured
 * of: session_lifetime_ms
 * bound: none: every configuration and none, every profile
 */
void lifetimes_are_as_configured(void)
{
    struct capos_session_lifetime_config config;
    config.operator_ms = nondet_u64();
    config.guest_ms = nondet_u64();
    config.anonymous_ms = nondet_u64();
    bool given = nondet_bool();
    uint32_t profile = nondet_u32();
    uint64_t lifetime = session_lifetime_ms(given ? &config : NULL, (enum session_profile)profile);
    if (profile == SESSION_PROFILE_OPERATOR) {
        probe(1);
        assert(lifetime == (given && config.operator_ms != 0 ? config.operator_ms : 900000));
    } else if (profile == SESSION_PROFILE_GUEST) {
        probe(2);
        assert(lifetime == (given && config.guest_ms != 0 ? config.guest_ms : 300000));
    } else if (profile == SESSION_PROFILE_ANONYMOUS) {
        probe(3);
        assert(lifetime == (given && config.anonymous_ms != 0 ? config.anonymous_ms : 300000));
    } else {
        probe(4);
        assert(lifetime == 0);
    }
}

/* PROOF nothing_is_disclosed_unasked
 * of: session_describe
 * bound: none: every session and none, every mask
 */
void nothing_is_disclosed_unasked(void)
{
    const struct session_ref ref = {.low = nondet_u64(), .high = nondet_u64(), .epoch = nondet_u64()};
    struct caller_session out;
    uint64_t now = nondet_u64();
    uint32_t mask = nondet_u32();
    other.ended = nondet_bool();
    other.expires_ms = nondet_u64();
    other.kind = nondet_bool() ? CAPOS_PRINCIPAL_KIND_OPERATOR : CAPOS_PRINCIPAL_KIND_GUEST;
    other.auth = nondet_bool() ? CAPOS_AUTH_STRENGTH_PASSWORD : CAPOS_AUTH_STRENGTH_PUBLIC_KEY;
    other.profile = nondet_bool() ? SESSION_PROFILE_OPERATOR : SESSION_PROFILE_OTHER;
    bool given = nondet_bool();
    session_describe(given ? &other : NULL, &ref, now, mask, &out);
    if (given) {
        probe(1);
        assert(out.scoped_ref == ref.low && out.scoped_ref_hi == ref.high && out.epoch == ref.epoch);
        assert(out.flags == (!other.ended && now < other.expires_ms ? CALLER_SESSION_LIVE : CALLER_SESSION_STALE));
        assert(out.disclosed_fields == (mask & SESSION_DISCLOSURE_MASK));
        assert(out.principal_kind == ((mask & 1) != 0 ? other.kind + 100 : 0));
        assert(out.auth_strength == ((mask & 2) != 0 ? other.auth + 200 : 0));
        assert(out.profile_class == ((mask & 4) != 0 ? (uint32_t)other.profile : 0));
    } else {
        probe(2);
        assert(out.scoped_ref == 0 && out.scoped_ref_hi == 0 && out.epoch == 0 && out.flags == 0);
        assert(out.disclosed_fields == 0 && out.principal_kind == 0 && out.auth_strength == 0 && out.profile_class == 0);
    }
    assert(out.reserved == 0);
}

/* PROOF the_last_reference_frees_the_place
 * of: session_drop, session_hold
 * bound: none: every count of references
 */
void the_last_reference_frees_the_place(void)
{
    uint32_t references = nondet_u32(), used = nondet_u32();
    assume(references >= 1 && references < UINT32_MAX && used >= 1);
    table.used = used;
    other.serial = 9;
    other.refs = references;
    session_drop(&table, NULL);
    assert(table.used == used);
    session_hold(&other);
    assert(other.refs == references + 1 && other.serial == 9);
    session_drop(&table, &other);
    assert(other.refs == references && other.serial == 9 && table.used == used);
    session_drop(&table, &other);
    if (references == 1) {
        probe(1);
        assert(other.serial == 0 && other.refs == 0 && table.used == used - 1);
    } else {
        probe(2);
        assert(other.serial == 9 && other.refs == references - 1 && table.used == used);
    }
}
