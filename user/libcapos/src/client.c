/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Typed calls: encode the params into the request buffer, CALL, wait, decode
 * the reply. The buffers and the capabilities of the last reply are the
 * thread's and are reused by its next call.
 */
#include "capos/client.h"

#include "capos/capset.h"
#include "capos/ring.h"
#include "core/base/bytes.h"
#include "core/base/text.h"
#include "schema/generated/capos.h"
#include "self.h"

#define RESULT_BYTES_MIN 512u

struct reply_cap {
    uint32_t cap_id;
    uint64_t interface_id;
    bool there;
};

/* The first thread's. */
static _Alignas(8) uint8_t first_request[CAPOS_CALL_BUFFER_BYTES];
static _Alignas(8) uint8_t first_reply[CAPOS_CALL_BUFFER_BYTES];

static _Thread_local uint8_t *request = first_request;
static _Thread_local uint8_t *reply = first_reply;
static _Thread_local uint32_t buffer_bytes = CAPOS_CALL_BUFFER_BYTES;
static _Thread_local struct capn_message reply_message;
static _Thread_local struct reply_cap reply_caps[16];

void capos_client_use_buffers(uint8_t *request_buffer, uint8_t *reply_buffer, uint32_t bytes)
{
    request = request_buffer;
    reply = reply_buffer;
    buffer_bytes = bytes;
}

enum capos_status capos_client_open(struct capos_client *client, const char *name, uint64_t interface_id)
{
    const struct capset_entry *entry = capos_capset_find(name);
    if (entry == NULL || (entry->interface_id != interface_id && entry->interface_id != CAPOS_ENDPOINT_INTERFACE_ID))
        return CAPOS_NOT_GRANTED;
    *client = capos_client_for(entry->cap_id, interface_id);
    return CAPOS_OK;
}

struct capos_client capos_client_for(uint32_t cap_id, uint64_t interface_id)
{
    return (struct capos_client){ .cap_id = cap_id, .interface_id = interface_id };
}

enum capos_status capos_release(uint32_t cap_id)
{
    struct capos_completion done;
    struct ring_sqe sqe = { .opcode = RING_OP_RELEASE, .cap_id = cap_id };
    enum capos_status status = capos_ring_run(capos_ring(), &sqe, &done);
    return status == CAPOS_OK ? (enum capos_status)done.result : status;
}

void capos_client_close(struct capos_client *client)
{
    if (client->owned)
        capos_release(client->cap_id);
    client->owned = false;
}

/* Capabilities that nobody took would stay in the table for ever. */
static void drop_untaken(void)
{
    for (size_t i = 0; i < sizeof reply_caps / sizeof reply_caps[0]; i++) {
        if (reply_caps[i].there)
            capos_release(reply_caps[i].cap_id);
        reply_caps[i].there = false;
    }
}

static enum capos_status keep_reply_caps(const struct capos_completion *done)
{
    if (done->cap_count > 16 || (uint32_t)done->result + 16u * done->cap_count > buffer_bytes)
        return CAPOS_BAD_REPLY;
    const uint8_t *record = reply + done->result;
    for (uint16_t i = 0; i < done->cap_count; i++, record += sizeof(struct ring_result_cap))
        reply_caps[i] = (struct reply_cap){ load_le32(record), load_le64(record + 8), true };
    return CAPOS_OK;
}

