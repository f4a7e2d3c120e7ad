/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The foreground terminal through TerminalSession and StdIO: lines, secrets, two readers, closing, readers that die. */
#include "tests/sim/kit.h"

static struct capos_terminal_session_read_line_results read_line(struct capos_client *terminal, struct capos_line_request request)
{
    struct capos_terminal_session_read_line_results got = { 0 };
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = request };
    EXPECT(capos_terminal_session_read_line(terminal, &in, &got) == CAPOS_OK);
    return got;
}

static bool is_line(struct capn_data line, const char *text)
{
    return line.len == strlen(text) && (line.len == 0 || memcmp(line.bytes, text, line.len) == 0);
}

#define SUBMITTED(got, text) EXPECT((got).status == CAPOS_LINE_STATUS_SUBMITTED && is_line((got).line, text))

PROGRAM(lines)
{
    struct capos_client terminal = guest_open("terminal");
    struct capos_line_request plain = { .prompt = capn_text_of("? "), .max_bytes = 8 };
    struct capos_terminal_session_read_line_results got = read_line(&terminal, plain);
    SUBMITTED(got, "ab"); /* erased a byte; an empty line before it asked again */
    got = read_line(&terminal, plain);
    SUBMITTED(got, "12345678"); /* cut at the limit */
    plain.allow_empty = true;
    got = read_line(&terminal, plain);
    SUBMITTED(got, "");
    plain.echo = CAPOS_LINE_ECHO_HIDDEN;
    plain.max_bytes = 100;
    got = read_line(&terminal, plain);
    SUBMITTED(got, "sesame");
    got = read_line(&terminal, plain);
    EXPECT(got.status == CAPOS_LINE_STATUS_CLOSED && got.line.len == 0);
    plain.echo = (enum capos_line_echo)9;
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = plain };
    EXPECT(capos_terminal_session_read_line(&terminal, &in, &got) == CAPOS_EXCEPTION);
    EXPECT(terminal.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    EXPECT(capos_terminal_session_write_line(&terminal, &(struct capos_terminal_session_write_line_params){ .text = capn_text_of("bye") }, NULL) == CAPOS_OK);
    EXPECT(capos_terminal_session_write(&terminal, &(struct capos_terminal_session_write_params){ .data = { (const uint8_t *)"raw", 3 } }, NULL) == CAPOS_OK);
}

static uint64_t submit_read(struct capos_client *terminal)
{
    struct capos_terminal_session_read_line_params in = { .has_request = true, .request = { .max_bytes = 200 } };
    struct ring_sqe sqe = guest_call_sqe(terminal->cap_id, CAPOS_TERMINAL_SESSION_READ_LINE_METHOD,
                                         guest_encode(&capos_terminal_session_read_line_method, &in));
    sqe.result_addr = GUEST_SPARE;
    sqe.result_len = 512;
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0);
    return id;
}

/* One read at a time, whoever asks and through whatever interface. */
PROGRAM(two_readers)
{
    struct capos_client terminal = guest_open("terminal"), stdio = guest_open("stdio");
    struct capos_terminal_session_read_line_results got;
    struct capos_std_io_read_results text;
    uint64_t first = submit_read(&terminal);
    struct capos_terminal_session_read_line_params in = { .has_request = true };
    EXPECT(capos_terminal_session_read_line(&terminal, &in, &got) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&terminal, CAP_EXCEPTION_OVERLOADED, "terminal read already pending"));
    EXPECT(capos_std_io_read(&stdio, &(struct capos_std_io_read_params){ .has_request = true }, &text) == CAPOS_EXCEPTION);
    EXPECT(capos_std_io_close(&stdio, NULL, NULL) == CAPOS_OK); /* not the reader: the read goes on */
    struct ring_cqe cqe = guest_wait();
    EXPECT(cqe.user_data == first && cqe.result == 40); /* with a line: not closed */
    EXPECT(capos_std_io_read(&stdio, &(struct capos_std_io_read_params){ .has_request = true }, &text) == CAPOS_OK);
    EXPECT(text.status == CAPOS_LINE_STATUS_CLOSED);
}

