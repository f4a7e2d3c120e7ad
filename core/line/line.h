/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Line editor of a terminal: turns input bytes into one line at a time, and
 * says what to echo. A pure state machine owned by the terminal; it does no
 * output itself. Input is untrusted: any byte in any state is fine. Bytes
 * count, not characters: an erase takes one byte. Source: docs/interfaces.md,
 * TerminalSession; what control bytes other than NUL, BS, DEL, CR, LF and
 * 0x03 do is ours: 0x04 on an empty line closes, the rest is ignored.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"

enum line_event {
    LINE_NONE = 0,
    LINE_SUBMITTED, /* the line is in bytes, len */
    LINE_CANCELLED, /* 0x03; the line is empty again */
    LINE_CLOSED,    /* 0x04 on an empty line */
    LINE_PROMPT,    /* an empty line that is not allowed: print the prompt again and go on feeding */
};

/* What to print for one byte, before anything the event asks for. */
struct line_echo {
    uint32_t len;
    uint8_t bytes[4];
};

struct line_editor {
    uint32_t len;
    uint32_t limit; /* at most TERMINAL_LINE_BYTES_MAX */
    bool hidden;
    bool allow_empty;
    bool after_cr; /* the last byte was a CR: an LF now belongs to it, even on the next line */
    uint8_t bytes[TERMINAL_LINE_BYTES_MAX];
};

/* A terminal that has seen no byte yet. */
void line_init(struct line_editor *line);

/* Starts a line. A larger max_bytes is capped silently. Forgets the last line's bytes. */
void line_begin(struct line_editor *line, uint32_t max_bytes, bool hidden, bool allow_empty);

/* Zeroes the line: call it after a hidden line was used. */
void line_wipe(struct line_editor *line);

/* After an event other than NONE and PROMPT, the next call wants a line_begin first. */
enum line_event line_feed(struct line_editor *line, uint8_t byte, struct line_echo *echo);
