/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The loop of a service: serve.h. One receive is out at a time. The answer to
 * a call and the next receive are queued together, so that a round takes one
 * entry into the kernel; the answer's completion is read when the next call
 * has come, before its buffer is used again.
 * Params, badges and capabilities come from callers and are not trusted.
 */
#include "capos/serve.h"

#include "capos/capset.h"
#include "capos/heap.h"
#include "capos/syscall.h"
#include "core/base/bytes.h"
#include "core/cap/transfer.h"
#include "schema/generated/capos.h"
#include "schema/generated/capos_client.h"
#include "schema/generated/capos_dispatch.h"
#include "self.h"

#define ANSWER_ROOM (CAPOS_ANSWER_BYTES + CAPOS_TRANSFERS_MAX * sizeof(struct ring_transfer_descriptor))
#define EXCEPTION_BYTES 192u

struct capos_server_state {
    _Alignas(8) uint8_t message[CAPOS_RECEIVE_BYTES];
    _Alignas(8) uint8_t answer[ANSWER_ROOM];
    _Alignas(8) uint8_t exception[EXCEPTION_BYTES]; /* in place of an answer that was refused */
    _Alignas(8) uint8_t sleep[64];
    uint64_t receive; /* tickets of what is under way; 0: nothing */
    uint64_t returning;
    uint64_t ticking;
    uint32_t returned; /* the call of `returning` */
    uint32_t deferred_count;
    uint32_t deferred[CAPOS_DEFERRED_MAX];
};

enum capos_status capos_server_open(struct capos_server *server, const char *name)
{
    struct capos_client endpoint = { 0 };
    enum capos_status status = capos_client_open(&endpoint, name, CAPOS_ENDPOINT_INTERFACE_ID);
    server->endpoint = endpoint.cap_id;
    return status;
}

/* ---- answers -------------------------------------------------------------------------------- */

static struct capos_answer exception_answer(struct capos_server_state *state, const struct capn_exception *exception)
{
    size_t len = 0;
    if (capn_exception_encode(exception, state->exception, sizeof state->exception, &len) != CAPN_OK)
        len = 0;
    return (struct capos_answer){ .bytes = state->exception, .len = (uint32_t)len, .is_exception = true };
}

static struct capn_exception exception_of(enum capn_exception_type type, const char *text)
{
    struct capn_call_context context;
    (void)capn_call_exception(&context, type, text);
    return context.exception;
}

/* A refused RETURN leaves the call with the server: the caller must hear something. */
static bool is_unanswered(int32_t result)
{
    return result == CAP_ERR_INVALID_PARAMS_BUFFER || result == CAP_ERR_TRANSFER_NOT_SUPPORTED ||
           result == CAP_ERR_INVALID_TRANSFER_DESCRIPTOR || result == CAP_ERR_TRANSFER_ABORTED;
}

static enum capos_status finish_return(struct capos_server *server, uint32_t call_id, int32_t result)
{
    if (is_unanswered(result)) {
        struct capn_exception exception = exception_of(CAPN_FAILED, "the capabilities of the answer cannot be handed over");
        struct capos_answer answer = exception_answer(server->state, &exception);
        (void)capos_endpoint_return(server->endpoint, call_id, &answer);
    }
    return (enum capos_status)result;
}

/* The completion of the last queued answer, which the kernel posts before anything that came after. */
static void reap_return(struct capos_server *server)
{
    struct capos_completion done;
    struct capos_server_state *state = server->state;
    if (state->returning == 0 || capos_ring_wait(capos_ring(), state->returning, 0, &done) != CAPOS_OK)
        return;
    state->returning = 0;
    (void)finish_return(server, state->returned, done.result);
}

static void add_descriptors(uint8_t *to, const struct capos_transfer *caps, uint16_t count)
{
    for (uint16_t i = 0; i < count; i++) {
        struct ring_transfer_descriptor descriptor = {
            .cap_id = caps[i].cap_id, .transfer_mode = caps[i].moves ? TRANSFER_MODE_MOVE : TRANSFER_MODE_COPY };
        memcpy(to + i * sizeof descriptor, &descriptor, sizeof descriptor);
    }
}

