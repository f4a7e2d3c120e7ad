/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * ProcessSpawner: one transaction that makes a child with exactly the granted
 * capabilities, or nothing; RestrictedLauncher uses it as well (spawn.h).
 * Pipes are in pipe.c.
 * Source: docs/kernel-semantics.md, PL-06 to PL-15, FA-01 to FA-05, TX-02, TX-05, XS-01.
 */
#include "abi/capset.h"
#include "core/base/bytes.h"
#include "core/cap/transfer.h"
#include "kernel/boot/sources.h"
#include "kernel/ipc/call.h"
#include "kernel/log/audit.h"
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/endpoint.h"
#include "kernel/objects/objects.h"
#include "kernel/objects/spawn.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "kernel/state.h"
#include "schema/generated/capos_dispatch.h"
#include "schema/own_sources.h"

#define REPLY_BYTES 24u
#define REPLY_CAPS 2u /* handle and manager; and one for each parent endpoint */

/* One spawn on its way, under the kernel lock; too large for the stack. */
static struct {
    struct call *call;
    const struct spawn_order *order;
    struct process *parent;
    struct process *child;
    uint32_t grant_count;
    uint32_t done; /* grants that the child has */
    uint32_t endpoint_count; /* that the child is to own: the parent gets a facet of each */
    struct capos_cap_grant grants[CAPSET_ENTRIES_MAX];
    struct capset_entry entries[CAPSET_ENTRIES_MAX];
} spawning;

/* ---- the request ----------------------------------------------------------------- */

#define DISCLOSE_NOTHING 8u /* in place of a mask; 0 says nothing about it */

static const char *check_grant(uint32_t index)
{
    const struct capos_cap_grant *grant = &spawning.grants[index];
    if (grant->name.len == 0)
        return "empty grant name";
    if (grant->name.len > CAPSET_NAME_BYTES)
        return "grant name too long";
    for (uint32_t i = 0; i < index; i++)
        if (capn_text_equal(spawning.grants[i].name, grant->name))
            return "duplicate grant name";
    if (!capos_cap_grant_mode_known(grant->mode))
        return "unknown grant mode";
    if (grant->disclosure_scope > DISCLOSE_NOTHING)
        return "unknown disclosure scope";
    if (grant->source.which == CAPOS_CAP_GRANT_SOURCE_KERNEL)
        return grant->badge != 0 ? "kernel source takes no badge" : NULL;
    return grant->source.which == CAPOS_CAP_GRANT_SOURCE_CAPABILITY ? NULL : "unknown grant source";
}

/* What a launched program may have from the kernel: it reaches no further than the program itself. */
static bool is_harmless(enum capos_kernel_cap_source source)
{
    return source == CAPOS_KERNEL_CAP_SOURCE_ENDPOINT || source == CAPOS_KERNEL_CAP_SOURCE_FRAME_ALLOCATOR ||
           source == CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY || source == CAPOS_KERNEL_CAP_SOURCE_TIMER ||
           source == CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL || source == CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER ||
           source == CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE;
}

static bool is_launched(void)
{
    return spawning.order->session != NULL;
}

static const char *check_launched(void)
{
    for (uint32_t i = 0; i < spawning.grant_count; i++) {
        const struct capos_cap_grant_source *source = &spawning.grants[i].source;
        if (source->which == CAPOS_CAP_GRANT_SOURCE_KERNEL && !is_harmless(source->kernel))
            return "kernel source is not for launched programs";
    }
    if (spawning.order->worker)
        return spawning.endpoint_count == 1 ? NULL : "a worker has exactly one endpoint from the kernel";
    return spawning.endpoint_count == 0 ? NULL : "only a worker has an endpoint from the kernel";
}

static uint32_t reply_caps(void)
{
    return REPLY_CAPS - is_launched() + spawning.endpoint_count;
}

static bool is_endpoint_source(const struct capos_cap_grant *grant)
{
    return grant->source.which == CAPOS_CAP_GRANT_SOURCE_KERNEL &&
           (grant->source.kernel == CAPOS_KERNEL_CAP_SOURCE_ENDPOINT ||
            grant->source.kernel == CAPOS_KERNEL_CAP_SOURCE_CHAT_ENDPOINT ||
            grant->source.kernel == CAPOS_KERNEL_CAP_SOURCE_SERVICE_ENDPOINT);
}

