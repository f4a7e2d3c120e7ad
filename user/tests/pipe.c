/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Pipes: a stream from a child through another one and back, ends that close, a child that is killed while it waits. */
#include "check.h"

#define STREAM_BYTES 50000u

struct pipe {
    struct capos_client reader, writer;
};

static struct pipe make(uint32_t bytes)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_process_spawner_create_pipe_params in = { .buffer_bytes = bytes };
    struct capos_process_spawner_create_pipe_results got;
    struct pipe made = { 0 };
    enum capos_status status = capos_process_spawner_create_pipe(&spawner, &in, &got);
    check_ok(status, &spawner, "createPipe");
    if (status == CAPOS_OK) {
        check(capos_reply_take(got.read_index, CAPOS_PIPE_INTERFACE_ID, &made.reader) == CAPOS_OK, "no reading end");
        check(capos_reply_take(got.write_index, CAPOS_PIPE_INTERFACE_ID, &made.writer) == CAPOS_OK, "no writing end");
    }
    return made;
}

static struct capos_cap_grant grant(const char *name, const struct capos_client *end)
{
    return capos_grant_held(name, end->cap_id, CAPOS_PIPE_INTERFACE_ID);
}

static uint32_t put(struct capos_client *writer, const uint8_t *bytes, uint32_t len)
{
    struct capos_pipe_write_results got = { 0 };
    struct capos_pipe_write_params in = { .data = { bytes, len } };
    check_ok(capos_pipe_write(writer, &in, &got), writer, "Pipe.write");
    return got.bytes_written;
}

/* At most `max` bytes; 0 at the end. */
static uint32_t get(struct capos_client *reader, uint8_t *bytes, uint32_t max)
{
    struct capos_pipe_read_results got = { 0 };
    check_ok(capos_pipe_read(reader, &(struct capos_pipe_read_params){ .max_len = max }, &got), reader, "Pipe.read");
    check(got.eof == (got.data.len == 0), "%u bytes and eof %d", got.data.len, got.eof);
    if (got.data.len > 0)
        memcpy(bytes, got.data.bytes, got.data.len);
    return got.data.len;
}

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 13 + at / 250);
}

/* ---- the children ------------------------------------------------------------------------ */

static int source(void)
{
    struct capos_client out = granted("out", CAPOS_PIPE_INTERFACE_ID);
    static uint8_t bytes[3000];
    for (uint32_t at = 0, step = 1; at < STREAM_BYTES && step > 0; at += step) {
        uint32_t len = STREAM_BYTES - at < sizeof bytes ? STREAM_BYTES - at : (uint32_t)sizeof bytes;
        for (uint32_t i = 0; i < len; i++)
            bytes[i] = pattern(at + i);
        step = put(&out, bytes, len);
    }
    return (int)check_failures;
}

static int filter(void)
{
    struct capos_client in = granted("in", CAPOS_PIPE_INTERFACE_ID), out = granted("out", CAPOS_PIPE_INTERFACE_ID);
    static uint8_t bytes[5000];
    uint32_t len, done = 1;
    while (done > 0 && (len = get(&in, bytes, sizeof bytes)) > 0) {
        for (uint32_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(bytes[i] + 1);
        for (uint32_t at = 0; at < len && done > 0; at += done)
            done = put(&out, bytes + at, len - at);
    }
    return (int)check_failures;
}

static int stuck(void)
{
    struct capos_client out = granted("out", CAPOS_PIPE_INTERFACE_ID);
    while (put(&out, (const uint8_t *)"stuck", 5) > 0)
        continue;
    return 9;
}

/* ---- the parent -------------------------------------------------------------------------- */

static void check_stream(void)
{
    struct pipe first = make(1000), second = make(0);
    struct capos_process from, through;
    struct capos_cap_grant of_source[] = { CONSOLE_GRANT, grant("out", &first.writer) };
    struct capos_cap_grant of_filter[] = { CONSOLE_GRANT, grant("in", &first.reader), grant("out", &second.writer) };
    if (!spawn_task("pipe", "source", of_source, 2, &from) || !spawn_task("pipe", "filter", of_filter, 3, &through))
        return;
    capos_client_close(&first.reader);
    capos_client_close(&first.writer);
    capos_client_close(&second.writer);
    static uint8_t bytes[4000];
    uint32_t at = 0, len;
    while ((len = get(&second.reader, bytes, sizeof bytes)) > 0) {
        for (uint32_t i = 0; i < len; i++)
            if (bytes[i] != (uint8_t)(pattern(at + i) + 1)) {
                check(false, "byte %u is wrong", at + i);
                return;
            }
        at += len;
    }
    check(at == STREAM_BYTES, "%u bytes of %u came through", at, STREAM_BYTES);
    check(exit_code_of(&from) == 0 && exit_code_of(&through) == 0, "a child saw an error");
    capos_client_close(&second.reader);
}

/* The only writer is killed while it waits: its reader sees the end. */
static void check_kill(void)
{
    struct pipe made = make(10);
    struct capos_process child;
    uint8_t bytes[16];
    struct capos_cap_grant grants[] = { CONSOLE_GRANT, grant("out", &made.writer) };
    if (!spawn_task("pipe", "stuck", grants, 2, &child))
        return;
    capos_client_close(&made.writer);
    check(get(&made.reader, bytes, 5) > 0, "nothing was written");
    check_ok(capos_process_terminate(&child), &child.handle, "terminate");
    check(exit_code_of(&child) == -1, "the child ended otherwise");
    while (get(&made.reader, bytes, sizeof bytes) > 0)
        continue;
    capos_client_close(&made.reader);
}

/* The only reader closes: a writer that waits is told. */
static void check_closed_reader(void)
{
    struct pipe made = make(10);
    struct capos_process child;
    uint8_t bytes[16];
    struct capos_cap_grant grants[] = { CONSOLE_GRANT, grant("out", &made.writer) };
    if (!spawn_task("pipe", "stuck", grants, 2, &child))
        return;
    check(get(&made.reader, bytes, 5) > 0, "nothing was written");
    check_ok(capos_pipe_close(&made.reader, NULL, NULL), &made.reader, "Pipe.close");
    check(exit_code_of(&child) == 9, "the writer was not told");
    struct capos_pipe_is_closed_results got = { 0 };
    check_ok(capos_pipe_is_closed(&made.reader, NULL, &got), &made.reader, "Pipe.isClosed");
    check(got.closed, "the reading end is not closed");
    check_ok(capos_pipe_is_closed(&made.writer, NULL, &got), &made.writer, "Pipe.isClosed");
    check(!got.closed, "the writing end is closed");
    capos_client_close(&made.reader);
    capos_client_close(&made.writer);
}

int main(int argc, char **argv)
{
    (void)argc, (void)argv;
    if (task_is("source"))
        return source();
    if (task_is("filter"))
        return filter();
    if (task_is("stuck"))
        return stuck();
    struct capos_client monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    uint64_t before = ledger_sum(&monitor);
    check_stream();
    check_kill();
    check_closed_reader();
    check(ledger_sum(&monitor) == before, "the ledger is not as before");
    return finish("pipe");
}
