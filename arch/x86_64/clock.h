/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Time: the time-stamp counter as the clock, the local APIC timer as the alarm.
 * The rates are measured once by the boot CPU and constant afterwards.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* First thing at boot: the instant that machine_now_ns counts from. */
void clock_mark_boot(void);
/* Measures both rates against the HPET at that physical address, or the 8254 when it is 0. Needs apic_init_local. */
void clock_calibrate(uint64_t hpet_address);
/* Busy wait; boot only. */
void clock_wait_us(uint64_t us);
/* The timer interrupt: is this CPU's deadline reached? If not, the timer runs again. */
bool clock_deadline_reached(void);
