/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Child processes. A struct capos_process owns the child's ProcessHandle and,
 * while a wait is under way, the buffer its answer goes to: it must stay where
 * it is until the wait has completed. Several children are waited for at once
 * by polling each and sleeping in capos_ring_wait_any between two rounds.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "capos/client.h"
#include "schema/generated/capos.h"

struct capos_process {
    struct capos_client handle;
    uint64_t ticket; /* of the wait */
    bool waiting;
    _Alignas(8) uint8_t answer[128]; /* the kernel's while waiting */
};

/* A grant's disclosure_scope: what calls through it may tell of their session. 0: what the source's hold says. */
#define CAPOS_DISCLOSE_NOTHING 8u

/* A grant of a capability this process holds: the child gets the same (`mode` raw). */
struct capos_cap_grant capos_grant_held(const char *name, uint32_t cap_id, uint64_t interface_id);
/* A grant of a fresh capability that the kernel makes for the child. */
struct capos_cap_grant capos_grant_kernel(const char *name, enum capos_kernel_cap_source source, uint64_t interface_id);

/*
 * Starts `binary` of the boot package with exactly these grants. On any failure nothing was started; with CAPOS_EXCEPTION
 * spawner->exception says why. Blocks until the child is there, not longer.
 */
enum capos_status capos_process_spawn(struct capos_client *spawner, const char *binary, const struct capos_cap_grant *grants,
                                      uint32_t grant_count, struct capos_process *out);
/* The same with every parameter of ProcessSpawner.spawn, which has a name for the process beside that of the binary. */
enum capos_status capos_process_start(struct capos_client *spawner, const struct capos_process_spawner_spawn_params *in,
                                      struct capos_process *out);

/*
 * The exit code, once the child has ended. The first call starts the wait; later ones go on with it.
 * CAPOS_TIMED_OUT: it still runs. timeout_ns as in capos_cap_enter; 0 only looks.
 */
enum capos_status capos_process_wait(struct capos_process *process, uint64_t timeout_ns, int64_t *exit_code);

/* Ends the child; its exit code becomes -1. Also when it has ended already. */
enum capos_status capos_process_terminate(struct capos_process *process);

/* Gives the handle back; the child goes on. Only when no wait is under way. */
void capos_process_close(struct capos_process *process);