static enum capn_outcome read_grants(struct call *call, const struct capn_list *grants)
{
    spawning.grant_count = capn_list_len(grants);
    spawning.endpoint_count = 0;
    if (spawning.grant_count > CAPSET_ENTRIES_MAX)
        return call_invalid(call, "too many grants");
    for (uint32_t i = 0; i < spawning.grant_count; i++) {
        if (capos_cap_grant_list_get(grants, i, &spawning.grants[i]) != CAPN_OK)
            return call_exception(call, CAP_EXCEPTION_FAILED, "params do not decode");
        const char *refusal = check_grant(i);
        if (refusal != NULL)
            return call_invalid(call, refusal);
        spawning.endpoint_count += is_endpoint_source(&spawning.grants[i]);
    }
    if (spawning.endpoint_count > RESULT_CAPS_MAX - REPLY_CAPS)
        return call_invalid(call, "too many endpoints");
    const char *refusal = is_launched() ? check_launched() : NULL;
    return refusal != NULL ? call_invalid(call, refusal) : CAPN_DONE;
}

/* ---- grants -------------------------------------------------------------------------- */

static bool is_move(const struct capos_cap_grant *grant)
{
    return grant->source.which == CAPOS_CAP_GRANT_SOURCE_CAPABILITY && grant->mode == CAPOS_CAP_GRANT_MODE_MOVE;
}

/* Raw and move keep badge and interface. An endpoint goes raw whatever its mode. */
static enum cap_error check_held(const struct cap_slot *slot, const struct capos_cap_grant *grant)
{
    struct object *object = slot->object;
    bool any_mode = endpoint_behind(object) != NULL && !is_move(grant);
    if ((slot->hold.transfer_mode == CAP_MODE_NONE && !any_mode) || object->ops->aspace_bound)
        return CAP_TRANSFER_NOT_ALLOWED;
    return slot->hold.interface_id != grant->interface_id ? CAP_INTERFACE_RELABEL : CAP_OK;
}

static enum cap_error grant_held(const struct capos_cap_grant *grant, uint64_t disclosure, uint32_t *id)
{
    struct cap_prepared prepared;
    struct cap_token token;
    enum cap_grant_kind kind = is_move(grant) ? CAP_GRANT_MOVE : CAP_GRANT_RAW;
    enum cap_error error = cap_grant_prepare(&spawning.parent->table, grant->cap_id, kind, &prepared);
    if (error != CAP_OK)
        return error;
    prepared.hold.disclosure_scope = disclosure;
    error = cap_transfer_insert(&spawning.child->table, &prepared, &token);
    if (error == CAP_OK) {
        object_hold(prepared.object);
        if (endpoint_owned(prepared.object) != NULL)
            endpoint_owner_added(endpoint_owned(prepared.object));
        *id = token.cap_id;
        trace_event(TRACE_CAP_INSERT, *id, prepared.hold.object_id);
    } else if (is_move(grant)) {
        (void)cap_move_rollback(&spawning.parent->table, grant->cap_id);
    }
    cap_prepared_drop(&kernel.epochs, &prepared);
    return error;
}

static bool is_facet(const struct capos_cap_grant *grant)
{
    return grant->mode == CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT ||
           grant->mode == CAPOS_CAP_GRANT_MODE_SERVICE_OBJECT;
}

