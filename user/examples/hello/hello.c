/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The smallest useful program: greets on the stream it was granted, once with
 * and once without arguments. Without a stream it has no words to say so, and
 * the exit code tells.
 */
#include "capos/capos.h"

int main(int argc, char **argv)
{
    enum capos_status status = capos_print("hello from pid %u\n", capos_pid());
    for (int i = 1; i < argc; i++)
        capos_print("argument %d: %s\n", i, argv[i]);
    return status == CAPOS_OK ? 0 : 1;
}
