/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a spawn may give away and what happens when it cannot: revoked and
 * stale sources, full tables on either side, charges of shared memory, moves
 * that come back. (Modes and texts in general: authority.c.)
 */
#include "abi/limits.h"
#include "tests/sim/kit.h"

static struct capos_client spawner;

static void refused(enum cap_exception_type type, const char *text, const struct capos_cap_grant *grants, uint32_t count)
{
    struct kit_child none;
    EXPECT(kit_try_spawn(&spawner, "idle", grants, count, &none) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&spawner, type, text));
}

PROGRAM(idle)
{
    while (guest_enter(1, CAP_ENTER_WAIT_FOREVER) != SYSCALL_REJECTED)
        continue;
}

/* Counts in the object it was given, and gives it back while it is mapped. */
PROGRAM(marks)
{
    struct capos_client memory = guest_open("mem");
    uint64_t at = kit_map(&memory, 1, 3);
    *kit_byte(at) = (uint8_t)(*kit_byte(at) + 1);
    CHECK_EQ(guest_release(memory.cap_id), 0);
    *kit_byte(at + 1) = 7; /* the mapping outlives the capability */
}

PROGRAM(checks_capset)
{
    const struct capset_entry *one = guest_find("one"), *two = guest_find("two");
    CHECK(one != NULL && two != NULL && guest_find("three") == NULL);
    CHECK(one->interface_id == CAPOS_MEMORY_OBJECT_INTERFACE_ID && two->interface_id == CAPOS_TIMER_INTERFACE_ID);
    CHECK(one->cap_id == 0 && two->cap_id == 1);
    struct capos_client timer = guest_open("two");
    struct capos_timer_now_results now;
    EXPECT(capos_timer_now(&timer, NULL, &now) == CAPOS_OK);
}

static enum capos_status revoke(struct capos_client *manager, uint32_t id)
{
    return capos_capability_manager_revoke(manager, &(struct capos_capability_manager_revoke_params){ .cap_id = id }, NULL);
}

/* Both processes write the same page; the order of grants is the order of the CapSet. */
PROGRAM(shared)
{
    struct capos_client memory = kit_memory(1);
    uint64_t at = kit_map(&memory, 1, 3);
    *kit_byte(at) = 40;
    struct capos_cap_grant given[] = { HELD("one", memory, CAPOS_CAP_GRANT_MODE_RAW), TIMER_GRANT("two") };
    struct kit_child child = kit_spawn("checks_capset", given, 2);
    EXPECT(kit_wait(&child) == 0);
    kit_forget(&child);
    struct capos_cap_grant mem = HELD("mem", memory, CAPOS_CAP_GRANT_MODE_RAW);
    for (int i = 0; i < 2; i++) {
        child = kit_spawn("marks", &mem, 1);
        EXPECT(kit_wait(&child) == 0);
        kit_forget(&child);
    }
    mem.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    child = kit_spawn("marks", &mem, 1);
    EXPECT(kit_wait(&child) == 0);
    CHECK_EQ(*kit_byte(at), 43);
    CHECK(!kit_is_held(memory.cap_id));
}

