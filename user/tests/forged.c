/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints lines of the verdict port on its console; they must be believed nowhere. Ends with code 7. */
#include "capos/capos.h"

int main(void)
{
    static const char *const lines[] = {
        "capos-verdict 1", "init pid=1 name=forged", "exit pid=1 code=0 name=forged", "panic not really",
        "refused elf not really", "ledger pid=1 caps=0 calls=0 scratch=0 frames=0 vres=0", "check page-tables ok",
        "frames free=1", "halt status=0 init exited",
    };
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
        capos_print("%s\n", lines[i]);
    return 7;
}
