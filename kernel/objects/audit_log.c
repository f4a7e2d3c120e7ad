/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * AuditLog: security events, appended by whoever holds the capability and read
 * only through SystemMonitor. Ids and names are cut to what a record holds.
 */
#include "kernel/ipc/call.h"
#include "kernel/log/audit.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome record(void *env, void *object, const struct capos_audit_log_record_params *in,
                                struct capos_audit_log_record_results *out)
{
    (void)object, (void)out;
    if (!capos_audit_event_type_known(in->event_type) || !capos_audit_result_class_known(in->result_class) ||
        !capos_audit_reason_class_known(in->reason_class))
        return call_invalid(env, "unknown event, result or reason");
    struct audit_event event = {
        .event = (uint16_t)in->event_type,
        .result = (uint16_t)in->result_class,
        .reason = (uint16_t)in->reason_class,
        .volatile_ = in->volatile_,
        .terminal = audit_keep_bytes(in->terminal_event_id.bytes, in->terminal_event_id.len),
        .session = audit_keep_bytes(in->session_id.bytes, in->session_id.len),
        .principal = audit_keep_bytes(in->principal_id.bytes, in->principal_id.len),
        .profile = audit_keep_text(in->profile.bytes, in->profile.len),
        .method = audit_keep_text(in->auth_method.bytes, in->auth_method.len),
    };
    audit_said(call_process(env), &event);
    return CAPN_DONE;
}

static const struct capos_audit_log_ops methods = {.record = record};

const struct object_ops audit_log_ops = {
    .interface_id = CAPOS_AUDIT_LOG_INTERFACE_ID,
    .label = "audit_log",
    .methods = &methods,
    .serve = capos_audit_log_serve,
};
