/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Exit codes keep all their 64 bits on the way from a child to its parent, and waiting again gives the same. */
#include "check.h"

static const int64_t codes[] = { 0, 1, -1, 300, INT64_MAX, INT64_MIN, 120 };

int main(void)
{
    static const char *const tasks[] = { "0", "1", "2", "3", "4", "5", "6" };
    if (task() != NULL)
        capos_exit(codes[task()[0] - '0']);
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct capos_process child;
        int64_t code = 0;
        if (!spawn_task("exit_codes", tasks[i], NULL, 0, &child))
            continue;
        for (int again = 0; again < 3; again++) {
            enum capos_status status = capos_process_wait(&child, CAP_ENTER_WAIT_FOREVER, &code);
            check(status == CAPOS_OK && code == codes[i], "exit code %ld came as %ld", codes[i], code);
        }
        check(capos_process_terminate(&child) == CAPOS_OK, "terminate of an ended child");
        check(capos_process_wait(&child, CAP_ENTER_WAIT_FOREVER, &code) == CAPOS_OK && code == codes[i],
              "terminate changed the code to %ld", code);
        capos_process_close(&child);
    }
    return finish("exit_codes");
}
