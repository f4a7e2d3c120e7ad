/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writes where nothing is mapped; the system goes on without it. */
#include <stdint.h>

static volatile uint64_t nowhere = 0x10;

int main(void)
{
    *(volatile int *)nowhere = 1;
    return 0;
}
