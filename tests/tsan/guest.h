/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The library of programs on the machine of threads: tests/sim/guest.h and kit.h, with the real ring client. */
#pragma once

#include "capos/ring.h"
#include "core/capn/message.h"
#include "tests/sim/thread_kit.h"

#define WORDS 0x5000000ull /* a page of the process for its locks and what they protect */

struct user {
    struct guest guest; /* sim_local points here */
    struct capos_ring ring;
    struct capn_message message;
    uint32_t tid;
    uint8_t bytes[0x4000]; /* a message on its way */
};

extern uint64_t operations; /* ring entries submitted; relaxed */

void user_start(struct user *user, uint64_t ring, uint64_t pid, uint64_t capset);
void user_thread_start(struct user *user, uint64_t tid, uint64_t ring);
struct ring_cqe user_await(uint64_t ticket);
/* Copies of the running process's memory. */
void user_put(uint64_t va, const void *bytes, size_t len);
void user_get(uint64_t va, void *bytes, size_t len);

#define USER(name)                                                          \
    static void name##_body(void);                                          \
    static int64_t name(uint64_t ring, uint64_t pid, uint64_t capset)       \
    {                                                                       \
        struct user user = { 0 };                                           \
        user_start(&user, ring, pid, capset);                               \
        name##_body();                                                      \
        return 0;                                                           \
    }                                                                       \
    static void name##_body(void)

#define USER_THREAD(name)                                                   \
    static void name##_body(uint64_t arg);                                  \
    static int64_t name(uint64_t arg, uint64_t tid, uint64_t ring)          \
    {                                                                       \
        struct user user = { 0 };                                           \
        user_thread_start(&user, tid, ring);                                \
        name##_body(arg);                                                   \
        kit_exit_thread(0);                                                 \
    }                                                                       \
    static void name##_body(uint64_t arg)
