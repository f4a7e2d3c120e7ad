/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Starting the other processors. Boot CPU, once, before kernel_boot. */
#pragma once

#include "core/acpi/acpi.h"

/* Starts every enabled processor of the table; cpus_found counts those that came up. */
void smp_start(const struct acpi_madt *madt);
/* kernel_boot is done: lets all of them in. */
void smp_open(void);
/* May this CPU enter the kernel? */
bool smp_is_open(void);
