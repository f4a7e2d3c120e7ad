/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Consumer ownership of a ring: core/ring/consumer.h. Every operation checks
 * all of its conditions before it changes anything.
 */
#include "core/ring/consumer.h"

void ring_consumer_init(struct ring_consumer *consumer)
{
    *consumer = (struct ring_consumer){
        .next_owner_generation = 1,
        .admission_generation = 1,
        .max_batch = RING_SQPOLL_BATCH_MAX,
        .mode = RING_MODE_SYSCALL,
    };
}

static bool owns(const struct ring_consumer *consumer, const struct ring_owner *owner)
{
    return owner->kind != RING_OWNER_NONE && owner->kind == consumer->owner.kind &&
           owner->id == consumer->owner.id && owner->generation == consumer->owner.generation;
}

static bool owns_as_sqpoll(const struct ring_consumer *consumer, const struct ring_owner *owner)
{
    return owner->kind == RING_OWNER_SQPOLL && owns(consumer, owner);
}

static bool batch_is_valid(uint32_t batch)
{
    return batch >= 1 && batch <= RING_SQPOLL_BATCH_MAX;
}

static void clear_owner(struct ring_consumer *consumer)
{
    consumer->owner = (struct ring_owner){.kind = RING_OWNER_NONE};
}

static void clear_pending(struct ring_consumer *consumer)
{
    consumer->start_pending = false;
    consumer->pending_batch = 0;
    consumer->pending_id = 0;
}

/* The counter wraps from its last value to 0, which stands for exhausted. */
static void install_owner(struct ring_consumer *consumer, enum ring_owner_kind kind, uint64_t id)
{
    consumer->owner = (struct ring_owner){
        .kind = kind, .id = id, .generation = consumer->next_owner_generation};
    consumer->next_owner_generation++;
}

