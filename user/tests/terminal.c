/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* TerminalSession: says what it read, so that whoever types can judge. Ends when told `end`. */
#include "check.h"

static struct capos_client terminal;

static void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void say(const char *format, ...)
{
    char text[400];
    struct text_buf buf = text_buf_over(text, sizeof text);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    struct capos_terminal_session_write_line_params in = { .text = { text, (uint32_t)buf.len } };
    check_ok(capos_terminal_session_write_line(&terminal, &in, NULL), &terminal, "writeLine");
}

/* Reads one line and reports it; its length, or -1. */
static int read_line(struct capos_line_request request, char *line)
{
    static const char *const statuses[] = { "submitted", "cancelled", "closed" };
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = request };
    struct capos_terminal_session_read_line_results got;
    enum capos_status status = capos_terminal_session_read_line(&terminal, &in, &got);
    check_ok(status, &terminal, "readLine");
    if (status != CAPOS_OK || (uint32_t)got.status > 2)
        return -1;
    uint32_t len = got.line.len;
    if (len > 0)
        memcpy(line, got.line.bytes, len);
    say("%s <%.*s>", statuses[got.status], (int)len, line);
    return (int)len;
}

int main(void)
{
    char line[256];
    terminal = granted("terminal", CAPOS_TERMINAL_SESSION_INTERFACE_ID);
    struct capos_terminal_session_write_params bytes = { .data = { (const uint8_t *)"bytes\n", 6 } };
    check_ok(capos_terminal_session_write(&terminal, &bytes, NULL), &terminal, "write");
    struct capos_line_request plain = { .prompt = capn_text_of("plain> "), .max_bytes = 256, .allow_empty = true };
    struct capos_line_request hidden = { .prompt = capn_text_of("hidden> "), .max_bytes = 256,
                                         .echo = CAPOS_LINE_ECHO_HIDDEN, .allow_empty = true };
    struct capos_line_request filled = { .prompt = capn_text_of("not empty> "), .max_bytes = 4 };
    read_line(filled, line);
    read_line(hidden, line);
    for (;;) {
        int len = read_line(plain, line);
        if (len < 0 || text_equal(line, (size_t)len, "end", 3))
            break;
    }
    say("terminal: %u failures", check_failures);
    return check_failures > 0;
}