/* The answer that the dispatch left in `context`. */
static struct capos_answer answer_of(struct capos_server_state *state, const struct capn_call_context *context,
                                     enum capn_outcome outcome, const struct capos_transfer *give, uint16_t give_count)
{
    struct capn_exception exception = context->exception;
    if (outcome == CAPN_DONE && context->reply_needed <= context->reply_capacity) {
        add_descriptors(state->answer + context->reply_len, give, give_count);
        return (struct capos_answer){ .bytes = state->answer, .len = (uint32_t)context->reply_len, .cap_count = give_count };
    }
    if (outcome == CAPN_DONE)
        exception = exception_of(CAPN_FAILED, "the answer is too large");
    else if (outcome != CAPN_EXCEPTION)
        exception = exception_of(CAPN_FAILED, "the service has lost the call");
    return exception_answer(state, &exception);
}

/* ---- calls ---------------------------------------------------------------------------------------- */

enum capn_outcome capos_call_exception(struct capos_call *call, enum capn_exception_type type, const char *text)
{
    return capn_call_exception(&call->context, type, text);
}

enum capos_status capos_call_take(struct capos_call *call, uint16_t index, uint64_t interface_id, struct capos_client *out)
{
    uint32_t cap_id;
    uint64_t found;
    if (index >= call->received.cap_count || index >= 16 || (call->taken & 1u << index) != 0)
        return CAPOS_BAD_REPLY;
    capos_received_cap(&call->received, index, &cap_id, &found);
    if (found != interface_id && found != CAPOS_ENDPOINT_INTERFACE_ID)
        return CAPOS_BAD_REPLY;
    call->taken = (uint16_t)(call->taken | 1u << index);
    *out = capos_client_for(cap_id, interface_id);
    out->owned = true;
    return CAPOS_OK;
}

uint16_t capos_call_give(struct capos_call *call, uint32_t cap_id, bool moves)
{
    if (call->give_count == CAPOS_TRANSFERS_MAX)
        return RESULT_CAP_NONE;
    call->give[call->give_count] = (struct capos_transfer){ .cap_id = cap_id, .moves = moves };
    return call->give_count++;
}

uint32_t capos_call_defer(struct capos_call *call)
{
    struct capos_server_state *state = call->server->state;
    uint32_t room = call->server->deferred_max < CAPOS_DEFERRED_MAX ? call->server->deferred_max : CAPOS_DEFERRED_MAX;
    if (state->deferred_count >= room || call->deferred)
        return 0;
    call->deferred = true;
    state->deferred[state->deferred_count++] = call->received.call_id;
    return call->received.call_id;
}

static bool forget_deferred(struct capos_server_state *state, uint32_t call_id)
{
    for (uint32_t i = 0; i < state->deferred_count; i++) {
        if (state->deferred[i] != call_id)
            continue;
        state->deferred[i] = state->deferred[--state->deferred_count];
        return true;
    }
    return false;
}

/* The object that the call is for; NULL: the facet leads to none any more. */
static const struct capos_served *find_object(const struct capos_server *server, const struct capos_received *received)
{
    uint32_t generation, index;
    bool any = received->interface_id == CAPOS_ENDPOINT_INTERFACE_ID;
    if (cap_cookie_split(received->badge, &generation, &index)) {
        const struct capos_served *object = index < server->object_count ? &server->objects[index] : NULL;
        bool fits = object != NULL && object->serve != NULL && object->generation == generation;
        return fits && (any || object->interface_id == received->interface_id) ? object : NULL;
    }
    for (uint32_t i = 0; i < server->object_count; i++) {
        const struct capos_served *object = &server->objects[i];
        if (object->serve != NULL && object->generation == 0 && (any || object->interface_id == received->interface_id))
            return object;
    }
    return NULL;
}

static void release_untaken(const struct capos_call *call)
{
    for (uint16_t i = 0; i < call->received.cap_count; i++) {
        uint32_t cap_id;
        uint64_t interface_id;
        capos_received_cap(&call->received, i, &cap_id, &interface_id);
        if (i >= 16 || (call->taken & 1u << i) == 0)
            capos_release(cap_id);
    }
}