enum ring_consumer_error ring_consumer_acquire(struct ring_consumer *consumer,
                                               enum ring_owner_kind kind, uint64_t id,
                                               struct ring_owner *owner)
{
    if (kind != RING_OWNER_SYSCALL || consumer->owner.kind != RING_OWNER_NONE ||
        consumer->mode != RING_MODE_SYSCALL)
        return RING_CONSUMER_ALREADY_OWNED;
    if (consumer->next_owner_generation == 0)
        return RING_CONSUMER_GENERATION_EXHAUSTED;
    install_owner(consumer, kind, id);
    *owner = consumer->owner;
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_release(struct ring_consumer *consumer,
                                               const struct ring_owner *owner)
{
    if (!owns(consumer, owner)) {
        bool same = owner->kind != RING_OWNER_NONE && owner->kind == consumer->owner.kind &&
                    owner->id == consumer->owner.id;
        return same ? RING_CONSUMER_STALE_GENERATION : RING_CONSUMER_NOT_OWNER;
    }
    if (owner->kind == RING_OWNER_SQPOLL)
        clear_pending(consumer);
    if (owner->kind == RING_OWNER_SQPOLL || consumer->mode != RING_MODE_STARTING)
        consumer->mode = RING_MODE_SYSCALL;
    clear_owner(consumer);
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_request_start(struct ring_consumer *consumer,
                                                     const struct ring_owner *owner,
                                                     uint64_t poll_id, uint32_t batch)
{
    if (!batch_is_valid(batch))
        return RING_CONSUMER_INVALID_BATCH;
    if (owner->kind != RING_OWNER_SYSCALL || !owns(consumer, owner) ||
        consumer->mode != RING_MODE_SYSCALL)
        return RING_CONSUMER_ALREADY_OWNED;
    if (consumer->admission_generation == 0)
        return RING_CONSUMER_GENERATION_EXHAUSTED;
    consumer->admission_generation++;
    consumer->max_batch = batch;
    consumer->start_pending = true;
    consumer->pending_id = poll_id;
    consumer->pending_batch = batch;
    consumer->mode = RING_MODE_STARTING;
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_cancel_start(struct ring_consumer *consumer,
                                                    uint64_t poll_id)
{
    if (!consumer->start_pending || consumer->pending_id != poll_id)
        return RING_CONSUMER_NOT_OWNER;
    clear_pending(consumer);
    consumer->mode = RING_MODE_SYSCALL;
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_finalize_start(struct ring_consumer *consumer,
                                                      uint64_t poll_id, struct ring_owner *owner)
{
    if (!consumer->start_pending || consumer->pending_id != poll_id ||
        consumer->owner.kind != RING_OWNER_NONE)
        return RING_CONSUMER_ALREADY_OWNED;
    if (consumer->next_owner_generation == 0)
        return RING_CONSUMER_GENERATION_EXHAUSTED;
    consumer->max_batch = consumer->pending_batch;
    install_owner(consumer, RING_OWNER_SQPOLL, poll_id);
    clear_pending(consumer);
    consumer->mode = RING_MODE_RUNNING;
    *owner = consumer->owner;
    return RING_CONSUMER_OK;
}

static enum ring_consumer_error mark(struct ring_consumer *consumer,
                                     const struct ring_owner *owner, enum ring_consumer_mode mode)
{
    if (!owns_as_sqpoll(consumer, owner) || consumer->mode == RING_MODE_STOPPING)
        return RING_CONSUMER_NOT_OWNER;
    consumer->mode = mode;
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_mark_running(struct ring_consumer *consumer,
                                                    const struct ring_owner *owner)
{
    return mark(consumer, owner, RING_MODE_RUNNING);
}

enum ring_consumer_error ring_consumer_mark_sleeping(struct ring_consumer *consumer,
                                                     const struct ring_owner *owner)
{
    return mark(consumer, owner, RING_MODE_SLEEPING);
}

enum ring_consumer_error ring_consumer_request_stop(struct ring_consumer *consumer,
                                                    const struct ring_owner *owner)
{
    if (!owns_as_sqpoll(consumer, owner))
        return RING_CONSUMER_NOT_OWNER;
    consumer->mode = RING_MODE_STOPPING;
    clear_pending(consumer);
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_stop(struct ring_consumer *consumer,
                                            const struct ring_owner *owner)
{
    if (!owns_as_sqpoll(consumer, owner))
        return RING_CONSUMER_NOT_OWNER;
    clear_owner(consumer);
    clear_pending(consumer);
    consumer->mode = RING_MODE_SYSCALL;
    return RING_CONSUMER_OK;
}

enum ring_consumer_error ring_consumer_refresh_admission(struct ring_consumer *consumer,
                                                         uint32_t batch)
{
    if (!batch_is_valid(batch))
        return RING_CONSUMER_INVALID_BATCH;
    if (consumer->admission_generation == 0)
        return RING_CONSUMER_GENERATION_EXHAUSTED;
    consumer->admission_generation++;
    consumer->max_batch = batch;
    return RING_CONSUMER_OK;
}

struct ring_owner ring_consumer_release_for_teardown(struct ring_consumer *consumer)
{
    struct ring_owner old = consumer->owner;
    if (old.kind == RING_OWNER_SQPOLL && consumer->mode == RING_MODE_STOPPING)
        return (struct ring_owner){.kind = RING_OWNER_NONE};
    clear_owner(consumer);
    clear_pending(consumer);
    consumer->mode = RING_MODE_SYSCALL;
    return old;
}

bool ring_consumer_can_consume(const struct ring_consumer *consumer,
                               const struct ring_owner *owner)
{
    if (!owns(consumer, owner))
        return false;
    if (owner->kind == RING_OWNER_SYSCALL)
        return consumer->mode == RING_MODE_SYSCALL || consumer->mode == RING_MODE_STARTING;
    return consumer->mode == RING_MODE_RUNNING;
}

bool ring_consumer_can_complete(const struct ring_consumer *consumer,
                                const struct ring_owner *owner)
{
    return ring_consumer_can_consume(consumer, owner) ||
           (owns_as_sqpoll(consumer, owner) && consumer->mode == RING_MODE_STOPPING);
}

bool ring_consumer_should_quiesce(const struct ring_consumer *consumer,
                                  const struct ring_owner *owner)
{
    if (!owns(consumer, owner))
        return false;
    return consumer->mode ==
           (owner->kind == RING_OWNER_SYSCALL ? RING_MODE_STARTING : RING_MODE_STOPPING);
}

bool ring_consumer_is_sqpoll_running(const struct ring_consumer *consumer)
{
    return consumer->owner.kind == RING_OWNER_SQPOLL &&
           (consumer->mode == RING_MODE_RUNNING || consumer->mode == RING_MODE_SLEEPING);
}

bool ring_consumer_is_sqpoll_running_as(const struct ring_consumer *consumer,
                                        const struct ring_owner *owner)
{
    return owns(consumer, owner) && ring_consumer_is_sqpoll_running(consumer);
}

enum ring_enter_role ring_consumer_enter_role(const struct ring_consumer *consumer)
{
    if (consumer->owner.kind == RING_OWNER_SQPOLL)
        return RING_ENTER_POLLED;
    bool free = consumer->owner.kind == RING_OWNER_NONE && consumer->mode == RING_MODE_SYSCALL;
    return free ? RING_ENTER_ACQUIRE : RING_ENTER_BUSY;
}

bool ring_consumer_is_valid(const struct ring_consumer *consumer)
{
    bool polled = consumer->owner.kind == RING_OWNER_SQPOLL;
    bool mode_polled = consumer->mode != RING_MODE_SYSCALL && consumer->mode != RING_MODE_STARTING;
    bool generation_ok = consumer->owner.kind == RING_OWNER_NONE ||
                         consumer->next_owner_generation == 0 ||
                         consumer->owner.generation < consumer->next_owner_generation;
    return polled == mode_polled && generation_ok && batch_is_valid(consumer->max_batch) &&
           consumer->start_pending == (consumer->mode == RING_MODE_STARTING) &&
           (!consumer->start_pending || batch_is_valid(consumer->pending_batch));
}
