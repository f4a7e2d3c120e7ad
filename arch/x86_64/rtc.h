/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The firmware clock, read once by the boot CPU. */
#pragma once

void rtc_read_at_boot(void);
