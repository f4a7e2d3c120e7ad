/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the sanitizers of addresses and of initialised memory want to be told; nothing in builds without them. */
#pragma once

#if defined(__has_feature) /* clang's way of saying it */
#if __has_feature(address_sanitizer)
#define HOST_CHECKS_ADDRESSES
#elif __has_feature(memory_sanitizer)
#define HOST_CHECKS_INITIALISED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HOST_CHECKS_ADDRESSES
#endif

#ifdef HOST_CHECKS_ADDRESSES
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#else
#ifdef HOST_CHECKS_INITIALISED
#include <sanitizer/msan_interface.h>
#endif
#define ASAN_POISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(start, len) ((void)(start), (void)(len))
#define __sanitizer_start_switch_fiber(save, stack, len) ((void)(save), (void)(stack), (void)(len))
#define __sanitizer_finish_switch_fiber(fake, old, len) ((void)(fake), (void)(old), (void)(len))
#endif

#ifdef HOST_CHECKS_INITIALISED
#define MEMORY_IS_NEW(start, len) __msan_poison(start, len)                     /* nobody has written it */
#define MEMORY_IS_SHOWN(start, len) __msan_check_mem_is_initialized(start, len) /* another one will read it */
#else
#define MEMORY_IS_NEW(start, len) ((void)(start), (void)(len))
#define MEMORY_IS_SHOWN(start, len) ((void)(start), (void)(len))
#endif
