/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Console: bytes as they are, lines with an end, long texts in one and in several segments, refusals. */
#include "check.h"

static void check_long_write(struct capos_client *console)
{
    static uint8_t bytes[8000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i % 80 == 79 ? '\n' : 'a' + (i / 80) % 26);
    struct capos_console_write_params in = { .data = { bytes, sizeof bytes } };
    check_ok(capos_console_write(console, &in, NULL), console, "8000 bytes");
}

/* The root in the first segment, the data in the second, as encoders with a small first segment send it. */
static void check_two_segments(struct capos_client *console)
{
    static const char text[] = "from a second segment\n";
    static uint64_t m[8] = { 0x0000000200000001, 0x0000000000000004, 0x0001000000000000, 0x0000000100000002 };
    m[4] = 1 | (uint64_t)(sizeof text - 1) << 35 | 2ull << 32;
    memcpy(&m[5], text, sizeof text - 1);
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = console->cap_id, .addr = (uintptr_t)m, .len = sizeof m };
    int32_t result = run_entry(sqe);
    check(result == 0, "two segments: %d", result);
}

static void check_refusals(struct capos_client *console)
{
    static const struct capos_method unknown = { .ordinal = 99 };
    check_exception(capos_client_call(console, &unknown, NULL, NULL), console, CAP_EXCEPTION_UNIMPLEMENTED, "unknown method",
                    "method 99");
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = console->cap_id, .method_id = 99 };
    check(run_entry(sqe) == CAP_ERR_APPLICATION_EXCEPTION_TRUNCATED, "method 99 without params and without result");
    struct capos_console_write_line_params bad = { .text = { "\xff\xfe", 2 } };
    check_exception(capos_console_write_line(console, &bad, NULL), console, CAP_EXCEPTION_FAILED, "params do not decode",
                    "text that is not UTF-8");
}

int main(void)
{
    struct capos_client console = granted("console", CAPOS_CONSOLE_INTERFACE_ID);
    struct capos_console_write_params bytes = { .data = { (const uint8_t *)"two ", 4 } };
    check_ok(capos_console_write(&console, &bytes, NULL), &console, "write");
    bytes.data = (struct capn_data){ (const uint8_t *)"parts\n", 6 };
    check_ok(capos_console_write(&console, &bytes, NULL), &console, "write");
    struct capos_console_write_line_params line = { .text = capn_text_of("a line") };
    check_ok(capos_console_write_line(&console, &line, NULL), &console, "writeLine");
    line.text = capn_text_of("gr\xc3\xbc\xc3\x9f");
    check_ok(capos_console_write_line(&console, &line, NULL), &console, "writeLine in UTF-8");
    bytes.data.len = 0;
    check_ok(capos_console_write(&console, &bytes, NULL), &console, "write of nothing");
    check_long_write(&console);
    check_two_segments(&console);
    check_refusals(&console);
    return finish("console");
}
