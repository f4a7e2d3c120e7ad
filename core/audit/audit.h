/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Audit log: what happened to authority, in order. One count of sequence
 * numbers over two rings of fixed size, so that records which programs append
 * never push out those of the kernel. Each ring drops its oldest. Append only:
 * nothing edits or removes a record. Owned by the kernel (kernel/log/audit.c),
 * which serialises all calls; about 100 KiB, so never on a stack. Sizes are
 * ours. Source: docs/kernel-semantics.md, AU-01 to AU-05.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define AUDIT_RECORDS_MAX 512u  /* of the kernel */
#define AUDIT_EVENTS_MAX 128u   /* of programs */
#define AUDIT_TEXT_BYTES 47u
#define AUDIT_ID_BYTES 32u

/* As the schema numbers them. */
enum audit_kind {
    AUDIT_GRANT = 0,    /* `peer` got a capability when it was made */
    AUDIT_TRANSFER = 1, /* `peer` got a capability in a message of `pid` */
    AUDIT_REVOKE = 2,   /* `pid` revoked a capability of `peer` */
    AUDIT_SPAWN = 3,    /* `pid` started `peer` */
    AUDIT_EXIT = 4,     /* `pid` ended with `code` */
    AUDIT_DENIAL = 5,   /* `pid` was refused something */
    AUDIT_PROGRAM = 6,  /* appended by `pid` through AuditLog */
};

/* Fields that mean nothing for the kind are 0. */
struct audit_record {
    uint64_t sequence; /* from 1, set by the log */
    uint64_t time_ns;
    uint64_t object_id;
    uint64_t interface_id;
    int64_t code;
    uint32_t pid;
    uint32_t peer;
    uint32_t cap_id;
    uint8_t kind;
    uint8_t text_len;
    char text[AUDIT_TEXT_BYTES]; /* no terminator */
};

struct audit_text {
    uint8_t len;
    char bytes[AUDIT_ID_BYTES];
};

/* What a program says beside. */
struct audit_event {
    uint16_t event, result, reason;
    bool volatile_;
    struct audit_text terminal, session, principal, profile, method;
};

struct audit_log {
    uint64_t appended; /* sequence number of the last record */
    uint64_t records_appended;
    uint64_t events_appended;
    struct audit_record records[AUDIT_RECORDS_MAX];
    struct audit_record event_records[AUDIT_EVENTS_MAX];
    struct audit_event events[AUDIT_EVENTS_MAX];
};

/* Appends; the sequence number is filled in. `event` NULL: a record of the kernel. */
void audit_append(struct audit_log *log, const struct audit_record *record, const struct audit_event *event);

/* What is kept of bytes and of UTF-8 text, which is cut between characters. */
struct audit_text audit_keep_bytes(const void *bytes, size_t len);
struct audit_text audit_keep_text(const char *text, size_t len);
void audit_set_text(struct audit_record *record, const char *text, size_t len);

/*
 * The oldest retained record whose number is not below *cursor, which becomes the number behind it. False at the end; the
 * cursor is then the number of the next record to come. *event is NULL for a record of the kernel. Good until the next append.
 */
bool audit_next(const struct audit_log *log, uint64_t *cursor, const struct audit_record **record,
                const struct audit_event **event);

/* Should the count-th refusal of one process be recorded? The 1st, 2nd, 4th, 8th ...: at most 32 of one process. */
bool audit_denial_counts(uint32_t count);
