/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Log ring: see logring.h. */
#include "core/logring/logring.h"

#include "core/base/bytes.h"
#include "core/base/text.h"

_Static_assert(LOG_COMPONENT_BYTES_MAX <= UINT8_MAX && LOG_MESSAGE_BYTES_MAX <= UINT8_MAX, "lengths are bytes");

void logring_init(struct logring *ring, uint16_t threshold)
{
    ring->next = 0;
    ring->threshold = threshold;
    memset(ring->records, 0, sizeof ring->records);
}

uint64_t logring_overwritten(const struct logring *ring)
{
    return ring->next > LOG_RECORDS_MAX ? ring->next - LOG_RECORDS_MAX : 0;
}

static uint8_t copy_text(char *to, size_t room, const char *text, size_t len)
{
    struct text_buf buf = text_buf_over(to, room);

    text_buf_append(&buf, text, len);
    return (uint8_t)buf.len;
}

const struct logring_record *logring_write(struct logring *ring, const struct logring_entry *entry)
{
    struct logring_record *record = &ring->records[ring->next % LOG_RECORDS_MAX];

    if (entry->level < ring->threshold)
        return NULL;
    *record = (struct logring_record){ .tick = entry->tick, .pid = entry->pid, .level = entry->level };
    record->component_len =
        copy_text(record->component, sizeof record->component, entry->component, entry->component_len);
    record->message_len = copy_text(record->message, sizeof record->message, entry->message, entry->message_len);
    ring->next++;
    return record;
}

static bool passes(const struct logring_record *record, const struct logring_query *query)
{
    if (record->level < query->min_level || query->prefix_len > record->component_len)
        return false;
    return query->prefix_len == 0 || memcmp(record->component, query->prefix, query->prefix_len) == 0;
}

void logring_read(const struct logring *ring, const struct logring_query *query, struct logring_page *page)
{
    uint64_t oldest = logring_overwritten(ring);
    uint64_t at = query->cursor > ring->next ? ring->next : query->cursor;
    uint32_t limit = query->max_records < LOG_READ_RECORDS_MAX ? query->max_records : LOG_READ_RECORDS_MAX;

    page->count = 0;
    page->dropped = at < oldest ? oldest - at : 0;
    if (at < oldest)
        at = oldest;
    for (; at < ring->next && page->count < limit; at++) {
        const struct logring_record *record = &ring->records[at % LOG_RECORDS_MAX];
        if (passes(record, query))
            page->records[page->count++] = record;
    }
    page->next_cursor = at;
}
