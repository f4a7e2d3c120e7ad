/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Log ring: the records that LogSink appends and LogReader reads. Bounded,
 * drops the oldest. Owned by the kernel's log, which serialises all calls;
 * about 53 KiB, so never on a stack. Component, message and pid are claims of
 * the producer; only tick and sequence are the kernel's. Source:
 * docs/kernel-semantics.md, LG-01 to LG-04; docs/interfaces.md, LogReader.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "abi/limits.h"

/* As the schema numbers them. */
enum logring_level { LOGRING_DEBUG = 0, LOGRING_INFO = 1, LOGRING_WARN = 2, LOGRING_ERROR = 3 };

struct logring_record {
    uint64_t tick;
    uint32_t pid;
    uint16_t level;
    uint8_t component_len;
    uint8_t message_len;
    char component[LOG_COMPONENT_BYTES_MAX]; /* no terminators; unused bytes zero */
    char message[LOG_MESSAGE_BYTES_MAX];
};

/* Record with sequence number s sits at s modulo LOG_RECORDS_MAX. Numbers start at 0 and never repeat. */
struct logring {
    uint64_t next;      /* the number the next record gets; also how many there ever were */
    uint16_t threshold; /* records below are refused */
    struct logring_record records[LOG_RECORDS_MAX];
};

/* What a producer says; texts need no terminator and are cut on a UTF-8 boundary. */
struct logring_entry {
    uint64_t tick;
    uint32_t pid;
    uint16_t level;
    const char *component;
    size_t component_len;
    const char *message;
    size_t message_len;
};

struct logring_query {
    uint64_t cursor; /* a sequence number; 0 or any that is gone: the oldest retained */
    uint32_t max_records;
    uint16_t min_level;
    const char *prefix; /* of the component */
    size_t prefix_len;
};

struct logring_page {
    uint64_t next_cursor;
    uint64_t dropped; /* records between the cursor asked for and the oldest retained */
    uint32_t count;
    const struct logring_record *records[LOG_READ_RECORDS_MAX]; /* into the ring, good until the next write */
};

void logring_init(struct logring *ring, uint16_t threshold);

/* The record as stored (for the serial line), or NULL when below the threshold. */
const struct logring_record *logring_write(struct logring *ring, const struct logring_entry *entry);

/*
 * At most LOG_READ_RECORDS_MAX records that pass the filter. The cursor moves
 * past all that were looked at, also those filtered out; max_records 0 looks
 * at none. A cursor past the end comes back as the end.
 */
void logring_read(const struct logring *ring, const struct logring_query *query, struct logring_page *page);

/* How many records were overwritten since boot. */
uint64_t logring_overwritten(const struct logring *ring);