static void serve_release(struct capos_server *server, const struct capos_received *received)
{
    const struct capos_served *object = find_object(server, received);
    if (object != NULL && server->released != NULL)
        server->released(server, (uint32_t)(object - server->objects));
}

static void serve_call(struct capos_server *server, const struct capos_received *received)
{
    struct capos_server_state *state = server->state;
    struct capos_call call = { .server = server, .received = *received };
    const struct capos_served *object = find_object(server, received);
    call.context = (struct capn_call_context){
        .env = &call, .method = received->method, .params = received->params, .params_len = received->params_len,
        .reply = state->answer, .reply_capacity = CAPOS_ANSWER_BYTES,
    };
    enum capn_outcome outcome = object != NULL
                                    ? object->serve(object->ops, object->object, &call.context)
                                    : capn_call_exception(&call.context, CAPN_DISCONNECTED, "no such object");
    release_untaken(&call);
    if (outcome == CAPN_PENDING && call.deferred)
        return;
    if (call.deferred && !forget_deferred(state, received->call_id))
        return; /* answered within its own handler */
    struct capos_answer answer = answer_of(state, &call.context, outcome, call.give, call.give_count);
    state->returned = received->call_id;
    if (capos_endpoint_post_return(server->endpoint, received->call_id, &answer, &state->returning) != CAPOS_OK)
        state->returning = 0;
}

/* ---- later answers ----------------------------------------------------------------------------------- */

enum capos_status capos_server_answer(struct capos_server *server, uint32_t call_id, const struct capos_later *later)
{
    struct capos_server_state *state = server->state;
    if (!forget_deferred(state, call_id))
        return CAPOS_NO_SUCH_CAP;
    reap_return(server);
    struct capn_call_context context = { .reply = state->answer, .reply_capacity = CAPOS_ANSWER_BYTES,
                                         .exception = later->exception };
    enum capn_outcome outcome =
        later->reply != NULL ? capos_reply_encode(&context, later->reply, later->results) : CAPN_EXCEPTION;
    uint16_t count = later->give_count < CAPOS_TRANSFERS_MAX ? later->give_count : CAPOS_TRANSFERS_MAX;
    struct capos_answer answer = answer_of(state, &context, outcome, later->give, count);
    enum capos_status status = capos_endpoint_return(server->endpoint, call_id, &answer);
    if (status > CAPOS_NOT_GRANTED)
        status = finish_return(server, call_id, (int32_t)status);
    if (status == CAPOS_OK && answer.is_exception && later->reply != NULL)
        return CAPOS_TOO_LARGE;
    return status;
}

uint32_t capos_server_deferred(const struct capos_server *server)
{
    return server->state != NULL ? server->state->deferred_count : 0;
}

/* ---- the loop ------------------------------------------------------------------------------------------ */

static enum capos_status start_tick(struct capos_server *server)
{
    struct capos_client timer;
    struct capn_builder builder;
    size_t len;
    struct capos_server_state *state = server->state;
    if (server->tick_ns == 0)
        return CAPOS_OK;
    enum capos_status status = capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID);
    if (status != CAPOS_OK)
        return status;
    capn_builder_init(&builder, state->sleep, sizeof state->sleep);
    struct capn_struct_builder root = capn_builder_root(&builder, CAPOS_TIMER_SLEEP_PARAMS_DATA_WORDS,
                                                        CAPOS_TIMER_SLEEP_PARAMS_POINTER_WORDS);
    (void)capos_timer_sleep_params_encode(root, &(struct capos_timer_sleep_params){ .duration_ns = server->tick_ns });
    (void)capn_builder_finish(&builder, &len);
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .method_id = CAPOS_TIMER_SLEEP_METHOD, .cap_id = timer.cap_id,
                            .addr = (uintptr_t)state->sleep, .len = (uint32_t)len };
    return capos_ring_submit(capos_ring(), &sqe, &state->ticking);
}

