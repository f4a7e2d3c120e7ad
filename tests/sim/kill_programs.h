/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The programs of the kill sweep (tests/sim/kill.c), seven processes that do
 * with each other what processes do. Everyone else than the victim comes to
 * its end by itself. For tests/sim only; over kill_kit.h.
 */
#pragma once

#include "tests/sim/kill_kit.h"

#define ROUNDS 14 /* so that a run has as many steps as are to be killed at */

#define MEMORY_GRANT \
    KERNEL("frame_allocator", CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR, CAPOS_FRAME_ALLOCATOR_INTERFACE_ID)
#define VM_GRANT KERNEL("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID)
#define SPAWNER_GRANT KERNEL("process_spawner", CAPOS_KERNEL_CAP_SOURCE_PROCESS_SPAWNER, CAPOS_PROCESS_SPAWNER_INTERFACE_ID)
#define SERVICE_GRANT KERNEL("own", 0x8004, CAPOS_ENDPOINT_INTERFACE_ID)
#define COOKIE(index) (0x51C0000001000000ull | (index))
#define WORD GUEST_SPARE

static bool new_memory(uint32_t pages, struct capos_client *out)
{
    struct capos_client allocator = guest_open("frame_allocator");
    struct capos_frame_allocator_alloc_contiguous_results got;
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = pages };
    if (!actor_ok(capos_frame_allocator_alloc_contiguous(&allocator, &in, &got), &allocator))
        return false;
    *out = guest_take_cap(got.handle_index);
    return true;
}

/* Maps an object, shows it half read-only, unmaps the other half; leaves the rest to the end of the process. */
static void use_object(struct capos_client *object, uint64_t pages)
{
    struct capos_memory_object_map_results at;
    if (!actor_ok(capos_memory_object_map(object, &(struct capos_memory_object_map_params){ .size = pages * PAGE_SIZE, .prot = 3 }, &at), object))
        return;
    *kit_byte(at.addr) = 7;
    (void)actor_ok(capos_memory_object_protect(object, &(struct capos_memory_object_protect_params){ .addr = at.addr, .size = PAGE_SIZE, .prot = 1 }, NULL), object);
    if (pages > 1)
        (void)actor_ok(capos_memory_object_unmap(object, &(struct capos_memory_object_unmap_params){ .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE }, NULL), object);
}

static void use_memory(void)
{
    struct capos_client vm = guest_open("virtual_memory"), object;
    struct capos_virtual_memory_reserve_results at;
    if (actor_ok(capos_virtual_memory_reserve(&vm, &(struct capos_virtual_memory_reserve_params){ .size = 8 * PAGE_SIZE }, &at), &vm)) {
        (void)actor_ok(capos_virtual_memory_commit(&vm, &(struct capos_virtual_memory_commit_params){ .addr = at.addr + PAGE_SIZE, .size = 4 * PAGE_SIZE, .prot = 3 }, NULL), &vm);
        (void)actor_ok(capos_virtual_memory_protect(&vm, &(struct capos_virtual_memory_protect_params){ .addr = at.addr + PAGE_SIZE, .size = PAGE_SIZE, .prot = 1 }, NULL), &vm);
        (void)actor_ok(capos_virtual_memory_decommit(&vm, &(struct capos_virtual_memory_decommit_params){ .addr = at.addr + 2 * PAGE_SIZE, .size = PAGE_SIZE }, NULL), &vm);
        (void)actor_ok(capos_virtual_memory_unmap(&vm, &(struct capos_virtual_memory_unmap_params){ .addr = at.addr, .size = 2 * PAGE_SIZE }, NULL), &vm);
    }
    if (new_memory(3, &object)) {
        use_object(&object, 3);
        actor_release(object.cap_id); /* mapped, but held no more */
    }
}

static void nap(uint64_t ns)
{
    struct capos_client timer = guest_open("timer");
    (void)actor_ok(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = ns }, NULL), &timer);
}

static bool try_spawn(const char *binary, const struct capos_cap_grant *grants, uint32_t count, struct kit_child *out)
{
    struct capos_client spawner = guest_open("process_spawner");
    return actor_ok(kit_try_spawn(&spawner, binary, grants, count, out), &spawner);
}

