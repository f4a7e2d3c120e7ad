/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The processor that kernel/lock.c asks for, for bare threads (stand_in.c). */
#pragma once

#include <stdint.h>

/* From now on the calling thread is that processor. */
void stand_in_cpu(uint32_t cpu);
