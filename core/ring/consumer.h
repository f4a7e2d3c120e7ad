/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who may consume the submission queue of a ring: nobody, a system call (or the
 * tick), or a poller. Kernel-private state, one per ring; user space always
 * stays the consumer of completions. Source: docs/abi.md, "Consumer ownership".
 * Ours: a poller cannot be marked running or sleeping once it is told to stop,
 * which would lose the request.
 *
 * The caller owns the state and serialises all calls. A refused operation
 * changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum ring_owner_kind {
    RING_OWNER_NONE = 0,
    RING_OWNER_SYSCALL = 1,
    RING_OWNER_SQPOLL = 2,
};

/* `id` is the thread's or poller's; the generation makes an owner of the past recognisable. */
struct ring_owner {
    enum ring_owner_kind kind;
    uint64_t id;
    uint64_t generation;
};

enum ring_consumer_mode {
    RING_MODE_SYSCALL,
    RING_MODE_STARTING,
    RING_MODE_RUNNING,
    RING_MODE_SLEEPING,
    RING_MODE_STOPPING,
};

enum ring_consumer_error {
    RING_CONSUMER_OK = 0,
    RING_CONSUMER_ALREADY_OWNED,
    RING_CONSUMER_GENERATION_EXHAUSTED,
    RING_CONSUMER_STALE_GENERATION,
    RING_CONSUMER_NOT_OWNER,
    RING_CONSUMER_INVALID_BATCH,
};

#define RING_SQPOLL_BATCH_DEFAULT 2u
#define RING_SQPOLL_BATCH_MAX 16u

struct ring_consumer {
    struct ring_owner owner; /* kind NONE: nobody */
    uint64_t next_owner_generation; /* from 1; 0 = exhausted */
    uint64_t admission_generation;  /* from 1; 0 = exhausted */
    uint32_t max_batch;             /* 1..16 */
    enum ring_consumer_mode mode;
    bool start_pending;
    uint32_t pending_batch;
    uint64_t pending_id;
};

void ring_consumer_init(struct ring_consumer *consumer);

/*
 * Takes the role for a system call of thread `id`. RING_CONSUMER_ALREADY_OWNED also
 * while a poller's start is pending, and always for kind SQPOLL, which gets the role
 * through ring_consumer_finalize_start() only.
 */
enum ring_consumer_error ring_consumer_acquire(struct ring_consumer *consumer,
                                               enum ring_owner_kind kind, uint64_t id,
                                               struct ring_owner *owner);
enum ring_consumer_error ring_consumer_release(struct ring_consumer *consumer,
                                               const struct ring_owner *owner);

/* A system call that holds the role asks for poller `poll_id` to take over. */
enum ring_consumer_error ring_consumer_request_start(struct ring_consumer *consumer,
                                                     const struct ring_owner *owner,
                                                     uint64_t poll_id, uint32_t batch);
enum ring_consumer_error ring_consumer_cancel_start(struct ring_consumer *consumer,
                                                    uint64_t poll_id);
enum ring_consumer_error ring_consumer_finalize_start(struct ring_consumer *consumer,
                                                      uint64_t poll_id, struct ring_owner *owner);

/* Both refuse with RING_CONSUMER_NOT_OWNER in mode Stopping. */
enum ring_consumer_error ring_consumer_mark_running(struct ring_consumer *consumer,
                                                    const struct ring_owner *owner);
enum ring_consumer_error ring_consumer_mark_sleeping(struct ring_consumer *consumer,
                                                     const struct ring_owner *owner);

enum ring_consumer_error ring_consumer_request_stop(struct ring_consumer *consumer,
                                                    const struct ring_owner *owner);
enum ring_consumer_error ring_consumer_stop(struct ring_consumer *consumer,
                                            const struct ring_owner *owner);
enum ring_consumer_error ring_consumer_refresh_admission(struct ring_consumer *consumer,
                                                         uint32_t batch);

/*
 * The ring's thread ends: owner and pending start go, and the old owner comes
 * back (kind NONE if there was none). Exception: a poller that is stopping
 * keeps everything, will release the ring itself, and NONE comes back.
 */
struct ring_owner ring_consumer_release_for_teardown(struct ring_consumer *consumer);

/* May this owner take entries? Exact owner; syscall: Syscall or Starting; poller: Running. */
bool ring_consumer_can_consume(const struct ring_consumer *consumer,
                               const struct ring_owner *owner);
/* May it finish an entry that it has begun? As above; a poller also in Stopping. */
bool ring_consumer_can_complete(const struct ring_consumer *consumer,
                                const struct ring_owner *owner);
/* Must it leave after the entry? Syscall: Starting; poller: Stopping. */
bool ring_consumer_should_quiesce(const struct ring_consumer *consumer,
                                  const struct ring_owner *owner);
/* Is a poller at work or asleep, whichever it is? */
bool ring_consumer_is_sqpoll_running(const struct ring_consumer *consumer);
bool ring_consumer_is_sqpoll_running_as(const struct ring_consumer *consumer,
                                        const struct ring_owner *owner);

/* What cap_enter does about draining (docs/abi.md, "cap_enter", step 2). */
enum ring_enter_role {
    RING_ENTER_ACQUIRE,   /* take the role and drain */
    RING_ENTER_POLLED,    /* a poller owns the ring: wake it if it sleeps, do not drain */
    RING_ENTER_BUSY,      /* answer CAP_ENTER_CONSUMER_BUSY */
};
enum ring_enter_role ring_consumer_enter_role(const struct ring_consumer *consumer);

/* The state's own invariants; constant time. */
bool ring_consumer_is_valid(const struct ring_consumer *consumer);
