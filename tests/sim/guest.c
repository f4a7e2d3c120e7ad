/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See guest.h. One program runs at a time, up to its next kernel entry or pause; each has its own struct guest. */
#include "tests/sim/guest.h"

#include <string.h>

#include "core/base/bytes.h"
#include "tests/sim/harness.h"

#define self ((struct guest *)*sim_local())

void guest_start(struct guest *guest, uint64_t ring, uint64_t pid, uint64_t capset)
{
    *sim_local() = guest;
    *guest = (struct guest){ .page = sim_user(ring, PAGE_SIZE, true), .pid = pid, .next_user_data = 1 };
    guest->capset = capset == 0 ? NULL : sim_user(capset, PAGE_SIZE, false);
    CHECK(guest->page != NULL && (capset == 0 || guest->capset != NULL));
    guest->params = GUEST_PARAMS;
    guest->results = GUEST_RESULTS;
    guest->results_bytes = GUEST_RESULTS_BYTES;
}

void guest_thread_start(struct guest *guest, uint64_t tid, uint64_t ring)
{
    guest_start(guest, ring, tid, USER_CAPSET_BASE);
    guest->params = GUEST_AREA + (ring - USER_RING_BASE) / USER_RING_STRIDE * GUEST_AREA_STRIDE;
    guest->results = guest->params + GUEST_AREA_STRIDE / 2;
    guest->results_bytes = GUEST_AREA_STRIDE / 2;
}

uint64_t guest_enter(uint32_t min_complete, uint64_t timeout_ns)
{
    return sim_syscall(SYSCALL_CAP_ENTER, min_complete, timeout_ns);
}

uint64_t guest_submit(struct ring_sqe sqe)
{
    struct ring_header *h = &self->page->header;
    CHECK(h->sq_tail - h->sq_head < RING_SQ_ENTRIES);
    if (sqe.user_data == 0)
        sqe.user_data = self->next_user_data++;
    self->page->sqes[h->sq_tail & RING_SQ_MASK] = sqe;
    h->sq_tail++;
    return sqe.user_data;
}

bool guest_take(struct ring_cqe *cqe)
{
    struct ring_header *h = &self->page->header;
    if (h->cq_head == h->cq_tail)
        return false;
    *cqe = self->page->cqes[h->cq_head & RING_CQ_MASK];
    h->cq_head++;
    return true;
}

struct ring_cqe guest_wait(void)
{
    struct ring_cqe cqe;
    while (!guest_take(&cqe))
        CHECK(guest_enter(1, CAP_ENTER_WAIT_FOREVER) <= RING_CQ_ENTRIES);
    return cqe;
}

struct ring_cqe guest_run(struct ring_sqe sqe)
{
    uint64_t user_data = guest_submit(sqe);
    struct ring_cqe cqe = guest_wait();
    CHECK_EQ(cqe.user_data, user_data);
    return cqe;
}

uint32_t guest_encode(const struct capos_method *method, const void *in)
{
    struct capn_builder builder;
    size_t len;
    uint8_t *to = sim_user(self->params, PAGE_SIZE, true);
    static uint8_t bytes[0x4000];
    capn_builder_init(&builder, bytes, sizeof bytes);
    struct capn_struct_builder root =
        capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        method->encode(root, in);
    CHECK(to != NULL && capn_builder_finish(&builder, &len) == CAPN_OK);
    for (size_t at = 0; at < len; at += PAGE_SIZE) /* pages need not lie side by side */
        memcpy(sim_user(self->params + at, PAGE_SIZE, true), bytes + at, len - at < PAGE_SIZE ? len - at : PAGE_SIZE);
    return (uint32_t)len;
}

struct ring_sqe guest_call_sqe(uint32_t cap_id, uint16_t method, uint32_t len)
{
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .method_id = method, .cap_id = cap_id, .addr = self->params,
                              .len = len, .result_addr = self->results, .result_len = self->results_bytes };
}

static uint8_t results[GUEST_RESULTS_BYTES];
static struct capn_message message;

static void fetch_results(void)
{
    for (size_t at = 0; at < self->results_bytes; at += PAGE_SIZE)
        memcpy(results + at, sim_user(self->results + at, PAGE_SIZE, false), PAGE_SIZE);
}

static enum capos_status decode_results(const struct capos_method *method, const struct ring_cqe *cqe, void *out)
{
    struct capn_struct root;
    self->cap_count = cqe->cap_count;
    memcpy(self->caps, results + cqe->result, cqe->cap_count * sizeof self->caps[0]);
    if (method->reply_style == CAPOS_REPLY_NONE)
        return cqe->result == 0 ? CAPOS_OK : CAPOS_BAD_REPLY;
    if (capn_message_open(&message, results, (size_t)cqe->result, CAPN_LIMITS_PARAMS, NULL) != CAPN_OK ||
        capn_root(&message, &root) != CAPN_OK || (method->decode != NULL && method->decode(root, out) != CAPN_OK))
        return CAPOS_BAD_REPLY;
    return CAPOS_OK;
}

enum capos_status capos_client_call(struct capos_client *client, const struct capos_method *method, const void *in,
                                    void *out)
{
    struct ring_cqe cqe = guest_run(guest_call_sqe(client->cap_id, method->ordinal, guest_encode(method, in)));
    CHECK(cqe.badge == 0 && cqe.call_id == 0 && cqe.reserved == 0);
    fetch_results();
    if (cqe.result >= 0)
        return decode_results(method, &cqe, out);
    CHECK(cqe.flags == 0 && cqe.cap_count == 0);
    if (cqe.result == CAP_ERR_APPLICATION_EXCEPTION) {
        struct capn_struct root;
        struct capn_text text;
        CHECK(capn_message_open(&message, results, sizeof results, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
              capn_root(&message, &root) == CAPN_OK && capn_get_text(&root, 0, &text) == CAPN_OK &&
              text.len <= sizeof client->exception.text);
        client->exception.type = capn_get_u16(&root, 0);
        client->exception.len = (uint16_t)text.len;
        memcpy(client->exception.text, text.bytes, text.len);
    }
    return (enum capos_status)cqe.result;
}

const struct capset_entry *guest_find(const char *name)
{
    for (uint32_t i = 0; self->capset != NULL && i < self->capset->count; i++) {
        const struct capset_entry *entry = &self->capset->entries[i];
        if (entry->name_len == strlen(name) && memcmp(entry->name, name, entry->name_len) == 0)
            return entry;
    }
    return NULL;
}

struct capos_client guest_open(const char *name)
{
    const struct capset_entry *entry = guest_find(name);
    CHECK(entry != NULL);
    return (struct capos_client){ .cap_id = entry->cap_id, .interface_id = entry->interface_id };
}

struct capos_client guest_take_cap(uint16_t index)
{
    CHECK(index < self->cap_count);
    return (struct capos_client){ .cap_id = self->caps[index].cap_id, .interface_id = self->caps[index].interface_id };
}

enum capos_status guest_release(uint32_t cap_id)
{
    return (enum capos_status)guest_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = cap_id }).result;
}

bool guest_exception_is(const struct capos_client *client, enum cap_exception_type type, const char *text)
{
    bool same = client->exception.type == type && client->exception.len == strlen(text) &&
                memcmp(client->exception.text, text, client->exception.len) == 0;
    if (!same)
        harness_note("exception %u `%.*s`", client->exception.type, (int)client->exception.len, client->exception.text);
    return same;
}

_Noreturn void guest_exit(int64_t code)
{
    for (;;)
        sim_syscall(SYSCALL_EXIT, (uint64_t)code, 0);
}