/* Its handle and manager go with the end. */
static void await_child(struct kit_child *child)
{
    struct capos_process_handle_wait_results got;
    if (actor_ok(capos_process_handle_wait(&child->handle, NULL, &got), &child->handle))
        CHECK(got.exit_code == 0 || (kill_happened && got.exit_code == EXIT_CODE_TERMINATED));
    actor_release(child->manager.cap_id);
    actor_release(child->handle.cap_id);
}

/* Calls both service objects, several times the first, and ends without giving them back. */
ACTOR(holder)
{
    uint32_t first = guest_open("first").cap_id, second = guest_open("second").cap_id;
    for (int i = 0; i < 2; i++) {
        uint64_t one = actor_start(ep_call_sqe(first, 1, "abcd", 4)), two = actor_start(ep_call_sqe(second, 1, "efgh", 4));
        struct ring_cqe cqe = actor_await(one);
        (void)actor_went_well(&cqe);
        cqe = actor_await(two);
        (void)actor_went_well(&cqe);
    }
    actor_release(first);
    sim_pause();
}

ACTOR_THREAD(wakes)
{
    (void)arg;
    for (int i = 0; i < 3; i++) {
        *kit_word(WORD) += 1;
        CHECK(actor_run(kit_unpark_sqe("park_space", WORD, 1)).result >= 0);
        sim_pause();
    }
}

/* Waits for a word that its own thread changes; both go with the process. */
static void park_a_while(void)
{
    struct capos_client spawner = guest_open("thread_spawner"), handle;
    if (!actor_ok(kit_try_thread(&spawner, wakes, 0, &handle), &spawner))
        return;
    for (uint32_t seen; (seen = *kit_word(WORD)) < 3;) {
        int32_t result = actor_run(kit_park_sqe("park_space", WORD, seen, CAP_ENTER_WAIT_FOREVER)).result;
        CHECK(result >= 0 && result <= 3);
    }
    struct capos_thread_handle_join_results got;
    CHECK(actor_ok(capos_thread_handle_join(&handle, NULL, &got), &handle));
    actor_release(handle.cap_id);
}

/* A grandchild with an object moved to it: maps, parks, sleeps. */
ACTOR(worker)
{
    struct capos_client given = guest_open("given");
    kit_map_thread_area();
    use_object(&given, 2);
    park_a_while();
    use_memory();
    nap(400000);
}

/* Sends an object to where nobody receives, and waits: it comes back when this process is ended. */
ACTOR(poster)
{
    struct capos_client object;
    if (!new_memory(1, &object))
        return;
    struct ring_transfer_descriptor away[] = { MOVE_OF(object.cap_id) };
    struct ring_cqe cqe = actor_run(ep_with_caps(ep_call_sqe(guest_open("mail").cap_id, 1, "abcd", 4), away, 1));
    CHECK(kill_happened && cqe.result == CAP_ERR_APPLICATION_EXCEPTION);
}

/* Sends three objects, one of them away for good, and has another three calls wait at once; reads the pipe to its end. */
static void call_server(uint32_t srv)
{
    struct capos_client a, b, c;
    if (!new_memory(1, &a) || !new_memory(2, &b) || !new_memory(1, &c))
        return;
    struct ring_transfer_descriptor caps[] = { MOVE_OF(a.cap_id), COPY_OF(b.cap_id), COPY_OF(c.cap_id) };
    uint64_t calls[3];
    calls[0] = actor_start(ep_with_caps(ep_call_sqe(srv, 2, "abcd", 4), caps, 3));
    calls[1] = actor_start(ep_with_caps(ep_call_sqe(srv, 2, "efgh", 4), &caps[1], 1));
    calls[2] = actor_start(ep_call_sqe(srv, 1, "ijkl", 4));
    for (int i = 0; i < 3; i++) {
        struct ring_cqe cqe = actor_await(calls[i]);
        if (actor_went_well(&cqe))
            CHECK(i < 2 ? cqe.cap_count == 1 : cqe.cap_count == 0);
        else if (i == 0)
            (void)actor_run((struct ring_sqe){ .opcode = RING_OP_RELEASE, .cap_id = a.cap_id });
    }
    actor_release(b.cap_id);
    actor_release(c.cap_id);
}

