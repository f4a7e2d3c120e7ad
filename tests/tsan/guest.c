/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * tests/sim/guest.h for programs that run at the same time: everything belongs to one thread, and rings are served by
 * the client of libcapos, as it is shipped. The words of its locks lie in one page of the process (WORDS).
 */
#include "tests/tsan/guest.h"

#include <string.h>

#include "capos/syscall.h"
#include "words.h"

uint64_t operations;

static struct user *self(void)
{
    return *sim_local();
}

uint64_t capos_syscall(uint64_t number, uint64_t arg0, uint64_t arg1)
{
    return sim_syscall(number, arg0, arg1);
}

void user_start(struct user *user, uint64_t ring, uint64_t pid, uint64_t capset)
{
    *sim_local() = user;
    user->guest = (struct guest){ .page = sim_user(ring, PAGE_SIZE, true), .pid = pid };
    user->guest.capset = capset == 0 ? NULL : sim_user(capset, PAGE_SIZE, false);
    user->tid = 1;
    user->guest.params = GUEST_PARAMS;
    user->guest.results = GUEST_RESULTS;
    user->guest.results_bytes = GUEST_RESULTS_BYTES;
    CHECK(user->guest.page != NULL && (capset == 0 || user->guest.capset != NULL));
    CHECK(capos_ring_init(&user->ring, user->guest.page) == CAPOS_OK);
}

void user_thread_start(struct user *user, uint64_t tid, uint64_t ring)
{
    user_start(user, ring, tid, USER_CAPSET_BASE);
    user->tid = (uint32_t)tid;
    user->guest.params = GUEST_AREA + (ring - USER_RING_BASE) / USER_RING_STRIDE * GUEST_AREA_STRIDE;
    user->guest.results = user->guest.params + GUEST_AREA_STRIDE / 2;
    user->guest.results_bytes = GUEST_AREA_STRIDE / 2;
}

uint64_t guest_enter(uint32_t min_complete, uint64_t timeout_ns)
{
    return sim_syscall(SYSCALL_CAP_ENTER, min_complete, timeout_ns);
}

uint64_t guest_submit(struct ring_sqe sqe)
{
    uint64_t ticket;
    CHECK(capos_ring_submit(&self()->ring, &sqe, &ticket) == CAPOS_OK);
    __atomic_fetch_add(&operations, 1, __ATOMIC_RELAXED);
    return ticket;
}

struct ring_cqe user_await(uint64_t ticket)
{
    struct capos_completion done;
    sim_pause();
    CHECK(capos_ring_wait(&self()->ring, ticket, CAP_ENTER_WAIT_FOREVER, &done) == CAPOS_OK);
    return (struct ring_cqe){ .user_data = done.user_data, .result = done.result, .flags = done.flags,
                              .cap_count = done.cap_count, .badge = done.badge, .call_id = done.call_id };
}

struct ring_cqe guest_run(struct ring_sqe sqe)
{
    return user_await(guest_submit(sqe));
}

void user_put(uint64_t va, const void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t part = PAGE_SIZE - (va + at) % PAGE_SIZE;
        part = part < len - at ? part : len - at;
        uint8_t *to = sim_user(va + at, part, true);
        CHECK(to != NULL);
        memcpy(to, (const uint8_t *)bytes + at, part);
        at += part;
    }
}

void user_get(uint64_t va, void *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        size_t part = PAGE_SIZE - (va + at) % PAGE_SIZE;
        part = part < len - at ? part : len - at;
        const uint8_t *from = sim_user(va + at, part, false);
        CHECK(from != NULL);
        memcpy((uint8_t *)bytes + at, from, part);
        at += part;
    }
}

uint32_t guest_encode(const struct capos_method *method, const void *in)
{
    struct user *user = self();
    struct capn_builder builder;
    size_t len;
    capn_builder_init(&builder, user->bytes, sizeof user->bytes);
    struct capn_struct_builder root =
        capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    if (method->encode != NULL)
        method->encode(root, in);
    CHECK(capn_builder_finish(&builder, &len) == CAPN_OK);
    user_put(user->guest.params, user->bytes, len);
    return (uint32_t)len;
}

struct ring_sqe guest_call_sqe(uint32_t cap_id, uint16_t method, uint32_t len)
{
    const struct guest *guest = &self()->guest;
    return (struct ring_sqe){ .opcode = RING_OP_CALL, .method_id = method, .cap_id = cap_id, .addr = guest->params,
                              .len = len, .result_addr = guest->results, .result_len = guest->results_bytes };
}

static enum capos_status decode(struct user *user, const struct capos_method *method, const struct ring_cqe *cqe, void *out)
{
    struct capn_struct root;
    user->guest.cap_count = cqe->cap_count;
    memcpy(user->guest.caps, user->bytes + cqe->result, cqe->cap_count * sizeof user->guest.caps[0]);
    if (method->reply_style == CAPOS_REPLY_NONE)
        return CAPOS_OK;
    bool ok = capn_message_open(&user->message, user->bytes, (size_t)cqe->result, CAPN_LIMITS_PARAMS, NULL) == CAPN_OK &&
              capn_root(&user->message, &root) == CAPN_OK &&
              (method->decode == NULL || method->decode(root, out) == CAPN_OK);
    return ok ? CAPOS_OK : CAPOS_BAD_REPLY;
}

enum capos_status capos_client_call(struct capos_client *client, const struct capos_method *method, const void *in,
                                    void *out)
{
    struct user *user = self();
    struct ring_cqe cqe = guest_run(guest_call_sqe(client->cap_id, method->ordinal, guest_encode(method, in)));
    if (cqe.result < 0)
        return (enum capos_status)cqe.result;
    user_get(user->guest.results, user->bytes, (size_t)cqe.result + cqe.cap_count * sizeof user->guest.caps[0]);
    return decode(user, method, &cqe, out);
}

const struct capset_entry *guest_find(const char *name)
{
    const struct capset_page *capset = self()->guest.capset;
    for (uint32_t i = 0; capset != NULL && i < capset->count; i++) {
        const struct capset_entry *entry = &capset->entries[i];
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
    const struct guest *guest = &self()->guest;
    CHECK(index < guest->cap_count);
    return (struct capos_client){ .cap_id = guest->caps[index].cap_id, .interface_id = guest->caps[index].interface_id };
}

enum capos_status guest_release(uint32_t cap_id)
{
    return (enum capos_status)guest_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = cap_id }).result;
}

/* ---- what the locks of libcapos are made of ------------------------------------------------ */

static uint64_t address_of(const uint32_t *word)
{
    return WORDS + (uintptr_t)word % PAGE_SIZE;
}

int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns)
{
    struct ring_sqe sqe = { .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = guest_find("park_space")->cap_id,
                            .addr = address_of(word), .len = expected, .pipeline_dep = timeout_ns, .call_id = self()->tid };
    return guest_run(sqe).result;
}

void capos_word_wake(const uint32_t *word, uint32_t count)
{
    CHECK(guest_run((struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = guest_find("park_space")->cap_id,
                                       .addr = address_of(word), .len = count }).result >= 0);
}
