/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pipe: the two ends of one bounded stream of bytes, made by
 * ProcessSpawner.createPipe. State and bytes lie in one run of frames that
 * both ends share. Every capability that names an end charges the whole run to
 * its holder's frame grants, as a memory object does, so a pipe never lives on
 * memory that nobody pays for.
 *
 * A write that waits has its first bytes kept in the same frames: at most
 * PIPE_KEPT_BYTES, and no more are accepted from it.
 * Source: docs/interfaces.md, Pipe.
 */
#include "abi/layout.h"
#include "core/base/bytes.h"
#include "core/pipe/pipe.h"
#include "kernel/ipc/call.h"
#include "kernel/machine.h"
#include "kernel/mm/frames.h"
#include "kernel/objects/objects.h"
#include "schema/generated/capos_dispatch.h"

#define CREATE_REPLY_BYTES 24u
#define WRITE_REPLY_BYTES 24u
#define READ_REPLY_BYTES 32u /* and the bytes read, in whole words */

/* The first frame of the run; the ring of bytes is what follows it. */
struct stream {
    struct pipe pipe;
    uint32_t pages;
    uint32_t ends;        /* objects that exist */
    struct call *reading; /* waits; words[0]: bytes wanted */
    struct call *writing; /* waits; words[0]: bytes kept */
};
#define PIPE_KEPT_BYTES 4032u
_Static_assert(sizeof(struct stream) + PIPE_KEPT_BYTES <= PAGE_SIZE, "state and kept bytes fit one frame");

struct pipe_end {
    struct object object;
    struct stream *stream;
    uint64_t first; /* frame */
    bool writes;
};

/* What one read takes out, until the reply is encoded. */
static uint8_t taken[PIPE_BYTES_MAX];

static uint8_t *kept_bytes(struct stream *stream)
{
    return (uint8_t *)(stream + 1);
}

static uint8_t *ring_bytes(struct stream *stream)
{
    return (uint8_t *)stream + PAGE_SIZE;
}

static bool *closed_flag(const struct pipe_end *end)
{
    return end->writes ? &end->stream->pipe.writer_closed : &end->stream->pipe.reader_closed;
}

/* ---- calls that wait ------------------------------------------------------------ */

static struct capos_pipe_read_results take(struct stream *stream, const struct call *call, uint32_t wanted)
{
    uint32_t room = (call_reply_room(call) - READ_REPLY_BYTES) & ~7u;
    uint32_t len = pipe_take(&stream->pipe, ring_bytes(stream), taken, wanted < room ? wanted : room);
    return (struct capos_pipe_read_results){
        .data = {.bytes = taken, .len = len},
        .eof = len == 0 && pipe_at_end(&stream->pipe),
    };
}

/* Answers what need not wait any longer. A pipe is never empty and full, so at most one of the two waits for bytes. */
static void settle(struct stream *stream)
{
    struct call *call = stream->reading;
    if (call != NULL && pipe_answers_read(&stream->pipe)) {
        stream->reading = NULL;
        struct capos_pipe_read_results results = take(stream, call, (uint32_t)call_words(call)[0]);
        call_finish(call, &capos_pipe_read_reply, &results);
    }
    call = stream->writing;
    if (call != NULL && pipe_answers_write(&stream->pipe)) {
        stream->writing = NULL;
        uint32_t kept = (uint32_t)call_words(call)[0];
        struct capos_pipe_write_results results = {
            .bytes_written = pipe_put(&stream->pipe, ring_bytes(stream), kept_bytes(stream), kept)};
        call_finish(call, &capos_pipe_write_reply, &results);
    }
}

static enum capn_outcome wait(struct call *call, struct call **place, uint32_t bytes)
{
    struct call *pending = call_pend(call);
    if (pending == NULL)
        return CAPN_EXCEPTION;
    call_words(pending)[0] = bytes;
    *place = pending;
    return CAPN_PENDING;
}

static void cancel(struct object *object, struct call *call)
{
    struct stream *stream = ((struct pipe_end *)object)->stream;
    if (stream->reading == call)
        stream->reading = NULL;
    if (stream->writing == call)
        stream->writing = NULL;
}

/* ---- methods ---------------------------------------------------------------------- */

static enum capn_outcome read(void *env, void *object, const struct capos_pipe_read_params *in,
                              struct capos_pipe_read_results *out)
{
    const struct pipe_end *end = object;
    struct stream *stream = end->stream;
    enum capn_outcome outcome;
    if (end->writes)
        return call_invalid(env, "this end of the pipe is written to");
    if (!call_reply_fits(env, READ_REPLY_BYTES + 8, 0, &outcome))
        return outcome;
    if (stream->reading != NULL)
        return call_exception(env, CAP_EXCEPTION_OVERLOADED, "pipe read already pending");
    if (in->max_len > 0 && !pipe_answers_read(&stream->pipe))
        return wait(env, &stream->reading, in->max_len);
    *out = take(stream, env, in->max_len);
    settle(stream);
    return CAPN_DONE;
}

