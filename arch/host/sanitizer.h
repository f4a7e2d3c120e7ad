/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the address sanitizer wants to be told; nothing in builds without it (make coverage). */
#pragma once

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#define __sanitizer_start_switch_fiber(save, stack, len) ((void)(save), (void)(stack), (void)(len))
#define __sanitizer_finish_switch_fiber(fake, old, len) ((void)(fake), (void)(old), (void)(len))
#endif
