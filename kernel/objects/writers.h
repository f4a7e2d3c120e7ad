/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who writes on the console: the calls of Console, TerminalSession and StdIO,
 * and the terminal's own prompts and echo. One after the other, in the order
 * of their coming; a write is never interrupted by another one, except by a
 * line of the kernel's own. A write that does not fit into the output buffer
 * pends with its bytes kept (call_keep); it ends when the last of them
 * is in the buffer, from where they are sent whatever happens to the writer.
 * Under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "kernel/ipc/call.h"

struct writers_text {
    const void *bytes;
    uint32_t len;
    bool line; /* an LF follows */
};

/* `reply` is the method's, which has no results. */
enum capn_outcome writers_write(struct call *call, struct writers_text text, const struct capos_method_reply *reply);
/* ops->cancel. The pending write of `call`, if it is one, is dropped; what is in the buffer stays. A process that ends by itself has
 * its last write finished if at most a line of it is left: the way a dying runtime says why, without waiting. */
void writers_cancel(struct object *object, struct call *call);

/* Room that writers_terminal_turn promises. */
#define WRITERS_TERMINAL_BYTES 512u
/* May the terminal write now? If not, its turn comes after the writes that wait now, and writers calls terminal_go_on. */
bool writers_terminal_turn(void);
