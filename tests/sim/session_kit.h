/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the simulation tests of sessions share: a manifest with accounts,
 * sessions and bundles, launching. Over endpoint_kit.h.
 */
#pragma once

#include "core/session/session.h"
#include "kernel/log/audit.h"
#include "kernel/objects/objects.h"
#include "kernel/state.h"
#include "tests/sim/endpoint_kit.h"


#define NOT_LIVE "caller session is not live"
#define REFUSED(client, status, type, text) \
    CHECK((status) == CAPOS_EXCEPTION && guest_exception_is(&(client), type, text))

/* ---- the manifest ------------------------------------------------------------------------- */

static const uint8_t guest_id[32] = { 'g', 1, 2, [31] = 3 };
static struct capos_manifest_seed_account accounts[2];
static struct capos_manifest_resource_profile profiles[1];

static inline void seed(struct capos_system_manifest *manifest)
{
    profiles[0] = (struct capos_manifest_resource_profile){
        .name = capn_text_of("small"), .thread_limit = 3, .cap_limit = 40, .ring_scratch_limit_bytes = 1u << 20 };
    accounts[0] = (struct capos_manifest_seed_account){
        .name = capn_text_of("root"), .principal_id = { (const uint8_t *)"rrrrrrrrrrrrrrrrrrrrrrrrrrrrrrrr", 32 },
        .kind = CAPOS_PRINCIPAL_KIND_OPERATOR, .resource_profile = capn_text_of("small") };
    accounts[1] = (struct capos_manifest_seed_account){
        .name = capn_text_of("guest"), .principal_id = { guest_id, 32 }, .kind = CAPOS_PRINCIPAL_KIND_GUEST,
        .display_name = capn_text_of("A Guest"), .resource_profile = capn_text_of("small") };
    manifest->has_kernel_params = true;
    manifest->kernel_params.seed_accounts = capn_list_over(accounts, 2, sizeof accounts[0]);
    manifest->kernel_params.resource_profiles = capn_list_over(profiles, 1, sizeof profiles[0]);
}

static inline void seed_short(struct capos_system_manifest *manifest)
{
    seed(manifest);
    manifest->kernel_params.has_session_lifetimes = true;
    manifest->kernel_params.session_lifetimes.guest_ms = 20;
}

/* ---- beginnings ------------------------------------------------------------------------------ */

static inline enum capos_status try_guest(struct capos_client *manager, struct capos_client *session)
{
    struct capos_session_manager_guest_results got;
    enum capos_status status = capos_session_manager_guest(manager, NULL, &got);
    if (status == CAPOS_OK)
        *session = guest_take_cap(got.session_index);
    return status;
}

static inline struct capos_client guest_session(void)
{
    struct capos_client manager = guest_open("session_manager"), session = { 0 };
    EXPECT(try_guest(&manager, &session) == CAPOS_OK);
    return session;
}

static inline struct capos_client anonymous_session(void)
{
    struct capos_client manager = guest_open("session_manager");
    struct capos_session_manager_anonymous_results got = { 0 };
    EXPECT(capos_session_manager_anonymous(&manager, NULL, &got) == CAPOS_OK);
    return guest_take_cap(got.session_index);
}

struct bundle {
    struct capos_client launcher, session, info;
};

static inline enum capos_status try_bundle(struct capos_client *broker, uint32_t session, const char *profile, struct bundle *out)
{
    struct capos_authority_broker_shell_bundle_params in = { .session_cap_id = session, .profile = capn_text_of(profile) };
    struct capos_authority_broker_shell_bundle_results got;
    enum capos_status status = capos_authority_broker_shell_bundle(broker, &in, &got);
    if (status == CAPOS_OK) {
        CHECK_EQ(capn_list_len(&got.service_endpoints), 0);
        *out = (struct bundle){ guest_take_cap(got.launcher_index), guest_take_cap(got.session_index),
                                guest_take_cap(got.system_info_index) };
    }
    return status;
}

