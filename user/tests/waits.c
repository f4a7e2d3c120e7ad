/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The smallest program that stays: it waits for ever. */
#include "capos/syscall.h"

_Noreturn void _start(void);
_Noreturn void _start(void)
{
    for (;;)
        capos_cap_enter(1, CAP_ENTER_WAIT_FOREVER);
}
