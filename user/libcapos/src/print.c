/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* capos_print: formats into a buffer of its own and writes to the granted stream. */
#include "capos/print.h"

#include "capos/capset.h"
#include "capos/client.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"

#define LINE_BYTES 1024u

static enum capos_status write_text(const char *bytes, uint32_t len)
{
    struct capos_client out;
    struct capn_data data = { .bytes = (const uint8_t *)bytes, .len = len };
    if (capos_client_open(&out, "stdio", CAPOS_STD_IO_INTERFACE_ID) == CAPOS_OK) {
        struct capos_std_io_write_params in = { .stream = CAPOS_STD_IO_STREAM_STDOUT, .text = { bytes, len } };
        return capos_std_io_write(&out, &in, &(struct capos_std_io_write_results){ 0 });
    }
    if (capos_client_open(&out, "terminal", CAPOS_TERMINAL_SESSION_INTERFACE_ID) == CAPOS_OK) {
        struct capos_terminal_session_write_params in = { .data = data };
        return capos_terminal_session_write(&out, &in, &(struct capos_terminal_session_write_results){ 0 });
    }
    if (capos_client_open(&out, "console", CAPOS_CONSOLE_INTERFACE_ID) == CAPOS_OK) {
        struct capos_console_write_params in = { .data = data };
        return capos_console_write(&out, &in, &(struct capos_console_write_results){ 0 });
    }
    return CAPOS_NOT_GRANTED;
}

enum capos_status capos_print(const char *format, ...)
{
    char line[LINE_BYTES];
    struct text_buf buf = text_buf_over(line, sizeof line);
    va_list args;
    va_start(args, format);
    capos_vformat(&buf, format, args);
    va_end(args);
    return write_text(line, (uint32_t)buf.len);
}
