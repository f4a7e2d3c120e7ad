/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sixteen expensive calls in one cap_enter: the clock goes on between them, so
 * a sleep that was queued before them ends before the last of them does. All
 * are answered, in order, before the system call returns.
 */
#include "check.h"

#include "abi/atomic.h"
#include "abi/layout.h"

#define CALLS 15u
#define FILL_BYTES 60000u
#define SLEEP_NS 1000000u

static _Alignas(8) uint8_t params[2][64], results[65536];

static void queue(struct ring_page *page, uint64_t user_data, uint32_t cap_id, uint16_t method, uint32_t len)
{
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = cap_id, .method_id = method, .user_data = user_data,
                            .addr = (uintptr_t)params[user_data != 0], .len = len };
    if (user_data != 0) {
        sqe.result_addr = (uintptr_t)results;
        sqe.result_len = sizeof results;
    }
    page->sqes[page->header.sq_tail & RING_SQ_MASK] = sqe;
    store_release_u32(&page->header.sq_tail, page->header.sq_tail + 1);
}

static uint32_t encode(uint8_t *out, uint64_t word)
{
    struct capn_builder builder;
    size_t len;
    capn_builder_init(&builder, out, sizeof params[0]);
    struct capn_struct_builder root = capn_builder_root(&builder, 1, 0);
    capn_set_u64(&root, 0, word);
    check(capn_builder_finish(&builder, &len) == CAPN_OK, "params");
    return (uint32_t)len;
}

int main(void)
{
    struct capos_client timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    struct capos_client entropy = granted("entropy_source", CAPOS_ENTROPY_SOURCE_INTERFACE_ID);
    struct ring_page *page = (struct ring_page *)USER_RING_BASE;
    static struct ring_cqe got[CALLS + 1]; /* all of them first: what a check prints goes through the same ring */
    uint32_t count = 0, fills = 0, sleep_at = CALLS;
    queue(page, 0, timer.cap_id, CAPOS_TIMER_SLEEP_METHOD, encode(params[0], SLEEP_NS));
    uint32_t len = encode(params[1], FILL_BYTES);
    for (uint64_t i = 1; i <= CALLS; i++)
        queue(page, i, entropy.cap_id, CAPOS_ENTROPY_SOURCE_FILL_METHOD, len);
    uint64_t answer = capos_cap_enter(0, 0);
    for (; count <= CALLS && page->header.cq_head != load_acquire_u32(&page->header.cq_tail); count++) {
        got[count] = page->cqes[page->header.cq_head & RING_CQ_MASK];
        store_release_u32(&page->header.cq_head, page->header.cq_head + 1);
    }
    check(answer == CALLS + 1 && count == CALLS + 1, "cap_enter says %lu, %u are answered", answer, count);
    for (uint32_t i = 0; i < count; i++) {
        fills += got[i].user_data != 0;
        if (got[i].user_data == 0)
            sleep_at = fills;
        else
            check(got[i].user_data == fills && got[i].result > 0, "call %lu ends as number %u", got[i].user_data, fills);
    }
    check(sleep_at < CALLS, "nothing else happened while the entries were answered");
    return finish("long entry");
}
