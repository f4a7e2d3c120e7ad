/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exits with the code that its one argument names. */
#include "capos/capos.h"

int main(int argc, char **argv)
{
    if (argc != 2)
        return 99;
    const char *at = argv[1];
    bool negative = *at == '-';
    uint64_t value = 0;
    for (at += negative ? 1 : 0; *at != '\0'; at++)
        value = value * 10 + (uint64_t)(*at - '0');
    capos_exit((int64_t)(negative ? 0 - value : value));
}
