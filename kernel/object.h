/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A kernel object: what a capability names. Each kind is one file in
 * kernel/objects/, embeds struct object as its first member, and knows nothing
 * of rings, buffers or wire format.
 *
 * Life: an object is born with one reference, held by its creator. Each
 * capability-table slot that names it holds one, so does each mapping of its
 * memory and each pending call on it. object_drop of the last one calls
 * ops->destroy. All under the kernel lock.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "abi/limits.h"
#include "core/cap/table.h"
#include "core/capn/dispatch.h"

struct call;
struct object;
struct process;
struct thread;

enum object_release_reason {
    OBJECT_RELEASE_EXPLICIT, /* RELEASE opcode */
    OBJECT_RELEASE_EXIT,     /* the holding process ended */
};

struct object_ops {
    uint64_t interface_id;
    const char *label; /* what CapabilityManager.list and `caps` show */
    const void *methods; /* the interface's table of handlers, struct capos_I_ops */
    /* capos_I_serve: decodes, runs the handler, encodes. Handlers get the struct call as their env. */
    enum capn_outcome (*serve)(const void *methods, void *object, struct capn_call_context *context);
    /* A slot of `holder` that named the object is gone (after removal from the table). May be NULL. */
    void (*released)(struct object *object, struct process *holder, enum object_release_reason reason);
    /* A pending call is being dropped because its thread ended; undo what waits for it. NULL if nothing pends. */
    void (*cancel)(struct object *object, struct call *call);
    /* Last reference gone: give everything back, but not the object itself, or take a reference again. NULL: nothing to do. */
    void (*destroy)(struct object *object);
    /* A kernel source made it for that process, whose table is about to hold it. NULL: nothing to do. */
    void (*granted)(struct object *object, const struct process *process);
    /* Its holds were revoked in some table. NULL: nothing to do. */
    void (*revoked)(struct object *object);
    /* False: a CALL is answered as disconnected. NULL: alive as long as it exists. */
    bool (*is_live)(const struct object *object);
    /* Pages this object charges to each holder's frame grants; NULL = 0. */
    uint32_t (*frame_pages)(const struct object *object);
    bool aspace_bound; /* never handed to another process (virtual memory, park space) */
    bool terminal;     /* console or terminal: forwarded by spawn grant only */
    uint8_t bootstrap_mode; /* enum cap_transfer_mode of the first hold (docs/abi.md, "Capability ids") */
};

struct object {
    const struct object_ops *ops;
    uint64_t id; /* never reused, never 0 */
    uint32_t refs;
};

/* Objects come from one fixed pool of equal blocks. */
#define OBJECT_BYTES 192u
/* Capabilities that the waiting calls of one process may carry, all together. Ours. */
#define TRAVELLING_CAPS_MAX 64u
/* Service objects of one process that are held, or that it was not told of. Ours. */
#define SERVICE_OBJECTS_MAX 64u
/* For each process: one per slot, per pending call, per capability on its way and per service object. */
#define OBJECTS_PER_PROCESS (CAP_SLOTS_MAX + OUTSTANDING_CALLS_MAX + TRAVELLING_CAPS_MAX + SERVICE_OBJECTS_MAX)
bool object_pool_init(uint32_t processes); /* once, at boot; false when memory does not suffice */

/* A zeroed block with one reference, or NULL when the pool is exhausted. */
struct object *object_new(const struct object_ops *ops);
void object_hold(struct object *object);
void object_drop(struct object *object);
/* The same where another reference is known to stay. */
static inline void object_drop_shared(struct object *object)
{
    object->refs--;
}
uint32_t object_live_count(void);

/* What core/cap/table.h asks about objects; for cap_table_init. */
extern const struct cap_object_ops object_table_ops;

/* Inserts into a table with the object's bootstrap hold and that disclosure scope; the slot takes its own reference. */
enum cap_error object_insert(struct cap_table *table, struct object *object, uint64_t disclosure, uint32_t *id);
