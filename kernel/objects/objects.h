/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kinds of objects. object_new makes one of a kind that a table of kernel
 * sources can name (kernel/boot/sources.c): its state, if it has any, starts
 * zeroed or is shared by all of that kind.
 */
#pragma once

#include <stdint.h>

#include "core/capn/dispatch.h"
#include "kernel/object.h"

struct capos_process_spawner_create_pipe_params;
struct capos_process_spawner_create_pipe_results;
struct process;

extern const struct object_ops audit_log_ops;
extern const struct object_ops authority_broker_ops;
extern const struct object_ops boot_package_ops;
extern const struct object_ops console_ops;
extern const struct object_ops credential_store_ops;
extern const struct object_ops endpoint_facet_ops; /* not a source */
extern const struct object_ops endpoint_ops;
extern const struct object_ops entropy_source_ops;
extern const struct object_ops frame_allocator_ops;
extern const struct object_ops log_reader_ops;
extern const struct object_ops log_sink_ops;
extern const struct object_ops null_ops;
extern const struct object_ops park_space_ops;
extern const struct object_ops power_control_ops;
extern const struct object_ops process_spawner_ops;
extern const struct object_ops session_manager_ops;
extern const struct object_ops session_minter_ops;
extern const struct object_ops service_endpoint_ops;
extern const struct object_ops shared_park_space_ops;
extern const struct object_ops stdio_ops;
extern const struct object_ops system_info_ops;
extern const struct object_ops system_monitor_ops;
extern const struct object_ops terminal_session_ops;
extern const struct object_ops thread_control_ops;
extern const struct object_ops thread_spawner_ops;
extern const struct object_ops timer_ops;
extern const struct object_ops virtual_memory_ops;
extern const struct object_ops wall_clock_ops;

/* The interface id of the `null` source, which has no entry in the schema. */
#define NULL_INTERFACE_ID 0x6e756c6c63617030ull

/* Not sources: made by FrameAllocator and ProcessSpawner. Each returns one reference that the caller
 * drops or passes on, or NULL when the pool is exhausted. `pages` frames from `first` become the object's. */
struct object *memory_object_create(uint64_t first, uint32_t pages);
struct object *process_handle_create(struct process *child);
struct object *capability_manager_create(struct process *child);
struct object *thread_handle_create(struct thread *thread); /* made by ThreadSpawner */

/* ProcessSpawner.createPipe. */
enum capn_outcome pipe_create(void *env, void *object, const struct capos_process_spawner_create_pipe_params *in,
                              struct capos_process_spawner_create_pipe_results *out);