bool capos_exception_read(const uint8_t *bytes, size_t len, struct capn_exception *out)
{
    struct capn_message message;
    struct capn_struct root;
    struct capn_text text = { 0 };
    *out = (struct capn_exception){ 0 };
    if (capn_message_open(&message, bytes, len, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK || capn_root(&message, &root) != CAPN_OK ||
        capn_get_text(&root, 0, &text) != CAPN_OK)
        return false;
    size_t cut = utf8_cut(text.bytes, text.len, sizeof out->text);
    if (cut > 0)
        memcpy(out->text, text.bytes, cut);
    out->len = (uint16_t)cut;
    out->type = capn_get_u16(&root, 0);
    return true;
}

static enum capos_status read_reply(const struct capos_method *method, uint32_t len, void *out)
{
    if (method->reply_style == CAPOS_REPLY_NONE)
        return len == 0 ? CAPOS_OK : CAPOS_BAD_REPLY;
    struct capn_struct root;
    if (capn_message_open(&reply_message, reply, len, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK ||
        capn_root(&reply_message, &root) != CAPN_OK)
        return CAPOS_BAD_REPLY;
    if (method->decode != NULL && method->decode(root, out) != CAPN_OK)
        return CAPOS_BAD_REPLY;
    return CAPOS_OK;
}

static enum capos_status encode_request(const struct capos_method *method, const void *in, size_t *len)
{
    struct capn_builder builder;
    capn_builder_init(&builder, request, buffer_bytes);
    struct capn_struct_builder root =
        capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        method->encode(root, in);
    enum capn_error error = capn_builder_finish(&builder, len);
    return error == CAPN_OK ? CAPOS_OK : error == CAPN_NO_SPACE ? CAPOS_TOO_LARGE : CAPOS_INVALID_REQUEST;
}

/* Descriptors behind the params, which are whole words. */
static enum capos_status add_transfers(const struct capos_transfer *caps, uint16_t count, size_t len)
{
    if (count > CAPOS_TRANSFERS_MAX || len + count * sizeof(struct ring_transfer_descriptor) > buffer_bytes)
        return CAPOS_TOO_LARGE;
    for (uint16_t i = 0; i < count; i++) {
        struct ring_transfer_descriptor descriptor = {
            .cap_id = caps[i].cap_id, .transfer_mode = caps[i].moves ? TRANSFER_MODE_MOVE : TRANSFER_MODE_COPY };
        memcpy(request + len + i * sizeof descriptor, &descriptor, sizeof descriptor);
    }
    return CAPOS_OK;
}

/*
 * A profile may allow less than the buffers hold. The kernel then refuses before anything is done: what it does take is
 * looked for, and kept.
 */
static enum capos_status run_call(struct ring_sqe *sqe, struct capos_completion *done)
{
    enum capos_status status = capos_ring_run(capos_ring(), sqe, done);
    while (status == CAPOS_OK && done->result == CAP_ERR_INVALID_REQUEST && sqe->result_len > RESULT_BYTES_MIN) {
        sqe->result_len /= 2;
        status = capos_ring_run(capos_ring(), sqe, done);
    }
    if (status == CAPOS_OK && done->result != CAP_ERR_INVALID_REQUEST)
        buffer_bytes = sqe->result_len;
    return status;
}

enum capos_status capos_client_call_with(struct capos_client *client, const struct capos_method_call *call,
                                         const struct capos_transfer *caps, uint16_t cap_count)
{
    drop_untaken();
    size_t len;
    enum capos_status status = encode_request(call->method, call->in, &len);
    if (status == CAPOS_OK)
        status = add_transfers(caps, cap_count, len);
    if (status != CAPOS_OK)
        return status;
    struct ring_sqe sqe = {
        .opcode = RING_OP_CALL, .method_id = call->method->ordinal, .cap_id = client->cap_id,
        .addr = (uintptr_t)request, .len = (uint32_t)len, .xfer_cap_count = cap_count,
        .result_addr = (uintptr_t)reply, .result_len = buffer_bytes,
    };
    struct capos_completion done;
    status = run_call(&sqe, &done);
    if (status != CAPOS_OK)
        return status;
    if (done.result == CAP_ERR_APPLICATION_EXCEPTION)
        return capos_exception_read(reply, buffer_bytes, &client->exception) ? CAPOS_EXCEPTION : CAPOS_BAD_REPLY;
    if (done.result < 0)
        return (enum capos_status)done.result;
    status = keep_reply_caps(&done);
    return status == CAPOS_OK ? read_reply(call->method, (uint32_t)done.result, call->out) : status;
}

enum capos_status capos_client_call(struct capos_client *client, const struct capos_method *method, const void *in,
                                    void *out)
{
    struct capos_method_call call = { .method = method, .in = in, .out = out };
    return capos_client_call_with(client, &call, NULL, 0);
}

enum capos_status capos_reply_take(uint16_t index, uint64_t interface_id, struct capos_client *out)
{
    if (index >= 16 || !reply_caps[index].there || reply_caps[index].interface_id != interface_id)
        return CAPOS_BAD_REPLY;
    reply_caps[index].there = false;
    *out = capos_client_for(reply_caps[index].cap_id, interface_id);
    out->owned = true;
    return CAPOS_OK;
}
