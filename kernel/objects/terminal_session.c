/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * TerminalSession: the foreground terminal, lines in and bytes out.
 */
#include "kernel/objects/objects.h"
#include "kernel/objects/terminal.h"
#include "kernel/objects/writers.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome write(void *env, void *object, const struct capos_terminal_session_write_params *in,
                               struct capos_terminal_session_write_results *out)
{
    (void)object, (void)out;
    struct writers_text text = {.bytes = in->data.bytes, .len = in->data.len};
    return writers_write(env, text, &capos_terminal_session_write_reply);
}

static enum capn_outcome write_line(void *env, void *object, const struct capos_terminal_session_write_line_params *in,
                                    struct capos_terminal_session_write_line_results *out)
{
    (void)object, (void)out;
    struct writers_text text = {.bytes = in->text.bytes, .len = in->text.len, .line = true};
    return writers_write(env, text, &capos_terminal_session_write_line_reply);
}

static void line_done(struct call *call, enum capos_line_status status, struct capn_data line)
{
    struct capos_terminal_session_read_line_results results = {.status = status, .line = line};
    call_finish(call, &capos_terminal_session_read_line_reply, &results);
}

static enum capn_outcome read_line(void *env, void *object, const struct capos_terminal_session_read_line_params *in,
                                   struct capos_terminal_session_read_line_results *out)
{
    (void)object, (void)out;
    if (!capos_line_echo_known(in->request.echo))
        return call_invalid(env, "unknown echo mode");
    struct terminal_request request = {
        .prompt = in->request.prompt,
        .max_bytes = in->request.max_bytes,
        .hidden = in->request.echo == CAPOS_LINE_ECHO_HIDDEN,
        .allow_empty = in->request.allow_empty,
    };
    return terminal_read(env, &request, line_done);
}

static const struct capos_terminal_session_ops methods = {
    .write = write,
    .write_line = write_line,
    .read_line = read_line,
};

const struct object_ops terminal_session_ops = {
    .interface_id = CAPOS_TERMINAL_SESSION_INTERFACE_ID,
    .label = "terminal_session",
    .methods = &methods,
    .serve = capos_terminal_session_serve,
    .cancel = terminal_cancel,
    .terminal = true,
    .bootstrap_mode = CAP_MODE_COPY,
};
