/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The system log that LogSink appends to and LogReader reads: one ring
 * (core/logring) under the kernel lock, with the threshold of the manifest.
 */
#pragma once

#include "core/logring/logring.h"

/* Made on first use. */
struct logring *log_ring(void);
