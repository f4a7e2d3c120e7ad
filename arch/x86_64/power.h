/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Switching off. `fadt` outlives the call; NULL when firmware described nothing. */
#pragma once

#include "core/acpi/acpi.h"

void power_init(const struct acpi_fadt *fadt);
