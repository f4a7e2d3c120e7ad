/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The table of sessions, and what is said of them: session.h. */
#include "core/session/session.h"

#include <stddef.h>

#include "core/base/bytes.h"
#include "core/base/checked.h"
#include "core/base/text.h"
#include "core/drbg/sha256.h"
#include "core/manifest/manifest.h"

static const char id_label[] = "capos:session-id:v1";
static const char principal_label[] = "capos:session-principal:v1";

/* Bytes that depend on the session alone, at most SHA256_BYTES. */
static void derive(const uint8_t *secret, const char *label, uint64_t serial, uint8_t *out, size_t len)
{
    uint8_t number[8], tag[SHA256_BYTES];
    struct hmac_sha256 mac;
    store_le64(number, serial);
    hmac_sha256_init(&mac, secret, SESSION_REF_SECRET_BYTES);
    hmac_sha256_update(&mac, label, text_len(label));
    hmac_sha256_update(&mac, number, sizeof number);
    hmac_sha256_final(&mac, tag);
    memcpy(out, tag, len);
}

static enum session_error find_place(struct session_table *table, uint64_t creator, struct session **out)
{
    uint32_t same = 0;
    *out = NULL;
    for (uint32_t i = 0; i < SESSIONS_MAX; i++) {
        struct session *record = &table->records[i];
        if (record->serial == 0)
            *out = record;
        else
            same += record->creator == creator;
    }
    if (same >= SESSIONS_PER_CREATOR)
        return SESSION_CREATOR_FULL;
    return *out == NULL ? SESSION_TABLE_FULL : SESSION_OK;
}

enum session_error session_open(struct session_table *table, const uint8_t secret[SESSION_REF_SECRET_BYTES],
                                const struct session_request *request, struct session **out)
{
    struct session *session;
    enum session_error error = find_place(table, request->creator, &session);
    if (error != SESSION_OK)
        return error;
    *session = (struct session){
        .serial = ++table->last_serial,
        .creator = request->creator,
        .refs = 1,
        .name_len = (uint8_t)utf8_cut(request->name, request->name_len, SESSION_NAME_BYTES),
        .kind = request->kind,
        .auth = request->auth,
        .profile = request->profile,
        .created_ms = request->now_ms,
    };
    if (!checked_add_u64(request->now_ms, request->lifetime_ms, &session->expires_ms))
        session->expires_ms = UINT64_MAX;
    if (session->name_len > 0)
        memcpy(session->name, request->name, session->name_len);
    derive(secret, id_label, session->serial, session->id, SESSION_ID_BYTES);
    if (request->principal != NULL)
        memcpy(session->principal, request->principal, SESSION_PRINCIPAL_BYTES);
    else
        derive(secret, principal_label, session->serial, session->principal, SESSION_PRINCIPAL_BYTES);
    table->used++;
    *out = session;
    return SESSION_OK;
}

void session_hold(struct session *session)
{
    session->refs++;
}

void session_drop(struct session_table *table, struct session *session)
{
    if (session == NULL || --session->refs > 0)
        return;
    *session = (struct session){0};
    table->used--;
}

void session_end(struct session *session)
{
    session->ended = true;
}

bool session_is_live(const struct session *session, uint64_t now_ms)
{
    return !session->ended && now_ms < session->expires_ms;
}

uint64_t session_serial(const struct session *session)
{
    return session == NULL ? 0 : session->serial;
}

uint64_t session_lifetime_ms(const struct capos_session_lifetime_config *config, enum session_profile profile)
{
    const struct capos_session_lifetime_config none = {0};
    const struct capos_session_lifetime_config *from = config != NULL ? config : &none;
    if (profile == SESSION_PROFILE_OPERATOR)
        return from->operator_ms != 0 ? from->operator_ms : MANIFEST_OPERATOR_MS;
    if (profile == SESSION_PROFILE_GUEST)
        return from->guest_ms != 0 ? from->guest_ms : MANIFEST_GUEST_MS;
    if (profile == SESSION_PROFILE_ANONYMOUS)
        return from->anonymous_ms != 0 ? from->anonymous_ms : MANIFEST_ANONYMOUS_MS;
    return 0;
}

void session_describe(const struct session *session, const struct session_ref *ref, uint64_t now_ms, uint32_t mask,
                      struct caller_session *out)
{
    *out = (struct caller_session){0};
    if (session == NULL)
        return;
    out->scoped_ref = ref->low;
    out->scoped_ref_hi = ref->high;
    out->epoch = ref->epoch;
    out->flags = session_is_live(session, now_ms) ? CALLER_SESSION_LIVE : CALLER_SESSION_STALE;
    out->disclosed_fields = mask & (uint32_t)SESSION_DISCLOSURE_MASK;
    if ((mask & MANIFEST_DISCLOSE_PRINCIPAL_KIND) != 0)
        out->principal_kind = session_kind_number(session->kind);
    if ((mask & MANIFEST_DISCLOSE_AUTH_STRENGTH) != 0)
        out->auth_strength = session_auth_number(session->auth);
    if ((mask & MANIFEST_DISCLOSE_PROFILE_CLASS) != 0)
        out->profile_class = (uint16_t)session->profile;
}
