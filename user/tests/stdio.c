/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* StdIO: writes to its streams and reads lines in each mode; says what it read. */
#include "check.h"

static struct capos_client stdio;

static void write_to(enum capos_std_io_stream stream, const char *text)
{
    struct capos_std_io_write_params in = { .stream = stream, .text = capn_text_of(text) };
    check_ok(capos_std_io_write(&stdio, &in, NULL), &stdio, text);
}

static void read_and_tell(enum capos_std_io_read_mode mode, const char *prompt)
{
    static const char *const statuses[] = { "submitted", "cancelled", "closed" };
    struct capos_std_io_read_params in = {
        .has_request = true,
        .request = { .prompt = capn_text_of(prompt), .mode = mode, .max_bytes = 256, .allow_empty = true },
    };
    struct capos_std_io_read_results got;
    enum capos_status status = capos_std_io_read(&stdio, &in, &got);
    check_ok(status, &stdio, "read");
    if (status == CAPOS_OK && (uint32_t)got.status <= 2) {
        char text[300];
        struct text_buf buf = text_buf_over(text, sizeof text);
        capos_format(&buf, "%s <%.*s>\n", statuses[got.status], (int)got.text.len, got.text.bytes);
        capos_print("%.*s", (int)buf.len, text);
    }
}

int main(void)
{
    stdio = granted("stdio", CAPOS_STD_IO_INTERFACE_ID);
    write_to(CAPOS_STD_IO_STREAM_STDOUT, "to stdout\n");
    write_to(CAPOS_STD_IO_STREAM_STDERR, "to stderr\n");
    write_to(CAPOS_STD_IO_STREAM_STATUS, "to status\n");
    read_and_tell(CAPOS_STD_IO_READ_MODE_LINE, "line> ");
    read_and_tell(CAPOS_STD_IO_READ_MODE_HIDDEN, "hidden> ");
    check_ok(capos_std_io_close(&stdio, NULL, NULL), &stdio, "close");
    return check_failures > 0;
}
