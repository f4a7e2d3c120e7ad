/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The queue of those who write on the console: see writers.h. */
#include "kernel/objects/writers.h"

#include <stddef.h>

#include "core/base/bytes.h"
#include "kernel/hooks.h"
#include "kernel/ipc/kept.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/objects/terminal.h"
#include "kernel/proc/process.h"

/* call_words of a waiting write. */
enum { AT, LEFT, REPLY };

static struct {
    struct call *head; /* the only one of which a part may be in the buffer */
    struct call *tail;
    bool terminal_waits;
    struct call *before_terminal; /* whom it waits for; NULL: it is next */
    uint64_t spoken;              /* generation of the process whose last line was said last */
} writers;

static bool terminal_is_next(void)
{
    return writers.terminal_waits && writers.before_terminal == NULL;
}

static void append(struct call *call)
{
    *call_next(call) = NULL;
    if (writers.head == NULL)
        writers.head = call;
    else
        *call_next(writers.tail) = call;
    writers.tail = call;
}

static void unlink_after(struct call *before, struct call *call)
{
    struct call *next = *call_next(call);
    if (before == NULL)
        writers.head = next;
    else
        *call_next(before) = next;
    if (writers.tail == call)
        writers.tail = before;
    if (writers.before_terminal == call)
        writers.before_terminal = before;
}

/* Fills the buffer from the waiting writes. */
void console_drained(void)
{
    for (;;) {
        if (terminal_is_next()) {
            if (!terminal_go_on())
                return;
            writers.terminal_waits = false;
        }
        struct call *call = writers.head;
        if (call == NULL)
            return;
        uint64_t *words = call_words(call);
        uint32_t taken = output_take((const void *)(uintptr_t)words[AT], (uint32_t)words[LEFT]);
        words[AT] += taken;
        words[LEFT] -= taken;
        if (words[LEFT] > 0)
            return;
        unlink_after(NULL, call);
        call_unkeep(call);
        call_finish(call, (const struct capos_method_reply *)(uintptr_t)words[REPLY], NULL);
    }
}

static bool keep(struct call *pending, const struct writers_text *text)
{
    uint32_t total = text->len + text->line;
    uint8_t *memory = call_keep(pending, total);
    if (memory == NULL)
        return false;
    memory[total - 1] = '\n'; /* or the last byte, in a moment */
    if (text->len > 0)
        memcpy(memory, text->bytes, text->len);
    call_words(pending)[AT] = (uintptr_t)memory;
    call_words(pending)[LEFT] = total;
    return true;
}

enum capn_outcome writers_write(struct call *call, struct writers_text text, const struct capos_method_reply *reply)
{
    uint32_t total = text.len + text.line;
    if (total == 0)
        return CAPN_DONE;
    if (writers.head == NULL && !writers.terminal_waits && output_room() >= total) {
        if (text.len > 0)
            (void)output_take(text.bytes, text.len);
        if (text.line)
            (void)output_take("\n", 1);
        return CAPN_DONE;
    }
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return CAPN_EXCEPTION;
    if (!keep(pending, &text)) {
        call_unpend(pending);
        return call_cap_exception(call, CAP_EXHAUSTED_SCRATCH_BYTES);
    }
    call_words(pending)[REPLY] = (uintptr_t)reply;
    append(pending);
    output_want_room();
    return CAPN_PENDING;
}

static bool has_later_write(struct call *call)
{
    for (struct call *later = *call_next(call); later != NULL; later = *call_next(later))
        if (call_process(later) == call_process(call))
            return true;
    return false;
}

/* At most one line for each process, because it is said while the kernel waits. */
static void say_last_words(struct call *call)
{
    const struct process *process = call_process(call);
    const uint64_t *words = call_words(call);
    if (process->exit_code == EXIT_CODE_TERMINATED || writers.spoken == process->generation)
        return;
    if (words[LEFT] > LOG_LINE_BYTES || has_later_write(call))
        return;
    writers.spoken = process->generation;
    output_say((const void *)(uintptr_t)words[AT], words[LEFT]);
}

void writers_cancel(struct call *call)
{
    struct call *before = NULL, *at = writers.head;
    for (; at != NULL && at != call; at = *call_next(at))
        before = at;
    if (at == NULL)
        return;
    say_last_words(call);
    unlink_after(before, call);
    call_unkeep(call); /* the next one's turn comes with room, which is wanted as long as anybody waits */
}

bool writers_terminal_turn(void)
{
    bool free = writers.head == NULL && !writers.terminal_waits;
    if ((free || terminal_is_next()) && output_room() >= WRITERS_TERMINAL_BYTES)
        return true;
    if (!writers.terminal_waits)
        writers.before_terminal = writers.tail;
    writers.terminal_waits = true;
    output_want_room();
    return false;
}
