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
    return writers_write(env, (struct writers_text){in->data.bytes, in->data.len, false}, &capos_console_write_reply);
}

static enum capn_outcome console_write_line(void *env, void *object, const struct capos_console_write_line_params *in,
                                            struct capos_console_write_line_results *out)
{
    (void)object, (void)out;
    return writers_write(env, (struct writers_text){in->text.bytes, in->text.len, true}, &capos_console_write_line_reply);
}

static const struct capos_console_ops methods = {.write = console_write, .write_line = console_write_line};

const struct object_ops console_ops = {
    .interface_id = CAPOS_CONSOLE_INTERFACE_ID,
    .label = "console",
    .methods = &methods,
    .serve = capos_console_serve,
    .cancel = writers_cancel,
    .terminal = true,
    .bootstrap_mode = CAP_MODE_COPY,
};
