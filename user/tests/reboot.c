/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PowerControl.reboot ends the machine at once; nothing behind it runs. */
#include "check.h"

int main(void)
{
    struct capos_client power = granted("power_control", CAPOS_POWER_CONTROL_INTERFACE_ID);
    capos_print("starting again\n");
    check_ok(capos_power_control_reboot(&power, &(struct capos_power_control_reboot_params){ 0 }, NULL), &power, "reboot");
    capos_print("still here\n");
    return 1;
}
