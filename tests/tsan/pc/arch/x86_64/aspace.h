/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See asm.h. */
#pragma once

#include "kernel/machine.h"

void flush_serve(void);
