/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Prints its arguments; the exit code is their number. */
#include "capos/capos.h"

int main(int argc, char **argv)
{
    capos_print("argv[0] is `%s`\n", argv[0]);
    for (int i = 1; i < argc; i++)
        capos_print("argument %d: `%s`\n", i, argv[i]);
    return argc - 1;
}
