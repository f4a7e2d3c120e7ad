/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * StdIO on the foreground terminal: the standard streams of a program that
 * was not given an endpoint for them. All three output streams go to the
 * console. After close, reads report closed; writing goes on.
 */
#include "core/base/text.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/terminal.h"
#include "kernel/objects/writers.h"
#include "schema/generated/capos_dispatch.h"

struct stdio {
    struct object object;
    bool closed;
};

static enum capn_outcome write(void *env, void *object, const struct capos_std_io_write_params *in,
                               struct capos_std_io_write_results *out)
{
    (void)object, (void)out;
    if (!capos_std_io_stream_known(in->stream))
        return call_invalid(env, "unknown stream");
    return writers_write(env, (struct writers_text){in->text.bytes, in->text.len, false}, &capos_std_io_write_reply);
}

/* A typed line is bytes, a text is UTF-8: without valid UTF-8 only ASCII survives. */
static void line_done(struct call *call, enum capos_line_status status, struct capn_data line)
{
    char ascii[TERMINAL_LINE_BYTES_MAX];
    struct capos_std_io_read_results results = {.status = status};
    if (utf8_valid((const char *)line.bytes, line.len)) {
        results.text = (struct capn_text){.bytes = (const char *)line.bytes, .len = line.len};
    } else {
        for (uint32_t i = 0; i < line.len; i++)
            ascii[i] = line.bytes[i] < 0x80 ? (char)line.bytes[i] : '?';
        results.text = (struct capn_text){.bytes = ascii, .len = line.len};
    }
    call_finish(call, &capos_std_io_read_reply, &results);
}

static enum capn_outcome read(void *env, void *object, const struct capos_std_io_read_params *in,
                              struct capos_std_io_read_results *out)
{
    if (!capos_std_io_read_mode_known(in->request.mode))
        return call_invalid(env, "unknown read mode");
    if (((struct stdio *)object)->closed) {
        out->status = CAPOS_LINE_STATUS_CLOSED;
        return CAPN_DONE;
    }
    struct terminal_request request = {
        .prompt = in->request.prompt,
        .max_bytes = in->request.max_bytes,
        .hidden = in->request.mode == CAPOS_STD_IO_READ_MODE_HIDDEN,
        .allow_empty = in->request.allow_empty,
    };
    return terminal_read(env, &request, line_done);
}

static enum capn_outcome close(void *env, void *object, const struct capos_std_io_close_params *in,
                               struct capos_std_io_close_results *out)
{
    (void)env, (void)in, (void)out;
    struct stdio *stdio = object;
    stdio->closed = true;
    terminal_close(&stdio->object);
    return CAPN_DONE;
}

static const struct capos_std_io_ops methods = {.write = write, .read = read, .close = close};

const struct object_ops stdio_ops = {
    .interface_id = CAPOS_STD_IO_INTERFACE_ID,
    .label = "stdio",
    .methods = &methods,
    .serve = capos_std_io_serve,
    .cancel = terminal_cancel,
    .terminal = true,
};
