/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lines that the kernel itself says: on the console for people, on the verdict
 * port for the host (docs/verdict-port.md). A line is built on the stack and
 * written in one piece. Under the kernel lock; the panic path writes without it.
 */
#pragma once

#include <stdint.h>

#include "core/base/text.h"

#define LOG_LINE_BYTES 512u

struct log_line {
    struct text_buf text;
    char storage[LOG_LINE_BYTES];
};

/* Empties the line; returns where to append. */
struct text_buf *log_begin(struct log_line *line);
/* Ends the line with LF and writes it. Bytes outside 0x20..0x7e become '?'. */
void log_console(struct log_line *line);
void log_verdict(struct log_line *line);

/* A fixed text as a line of its own. */
void log_verdict_text(const char *text);
