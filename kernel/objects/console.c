/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Console: bytes out to the one stream that the machine calls its console.
 * No state of its own.
 */
#include "kernel/objects/objects.h"
#include "kernel/objects/writers.h"
#include "schema/generated/capos_dispatch.h"

static enum capn_outcome console_write(void *env, void *object, const struct capos_console_write_params *in,
                                       struct capos_console_write_results *out)
{
    (void)object, (void)out;
    struct writers_text text = {.bytes = in->data.bytes, .len = in->data.len};
    return writers_write(env, text, &capos_console_write_reply);
}

static enum capn_outcome console_write_line(void *env, void *object, const struct capos_console_write_line_params *in,
                                            struct capos_console_write_line_results *out)
{
    (void)object, (void)out;
    struct writers_text text = {.bytes = in->text.bytes, .len = in->text.len, .line = true};
    return writers_write(env, text, &capos_console_write_line_reply);
}

static const struct capos_console_ops methods = {.write = console_write, .write_line = console_write_line};

static void cancel(struct object *object, struct call *call)
{
    (void)object;
    writers_cancel(call);
}

const struct object_ops console_ops = {
    .interface_id = CAPOS_CONSOLE_INTERFACE_ID,
    .label = "console",
    .methods = &methods,
    .serve = capos_console_serve,
    .cancel = cancel,
    .terminal = true,
    .bootstrap_mode = CAP_MODE_COPY,
};