static enum capos_status run_events(struct capos_server *server)
{
    struct capos_completion done;
    struct capos_server_state *state = server->state;
    if (state->ticking != 0 && capos_ring_wait(capos_ring(), state->ticking, 0, &done) == CAPOS_OK) {
        state->ticking = 0;
        if (server->tick != NULL)
            server->tick(server);
        enum capos_status status = start_tick(server);
        if (status != CAPOS_OK)
            return status;
    }
    if (server->wake != NULL)
        server->wake(server);
    return CAPOS_OK;
}

/* CAPOS_TIMED_OUT: something ended the sleep that is no call. */
static enum capos_status wait_for_call(struct capos_server *server, struct capos_completion *done)
{
    struct capos_server_state *state = server->state;
    bool only_calls = state->ticking == 0 && server->wake == NULL;
    enum capos_status status =
        capos_ring_wait(capos_ring(), state->receive, only_calls ? CAP_ENTER_WAIT_FOREVER : 0, done);
    reap_return(server);
    if (status == CAPOS_TIMED_OUT && capos_ring_wait_any(capos_ring(), CAP_ENTER_WAIT_FOREVER) == CAPOS_RING_BROKEN)
        status = CAPOS_RING_BROKEN;
    if (status == CAPOS_OK)
        state->receive = 0;
    return status;
}

static enum capos_status serve_one(struct capos_server *server)
{
    struct capos_completion done;
    struct capos_received received;
    struct capos_server_state *state = server->state;
    enum capos_status status = CAPOS_OK;
    if (state->receive == 0)
        status = capos_endpoint_post(server->endpoint, state->message, sizeof state->message, &state->receive);
    if (status == CAPOS_OK)
        status = wait_for_call(server, &done);
    if (status == CAPOS_OK)
        status = capos_endpoint_read(state->message, sizeof state->message, &done, &received);
    if (status == CAPOS_OK && received.is_release)
        serve_release(server, &received);
    else if (status == CAPOS_OK)
        serve_call(server, &received);
    return status == CAPOS_TIMED_OUT ? CAPOS_OK : status;
}

/* Nothing of ours stays with the kernel, and nobody waits for an answer. A call that comes at the last moment is refused. */
static void wind_up(struct capos_server *server)
{
    struct capos_completion done;
    struct capos_received received;
    struct capos_later gone = { .exception = exception_of(CAPN_DISCONNECTED, "the service has ended") };
    struct capos_server_state *state = server->state;
    if (state->returning != 0 && capos_ring_wait(capos_ring(), state->returning, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK)
        (void)finish_return(server, state->returned, done.result);
    state->returning = 0;
    while (state->deferred_count > 0)
        (void)capos_server_answer(server, state->deferred[0], &gone);
    if (state->receive == 0 || capos_endpoint_cancel(server->endpoint, state->receive, &done) != CAPOS_INVALID_REQUEST ||
        capos_endpoint_read(state->message, sizeof state->message, &done, &received) != CAPOS_OK || received.is_release)
        return;
    release_untaken(&(struct capos_call){ .received = received });
    struct capos_answer answer = exception_answer(state, &gone.exception);
    (void)capos_endpoint_return(server->endpoint, received.call_id, &answer);
}

enum capos_status capos_serve(struct capos_server *server)
{
    server->state = capos_alloc(sizeof *server->state);
    if (server->state == NULL)
        return CAPOS_OUT_OF_MEMORY;
    memset(server->state, 0, sizeof *server->state);
    server->stop = false;
    enum capos_status status = start_tick(server);
    while (status == CAPOS_OK && !server->stop) {
        status = run_events(server);
        if (status == CAPOS_OK && !server->stop)
            status = serve_one(server);
    }
    wind_up(server);
    capos_free(server->state);
    server->state = NULL;
    return status;
}

/* ---- facets ------------------------------------------------------------------------------------------------ */

uint64_t capos_served_cookie(const struct capos_server *server, uint32_t index)
{
    uint64_t cookie;
    bool made = index < server->object_count && cap_cookie_make(server->objects[index].generation, index, &cookie);
    return made ? cookie : 0;
}

void capos_served_revoke(struct capos_server *server, uint32_t index)
{
    struct capos_served *object = &server->objects[index];
    *object = (struct capos_served){ .generation = object->generation == 0xffffff ? 0 : object->generation + 1 };
}
