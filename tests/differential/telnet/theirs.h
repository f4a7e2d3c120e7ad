/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The side of libtelnet, in a file of its own because both sides have the
 * same names. One connection at a time, one thread; what is told about
 * options is not answered.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define THEIRS_MAX 8192u

/* Forgets the connection before. */
void theirs_open(void);

/* Feeds bytes; the data so far is in theirs_data, its length is returned. The bytes of one connection are fewer than THEIRS_MAX. */
size_t theirs_feed(const uint8_t *bytes, size_t len);
extern uint8_t theirs_data[THEIRS_MAX];
void theirs_close(void);
