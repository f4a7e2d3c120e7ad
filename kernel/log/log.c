/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel's own lines: see log.h. */
#include "kernel/log/log.h"

#include "kernel/log/output.h"
#include "kernel/machine.h"

struct text_buf *log_begin(struct log_line *line)
{
    line->text = text_buf_over(line->storage, sizeof line->storage - 1); /* the last byte is the LF's */
    return &line->text;
}

static size_t finish(struct log_line *line)
{
    size_t len = line->text.len;
    for (size_t i = 0; i < len; i++)
        if (line->storage[i] < 0x20 || line->storage[i] > 0x7e)
            line->storage[i] = '?';
    line->storage[len] = '\n';
    return len + 1;
}

void log_console(struct log_line *line)
{
    output_say(line->storage, finish(line));
}

void log_verdict(struct log_line *line)
{
    machine_verdict_write(line->storage, finish(line));
}

void log_verdict_text(const char *text)
{
    struct log_line line;
    text_buf_append_str(log_begin(&line), text);
    log_verdict(&line);
}
