/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bounded diagnostics: whatever programs do wrong, a bounded number of lines
 * is printed, and everything that is not printed is counted in exactly one
 * summary line. Source: docs/kernel-semantics.md, section 19, LA-01 to LA-09.
 *
 * One struct diag for the whole kernel, owned by kernel/log/diagnose.c; about
 * 6 KiB. No call waits: who finds the state busy leaves a count behind, so
 * all of this may be called from anywhere, also in the middle of itself.
 * Times are monotonic nanoseconds; going backwards counts as no time passed.
 * Texts are the kernel's own or a program's; the sink makes them printable.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAG_ENTRIES 64u
#define DIAG_PROBES 8u
#define DIAG_BURST 8u                      /* lines of one key at once */
#define DIAG_REFILL_NS 250000000u          /* and one more for each of these */
#define DIAG_GLOBAL_BURST 32u              /* lines of all keys */
#define DIAG_GLOBAL_REFILL_NS 31250000u    /* 32 a second */
#define DIAG_SECOND_NS 1000000000u         /* between two summaries of one key; window of a process's byte budget */
#define DIAG_EXIT_LINES 12u                /* about one process when it exits */
#define DIAG_LINE_BYTES 160u               /* of a line, with the LF that the sink adds */

enum diag_class {
    /* `other`: what no key of its own has counted */
    DIAG_OTHER, DIAG_SQE_INVALID, DIAG_USER_BUFFER, DIAG_CAP_LOOKUP, DIAG_TRANSFER, DIAG_ENDPOINT,
    DIAG_QUOTA, DIAG_RING_CORRUPT, DIAG_FAULT, DIAG_SPAWN, DIAG_MANIFEST, DIAG_CLASS_COUNT
};

/* Nothing that a program chooses freely: it could make keys without end. */
struct diag_key {
    uint64_t generation; /* of the process */
    uint32_t pid;
    enum diag_class class;
    int32_t code;        /* CQE status or 0 */
};

struct diag_bucket {
    uint64_t last_ns; /* when it was refilled, in whole refills */
    uint32_t tokens;
};

struct diag_entry {
    struct diag_key key;
    struct diag_bucket bucket;
    bool used;
    uint32_t suppressed; /* stays at its maximum */
    uint64_t first_ns;   /* when the first of them was suppressed */
    uint64_t summary_ns; /* of the last one; 0: none yet */
    uint64_t detail;     /* of the last event; for a debugger, as a summary's form has no place for it */
};

/* Bytes that one process's lines may have in a window. Kept with the process; all zero at first. */
struct diag_budget {
    uint64_t limit; /* 0: none */
    uint64_t used;
    uint64_t window_ns; /* when the window began */
};

struct diag {
    struct diag_entry entries[DIAG_ENTRIES + 1]; /* the last one is the overflow entry */
    struct diag_bucket global;
    uint32_t next;       /* entry whose turn it is at the next tick */
    uint32_t busy;       /* atomic */
    uint64_t contended;  /* events that found it busy; atomic */
};

/* An initialiser: every bucket full. */
#define DIAG_INITIAL {.entries[DIAG_ENTRIES].bucket.tokens = DIAG_BURST, .global.tokens = DIAG_GLOBAL_BURST}

struct diag_event {
    struct diag_key key;
    const char *subject; /* what was asked for, such as CALL, said together with `detail`; may be NULL */
    const char *text;    /* why */
    size_t text_len;
    uint64_t detail;     /* such as user_data */
    struct diag_budget *budget; /* NULL: none */
};

/* Prints one line without LF, at most DIAG_LINE_BYTES - 1. False: there is no room now, and nothing was printed. */
struct diag_sink {
    bool (*write)(void *context, const char *bytes, size_t len);
    void *context;
};

/* Prints the event or counts it. True: something is counted and not yet told, so diag_tick must come within a second. */
bool diag_report(struct diag *diag, const struct diag_event *event, uint64_t now, const struct diag_sink *sink);
/* Once a second: a summary for what is counted, where tokens and the sink allow it. True: something is left. */
bool diag_tick(struct diag *diag, uint64_t now, const struct diag_sink *sink);
/* The process is gone: its counts are told now, budgets or not, and its keys forgotten. What the sink refuses, and
 * everything if the state is busy, is left to the tick. */
void diag_exit(struct diag *diag, uint32_t pid, uint64_t generation, uint64_t now, const struct diag_sink *sink);
/* The end of the machine: everything is told. Takes no lock; nobody else may be running. */
void diag_flush(struct diag *diag, uint64_t now, const struct diag_sink *sink);
