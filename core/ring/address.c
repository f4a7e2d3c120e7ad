/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sizes and ranges of a submission entry: core/ring/address.h.
 */
#include "core/ring/address.h"

#include "abi/errors.h"
#include "abi/layout.h"
#include "abi/limits.h"
#include "core/base/checked.h"

bool ring_range_is_user(uint64_t addr, uint64_t len)
{
    uint64_t end;
    if (len == 0)
        return true;
    return checked_add_u64(addr, len, &end) && end <= USER_HALF_LIMIT;
}

/* Number, alignment and wrap of the descriptors behind the payload. */
static bool descriptors_are_sound(const struct ring_sqe *sqe)
{
    uint64_t start;
    uint64_t end;
    uint64_t bytes = sqe->xfer_cap_count * (uint64_t)sizeof(struct ring_transfer_descriptor);
    if (sqe->xfer_cap_count == 0)
        return true;
    if (sqe->xfer_cap_count > TRANSFER_DESCRIPTORS_MAX)
        return false;
    return checked_add_u64(sqe->addr, sqe->len, &start) && start % 4 == 0 &&
           checked_add_u64(start, bytes, &end);
}

/* Params and descriptors lie one behind the other: one range. */
static bool input_is_user(const struct ring_sqe *sqe)
{
    uint64_t descriptors = sqe->xfer_cap_count * (uint64_t)sizeof(struct ring_transfer_descriptor);
    return ring_range_is_user(sqe->addr, sqe->len + descriptors);
}

static int32_t check_call(const struct ring_sqe *sqe, uint32_t scratch)
{
    if (sqe->len > scratch || sqe->result_len > scratch)
        return CAP_ERR_INVALID_REQUEST;
    if (!descriptors_are_sound(sqe))
        return CAP_ERR_INVALID_TRANSFER_DESCRIPTOR;
    if (!input_is_user(sqe))
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    if (!ring_range_is_user(sqe->result_addr, sqe->result_len))
        return CAP_ERR_INVALID_RESULT_BUFFER;
    return 0;
}

static int32_t check_recv(const struct ring_sqe *sqe)
{
    if (!ring_range_is_user(sqe->result_addr, sqe->result_len))
        return CAP_ERR_INVALID_RESULT_BUFFER;
    return sqe->result_len < RING_MESSAGE_HEADER_BYTES ? CAP_ERR_INVALID_RESULT_BUFFER : 0;
}

static int32_t check_park_word(const struct ring_sqe *sqe)
{
    if (sqe->addr % 4 != 0 || !ring_range_is_user(sqe->addr, 4))
        return CAP_ERR_INVALID_PARAMS_BUFFER;
    return 0;
}

int32_t ring_address_check(const struct ring_sqe *sqe, uint32_t scratch)
{
    switch (sqe->opcode) {
    case RING_OP_CALL:
    case RING_OP_RETURN: /* its result fields are zero by the wire check */
        return check_call(sqe, scratch);
    case RING_OP_RECV:
        return check_recv(sqe);
    case RING_OP_UNPARK:
        return sqe->len == 0 ? CAP_ERR_INVALID_REQUEST : check_park_word(sqe);
    case RING_OP_PARK:
        return check_park_word(sqe);
    default:
        return 0;
    }
}
