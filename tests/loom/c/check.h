/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the models say to the checker (tests/loom/src/shim.rs). Thread bodies
 * are plain C beside the sources under check, compiled like those.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who stores to a word: nobody else may, and the kernel's loads of what it writes are an owner's (abi/atomic.h, load_own). */
enum mc_writer { MC_ANYBODY, MC_KERNEL, MC_USER };

/* Before the threads start. The word begins with what it holds. */
void mc_word(const uint32_t *word, const char *name, enum mc_writer writer);
void mc_counter(const uint64_t *counter); /* 64 bits that are only read-modify-written */
void mc_plain(const void *start, size_t len, const char *name);

uint32_t mc_thread(void);
void mc_kernel(bool on); /* the calling thread executes as the kernel from now on */
void mc_seen(const char *what);
void mc_fail(const char *why);
void mc_pause(void); /* another thread goes first: for loops that wait */

/* The kernel lock as one operation, for models of what is done under it. */
void mc_lock(void);
void mc_unlock(void);
void mc_sleep(void); /* lets go of the lock until mc_wake_all */
void mc_wake_all(void);

#define CHECK(condition)          \
    do {                          \
        if (!(condition))         \
            mc_fail(#condition);  \
    } while (0)
