/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * AuditLog: security events, appended by whoever holds the capability and
 * read by nobody yet. Kept in memory in a ring of fixed size; the oldest
 * record gives way. Ids and names are cut to what a record holds.
 */
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "kernel/ipc/call.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "kernel/sched/sched.h"
#include "schema/generated/capos_dispatch.h"

#define AUDIT_RECORDS 128u
#define AUDIT_ID_BYTES 32u

struct audit_text {
    uint8_t len;
    uint8_t bytes[AUDIT_ID_BYTES];
};

struct audit_record {
    uint64_t sequence; /* from 1 */
    uint64_t tick;
    uint32_t pid; /* of the appending process */
    uint16_t event, result, reason;
    struct audit_text terminal, session, principal, profile, method;
};

static struct {
    uint64_t appended;
    struct audit_record records[AUDIT_RECORDS];
} audit;

static struct audit_text keep(const void *bytes, uint32_t len)
{
    struct audit_text kept = {.len = (uint8_t)(len < AUDIT_ID_BYTES ? len : AUDIT_ID_BYTES)};
    if (kept.len > 0)
        memcpy(kept.bytes, bytes, kept.len);
    return kept;
}

static struct audit_text keep_text(struct capn_text text)
{
    return keep(text.bytes, (uint32_t)utf8_cut(text.bytes, text.len, AUDIT_ID_BYTES));
}

static enum capn_outcome record(void *env, void *object, const struct capos_audit_log_record_params *in,
                                struct capos_audit_log_record_results *out)
{
    (void)object, (void)out;
    if (!capos_audit_event_type_known(in->event_type) || !capos_audit_result_class_known(in->result_class) ||
        !capos_audit_reason_class_known(in->reason_class))
        return call_invalid(env, "unknown event, result or reason");
    audit.records[audit.appended % AUDIT_RECORDS] = (struct audit_record){
        .sequence = audit.appended + 1,
        .tick = sched_ticks(),
        .pid = call_process(env)->pid,
        .event = (uint16_t)in->event_type,
        .result = (uint16_t)in->result_class,
        .reason = (uint16_t)in->reason_class,
        .terminal = keep(in->terminal_event_id.bytes, in->terminal_event_id.len),
        .session = keep(in->session_id.bytes, in->session_id.len),
        .principal = keep(in->principal_id.bytes, in->principal_id.len),
        .profile = keep_text(in->profile),
        .method = keep_text(in->auth_method),
    };
    audit.appended++;
    return CAPN_DONE;
}

static const struct capos_audit_log_ops methods = {.record = record};

const struct object_ops audit_log_ops = {
    .interface_id = CAPOS_AUDIT_LOG_INTERFACE_ID,
    .label = "audit_log",
    .methods = &methods,
    .serve = capos_audit_log_serve,
};