static enum capn_outcome write(void *env, void *object, const struct capos_pipe_write_params *in,
                               struct capos_pipe_write_results *out)
{
    const struct pipe_end *end = object;
    struct stream *stream = end->stream;
    enum capn_outcome outcome;
    if (!end->writes)
        return call_invalid(env, "this end of the pipe is read from");
    if (!call_reply_fits(env, WRITE_REPLY_BYTES, 0, &outcome))
        return outcome;
    if (stream->writing != NULL)
        return call_exception(env, CAP_EXCEPTION_OVERLOADED, "pipe write already pending");
    if (in->data.len > 0 && !pipe_answers_write(&stream->pipe)) {
        uint32_t kept = in->data.len < PIPE_KEPT_BYTES ? in->data.len : PIPE_KEPT_BYTES;
        memcpy(kept_bytes(stream), in->data.bytes, kept);
        return wait(env, &stream->writing, kept);
    }
    out->bytes_written = pipe_put(&stream->pipe, ring_bytes(stream), in->data.bytes, in->data.len);
    settle(stream);
    return CAPN_DONE;
}

static void close_end(struct pipe_end *end)
{
    *closed_flag(end) = true;
    settle(end->stream);
}

static enum capn_outcome close(void *env, void *object, const struct capos_pipe_close_params *in,
                               struct capos_pipe_close_results *out)
{
    (void)env, (void)in, (void)out;
    close_end(object);
    return CAPN_DONE;
}

static enum capn_outcome is_closed(void *env, void *object, const struct capos_pipe_is_closed_params *in,
                                   struct capos_pipe_is_closed_results *out)
{
    (void)env, (void)in;
    out->closed = *closed_flag(object);
    return CAPN_DONE;
}

static const struct capos_pipe_ops methods = {.read = read, .write = write, .close = close, .is_closed = is_closed};

/* ---- ends come and go --------------------------------------------------------------- */

/* The slot's reference is still counted. With none left but those of a waiting call, nobody can use the end any more. */
static void released(struct object *object, struct process *holder, enum object_release_reason reason)
{
    (void)holder, (void)reason;
    struct pipe_end *end = (struct pipe_end *)object;
    const struct call *waiting = end->writes ? end->stream->writing : end->stream->reading;
    if (object->refs == 1 + (waiting != NULL))
        close_end(end);
}

/* All holds of an end descend from one insertion, so they are revoked together. */
static void revoked(struct object *object)
{
    close_end((struct pipe_end *)object);
}

static void destroy(struct object *object)
{
    struct pipe_end *end = (struct pipe_end *)object;
    close_end(end);
    if (--end->stream->ends == 0)
        frames_free_run(FRAME_SCRATCH, end->first, end->stream->pages);
}

static uint32_t frame_pages(const struct object *object)
{
    return ((const struct pipe_end *)object)->stream->pages;
}

static const struct object_ops ops = {
    .interface_id = CAPOS_PIPE_INTERFACE_ID,
    .label = "pipe",
    .methods = &methods,
    .serve = capos_pipe_serve,
    .released = released,
    .revoked = revoked,
    .cancel = cancel,
    .destroy = destroy,
    .frame_pages = frame_pages,
};

static struct object *new_end(struct stream *stream, uint64_t first, bool writes)
{
    _Static_assert(sizeof(struct pipe_end) <= OBJECT_BYTES, "pool block");
    struct pipe_end *end = (struct pipe_end *)object_new(&ops);
    if (end == NULL)
        return NULL;
    end->stream = stream;
    end->first = first;
    end->writes = writes;
    stream->ends++;
    return &end->object;
}

/* Both ends or neither. */
static bool new_pipe(uint32_t capacity, struct object *ends[2])
{
    uint32_t pages = 1 + (uint32_t)((capacity + PAGE_SIZE - 1) / PAGE_SIZE);
    uint64_t first;
    if (!frames_alloc_run(FRAME_SCRATCH, pages, &first))
        return false;
    struct stream *stream = machine_frame_address(first);
    pipe_init(&stream->pipe, capacity);
    stream->pages = pages;
    ends[0] = new_end(stream, first, false);
    ends[1] = ends[0] != NULL ? new_end(stream, first, true) : NULL;
    if (ends[1] != NULL)
        return true;
    if (ends[0] != NULL)
        object_drop(ends[0]); /* frees the run */
    else
        frames_free_run(FRAME_SCRATCH, first, pages);
    return false;
}

enum capn_outcome pipe_create(void *env, void *object, const struct capos_process_spawner_create_pipe_params *in,
                              struct capos_process_spawner_create_pipe_results *out)
{
    (void)object;
    enum capn_outcome outcome;
    struct object *ends[2];
    if (!call_reply_fits(env, CREATE_REPLY_BYTES, 2, &outcome))
        return outcome;
    if (!new_pipe(pipe_capacity(in->buffer_bytes), ends))
        return call_exception(env, CAP_EXCEPTION_OVERLOADED, "out of memory for a pipe");
    struct call_result_cap reader = {.object = ends[0], .transfer_mode = CAP_MODE_COPY};
    struct call_result_cap writer = {.object = ends[1], .transfer_mode = CAP_MODE_COPY};
    enum cap_error error = call_add_result_cap(env, reader, &out->read_index);
    if (error == CAP_OK)
        error = call_add_result_cap(env, writer, &out->write_index);
    else
        object_drop(ends[1]);
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(env, error);
}
