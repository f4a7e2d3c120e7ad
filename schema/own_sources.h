/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Kernel capability sources of this implementation. The enum KernelCapSource belongs to the
 * published schema and stays as it is; these numbers lie far behind its end and are valid wherever
 * a value of the enum is. capos_kernel_cap_source_known() is false for them.
 */
#pragma once

#include "schema/generated/capos.h"

#define CAPOS_KERNEL_CAP_SOURCE_SYSTEM_MONITOR ((enum capos_kernel_cap_source)0x8000) /* SystemMonitor */
#define CAPOS_KERNEL_CAP_SOURCE_POWER_CONTROL ((enum capos_kernel_cap_source)0x8001)  /* PowerControl */
#define CAPOS_KERNEL_CAP_SOURCE_STDIO ((enum capos_kernel_cap_source)0x8002)          /* StdIO */
#define CAPOS_KERNEL_CAP_SOURCE_SHARED_PARK_SPACE ((enum capos_kernel_cap_source)0x8003) /* SharedParkSpace */
#define CAPOS_KERNEL_CAP_SOURCE_SERVICE_ENDPOINT ((enum capos_kernel_cap_source)0x8004)  /* Endpoint */
#define CAPOS_KERNEL_CAP_SOURCE_SESSION_MINTER ((enum capos_kernel_cap_source)0x8005)    /* SessionMinter */
