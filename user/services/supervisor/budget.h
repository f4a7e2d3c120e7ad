/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How often something may be started again: at most `most` times in any `window_ns`. Pure; time is an argument. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUDGET_MOST 16u

struct budget {
    uint32_t most; /* up to BUDGET_MOST */
    uint64_t window_ns;
    uint32_t used;
    uint64_t times[BUDGET_MOST]; /* of the restarts in the window, oldest first */
};

/* True: spends one restart at `now_ns` (never falling). */
bool budget_spend(struct budget *budget, uint64_t now_ns);
/* Reads NAME:MOST:MILLISECONDS; *name_len is the length of NAME. False: not of that form, or out of range. */
bool budget_parse(const char *text, struct budget *out, uint32_t *name_len);
