/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Identity, reference counts and storage of kernel objects: kernel/object.h.
 * The pool and the id counter belong to the kernel lock.
 */
#include "kernel/object.h"

#include <stddef.h>

#include "kernel/machine.h"
#include "kernel/mm/pool.h"
#include "kernel/trace.h"

static struct {
    struct pool pool;
    uint64_t last_id;
} objects;

bool object_pool_init(uint32_t processes)
{
    return pool_init(&objects.pool, "objects", OBJECT_BYTES, processes * OBJECTS_PER_PROCESS);
}

struct object *object_new(const struct object_ops *ops)
{
    struct object *object = pool_take(&objects.pool);
    if (object != NULL)
        *object = (struct object){.ops = ops, .id = ++objects.last_id, .refs = 1};
    return object;
}

void object_hold(struct object *object)
{
    object->refs++;
}

void object_drop(struct object *object)
{
    if (object->refs == 0)
        kernel_panic("object dropped without a reference", object->id);
    if (--object->refs > 0)
        return;
    if (object->ops->destroy != NULL)
        object->ops->destroy(object);
    if (object->refs == 0)
        pool_give(&objects.pool, object);
}

uint32_t object_live_count(void)
{
    return objects.pool.in_use;
}

static uint64_t table_object_id(const void *object)
{
    return ((const struct object *)object)->id;
}

static enum cap_error table_live(const void *object)
{
    const struct object *o = object;
    return o->ops->is_live == NULL || o->ops->is_live(o) ? CAP_OK : CAP_NOT_LIVE;
}

static uint32_t table_frame_pages(const void *object)
{
    const struct object *o = object;
    return o->ops->frame_pages != NULL ? o->ops->frame_pages(o) : 0;
}

static bool table_spawn_grant_only(const void *object)
{
    return ((const struct object *)object)->ops->terminal;
}

const struct cap_object_ops object_table_ops = {
    .object_id = table_object_id,
    .live = table_live,
    .frame_pages = table_frame_pages,
    .spawn_grant_only = table_spawn_grant_only,
};

enum cap_error object_insert(struct cap_table *table, struct object *object, uint64_t disclosure, uint32_t *id)
{
    struct cap_hold hold = cap_hold_default(object->ops->interface_id);
    hold.transfer_mode = object->ops->bootstrap_mode;
    hold.disclosure_scope = disclosure;
    enum cap_error error = cap_table_insert(table, object, &hold, id);
    if (error != CAP_OK)
        return error;
    object_hold(object);
    trace_event(TRACE_CAP_INSERT, *id, object->id);
    return CAP_OK;
}
