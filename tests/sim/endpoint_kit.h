/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What simulated programs need to be clients and servers of endpoints. Where a
 * program's entries wait for each other, completions are taken by their
 * user_data, whatever their order. For tests/sim only; over kit.h.
 */
#pragma once

#include "abi/endpoint.h"
#include "tests/sim/kit.h"

#define RECV_BUFFER GUEST_RESULTS        /* 16 KiB */
#define CALL_BUFFER (GUEST_RESULTS + 0x4000)
#define CALL_BUFFER_BYTES 0x1000u
#define RETURN_BUFFER (GUEST_RESULTS + 0x5000)

#define FACET_AS(grant_name, client, id, cookie)                                                                   \
    { .name = capn_text_of(grant_name), .cap_id = (client).cap_id, .interface_id = id,                             \
      .mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT, .badge = cookie }
#define FACET(grant_name, client, cookie) FACET_AS(grant_name, client, CAPOS_ENDPOINT_INTERFACE_ID, cookie)
#define ENDPOINT_GRANT(grant_name) KERNEL(grant_name, CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID)

static inline void ep_put(uint64_t va, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        *kit_byte(va + i) = ((const uint8_t *)bytes)[i];
}

static inline void ep_get(uint64_t va, void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t *byte = sim_user(va + i, 1, false);
        CHECK(byte != NULL);
        ((uint8_t *)bytes)[i] = *byte;
    }
}

/* Completions that were taken while others were waited for. */
static struct {
    void *owner; /* NULL = free */
    struct ring_cqe cqe;
} ep_kept[256];

static inline bool ep_take_kept(uint64_t user_data, struct ring_cqe *cqe)
{
    for (int i = 0; i < 256; i++)
        if (ep_kept[i].owner == *sim_local() && ep_kept[i].cqe.user_data == user_data) {
            *cqe = ep_kept[i].cqe;
            ep_kept[i].owner = NULL;
            return true;
        }
    return false;
}

static inline void ep_keep(const struct ring_cqe *cqe)
{
    int i = 0;
    while (ep_kept[i].owner != NULL)
        CHECK(++i < 256);
    ep_kept[i].owner = *sim_local();
    ep_kept[i].cqe = *cqe;
}

/* The completion of that operation; no other operation may get two. */
static inline struct ring_cqe ep_await(uint64_t user_data)
{
    struct ring_cqe cqe;
    while (!ep_take_kept(user_data, &cqe)) {
        cqe = guest_wait();
        CHECK_EQ(cqe.reserved, 0);
        ep_keep(&cqe);
    }
    return cqe;
}

/* True when it is there already; enters the kernel, does not wait. */
static inline bool ep_has(uint64_t user_data, struct ring_cqe *out)
{
    struct ring_cqe cqe;
    (void)guest_enter(0, 0);
    while (guest_take(&cqe))
        ep_keep(&cqe);
    return ep_take_kept(user_data, out);
}

static inline bool ep_is_pending(uint64_t user_data)
{
    struct ring_cqe cqe;
    if (!ep_has(user_data, &cqe))
        return true;
    ep_keep(&cqe);
    return false;
}

static inline struct ring_cqe ep_run(struct ring_sqe sqe)
{
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0);
    return ep_await(id);
}

static inline uint64_t ep_start(struct ring_sqe sqe)
{
    uint64_t id = guest_submit(sqe);
    (void)guest_enter(0, 0);
    return id;
}

/* ---- entries ------------------------------------------------------------------------------ */

static inline struct ring_sqe ep_call_sqe(uint32_t cap, uint16_t method, const void *params, uint32_t len)
{
    ep_put(GUEST_PARAMS, params, len);
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .method_id = method, .cap_id = cap, .addr = GUEST_PARAMS, .len = len,
                              .result_addr = CALL_BUFFER, .result_len = CALL_BUFFER_BYTES };
}

static inline struct ring_sqe ep_recv_sqe(uint32_t cap)
{
    return (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = cap, .result_addr = RECV_BUFFER, .result_len = 0x4000 };
}

static inline struct ring_sqe ep_return_sqe(uint32_t cap, uint32_t call_id, const void *bytes, uint32_t len)
{
    ep_put(RETURN_BUFFER, bytes, len);
    return (struct ring_sqe){ .opcode = RING_OP_RETURN, .cap_id = cap, .call_id = call_id, .addr = RETURN_BUFFER, .len = len };
}

