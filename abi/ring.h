/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ring page: one submission queue of 16 entries and one completion queue
 * of 32, shared between a thread (read-write) and the kernel. Source of every
 * number: docs/abi.md, "Ring page layout" and "SQE and CQE fields". Data and
 * assertions only.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define RING_SQ_ENTRIES 16u
#define RING_SQ_MASK 15u
#define RING_CQ_ENTRIES 32u
#define RING_CQ_MASK 31u
#define RING_SQE_OFFSET 128u
#define RING_CQE_OFFSET 1152u
#define RING_PAGE_BYTES 4096u

#define RING_SQ_NEED_WAKEUP 1u /* sq_flags */

enum ring_opcode {
    RING_OP_CALL = 0,
    RING_OP_RETURN = 1,
    RING_OP_RECV = 2,
    RING_OP_RELEASE = 3,
    RING_OP_FINISH = 4, /* reserved, always CAP_ERR_UNSUPPORTED_OPCODE */
    RING_OP_NOP = 5,
    RING_OP_CANCEL = 6,
    RING_OP_PARK_BENCH = 7, /* measurement kernels only */
    RING_OP_PARK = 8,
    RING_OP_UNPARK = 9,
};

#define SQE_FLAG_PIPELINE 0x01u
#define SQE_FLAG_LINK 0x02u
#define SQE_FLAG_MULTISHOT 0x04u
#define SQE_FLAG_DRAIN 0x08u
#define SQE_FLAG_RETURN_APPLICATION_EXCEPTION 0x10u
#define SQE_FLAG_THREAD_OWNED 0x20u

#define SESSION_DISCLOSURE_MASK 0x7ull

#define CQE_FLAG_MORE 0x1u
#define CQE_FLAG_TRANSFER_RESULT_CAPS 0x2u

struct ring_sqe {
    uint8_t opcode;
    uint8_t flags;
    uint16_t method_id;
    uint32_t cap_id;
    uint64_t user_data;
    uint64_t addr;
    uint32_t len;
    uint32_t result_len;
    uint64_t result_addr;
    uint64_t pipeline_dep;
    uint16_t pipeline_field;
    uint16_t xfer_cap_count;
    uint32_t call_id;
    uint64_t session_disclosure;
};

struct ring_cqe {
    uint64_t user_data;
    int32_t result;
    uint16_t flags;
    uint16_t cap_count;
    uint64_t badge;
    uint32_t call_id;
    uint32_t reserved;
};

struct ring_header {
    uint32_t sq_head;
    uint32_t sq_tail;
    uint32_t sq_mask;
    uint32_t sq_entries;
    uint32_t sq_flags;
    uint32_t cq_head;
    uint32_t cq_tail;
    uint32_t cq_mask;
    uint32_t cq_entries;
    uint32_t cq_flags;
    uint32_t cq_overflow;
    uint32_t sqe_offset;
    uint32_t cqe_offset;
    uint32_t reserved[19];
};

struct ring_page {
    struct ring_header header;
    struct ring_sqe sqes[RING_SQ_ENTRIES];
    struct ring_cqe cqes[RING_CQ_ENTRIES];
    uint8_t unused[RING_PAGE_BYTES - RING_CQE_OFFSET - RING_CQ_ENTRIES * 32u];
};

/* 8 bytes at addr + len of a CALL or RETURN, 4-byte aligned. */
struct ring_transfer_descriptor {
    uint32_t cap_id;
    uint16_t transfer_mode;
    uint16_t reserved;
};

#define TRANSFER_MODE_COPY 1u
#define TRANSFER_MODE_MOVE 2u

/* 16 bytes appended, unpadded, at result_addr + result. */
struct ring_result_cap {
    uint32_t cap_id;
    uint32_t reserved;
    uint64_t interface_id;
};

#define RESULT_CAP_NONE 0xffffu /* an index field that names no record */

_Static_assert(sizeof(struct ring_sqe) == 64, "SQE size");
_Static_assert(offsetof(struct ring_sqe, len) == 24, "len precedes result_len");
_Static_assert(offsetof(struct ring_sqe, result_len) == 28, "SQE result_len");
_Static_assert(offsetof(struct ring_sqe, result_addr) == 32, "SQE result_addr");
_Static_assert(offsetof(struct ring_sqe, pipeline_dep) == 40, "SQE pipeline_dep");
_Static_assert(offsetof(struct ring_sqe, xfer_cap_count) == 50, "SQE xfer_cap_count");
_Static_assert(offsetof(struct ring_sqe, call_id) == 52, "SQE call_id");
_Static_assert(offsetof(struct ring_sqe, session_disclosure) == 56, "SQE session_disclosure");
_Static_assert(sizeof(struct ring_cqe) == 32, "CQE size");
_Static_assert(offsetof(struct ring_cqe, result) == 8, "CQE result");
_Static_assert(offsetof(struct ring_cqe, flags) == 12, "CQE flags");
_Static_assert(offsetof(struct ring_cqe, cap_count) == 14, "CQE cap_count");
_Static_assert(offsetof(struct ring_cqe, badge) == 16, "CQE badge");
_Static_assert(offsetof(struct ring_cqe, call_id) == 24, "CQE call_id");
_Static_assert(sizeof(struct ring_header) == RING_SQE_OFFSET, "ring header size");
_Static_assert(offsetof(struct ring_header, cqe_offset) == 48, "ring header fields");
_Static_assert(offsetof(struct ring_page, cqes) == RING_CQE_OFFSET, "CQE array offset");
_Static_assert(sizeof(struct ring_page) == RING_PAGE_BYTES, "ring page size");
_Static_assert(sizeof(struct ring_transfer_descriptor) == 8, "transfer descriptor size");
_Static_assert(sizeof(struct ring_result_cap) == 16, "result cap record size");
