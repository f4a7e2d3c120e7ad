/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* See asm.h. */
#pragma once

#include "abi/layout.h"
