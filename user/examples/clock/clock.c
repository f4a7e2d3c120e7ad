/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Says the time since boot, once a second, three times. Wants `timer` and something to print on. */
#include "capos/capos.h"

int main(void)
{
    struct capos_client timer;
    if (capos_client_open(&timer, "timer", CAPOS_TIMER_INTERFACE_ID) != CAPOS_OK) {
        capos_print("clock: needs `timer`\n");
        return 1;
    }
    for (int i = 0; i < 3; i++) {
        struct capos_timer_now_results now;
        struct capos_timer_sleep_params second = { .duration_ns = 1000000000 };
        if (capos_timer_now(&timer, NULL, &now) != CAPOS_OK)
            return 1;
        capos_print("%lu.%03lu s\n", now.monotonic_ns / 1000000000, now.monotonic_ns / 1000000 % 1000);
        if (i < 2 && capos_timer_sleep(&timer, &second, NULL) != CAPOS_OK)
            return 1;
    }
    return 0;
}