PROGRAM(standard_io)
{
    struct capos_client stdio = guest_open("stdio");
    struct capos_std_io_read_results got;
    for (int stream = 0; stream < 3; stream++)
        EXPECT(capos_std_io_write(&stdio, &(struct capos_std_io_write_params){
                   .stream = (enum capos_std_io_stream)stream, .text = capn_text_of("<out>") }, NULL) == CAPOS_OK);
    EXPECT(capos_std_io_write(&stdio, &(struct capos_std_io_write_params){ .stream = (enum capos_std_io_stream)3 }, NULL) == CAPOS_EXCEPTION);
    EXPECT(stdio.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    struct capos_std_io_read_params in = { .has_request = true, .request = { .prompt = capn_text_of("name: "), .max_bytes = 50 } };
    EXPECT(capos_std_io_read(&stdio, &in, &got) == CAPOS_OK && got.status == CAPOS_LINE_STATUS_SUBMITTED);
    EXPECT(capn_text_equal(got.text, capn_text_of("gr\xc3\xbc\xc3\x9f")));
    EXPECT(capos_std_io_read(&stdio, &in, &got) == CAPOS_OK && got.status == CAPOS_LINE_STATUS_SUBMITTED);
    EXPECT(capn_text_equal(got.text, capn_text_of("a?b"))); /* not UTF-8 */
    in.request.mode = CAPOS_STD_IO_READ_MODE_HIDDEN;
    EXPECT(capos_std_io_read(&stdio, &in, &got) == CAPOS_OK && capn_text_equal(got.text, capn_text_of("quiet")));
    in.request.mode = (enum capos_std_io_read_mode)3;
    EXPECT(capos_std_io_read(&stdio, &in, &got) == CAPOS_EXCEPTION);
    EXPECT(stdio.exception.type == CAP_EXCEPTION_INVALID_ARGUMENT);
    /* Closing while a read pends ends it; later reads are closed at once; writing goes on. */
    in.request.mode = CAPOS_STD_IO_READ_MODE_LINE;
    struct ring_sqe sqe = guest_call_sqe(stdio.cap_id, CAPOS_STD_IO_READ_METHOD, guest_encode(&capos_std_io_read_method, &in));
    sqe.result_addr = GUEST_SPARE;
    sqe.result_len = 512;
    uint64_t pending = guest_submit(sqe);
    uint64_t closing = guest_submit(guest_call_sqe(stdio.cap_id, CAPOS_STD_IO_CLOSE_METHOD, 0));
    for (int i = 0; i < 2; i++) {
        struct ring_cqe cqe = guest_wait();
        EXPECT(cqe.user_data == pending ? cqe.result > 0 : cqe.user_data == closing && cqe.result == 0);
    }
    EXPECT(capos_std_io_read(&stdio, &in, &got) == CAPOS_OK && got.status == CAPOS_LINE_STATUS_CLOSED && got.text.len == 0);
    EXPECT(capos_std_io_write(&stdio, &(struct capos_std_io_write_params){ .text = capn_text_of("<end>") }, NULL) == CAPOS_OK);
}

PROGRAM(reads_for_ever)
{
    struct capos_client terminal = guest_open("t");
    for (;;)
        (void)read_line(&terminal, (struct capos_line_request){ .max_bytes = 99 });
}

/* A reader that is killed loses its place, not the terminal; what follows is the next reader's. */
PROGRAM(killed_reader)
{
    struct capos_client terminal = guest_open("terminal");
    struct capos_cap_grant t = HELD("t", terminal, CAPOS_CAP_GRANT_MODE_RAW);
    struct kit_child child = kit_spawn("reads_for_ever", &t, 1);
    (void)guest_enter(1, 5000000);
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    EXPECT(kit_wait(&child) == EXIT_CODE_TERMINATED);
    struct capos_terminal_session_read_line_results got = read_line(&terminal, (struct capos_line_request){ .max_bytes = 99 });
    SUBMITTED(got, "mine");
    /* Ends with a read pending. */
    submit_read(&terminal);
    (void)guest_enter(0, 0);
}

/* More than the kernel keeps is typed while nobody reads: the first 4,096 bytes count, a line of 256 at most. */
PROGRAM(typed_ahead)
{
    struct capos_client terminal = guest_open("terminal");
    EXPECT(guest_enter(1, 1000000) == 0);
    struct capos_terminal_session_read_line_results got = read_line(&terminal, (struct capos_line_request){ .max_bytes = 5000 });
    EXPECT(got.status == CAPOS_LINE_STATUS_SUBMITTED && got.line.len == 256 && got.line.bytes[0] == 'x' && got.line.bytes[255] == 'x');
    got = read_line(&terminal, (struct capos_line_request){ .max_bytes = 9, .allow_empty = true });
    EXPECT(got.status == CAPOS_LINE_STATUS_SUBMITTED && got.line.len == 9);
}

#define X64 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define Y64 "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
#define Y512 Y64 Y64 Y64 Y64 Y64 Y64 Y64 Y64
#define X512 X64 X64 X64 X64 X64 X64 X64 X64

static const struct sim_test tests[] = {
    { .name = "terminal-lines", .init = lines, .grants = { { "terminal", "terminal_session" } }, .console = "? \r\n? abc\b \b\r\n? 12345678\r\n",
      .typed = "\nabc\177\n1234567890\n\nsesame\n\004\n", .not_console = "sesame" },
    { .name = "two-readers", .init = two_readers, .grants = { { "terminal", "terminal_session" }, { "stdio", "stdio" } },
      .typed = "a line\n" },
    { .name = "stdio", .init = standard_io, .grants = { { "stdio", "stdio" } }, .console = "<out><out><out>name: gr\xc3\xbc\xc3\x9f",
      .not_console = "quiet", .typed = "gr\xc3\xbc\xc3\x9f\na\xff" "b\nquiet\n" },
    { .name = "killed-reader", .init = killed_reader, .grants = { { "terminal", "terminal_session" }, { "process_spawner", NULL } },
      .programs = { { "reads_for_ever", reads_for_ever } }, .typed = "for the child\n" SIM_TYPED_WAIT "mine\n" },
    { .name = "typed-ahead", .init = typed_ahead, .grants = { { "terminal", "terminal_session" } },
      .typed = X512 "\n" Y512 Y512 Y512 Y512 Y512 Y512 Y512 Y512 Y512 "\n" SIM_TYPED_WAIT "\n" },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
