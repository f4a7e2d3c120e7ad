/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest program: no library start-up, no memory of its own, exit code 42. */
#include "capos/syscall.h"

_Noreturn void _start(void);
_Noreturn void _start(void)
{
    capos_exit(42);
}
