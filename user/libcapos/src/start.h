/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* State that start-up leaves for the rest of the library. Written once, before main. */
#pragma once

#include <stddef.h>

#include "abi/capset.h"
#include "capos/program.h"
#include "capos/ring.h"

extern const struct capset_page *capos_start_capset; /* NULL for an empty set */

struct capos_arguments {
    int count;
    char *values[CAPOS_ARGS_MAX + 1];
    char bytes[CAPOS_ARGS_BYTES];
};

/* Fetches the arguments through `boot_package`, if held; argc is 1 otherwise. */
void capos_arguments_load(struct capos_arguments *arguments);
