/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The spawn transaction of process_spawner.c, for the objects that start
 * programs. A refusal is told to the audit log there. Under the kernel lock.
 */
#pragma once

#include <stdbool.h>

#include "core/capn/dispatch.h"

struct call;
struct capos_process_spawner_spawn_params;
struct capos_process_spawner_spawn_results;
struct session;

struct spawn_order {
    const struct capos_process_spawner_spawn_params *in;
    /*
     * NULL: a ProcessSpawner; the child is in its parent's session. Else a
     * RestrictedLauncher: the child is in this session; of kernel sources it
     * gets only those that reach no further than itself; the reply carries no
     * manager of its capabilities.
     */
    struct session *session;
    bool worker; /* of a launcher: exactly one kernel endpoint must be among the grants, else none may */
};

enum capn_outcome spawn_process(struct call *call, const struct spawn_order *order,
                                struct capos_process_spawner_spawn_results *out);
