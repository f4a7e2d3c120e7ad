/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Audit log: see audit.h. */
#include "core/audit/audit.h"

#include "core/base/bytes.h"
#include "core/base/text.h"

/* A ring of records, each with a higher number than the one before. */
struct ring {
    const struct audit_record *records;
    uint64_t size;
    uint64_t appended;
};

void audit_append(struct audit_log *log, const struct audit_record *record, const struct audit_event *event)
{
    struct audit_record *to;
    if (event != NULL) {
        uint64_t at = log->events_appended++ % AUDIT_EVENTS_MAX;
        log->events[at] = *event;
        to = &log->event_records[at];
    } else {
        to = &log->records[log->records_appended++ % AUDIT_RECORDS_MAX];
    }
    *to = *record;
    to->sequence = ++log->appended;
}

struct audit_text audit_keep_bytes(const void *bytes, size_t len)
{
    struct audit_text kept = {.len = (uint8_t)(len < AUDIT_ID_BYTES ? len : AUDIT_ID_BYTES)};
    if (kept.len > 0)
        memcpy(kept.bytes, bytes, kept.len);
    return kept;
}

struct audit_text audit_keep_text(const char *text, size_t len)
{
    return audit_keep_bytes(text, utf8_cut(text, len, AUDIT_ID_BYTES));
}

void audit_set_text(struct audit_record *record, const char *text, size_t len)
{
    struct text_buf buf = text_buf_over(record->text, sizeof record->text);
    text_buf_append(&buf, text, len);
    record->text_len = (uint8_t)buf.len;
}

/* The count of records before the first one whose number is not below `sequence`; ring->appended without one. */
static uint64_t find(const struct ring *ring, uint64_t sequence)
{
    uint64_t low = ring->appended > ring->size ? ring->appended - ring->size : 0;
    uint64_t high = ring->appended;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (ring->records[middle % ring->size].sequence < sequence)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool audit_next(const struct audit_log *log, uint64_t *cursor, const struct audit_record **record,
                const struct audit_event **event)
{
    struct ring own = {log->records, AUDIT_RECORDS_MAX, log->records_appended};
    struct ring others = {log->event_records, AUDIT_EVENTS_MAX, log->events_appended};
    uint64_t own_at = find(&own, *cursor), other_at = find(&others, *cursor);
    const struct audit_record *first = own_at < own.appended ? &own.records[own_at % own.size] : NULL;
    const struct audit_record *other = other_at < others.appended ? &others.records[other_at % others.size] : NULL;
    bool is_event = other != NULL && (first == NULL || other->sequence < first->sequence);
    *record = is_event ? other : first;
    *event = is_event ? &log->events[other_at % others.size] : NULL;
    *cursor = *record != NULL ? (*record)->sequence + 1 : log->appended + 1;
    return *record != NULL;
}

bool audit_denial_counts(uint32_t count)
{
    return count != 0 && (count & (count - 1)) == 0;
}