/* Adds descriptors behind the payload, whose length is a multiple of 4. */
static inline struct ring_sqe ep_with_caps(struct ring_sqe sqe, const struct ring_transfer_descriptor *caps, uint16_t count)
{
    ep_put(sqe.addr + sqe.len, caps, count * sizeof *caps);
    sqe.xfer_cap_count = count;
    return sqe;
}

#define COPY_OF(id) { .cap_id = (id), .transfer_mode = TRANSFER_MODE_COPY }
#define MOVE_OF(id) { .cap_id = (id), .transfer_mode = TRANSFER_MODE_MOVE }

static inline uint64_t ep_start_call(uint32_t cap, uint16_t method, const char *text)
{
    return ep_start(ep_call_sqe(cap, method, text, (uint32_t)strlen(text)));
}

static inline struct ring_cqe ep_recv(uint32_t cap)
{
    return ep_run(ep_recv_sqe(cap));
}

static inline int32_t ep_return(uint32_t cap, uint32_t call_id, const char *text)
{
    return ep_run(ep_return_sqe(cap, call_id, text, (uint32_t)strlen(text))).result;
}

/* ---- what arrived ------------------------------------------------------------------------ */

static inline struct endpoint_message ep_header(void)
{
    struct endpoint_message header;
    ep_get(RECV_BUFFER, &header, sizeof header);
    return header;
}

static inline void ep_expect_bytes(uint64_t va, const char *text)
{
    char bytes[256];
    ep_get(va, bytes, strlen(text));
    CHECK(memcmp(bytes, text, strlen(text)) == 0);
}

/* A delivered message with that text as params. */
static inline void ep_expect_message(const struct ring_cqe *cqe, uint16_t method, const char *text)
{
    struct endpoint_message header = ep_header();
    CHECK_EQ(cqe->result, 56 + (int)strlen(text));
    CHECK(cqe->call_id != 0);
    CHECK_EQ(header.method_id, method);
    CHECK_EQ(header.flags, 0);
    CHECK_EQ(header.params_len, strlen(text));
    ep_expect_bytes(RECV_BUFFER + 56, text);
}

static inline struct ring_result_cap ep_record(uint64_t buffer, const struct ring_cqe *cqe, uint32_t index)
{
    struct ring_result_cap record;
    CHECK(index < cqe->cap_count && (cqe->flags & CQE_FLAG_TRANSFER_RESULT_CAPS) != 0);
    ep_get(buffer + (uint32_t)cqe->result + index * sizeof record, &record, sizeof record);
    CHECK_EQ(record.reserved, 0);
    return record;
}

/* -9 with that exception in the caller's buffer. */
static inline void ep_expect_exception(const struct ring_cqe *cqe, enum cap_exception_type type, const char *text)
{
    uint8_t bytes[256];
    struct capn_message message;
    struct capn_struct root;
    struct capn_text got;
    CHECK_EQ(cqe->result, CAP_ERR_APPLICATION_EXCEPTION);
    CHECK(cqe->flags == 0 && cqe->cap_count == 0);
    ep_get(CALL_BUFFER, bytes, sizeof bytes);
    CHECK(capn_message_open(&message, bytes, sizeof bytes, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
          capn_root(&message, &root) == CAPN_OK && capn_get_text(&root, 0, &got) == CAPN_OK);
    if (got.len != strlen(text) || memcmp(got.bytes, text, got.len) != 0)
        harness_note("exception `%.*s`", (int)got.len, got.bytes);
    CHECK(got.len == strlen(text) && memcmp(got.bytes, text, got.len) == 0);
    CHECK_EQ(capn_get_u16(&root, 0), type);
}

static inline enum capos_status ep_revoke(struct capos_client *manager, uint32_t cap_id)
{
    return capos_capability_manager_revoke(manager, &(struct capos_capability_manager_revoke_params){ .cap_id = cap_id }, NULL);
}

/* While something fails on purpose, the other side may have given up. */
static inline struct ring_cqe await_unless_failed(uint64_t user_data)
{
    struct ring_cqe cqe;
    for (int i = 0; !ep_has(user_data, &cqe); i++) {
        EXPECT(i < 50);
        (void)guest_enter(1, 5000000);
    }
    return cqe;
}

static inline struct ring_cqe run_unless_failed(struct ring_sqe sqe)
{
    return await_unless_failed(guest_submit(sqe));
}
