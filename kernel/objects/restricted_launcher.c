/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RestrictedLauncher: starts programs in one session, with capabilities that
 * its caller holds. The allowlist is every program of the boot package but the
 * one that runs as the first process.
 * Source: docs/interfaces.md, RestrictedLauncher; docs/kernel-semantics.md, PL-15.
 */
#include "kernel/ipc/call.h"
#include "kernel/objects/boot_manifest.h"
#include "kernel/objects/sessions.h"
#include "kernel/objects/spawn.h"
#include "kernel/proc/process.h"
#include "kernel/proc/session.h"
#include "schema/generated/capos_dispatch.h"

struct restricted_launcher {
    struct object object;
    struct session *session;
};

/* The first process has its program's name. */
static bool is_allowed(struct capn_text name)
{
    const struct process *init = process_find(1);
    return init == NULL || !capn_text_equal(name, (struct capn_text){.bytes = init->name, .len = init->name_len});
}

static enum capn_outcome launch(struct call *call, struct restricted_launcher *launcher,
                                const struct capos_process_spawner_spawn_params *in, bool worker, uint16_t *index)
{
    enum capn_outcome outcome;
    struct capos_process_spawner_spawn_results got = {.handle_index = 0};
    if (!session_must_live(call, launcher->session, &outcome))
        return outcome;
    if (!is_allowed(in->binary_name))
        return session_denied(call, "program is not for launching");
    struct spawn_order order = {.in = in, .session = launcher->session, .worker = worker};
    outcome = spawn_process(call, &order, &got);
    *index = got.handle_index;
    return outcome;
}

static enum capn_outcome spawn(void *env, void *object, const struct capos_restricted_launcher_spawn_params *in,
                               struct capos_restricted_launcher_spawn_results *out)
{
    struct capos_process_spawner_spawn_params same = {
        .name = in->name, .binary_name = in->binary_name, .grants = in->grants};
    return launch(env, object, &same, false, &out->handle_index);
}

static enum capn_outcome spawn_worker(void *env, void *object, const struct capos_restricted_launcher_spawn_worker_params *in,
                                      struct capos_restricted_launcher_spawn_worker_results *out)
{
    struct capos_process_spawner_spawn_params same = {
        .name = in->name, .binary_name = in->binary_name, .grants = in->grants};
    return launch(env, object, &same, true, &out->handle_index);
}

static enum capn_outcome list_binaries(void *env, void *object, const struct capos_restricted_launcher_list_binaries_params *in,
                                       struct capos_restricted_launcher_list_binaries_results *out)
{
    (void)in;
    static struct capn_text names[MANIFEST_BINARIES_MAX]; /* encoded within this dispatch */
    enum capn_outcome outcome;
    struct boot_manifest manifest;
    struct capos_named_blob blob;
    uint32_t count = 0;
    if (!session_must_live(env, ((struct restricted_launcher *)object)->session, &outcome))
        return outcome;
    if (!boot_manifest_open(&manifest))
        return CAPN_DONE;
    for (uint32_t i = 0; i < capn_list_len(&manifest.root.binaries) && count < MANIFEST_BINARIES_MAX; i++)
        if (capos_named_blob_list_get(&manifest.root.binaries, i, &blob) == CAPN_OK && is_allowed(blob.name))
            names[count++] = blob.name;
    out->names = capn_list_of_array(names, count);
    return CAPN_DONE;
}

static const struct capos_restricted_launcher_ops methods = {
    .spawn = spawn, .list_binaries = list_binaries, .spawn_worker = spawn_worker};

static void destroy(struct object *object)
{
    session_release(((struct restricted_launcher *)object)->session);
}

static const struct object_ops ops = {
    .interface_id = CAPOS_RESTRICTED_LAUNCHER_INTERFACE_ID,
    .label = "restricted_launcher",
    .methods = &methods,
    .serve = capos_restricted_launcher_serve,
    .destroy = destroy,
};

struct object *restricted_launcher_create(struct session *session)
{
    _Static_assert(sizeof(struct restricted_launcher) <= OBJECT_BYTES, "pool block");
    struct restricted_launcher *launcher = (struct restricted_launcher *)object_new(&ops);
    if (launcher == NULL)
        return NULL;
    session_hold(session);
    launcher->session = session;
    return &launcher->object;
}
