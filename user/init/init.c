/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The first process: see init.h. */
#include "init.h"

int main(int argc, char **argv)
{
    static struct manifest_plan plan;
    struct capn_data bytes;
    (void)argc;
    (void)argv;
    if (!init_read_manifest(&bytes) || !init_check_manifest(bytes, &plan))
        return 1;
    return init_run_services(&plan);
}
