/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The foreground terminal: terminal.h.
 */
#include "kernel/objects/terminal.h"

#include "core/base/bytes.h"
#include "core/base/text.h"
#include "core/line/line.h"
#include "kernel/hooks.h"
#include "kernel/log/output.h"
#include "kernel/objects/writers.h"

static struct {
    struct call *call; /* pending read, NULL when nobody reads */
    terminal_done_fn *done;
    const struct object *reader;
    struct line_editor line;
    bool prompt_due; /* it is still to be printed */
    uint32_t prompt_len;
    char prompt[TERMINAL_PROMPT_BYTES];
    uint32_t ahead_first; /* typed bytes nobody has read, a ring */
    uint32_t ahead_len;
    uint8_t ahead[TERMINAL_AHEAD_BYTES];
} terminal;

static void finish(enum capos_line_status status, uint32_t len)
{
    struct call *call = terminal.call;
    terminal.call = NULL;
    terminal.reader = NULL;
    terminal.done(call, status, (struct capn_data){.bytes = terminal.line.bytes, .len = len});
    line_wipe(&terminal.line);
}

static void on_event(enum line_event event)
{
    switch (event) {
    case LINE_NONE:
        break;
    case LINE_PROMPT:
        terminal.prompt_due = true;
        break;
    case LINE_SUBMITTED:
        finish(CAPOS_LINE_STATUS_SUBMITTED, terminal.line.len);
        break;
    case LINE_CANCELLED:
        finish(CAPOS_LINE_STATUS_CANCELLED, 0);
        break;
    case LINE_CLOSED:
        finish(CAPOS_LINE_STATUS_CLOSED, 0);
        break;
    }
}

static void feed_byte(void)
{
    struct line_echo echo;
    uint8_t *byte = &terminal.ahead[terminal.ahead_first];
    enum line_event event = line_feed(&terminal.line, *byte, &echo);
    *byte = 0; /* it may belong to a password */
    terminal.ahead_first = (terminal.ahead_first + 1) % TERMINAL_AHEAD_BYTES;
    terminal.ahead_len--;
    (void)output_take(echo.bytes, echo.len);
    on_event(event);
}

/* Feeds what was typed to the pending read until one of the two is used up. False: until there was no room for an echo. */
bool terminal_go_on(void)
{
    _Static_assert(TERMINAL_PROMPT_BYTES + sizeof(struct line_echo) <= WRITERS_TERMINAL_BYTES, "a step of this loop");
    while (terminal.call != NULL && (terminal.prompt_due || terminal.ahead_len > 0)) {
        if (!writers_terminal_turn())
            return false;
        if (!terminal.prompt_due) {
            feed_byte();
            continue;
        }
        terminal.prompt_due = false;
        (void)output_take(terminal.prompt, terminal.prompt_len);
    }
    return true;
}

void console_input(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len && terminal.ahead_len < TERMINAL_AHEAD_BYTES; i++)
        terminal.ahead[(terminal.ahead_first + terminal.ahead_len++) % TERMINAL_AHEAD_BYTES] = bytes[i];
    (void)terminal_go_on();
}

enum capn_outcome terminal_read(struct call *call, const struct terminal_request *request, terminal_done_fn *done)
{
    if (terminal.call != NULL)
        return call_exception(call, CAP_EXCEPTION_OVERLOADED, "terminal read already pending");
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return CAPN_EXCEPTION;
    terminal.call = pending;
    terminal.done = done;
    terminal.reader = call_object(call);
    terminal.prompt_len = (uint32_t)utf8_cut(request->prompt.bytes, request->prompt.len, TERMINAL_PROMPT_BYTES);
    if (terminal.prompt_len > 0)
        memcpy(terminal.prompt, request->prompt.bytes, terminal.prompt_len);
    line_begin(&terminal.line, request->max_bytes, request->hidden, request->allow_empty);
    terminal.prompt_due = terminal.prompt_len > 0;
    (void)terminal_go_on();
    return CAPN_PENDING;
}

void terminal_cancel(struct object *object, struct call *call)
{
    writers_cancel(object, call);
    if (terminal.call != call)
        return;
    terminal.call = NULL;
    terminal.reader = NULL;
    line_wipe(&terminal.line);
}

void terminal_close(const struct object *reader)
{
    if (terminal.call != NULL && terminal.reader == reader)
        finish(CAPOS_LINE_STATUS_CLOSED, 0);
}
