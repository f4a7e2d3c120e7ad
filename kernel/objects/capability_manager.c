/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * CapabilityManager: lists and revokes the capabilities of one process. It
 * outlives the process; its table is then empty.
 * Source: docs/kernel-semantics.md, CT-17, EP-04, EP-08.
 */
#include "kernel/ipc/call.h"
#include "kernel/log/audit.h"
#include "kernel/objects/objects.h"
#include "kernel/proc/process.h"
#include "kernel/trace.h"
#include "schema/generated/capos_dispatch.h"

struct capability_manager {
    struct object object;
    uint64_t generation;
    uint32_t pid;
};

static struct process *managed(const void *object)
{
    const struct capability_manager *manager = object;
    return process_find_exact(manager->pid, manager->generation);
}

/* Filled and encoded within one dispatch, under the kernel lock; too large for the stack. */
static struct capos_capability_info rows[CAP_SLOTS_MAX];

static enum capn_outcome list(void *env, void *object, const struct capos_capability_manager_list_params *in,
                              struct capos_capability_manager_list_results *out)
{
    (void)env, (void)in;
    struct process *process = managed(object);
    struct cap_row row;
    uint32_t cursor = 0, count = 0;
    while (process != NULL && cap_table_next_live(&process->table, &cursor, &row)) {
        const struct object *named = row.object;
        rows[count++] = (struct capos_capability_info){
            .id = row.id, .interface_id = row.hold.interface_id, .label = capn_text_of(named->ops->label)};
    }
    out->capabilities = capn_list_of_array(rows, count);
    return CAPN_DONE;
}

static enum capn_outcome revoke(void *env, void *object, const struct capos_capability_manager_revoke_params *in,
                                struct capos_capability_manager_revoke_results *out)
{
    (void)out;
    struct process *process = managed(object);
    uint64_t epoch = 0;
    const struct cap_slot *slot = NULL;
    enum cap_error error =
        process == NULL ? CAP_NOT_FOUND : cap_table_lookup(&process->table, in->cap_id, &slot);
    if (error != CAP_OK)
        return call_cap_exception(env, error);
    struct object *revoked = slot->object;
    (void)cap_table_revoke(&process->table, in->cap_id, &epoch);
    trace_event(TRACE_CAP_REVOKE, in->cap_id, epoch);
    audit_revoked(call_process(env), process, in->cap_id, &slot->hold);
    if (revoked->ops->revoked != NULL)
        revoked->ops->revoked(revoked);
    return CAPN_DONE;
}

static const struct capos_capability_manager_ops methods = {.list = list, .revoke = revoke};

static const struct object_ops ops = {
    .interface_id = CAPOS_CAPABILITY_MANAGER_INTERFACE_ID,
    .label = "capability_manager",
    .methods = &methods,
    .serve = capos_capability_manager_serve,
};

struct object *capability_manager_create(struct process *child)
{
    _Static_assert(sizeof(struct capability_manager) <= OBJECT_BYTES, "pool block");
    struct capability_manager *manager = (struct capability_manager *)object_new(&ops);
    if (manager == NULL)
        return NULL;
    manager->pid = child->pid;
    manager->generation = child->generation;
    return &manager->object;
}