/* A facet of its own, with an epoch of its own: interface and badge are the owner's choice. */
static enum capn_outcome mint(struct endpoint_object *endpoint, const struct cap_facet *facet, uint64_t disclosure,
                              uint32_t *id)
{
    struct object *object = endpoint_facet_create(endpoint);
    if (object == NULL)
        return call_exception(spawning.call, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    if (!endpoint_watch((struct endpoint_facet *)object, facet->interface_id, facet->badge)) {
        object_drop(object);
        return call_exception(spawning.call, CAP_EXCEPTION_OVERLOADED, "too many service objects");
    }
    struct cap_hold hold = {.interface_id = facet->interface_id, .badge = facet->badge,
                            .disclosure_scope = disclosure, .transfer_mode = CAP_MODE_COPY,
                            .origin = CAP_ORIGIN_SPAWN_GRANT};
    enum cap_error error = cap_table_insert(&spawning.child->table, object, &hold, id);
    if (error != CAP_OK) {
        object_drop(object);
        return call_cap_exception(spawning.call, error);
    }
    trace_event(TRACE_CAP_INSERT, *id, object->id);
    return CAPN_DONE;
}

/*
 * XS-01 for a child that a launcher puts into another session. A process without a session is a boot service, which
 * furnishes sessions with what it holds; but nobody serves one session's endpoint from within another.
 */
static bool may_give(const struct cap_slot *slot)
{
    uint64_t from = session_serial(spawning.parent->session), to = session_serial(spawning.child->session);
    if (cap_sessions_equal(from, to))
        return true;
    return endpoint_owned(slot->object) == NULL && (from == 0 || cap_scope_allows(slot->hold.transfer_scope, false, true));
}

/* *scope becomes what the grant says of it. False: that is more than *scope. */
static bool narrow_disclosure(const struct capos_cap_grant *grant, uint64_t *scope)
{
    uint64_t wanted = grant->disclosure_scope & SESSION_DISCLOSURE_MASK;
    if (grant->disclosure_scope == 0)
        return true;
    bool ok = (wanted & ~*scope) == 0;
    *scope = wanted;
    return ok;
}

static enum capn_outcome refuse_disclosure(void)
{
    return call_exception(spawning.call, CAP_EXCEPTION_FAILED, "disclosure scope is wider than one's own");
}

/* One of the parent's own capabilities. */
static enum capn_outcome grant_own(const struct capos_cap_grant *grant, uint32_t *id)
{
    const struct cap_slot *slot;
    enum cap_error error = cap_table_lookup(&spawning.parent->table, grant->cap_id, &slot);
    if (error != CAP_OK)
        return call_cap_exception(spawning.call, error);
    uint64_t disclosure = slot->hold.disclosure_scope;
    if (!narrow_disclosure(grant, &disclosure))
        return refuse_disclosure();
    if (is_facet(grant)) {
        struct endpoint_object *owned = endpoint_owned(slot->object);
        struct cap_facet facet = {.interface_id = grant->interface_id, .badge = grant->badge};
        if (endpoint_behind(slot->object) == NULL)
            return call_exception(spawning.call, CAP_EXCEPTION_UNIMPLEMENTED, "capability is not an endpoint");
        error = cap_facet_resolve(&slot->hold, owned != NULL, &facet, &facet);
        if (error == CAP_OK && owned != NULL)
            return mint(owned, &facet, disclosure, id);
    } else {
        error = check_held(slot, grant);
    }
    if (error == CAP_OK)
        error = may_give(slot) ? grant_held(grant, disclosure, id) : CAP_TRANSFER_NOT_ALLOWED;
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(spawning.call, error);
}

static enum capn_outcome grant_one(const struct capos_cap_grant *grant, struct capset_entry *entry)
{
    struct call *call = spawning.call;
    if (grant->source.which == CAPOS_CAP_GRANT_SOURCE_KERNEL) {
        /* What comes from the kernel may disclose what a boot service says: the manifest speaks through it. */
        uint64_t disclosure = spawning.parent->session == NULL ? SESSION_DISCLOSURE_MASK : 0;
        if (!narrow_disclosure(grant, &disclosure))
            return refuse_disclosure();
        struct source_request request = {.number = (uint32_t)grant->source.kernel, .interface_id = grant->interface_id,
                                         .disclosure = (uint8_t)(grant->disclosure_scope != 0 ? disclosure : 0)};
        struct source_refusal why;
        if (!source_grant(&request, spawning.child, entry, &why))
            return call_exception(call, why.type, why.text);
    } else {
        enum capn_outcome outcome = grant_own(grant, &entry->cap_id);
        if (outcome != CAPN_DONE)
            return outcome;
        entry->interface_id = grant->interface_id;
    }
    entry->name_len = grant->name.len;
    memcpy(entry->name, grant->name.bytes, grant->name.len);
    return CAPN_DONE;
}

static enum capn_outcome grant_all(void)
{
    enum capn_outcome outcome = CAPN_DONE;
    memset(spawning.entries, 0, sizeof spawning.entries);
    for (spawning.done = 0; spawning.done < spawning.grant_count; spawning.done++) {
        outcome = grant_one(&spawning.grants[spawning.done], &spawning.entries[spawning.done]);
        if (outcome != CAPN_DONE)
            break;
    }
    return outcome;
}

static void undo_moves(void)
{
    for (uint32_t i = 0; i < spawning.done; i++)
        if (is_move(&spawning.grants[i]))
            (void)cap_move_rollback(&spawning.parent->table, spawning.grants[i].cap_id);
}

static void commit_moves(void)
{
    struct cap_removed removed;
    for (uint32_t i = 0; i < spawning.done; i++) {
        if (!is_move(&spawning.grants[i]) ||
            cap_move_commit(&spawning.parent->table, spawning.grants[i].cap_id, &removed) != CAP_OK)
            continue;
        struct object *object = removed.object;
        if (object->ops->released != NULL)
            object->ops->released(object, spawning.parent, OBJECT_RELEASE_EXPLICIT);
        object_drop(object);
    }
}

/* ---- the transaction ------------------------------------------------------------------ */

static enum capn_outcome add_result(struct call_result_cap cap, uint16_t *index)
{
    if (cap.object == NULL)
        return call_exception(spawning.call, CAP_EXCEPTION_OVERLOADED, "out of kernel objects");
    enum cap_error error = call_add_result_cap(spawning.call, cap, index);
    return error == CAP_OK ? CAPN_DONE : call_cap_exception(spawning.call, error);
}

/* A facet for the parent of each endpoint that the child owns by its grants from the kernel, in their order (PL-11). */
static enum capn_outcome add_parent_endpoints(void)
{
    enum capn_outcome outcome = CAPN_DONE;
    uint16_t index;
    for (uint32_t i = 0; i < spawning.grant_count && outcome == CAPN_DONE; i++) {
        const struct cap_slot *slot;
        if (!is_endpoint_source(&spawning.grants[i]) ||
            cap_table_lookup(&spawning.child->table, spawning.entries[i].cap_id, &slot) != CAP_OK)
            continue;
        outcome = add_result((struct call_result_cap){.object = endpoint_facet_create(endpoint_owned(slot->object)),
                                                      .disclosure = (uint8_t)slot->hold.disclosure_scope,
                                                      .transfer_mode = CAP_MODE_COPY,
                                                      .origin = CAP_ORIGIN_SPAWNER_ENDPOINT}, &index);
    }
    return outcome;
}

static enum capn_outcome seal(void)
{
    struct process_refusal why;
    if (process_seal(spawning.child, spawning.entries, spawning.grant_count, &why))
        return CAPN_DONE;
    return call_exception(spawning.call, why.type, why.text);
}

/* Everything that can fail between the empty child and its start. */
static enum capn_outcome furnish(struct capos_process_spawner_spawn_results *out)
{
    enum capn_outcome outcome = grant_all();
    if (outcome == CAPN_DONE)
        outcome = seal();
    if (outcome == CAPN_DONE)
        outcome = add_result((struct call_result_cap){.object = process_handle_create(spawning.child)}, &out->handle_index);
    if (outcome == CAPN_DONE && !is_launched())
        outcome = add_result((struct call_result_cap){.object = capability_manager_create(spawning.child)},
                             &out->capability_manager_index);
    if (outcome == CAPN_DONE)
        outcome = add_parent_endpoints();
    return outcome;
}

static enum capn_outcome create_child(const struct capos_process_spawner_spawn_params *in)
{
    struct capn_data elf;
    struct process_refusal why;
    if (!boot_manifest_binary(in->binary_name, &elf))
        return call_exception(spawning.call, CAP_EXCEPTION_FAILED, "unknown program");
    struct process_spec spec = {
        .name = in->name.bytes,
        .name_len = in->name.len,
        .elf = elf.bytes,
        .elf_len = elf.len,
        .parent = spawning.parent,
        .session = spawning.order->session,
    };
    if (!process_create(&spec, &spawning.child, &why))
        return call_exception(spawning.call, why.type, why.text);
    return CAPN_DONE;
}

static enum capn_outcome transact(struct call *env, const struct spawn_order *order,
                                  struct capos_process_spawner_spawn_results *out)
{
    enum capn_outcome outcome;
    spawning.call = env;
    spawning.order = order;
    spawning.parent = call_process(env);
    outcome = read_grants(env, &order->in->grants);
    if (outcome != CAPN_DONE || !call_reply_fits(env, REPLY_BYTES, reply_caps(), &outcome))
        return outcome;
    enum cap_error error = cap_table_preflight(&spawning.parent->table, reply_caps());
    if (error != CAP_OK)
        return call_cap_exception(env, error);
    outcome = create_child(order->in);
    if (outcome != CAPN_DONE)
        return outcome;
    outcome = furnish(out);
    if (outcome != CAPN_DONE) {
        call_undo_result_caps(env); /* they point to the child */
        undo_moves();
        process_abandon(spawning.child);
        return outcome;
    }
    commit_moves();
    process_start(spawning.child);
    return CAPN_DONE;
}

enum capn_outcome spawn_process(struct call *call, const struct spawn_order *order,
                                struct capos_process_spawner_spawn_results *out)
{
    enum capn_outcome outcome = transact(call, order, out);
    if (outcome != CAPN_DONE) {
        struct capn_text why = call_exception_text(call);
        audit_refused(call_process(call), why.bytes, why.len);
    }
    return outcome;
}

static enum capn_outcome spawn(void *env, void *object, const struct capos_process_spawner_spawn_params *in,
                               struct capos_process_spawner_spawn_results *out)
{
    (void)object;
    return spawn_process(env, &(struct spawn_order){.in = in}, out);
}

static const struct capos_process_spawner_ops methods = {.spawn = spawn, .create_pipe = pipe_create};

const struct object_ops process_spawner_ops = {
    .interface_id = CAPOS_PROCESS_SPAWNER_INTERFACE_ID,
    .label = "process_spawner",
    .methods = &methods,
    .serve = capos_process_spawner_serve,
};
