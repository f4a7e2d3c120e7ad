/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RECV, RETURN and CANCEL: endpoint.h. The kernel wrote what is read here; lengths are checked all the same. */
#include "capos/endpoint.h"

#include "abi/syscall.h"
#include "capos/syscall.h"
#include "core/base/bytes.h"

enum capos_status capos_endpoint_post(uint32_t endpoint, uint8_t *buffer, uint32_t bytes, uint64_t *ticket)
{
    struct ring_sqe sqe = { .opcode = RING_OP_RECV, .cap_id = endpoint, .result_addr = (uintptr_t)buffer, .result_len = bytes };
    return capos_ring_submit(capos_ring(), &sqe, ticket);
}

enum capos_status capos_endpoint_read(const uint8_t *buffer, uint32_t bytes, const struct capos_completion *done,
                                      struct capos_received *out)
{
    struct endpoint_message header;
    if (done->result < 0)
        return (enum capos_status)done->result;
    uint64_t len = (uint32_t)done->result, records = (uint64_t)done->cap_count * sizeof(struct ring_result_cap);
    if (len < sizeof header || len + records > bytes || done->call_id == 0)
        return CAPOS_RING_BROKEN;
    memcpy(&header, buffer, sizeof header);
    if (header.params_len != len - sizeof header)
        return CAPOS_RING_BROKEN;
    *out = (struct capos_received){
        .interface_id = header.interface_id, .badge = done->badge, .call_id = done->call_id, .method = header.method_id,
        .cap_count = done->cap_count, .params_len = header.params_len, .params = buffer + sizeof header,
        .caps = buffer + len, .session = header.session,
        .is_release = (header.flags & ENDPOINT_MESSAGE_RELEASED) != 0,
    };
    return CAPOS_OK;
}

enum capos_status capos_endpoint_receive(uint32_t endpoint, uint8_t *buffer, uint32_t bytes, uint64_t timeout_ns,
                                         struct capos_received *out)
{
    uint64_t ticket;
    struct capos_completion done;
    enum capos_status status = capos_endpoint_post(endpoint, buffer, bytes, &ticket);
    if (status != CAPOS_OK)
        return status;
    status = capos_ring_wait(capos_ring(), ticket, timeout_ns, &done);
    if (status == CAPOS_TIMED_OUT && capos_endpoint_cancel(endpoint, ticket, &done) == CAPOS_INVALID_REQUEST)
        status = CAPOS_OK; /* it came in between */
    return status == CAPOS_OK ? capos_endpoint_read(buffer, bytes, &done, out) : status;
}

void capos_received_cap(const struct capos_received *received, uint16_t index, uint32_t *cap_id, uint64_t *interface_id)
{
    const uint8_t *record = received->caps + (size_t)index * sizeof(struct ring_result_cap);
    *cap_id = load_le32(record);
    *interface_id = load_le64(record + 8);
}

enum capos_status capos_endpoint_post_return(uint32_t endpoint, uint32_t call_id, const struct capos_answer *answer,
                                             uint64_t *ticket)
{
    struct ring_sqe sqe = {
        .opcode = RING_OP_RETURN, .cap_id = endpoint, .call_id = call_id,
        .flags = answer->is_exception ? SQE_FLAG_RETURN_APPLICATION_EXCEPTION : 0,
        .addr = answer->len + answer->cap_count > 0 ? (uintptr_t)answer->bytes : 0, .len = answer->len,
        .xfer_cap_count = answer->cap_count,
    };
    return capos_ring_submit(capos_ring(), &sqe, ticket);
}

enum capos_status capos_endpoint_return(uint32_t endpoint, uint32_t call_id, const struct capos_answer *answer)
{
    uint64_t ticket;
    struct capos_completion done;
    enum capos_status status = capos_endpoint_post_return(endpoint, call_id, answer, &ticket);
    if (status == CAPOS_OK)
        status = capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, &done);
    return status == CAPOS_OK ? (enum capos_status)done.result : status;
}

enum capos_status capos_endpoint_cancel(uint32_t endpoint, uint64_t ticket, struct capos_completion *done)
{
    struct capos_completion cancelled;
    struct ring_sqe sqe = { .opcode = RING_OP_CANCEL, .cap_id = endpoint, .pipeline_dep = ticket };
    enum capos_status status = capos_ring_run(capos_ring(), &sqe, &cancelled);
    enum capos_status waited = capos_ring_wait(capos_ring(), ticket, CAP_ENTER_WAIT_FOREVER, done);
    if (status != CAPOS_OK || waited != CAPOS_OK)
        return status != CAPOS_OK ? status : waited;
    return (enum capos_status)cancelled.result;
}
