/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one audit log. The few central places through which authority moves tell
 * it; SystemMonitor.audit reads it. Telling costs no allocation and cannot
 * fail. Under the kernel lock. Source: docs/kernel-semantics.md, AU-01 to AU-05.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/audit/audit.h"
#include "core/cap/table.h"

struct process;

const struct audit_log *audit_log(void);

/* A process starts: every capability in its table, then itself. */
void audit_started(struct process *process);
void audit_exited(const struct process *process);

/* The receiver's hold after a committed transfer. `receiver` is a pid. */
void audit_transferred(const struct process *sender, uint32_t receiver, uint32_t cap_id, const struct cap_hold *hold,
                       bool moved);
void audit_revoked(const struct process *by, const struct process *holder, uint32_t cap_id, const struct cap_hold *hold);

/* A refusal that policy made: spawn, session, credential, broker. One record each. */
void audit_refused(const struct process *process, const char *text, size_t len);
/* A refusal that a program may bring about again and again: the 1st, 2nd, 4th, 8th ... of a process is recorded. */
void audit_refused_often(struct process *process, const char *text, size_t len);
/* An operation on `cap_id` was answered with `result`; only those that say "not yours" count, and not each is recorded. */
void audit_answered(struct process *process, uint32_t cap_id, int32_t result);

/* A record of AuditLog. */
void audit_said(const struct process *process, const struct audit_event *event);