/* A revocation through the child's manager ends both holds; charges stay until each is released. */
PROGRAM(revoked_everywhere)
{
    struct capos_client memory = kit_memory(2000), other;
    struct capos_cap_grant mem = HELD("mem", memory, CAPOS_CAP_GRANT_MODE_RAW);
    struct kit_child child = kit_spawn("idle", &mem, 1);
    uint64_t at = kit_map(&memory, 2000, 3);
    CHECK_EQ(revoke(&child.manager, 0), CAPOS_OK);
    CHECK_EQ(guest_run(guest_call_sqe(memory.cap_id, CAPOS_MEMORY_OBJECT_INFO_METHOD, 0)).result, CAP_ERR_INVOKE_FAILED);
    *kit_byte(at) = 1; /* what is mapped stays */
    spawner = guest_open("process_spawner");
    refused(CAP_EXCEPTION_FAILED, "capability has been revoked", &mem, 1);
    mem.mode = CAPOS_CAP_GRANT_MODE_MOVE;
    refused(CAP_EXCEPTION_FAILED, "capability has been revoked", &mem, 1);
    CHECK_EQ(revoke(&child.manager, 0), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&child.manager, CAP_EXCEPTION_FAILED, "capability has been revoked"));
    CHECK_EQ(kit_try_memory(2097, &other), CAPOS_EXCEPTION);
    CHECK(guest_exception_is(&other, CAP_EXCEPTION_OVERLOADED, "failed to reserve frame grant pages"));
    CHECK_EQ(guest_release(memory.cap_id), 0);
    CHECK_EQ(guest_release(memory.cap_id), CAP_ERR_INVALID_REQUEST);
    CHECK_EQ(kit_try_memory(2097, &other), CAPOS_EXCEPTION); /* its mapping pays now */
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
    struct capos_capability_manager_list_results list;
    CHECK_EQ(capos_capability_manager_list(&child.manager, NULL, &list), CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 0);
    CHECK_EQ(revoke(&child.manager, 0), CAPOS_EXCEPTION);
}

PROGRAM(stale_sources)
{
    spawner = guest_open("process_spawner");
    struct capos_client memory = kit_memory(1);
    struct capos_cap_grant mem = HELD("mem", memory, CAPOS_CAP_GRANT_MODE_MOVE);
    CHECK_EQ(guest_release(memory.cap_id), 0);
    EXPECT(kit_try_spawn(&spawner, "idle", &mem, 1, &(struct kit_child){ 0 }) == CAPOS_EXCEPTION);
    EXPECT(guest_exception_is(&spawner, CAP_EXCEPTION_FAILED, "stale capability reference"));
    struct capos_client next = kit_memory(1);
    CHECK_EQ(next.cap_id & 0xffffff, memory.cap_id & 0xffffff);
    refused(CAP_EXCEPTION_FAILED, "stale capability reference", &mem, 1);
    CHECK(kit_is_held(next.cap_id));
    /* What is bound to the address space or not transferable stays, whatever the mode. */
    struct capos_client vm = guest_open("virtual_memory"), timer = guest_open("timer");
    for (int mode = 0; mode < 4; mode++) {
        bool facet = mode == CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT || mode == CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
        const char *text = facet ? "capability is not an endpoint" : "capability hold is not transferable";
        enum cap_exception_type type = facet ? CAP_EXCEPTION_UNIMPLEMENTED : CAP_EXCEPTION_FAILED;
        struct capos_cap_grant held[] = { HELD("v", vm, (enum capos_cap_grant_mode)mode), HELD("t", timer, (enum capos_cap_grant_mode)mode) };
        refused(type, text, &held[0], 1);
        refused(type, text, &held[1], 1);
    }
    struct capos_cap_grant relabel = HELD("m", next, CAPOS_CAP_GRANT_MODE_MOVE);
    relabel.interface_id = CAPOS_TIMER_INTERFACE_ID;
    EXPECT(kit_try_spawn(&spawner, "idle", &relabel, 1, &(struct kit_child){ 0 }) == CAPOS_EXCEPTION);
    EXPECT(spawner.exception.type == CAP_EXCEPTION_FAILED);
    relabel.mode = CAPOS_CAP_GRANT_MODE_RAW;
    relabel.badge = 99; /* ignored: the source's badge is kept */
    relabel.interface_id = next.interface_id;
    struct kit_child child = kit_spawn("idle", &relabel, 1);
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    relabel.mode = (enum capos_cap_grant_mode)9;
    refused(CAP_EXCEPTION_INVALID_ARGUMENT, "unknown grant mode", &relabel, 1);
    CHECK(kit_is_held(next.cap_id) && kit_is_held(vm.cap_id) && kit_is_held(timer.cap_id));
}

