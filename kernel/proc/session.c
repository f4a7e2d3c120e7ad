/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's sessions: session.h. */
#include "kernel/proc/session.h"

#include "core/base/bytes.h"
#include "kernel/state.h"

#define NS_PER_MS 1000000u

void session_boot(void)
{
    struct sessions *sessions = &kernel.sessions;
    uint64_t word;
    for (uint32_t at = 0; at < SESSION_REF_SECRET_BYTES; at += sizeof word) {
        if (!machine_entropy(&word))
            return;
        memcpy(sessions->secret + at, &word, sizeof word);
    }
    sessions->available = true;
}

static uint32_t place_of(const struct session *session)
{
    return (uint32_t)(session - kernel.sessions.table.records);
}

enum session_error session_create(const struct session_request *request, const struct resource_profile *profile,
                                  struct session **out)
{
    struct sessions *sessions = &kernel.sessions;
    enum session_error error = session_open(&sessions->table, sessions->secret, request, out);
    if (error != SESSION_OK)
        return error;
    sessions->views[place_of(*out)] = (struct session_view){.scope = 0};
    sessions->profiles[place_of(*out)] = *profile;
    return SESSION_OK;
}

void session_release(struct session *session)
{
    session_drop(&kernel.sessions.table, session);
}

const struct resource_profile *session_profile_of(const struct session *session)
{
    return &kernel.sessions.profiles[place_of(session)];
}

uint64_t session_now_ms(void)
{
    return machine_now_ns() / NS_PER_MS;
}

bool session_is_live_now(const struct session *session)
{
    return session_is_live(session, session_now_ms());
}

bool session_is_stale_for(const struct process *process)
{
    return process->session != NULL && !session_is_live_now(process->session);
}

struct caller_session session_seen_by(struct session *session, uint64_t scope, uint64_t mask)
{
    struct caller_session record;
    struct session_view *view = NULL;
    if (session != NULL) {
        view = &kernel.sessions.views[place_of(session)];
        if (view->scope != scope)
            session_ref_derive(kernel.sessions.secret, scope, session->id, SESSION_ID_BYTES, &view->ref);
        view->scope = scope;
    }
    session_describe(session, view != NULL ? &view->ref : NULL, session_now_ms(), (uint32_t)mask, &record);
    return record;
}