static inline struct bundle bundle_of(struct capos_client *session, const char *profile)
{
    struct capos_client broker = guest_open("authority_broker");
    struct bundle bundle = { 0 };
    EXPECT(try_bundle(&broker, session->cap_id, profile, &bundle) == CAPOS_OK);
    return bundle;
}

static inline enum capos_status logout(struct capos_client *session)
{
    return capos_user_session_logout(session, NULL, NULL);
}

static inline enum capos_status try_launch(struct capos_client *launcher, const char *binary, const struct capos_cap_grant *grants,
                                    uint32_t count, struct kit_child *out)
{
    struct capos_restricted_launcher_spawn_params in = { .name = capn_text_of("launched"), .binary_name = capn_text_of(binary),
                                                         .grants = capn_list_over(grants, count, sizeof *grants) };
    struct capos_restricted_launcher_spawn_results got;
    enum capos_status status = capos_restricted_launcher_spawn(launcher, &in, &got);
    if (status == CAPOS_OK) {
        CHECK_EQ(((struct guest *)*sim_local())->cap_count, 1);
        *out = (struct kit_child){ .handle = guest_take_cap(got.handle_index) };
    }
    return status;
}

static inline struct kit_child launch(struct bundle *bundle, const char *binary, const struct capos_cap_grant *grants, uint32_t count)
{
    struct kit_child child = { 0 };
    enum capos_status status = try_launch(&bundle->launcher, binary, grants, count, &child);
    if (status == CAPOS_EXCEPTION)
        harness_note("launch: %.*s", (int)bundle->launcher.exception.len, bundle->launcher.exception.text);
    EXPECT(status == CAPOS_OK);
    return child;
}

static inline struct process *newest(void)
{
    struct process *last = NULL;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        last = process;
    return last;
}

static inline struct process *self_process(void)
{
    return process_find((uint32_t)((struct guest *)*sim_local())->pid);
}

/* A capability that no grant could give the running program. */
static inline struct capos_client conjure(const struct object_ops *ops)
{
    struct object *object = object_new(ops);
    struct capos_client client = { .interface_id = ops->interface_id };
    CHECK(object != NULL && object_insert(&self_process()->table, object, 0, &client.cap_id) == CAP_OK);
    object_drop(object);
    return client;
}

static inline bool is_recorded(const char *text)
{
    const struct audit_record *record;
    const struct audit_event *event;
    uint64_t cursor = 1;
    while (audit_next(audit_log(), &cursor, &record, &event))
        if (record->kind == AUDIT_DENIAL && record->pid == 1 && record->text_len == strlen(text) &&
            memcmp(record->text, text, record->text_len) == 0)
            return true;
    return false;
}

static inline struct ring_sqe asking_sqe(const char *name, uint16_t method, uint64_t mask)
{
    struct ring_sqe sqe = ep_call_sqe(guest_open(name).cap_id, method, "abcd", 4);
    sqe.session_disclosure = mask;
    return sqe;
}

static inline struct caller_session serve_one(const char *name, uint16_t *method)
{
    uint32_t ep = guest_open(name).cap_id;
    struct ring_cqe got = ep_recv(ep);
    EXPECT(got.result > 0);
    struct endpoint_message header = ep_header();
    *method = header.method_id;
    CHECK_EQ(ep_return(ep, got.call_id, ""), 0);
    return header.session;
}

static inline const char *launch_refusal(struct bundle *bundle, const char *binary, struct capos_cap_grant grant)
{
    static char text[128];
    struct kit_child child;
    CHECK_EQ(try_launch(&bundle->launcher, binary, &grant, grant.name.len > 0, &child), CAPOS_EXCEPTION);
    memcpy(text, bundle->launcher.exception.text, bundle->launcher.exception.len);
    text[bundle->launcher.exception.len] = '\0';
    return text;
}

#define SAYS(text, got) CHECK(strcmp(text, got) == 0)

#define EP { "ep", "endpoint", 5 }
#define EP_ALL { "ep", "endpoint", 7 }
#define MANAGER { "session_manager", NULL, 0 }
#define BROKER { "authority_broker", NULL, 0 }
#define FRAMES { "frame_allocator", NULL, 0 }