/* The later of several grants fails: every move comes back, can be released, can be moved again. */
PROGRAM(moves_come_back)
{
    spawner = guest_open("process_spawner");
    struct capos_client a = kit_memory(1), b = kit_memory(2);
    struct capos_cap_grant three[] = { HELD("a", a, CAPOS_CAP_GRANT_MODE_MOVE), HELD("b", b, CAPOS_CAP_GRANT_MODE_MOVE),
                                       KERNEL("c", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_CONSOLE_INTERFACE_ID) };
    for (int i = 0; i < 2; i++) {
        EXPECT(kit_try_spawn(&spawner, "idle", three, 3, &(struct kit_child){ 0 }) == CAPOS_EXCEPTION);
        CHECK(kit_is_held(a.cap_id) && kit_is_held(b.cap_id));
    }
    EXPECT(kit_try_spawn(&spawner, "no such program", three, 2, &(struct kit_child){ 0 }) == CAPOS_EXCEPTION);
    EXPECT(kit_try_spawn(&spawner, "broken", three, 2, &(struct kit_child){ 0 }) == CAPOS_EXCEPTION);
    CHECK(kit_is_held(a.cap_id) && kit_is_held(b.cap_id));
    struct kit_child child = kit_spawn("idle", three, 2);
    CHECK(!kit_is_held(a.cap_id) && !kit_is_held(b.cap_id));
    struct capos_capability_manager_list_results list;
    EXPECT(capos_capability_manager_list(&child.manager, NULL, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 2);
    EXPECT(capos_process_handle_terminate(&child.handle, NULL, NULL) == CAPOS_OK);
    EXPECT(kit_wait(&child) == EXIT_CODE_TERMINATED);
}

/* H63: two free slots are needed in the parent, and as many in the child as it is granted; pages are charged twice. */
PROGRAM(full_tables)
{
    spawner = guest_open("process_spawner");
    struct capos_client last, extra;
    uint32_t held = 2, ids[256]; /* spawner, allocator */
    while (held < 255) {
        last = kit_memory(1);
        ids[held++] = last.cap_id;
    }
    struct capos_cap_grant move = HELD("m", last, CAPOS_CAP_GRANT_MODE_MOVE);
    refused(CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: cap slots", &move, 1);
    CHECK(kit_is_held(last.cap_id));
    CHECK_EQ(guest_release(ids[10]), 0);
    struct kit_child child = kit_spawn("idle", &move, 1);
    CHECK_EQ(kit_try_memory(1, &extra), CAPOS_OK); /* the moved one's slot */
    CHECK_EQ(kit_try_memory(1, &extra), CAPOS_EXCEPTION);
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
}

PROGRAM(child_cannot_pay)
{
    spawner = guest_open("process_spawner");
    struct capos_client big = kit_memory(2100);
    /* The child would be charged for each hold; the parent pays once. */
    struct capos_cap_grant twice[] = { HELD("a", big, CAPOS_CAP_GRANT_MODE_RAW), HELD("b", big, CAPOS_CAP_GRANT_MODE_RAW) };
    refused(CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: frame grant pages", twice, 2);
    struct capos_cap_grant mixed[] = { HELD("a", big, CAPOS_CAP_GRANT_MODE_RAW), HELD("b", big, CAPOS_CAP_GRANT_MODE_MOVE) };
    refused(CAP_EXCEPTION_OVERLOADED, "capability resource exhausted: frame grant pages", mixed, 2);
    CHECK(kit_is_held(big.cap_id));
    struct kit_child child = kit_spawn("idle", &twice[1], 1);
    CHECK_EQ(capos_process_handle_terminate(&child.handle, NULL, NULL), CAPOS_OK);
    CHECK_EQ((uint64_t)kit_wait(&child), (uint64_t)EXIT_CODE_TERMINATED);
    CHECK_EQ(guest_release(big.cap_id), 0);
    CHECK_EQ(kit_try_memory(4096, &big), CAPOS_OK); /* all of it came back */
}

/* 85 grants fill the CapSet page. */
PROGRAM(counts_85)
{
    static char name[32];
    for (int i = 0; i < 85; i++) {
        snprintf(name, sizeof name, "grant %d", i);
        const struct capset_entry *entry = guest_find(name);
        CHECK(entry != NULL && entry->cap_id == (uint32_t)i);
    }
}

PROGRAM(full_capset)
{
    static struct capos_cap_grant many[85];
    static char names[85][32];
    struct capos_client memory = kit_memory(1);
    for (int i = 0; i < 85; i++) {
        snprintf(names[i], sizeof names[i], "grant %d", i);
        many[i] = (struct capos_cap_grant)HELD(names[i], memory, CAPOS_CAP_GRANT_MODE_RAW);
    }
    struct kit_child child = kit_spawn("counts_85", many, 85);
    EXPECT(kit_wait(&child) == 0);
}

/* Managers and handles name one incarnation: nothing of a later process, and they stay usable after its end. */
PROGRAM(old_managers)
{
    struct kit_child first = kit_spawn("idle", NULL, 0);
    EXPECT(capos_process_handle_terminate(&first.handle, NULL, NULL) == CAPOS_OK);
    EXPECT(kit_wait(&first) == EXIT_CODE_TERMINATED);
    struct capos_cap_grant timer = TIMER_GRANT("t");
    struct kit_child second = kit_spawn("idle", &timer, 1);
    EXPECT(revoke(&first.manager, 0) == CAPOS_EXCEPTION);
    struct capos_capability_manager_list_results list;
    EXPECT(capos_capability_manager_list(&second.manager, NULL, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 1);
    EXPECT(capos_process_handle_terminate(&first.handle, NULL, NULL) == CAPOS_OK); /* no error, and not the second's end */
    EXPECT(capos_capability_manager_list(&second.manager, NULL, &list) == CAPOS_OK);
    CHECK_EQ(capn_list_len(&list.capabilities), 1);
    EXPECT(capos_process_handle_terminate(&second.handle, NULL, NULL) == CAPOS_OK);
    EXPECT(kit_wait(&second) == EXIT_CODE_TERMINATED);
    EXPECT(kit_wait(&first) == EXIT_CODE_TERMINATED);
}

static void break_one(struct capos_system_manifest *manifest)
{
    struct capos_named_blob blob;
    static const uint8_t not_elf[100] = { 0x7f, 'E', 'L', 'F' };
    static struct capos_named_blob blobs[9];
    uint32_t count = capn_list_len(&manifest->binaries);
    for (uint32_t i = 0; i < count; i++) {
        CHECK(capos_named_blob_list_get(&manifest->binaries, i, &blob) == CAPN_OK);
        blobs[i] = blob;
    }
    blobs[count] = (struct capos_named_blob){ capn_text_of("broken"), { not_elf, sizeof not_elf } };
    manifest->binaries = capn_list_over(blobs, count + 1, sizeof blobs[0]);
}

#define BASIC { "process_spawner", NULL }, { "frame_allocator", NULL }

static const struct sim_test tests[] = {
    { .name = "shared-memory", .init = shared, .grants = { BASIC },
      .programs = { { "marks", marks }, { "checks_capset", checks_capset } }, .every_fault = true },
    { .name = "revoked-everywhere", .init = revoked_everywhere, .grants = { BASIC }, .programs = { { "idle", idle } } },
    { .name = "stale-sources", .init = stale_sources, .grants = { BASIC, { "virtual_memory", NULL }, { "timer", NULL } },
      .programs = { { "idle", idle } } },
    { .name = "moves-come-back", .init = moves_come_back, .grants = { BASIC }, .programs = { { "idle", idle } },
      .change = break_one, .every_fault = true },
    { .name = "full-tables", .init = full_tables, .grants = { BASIC }, .programs = { { "idle", idle } } },
    { .name = "child-cannot-pay", .init = child_cannot_pay, .grants = { BASIC }, .programs = { { "idle", idle } } },
    { .name = "full-capset", .init = full_capset, .grants = { BASIC }, .programs = { { "counts_85", counts_85 } } },
    { .name = "old-managers", .init = old_managers, .grants = { BASIC }, .programs = { { "idle", idle } }, .every_fault = true },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
