/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Trying the shapes of a linked state one after the other, so that the prover
 * follows known links while all numbers stay arbitrary: 10 to 40 times faster
 * than arbitrary links. Only for the prover (tools/prove).
 */
#pragma once

#include "core/base/base_proof.h"

#define SHAPE_IF(n, count, body)                \
    if ((n) < (count) && shape_number_ == (n)) \
    body(n)
#define SHAPE_FOUR(n, count, body)   \
    SHAPE_IF((n), count, body);      \
    SHAPE_IF((n) + 1, count, body);  \
    SHAPE_IF((n) + 2, count, body);  \
    SHAPE_IF((n) + 3, count, body)

/*
 * Runs `body(n)` for one n below `count`, at most 28, whichever. Written out, because a loop would need its own limit of
 * iterations. An assumption in `body` ends that shape only.
 */
#define SHAPE(count, body)                   \
    do {                                     \
        uint8_t shape_number_ = nondet_u8(); \
        assume(shape_number_ < (count));     \
        SHAPE_FOUR(0, count, body);          \
        SHAPE_FOUR(4, count, body);          \
        SHAPE_FOUR(8, count, body);          \
        SHAPE_FOUR(12, count, body);         \
        SHAPE_FOUR(16, count, body);         \
        SHAPE_FOUR(20, count, body);         \
        SHAPE_FOUR(24, count, body);         \
    } while (0)
