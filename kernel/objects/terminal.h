/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The one foreground terminal, as TerminalSession and StdIO share it: output
 * goes to the console, input becomes lines (core/line). One read at a time.
 * What is typed while nobody reads is kept, up to TERMINAL_AHEAD_BYTES; more is
 * dropped. Under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/ipc/call.h"
#include "schema/generated/capos.h"

#define TERMINAL_AHEAD_BYTES 4096u
#define TERMINAL_PROMPT_BYTES 256u /* of a prompt, kept for printing it again */

struct terminal_request {
    struct capn_text prompt;
    uint32_t max_bytes;
    bool hidden;
    bool allow_empty;
};

/* Ends `call`, which pended in terminal_read. The bytes are gone afterwards. */
typedef void terminal_done_fn(struct call *call, enum capos_line_status status, struct capn_data line);

/* Pends `call` until a line is there, which may be before this returns. The prompt waits for its turn (writers.h). */
enum capn_outcome terminal_read(struct call *call, const struct terminal_request *request, terminal_done_fn *done);
/* ops->cancel of the objects that share the terminal: the pending read or write of `call` is dropped without an answer. */
void terminal_cancel(struct object *object, struct call *call);
/* The terminal's turn to write has come. False: it has more to say than there is room for, and is to be asked again. */
bool terminal_go_on(void);
/* The pending read, if `reader` is the object it was called on, ends as closed. */
void terminal_close(const struct object *reader);
