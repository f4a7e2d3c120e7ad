/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For arch/x86_64/flush.c in the checker. */
#pragma once

#include <stdint.h>

#define VECTOR_FLUSH 0xf1u

void apic_send(uint32_t apic_id, uint32_t vector);
