/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the locks are made of besides abi/atomic.h. Two functions of their own,
 * so that tests and checkers can stand in for the kernel.
 */
#pragma once

#include <stdint.h>

/* Returns after a wake-up on the word, at once if it does not hold `expected`, after the time, or for no reason; an enum
 * capos_park_result or negative. */
int32_t capos_word_wait(const uint32_t *word, uint32_t expected, uint64_t timeout_ns);
/* Wakes up to `count` of those who wait on the word. */
void capos_word_wake(const uint32_t *word, uint32_t count);
