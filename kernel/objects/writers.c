/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The queue of those who write on the console: see writers.h. */
#include "kernel/objects/writers.h"

#include <stddef.h>

#include "core/base/bytes.h"
#include "kernel/hooks.h"
#include "kernel/log/log.h"
#include "kernel/log/output.h"
#include "kernel/objects/terminal.h"
#include "kernel/proc/process.h"

/* call_words of a waiting write. */
enum { AT, LEFT, REPLY };

static struct {
    struct call *head; /* the only one of which a part may be in the buffer */
    uint32_t count;
    bool terminal_waits;
    uint32_t before_terminal; /* writes that it waits for; 0: it is next */
    uint64_t spoken;          /* generation of the process whose last line was said last */
} writers;

/* The place of `call`, or the one behind the last. */
static struct call **place_of(const struct call *call, uint32_t *nth)
{
    struct call **place = &writers.head;
    for (*nth = 0; *place != NULL && *place != call; (*nth)++)
        place = call_next(*place);
    return place;
}

static void take_out(struct call **place, uint32_t nth)
{
    struct call *call = *place;
    *place = *call_next(call);
    writers.count--;
    writers.before_terminal -= nth < writers.before_terminal;
    call_unkeep(call);
}

static bool terminal_is_next(void)
{
    return writers.terminal_waits && writers.before_terminal == 0;
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
        take_out(&writers.head, 0);
        call_finish(call, (const struct capos_method_reply *)(uintptr_t)words[REPLY], NULL);
    }
}

/* At the end of the queue. */
static bool wait(struct call *pending, const struct writers_text *text, const struct capos_method_reply *reply)
{
    uint32_t total = text->len + text->line, nth;
    uint8_t *memory = call_keep(pending, total);
    if (memory == NULL)
        return false;
    memory[total - 1] = '\n'; /* or the last byte, in a moment */
    if (text->len > 0)
        memcpy(memory, text->bytes, text->len);
    call_words(pending)[AT] = (uintptr_t)memory;
    call_words(pending)[LEFT] = total;
    call_words(pending)[REPLY] = (uintptr_t)reply;
    *place_of(NULL, &nth) = pending;
    *call_next(pending) = NULL;
    writers.count++;
    output_want_room();
    return true;
}

enum capn_outcome writers_write(struct call *call, struct writers_text text, const struct capos_method_reply *reply)
{
    uint32_t total = text.len + text.line;
    bool first = writers.head == NULL && !writers.terminal_waits;
    if (total == 0 || (first && output_room() >= total)) {
        (void)output_take(text.bytes, text.len);
        (void)output_take("\n", text.line);
        return CAPN_DONE;
    }
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return CAPN_EXCEPTION;
    if (wait(pending, &text, reply))
        return CAPN_PENDING;
    call_unpend(pending);
    return call_cap_exception(call, CAP_EXHAUSTED_SCRATCH_BYTES);
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

void writers_cancel(struct object *object, struct call *call)
{
    (void)object;
    uint32_t nth;
    struct call **place = place_of(call, &nth);
    if (*place == NULL)
        return;
    say_last_words(call);
    take_out(place, nth); /* the next one's turn comes with room, which is wanted as long as anybody waits */
}

bool writers_terminal_turn(void)
{
    if (((writers.head == NULL && !writers.terminal_waits) || terminal_is_next()) && output_room() >= WRITERS_TERMINAL_BYTES)
        return true;
    if (!writers.terminal_waits)
        writers.before_terminal = writers.count;
    writers.terminal_waits = true;
    output_want_room();
    return false;
}