static void read_pipe(struct capos_client *reader)
{
    struct capos_pipe_read_results got = { 0 };
    uint32_t sum = 0;
    do {
        if (!actor_ok(capos_pipe_read(reader, &(struct capos_pipe_read_params){ .max_len = 40 }, &got), reader))
            return;
        sum += got.data.len;
    } while (!got.eof);
    CHECK(sum == 60 || kill_happened);
}

ACTOR(client)
{
    struct capos_client reader = guest_open("reader"), moved;
    struct kit_child child = { 0 };
    call_server(guest_open("srv").cap_id);
    bool has_child = false;
    if (new_memory(2, &moved)) {
        struct capos_cap_grant grants[] = {
            HELD("given", moved, CAPOS_CAP_GRANT_MODE_MOVE), MEMORY_GRANT, VM_GRANT, TIMER_GRANT("timer"),
            KERNEL("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID),
            KERNEL("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID),
            KERNEL("park_space", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID) };
        has_child = try_spawn("worker", grants, sizeof grants / sizeof grants[0], &child);
    }
    read_pipe(&reader);
    if (has_child)
        await_child(&child);
}

/* Answers with one of the capabilities that came, moved back, and keeps the rest until it ends. */
static void answer(uint32_t own, const struct ring_cqe *got)
{
    struct ring_sqe ret = ep_return_sqe(own, got->call_id, "wxyz", 4);
    if (got->cap_count > 0) {
        struct ring_transfer_descriptor back = MOVE_OF(ep_record(RECV_BUFFER, got, 0).cap_id);
        ret = ep_with_caps(ret, &back, 1);
    }
    int32_t result = actor_run(ret).result;
    CHECK(result == 0 || (kill_happened && result == CAP_ERR_INVOKE_FAILED));
}

static bool start_holder(uint32_t own, struct kit_child *child)
{
    struct capos_client endpoint = { .cap_id = own };
    struct capos_cap_grant objects[] = { FACET("first", endpoint, COOKIE(0)), FACET("second", endpoint, COOKIE(1)) };
    return try_spawn("holder", objects, 2, child);
}

/* Serves for ever; hears of the end of both objects that its child holds. */
ACTOR(server)
{
    uint32_t own = guest_open("own").cap_id, told = 0;
    struct kit_child child = { 0 };
    bool has_child = start_holder(own, &child);
    for (;;) {
        struct ring_cqe got = actor_run(ep_recv_sqe(own));
        if (!actor_went_well(&got))
            continue;
        struct endpoint_message header = ep_header();
        if ((header.flags & ENDPOINT_MESSAGE_RELEASED) == 0)
            answer(own, &got);
        else
            CHECK(++told <= 2);
        if (told == 2 && has_child) {
            await_child(&child);
            has_child = false;
        }
    }
}

/* Started in a session that ends while it works. */
ACTOR(guest)
{
    use_memory();
    nap(200000);
}

static bool open_session(struct capos_client *session, struct kit_child *child)
{
    struct capos_client manager = guest_open("session_manager"), broker = guest_open("authority_broker");
    struct capos_session_manager_guest_results got;
    struct capos_authority_broker_shell_bundle_results bundle;
    if (!actor_ok(capos_session_manager_guest(&manager, NULL, &got), &manager))
        return false;
    *session = guest_take_cap(got.session_index);
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session->cap_id, .profile = capn_text_of("guest") };
    if (!actor_ok(capos_authority_broker_shell_bundle(&broker, &in, &bundle), &broker))
        return false;
    struct capos_client launcher = guest_take_cap(bundle.launcher_index);
    struct capos_cap_grant grants[] = { MEMORY_GRANT, VM_GRANT, TIMER_GRANT("timer") };
    struct capos_restricted_launcher_spawn_params what = { .name = capn_text_of("guest"), .binary_name = capn_text_of("guest"),
                                                           .grants = capn_list_over(grants, 3, sizeof grants[0]) };
    struct capos_restricted_launcher_spawn_results launched;
    if (!actor_ok(capos_restricted_launcher_spawn(&launcher, &what, &launched), &launcher))
        return false;
    *child = (struct kit_child){ .handle = guest_take_cap(launched.handle_index) };
    return true;
}

static void write_pipe(struct capos_client *writer)
{
    for (uint32_t left = 60; left > 0;) {
        struct capos_pipe_write_results got = { 0 };
        struct capos_pipe_write_params in = { .data = { (const uint8_t *)"abcdefghijklmnopqrstuvwxyz", left < 20 ? left : 20 } };
        if (!actor_ok(capos_pipe_write(writer, &in, &got), writer) || got.bytes_written == 0)
            return; /* nobody reads any more */
        left -= got.bytes_written;
    }
}

static void run_client(const struct capos_client *facet, struct kit_child *child, bool *has_child, struct capos_client *writer)
{
    struct capos_client spawner = guest_open("process_spawner");
    struct capos_process_spawner_create_pipe_results ends;
    if (!actor_ok(capos_process_spawner_create_pipe(&spawner, &(struct capos_process_spawner_create_pipe_params){ .buffer_bytes = 8 }, &ends), &spawner))
        return;
    struct capos_client reader = guest_take_cap(ends.read_index);
    *writer = guest_take_cap(ends.write_index);
    struct capos_cap_grant grants[] = { FACET("srv", *facet, UINT64_MAX), HELD("reader", reader, CAPOS_CAP_GRANT_MODE_MOVE),
                                        MEMORY_GRANT, SPAWNER_GRANT };
    *has_child = try_spawn("client", grants, 4, child);
    if (!*has_child) { /* the server was killed before its facet could be passed on: nobody reads */
        actor_release(reader.cap_id);
        *writer = (struct capos_client){ 0 };
    }
}

static void await_end(struct capos_client *handle)
{
    struct capos_process_handle_wait_results got;
    CHECK(actor_ok(capos_process_handle_wait(handle, NULL, &got), handle));
    actor_release(handle->cap_id);
}

static void end_child(struct kit_child *child)
{
    (void)actor_ok(capos_process_handle_terminate(&child->handle, NULL, NULL), &child->handle);
    await_end(&child->handle);
    actor_release(child->manager.cap_id);
}

/* The client's side of one round: a session beside it, the other end of its pipe. */
static void work_with_client(const struct capos_client *facet)
{
    struct kit_child client_child = { 0 }, guest_child = { 0 };
    struct capos_client writer = { 0 }, session;
    bool has_client = false;
    run_client(facet, &client_child, &has_client, &writer);
    bool has_guest = open_session(&session, &guest_child);
    if (has_client)
        write_pipe(&writer);
    if (writer.cap_id != 0)
        actor_release(writer.cap_id); /* the end of the stream */
    if (has_guest)
        (void)actor_ok(capos_user_session_logout(&session, NULL, NULL), &session);
    if (has_client)
        await_child(&client_child);
    if (has_guest)
        await_end(&guest_child.handle);
}

static void one_round(void)
{
    struct capos_client mail = guest_open("mail");
    struct capos_cap_grant for_server[] = { SERVICE_GRANT, MEMORY_GRANT, SPAWNER_GRANT };
    struct capos_cap_grant for_poster[] = { FACET("mail", mail, UINT64_MAX), MEMORY_GRANT };
    struct kit_child server_child, poster_child;
    if (!try_spawn("server", for_server, 3, &server_child))
        return;
    struct capos_client facet = guest_take_cap(2);
    bool has_poster = try_spawn("poster", for_poster, 2, &poster_child);
    work_with_client(&facet);
    nap(300000);
    end_child(&server_child);
    if (has_poster)
        end_child(&poster_child);
    actor_release(facet.cap_id);
}

ACTOR(first)
{
    for (int i = 0; i < ROUNDS; i++)
        one_round();
}
