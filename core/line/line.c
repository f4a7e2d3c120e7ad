/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Line editor: see line.h. */
#include "core/line/line.h"

#include "core/base/bytes.h"

enum control_byte {
    BYTE_NUL = 0x00,
    BYTE_CANCEL = 0x03,
    BYTE_CLOSE = 0x04,
    BYTE_BS = 0x08,
    BYTE_LF = 0x0a,
    BYTE_CR = 0x0d,
    BYTE_DEL = 0x7f,
};

static void print(struct line_echo *echo, const char *text, uint32_t len)
{
    echo->len = len;
    memcpy(echo->bytes, text, len);
}

void line_init(struct line_editor *line)
{
    *line = (struct line_editor){ 0 };
}

void line_wipe(struct line_editor *line)
{
    memset(line->bytes, 0, sizeof line->bytes);
    line->len = 0;
}

void line_begin(struct line_editor *line, uint32_t max_bytes, bool hidden, bool allow_empty)
{
    line_wipe(line);
    line->limit = max_bytes < TERMINAL_LINE_BYTES_MAX ? max_bytes : TERMINAL_LINE_BYTES_MAX;
    line->hidden = hidden;
    line->allow_empty = allow_empty;
}

/* The line end is shown in hidden mode too: it is not a character of the line. */
static enum line_event end_line(const struct line_editor *line, struct line_echo *echo)
{
    print(echo, "\r\n", 2);
    return line->len > 0 || line->allow_empty ? LINE_SUBMITTED : LINE_PROMPT;
}

static void erase(struct line_editor *line, struct line_echo *echo)
{
    if (line->len == 0)
        return;
    line->bytes[--line->len] = 0;
    if (!line->hidden)
        print(echo, "\b \b", 3);
}

static void append(struct line_editor *line, uint8_t byte, struct line_echo *echo)
{
    if (byte < 0x20 || line->len == line->limit)
        return;
    line->bytes[line->len++] = byte;
    if (!line->hidden) {
        echo->bytes[0] = byte;
        echo->len = 1;
    }
}

enum line_event line_feed(struct line_editor *line, uint8_t byte, struct line_echo *echo)
{
    bool after_cr = line->after_cr;

    echo->len = 0;
    if (byte == BYTE_NUL)
        return LINE_NONE;
    line->after_cr = byte == BYTE_CR;
    switch (byte) {
    case BYTE_LF:
        return after_cr ? LINE_NONE : end_line(line, echo);
    case BYTE_CR:
        return end_line(line, echo);
    case BYTE_CANCEL:
        line_wipe(line);
        print(echo, "^C\r\n", 4);
        return LINE_CANCELLED;
    case BYTE_CLOSE:
        return line->len == 0 ? LINE_CLOSED : LINE_NONE;
    case BYTE_BS:
    case BYTE_DEL:
        erase(line, echo);
        return LINE_NONE;
    default:
        append(line, byte, echo);
        return LINE_NONE;
    }
}
