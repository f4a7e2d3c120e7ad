/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The constructors of kernel objects, for the table of kernel sources
 * (kernel/boot/sources.c) and for objects that make others. Each returns one
 * reference that the caller drops or passes on, or NULL when something is
 * exhausted. `holder` is the process whose table will hold the capability.
 * All under the kernel lock.
 */
#pragma once

#include <stdint.h>

#include "kernel/object.h"

struct process;

struct object *console_create(struct process *holder);
struct object *terminal_session_create(struct process *holder);
struct object *stdio_create(struct process *holder);
struct object *entropy_source_create(struct process *holder);
struct object *frame_allocator_create(struct process *holder);
struct object *virtual_memory_create(struct process *holder);
struct object *timer_create(struct process *holder);
struct object *wall_clock_create(struct process *holder);
struct object *system_info_create(struct process *holder);
struct object *boot_package_create(struct process *holder);
struct object *process_spawner_create(struct process *holder);
struct object *log_sink_create(struct process *holder);
struct object *log_reader_create(struct process *holder);
struct object *audit_log_create(struct process *holder);
struct object *system_monitor_create(struct process *holder);
struct object *power_control_create(struct process *holder);
struct object *null_create(struct process *holder);

/* The interface id of the `null` source, which has no entry in the schema. */
#define NULL_INTERFACE_ID 0x6e756c6c63617030ull

/* Not sources: made by FrameAllocator and ProcessSpawner. `pages` frames from `first` become the object's. */
struct object *memory_object_create(uint64_t first, uint32_t pages);
struct object *process_handle_create(struct process *child);
struct object *capability_manager_create(struct process *child);
