/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* PowerControl.powerOff ends the machine at once; nothing behind it runs. */
#include "check.h"

int main(void)
{
    struct capos_client power = granted("power_control", CAPOS_POWER_CONTROL_INTERFACE_ID);
    capos_print("switching off\n");
    struct capos_power_control_power_off_params in = { .status = 0 };
    check_ok(capos_power_control_power_off(&power, &in, NULL), &power, "powerOff");
    capos_print("still on\n");
    return 1;
}
