/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who holds what, once, as lines on the verdict port (docs/verdict-port.md), for the host's `capos graph`. Asked for on the
 * kernel's command line: capos.graph=idle when nothing can run any more, capos.graph=MS after that many milliseconds;
 * at the latest when the first process ends. Programs see the same through SystemMonitor only. Under the kernel lock.
 */
#pragma once

#include <stddef.h>

/* The value of the option; once, just before the first process starts. What it cannot read counts as `idle`. */
void graph_request(const char *value, size_t len);

/* A processor has nothing to run. */
void graph_on_idle(void);
/* The first process ends and still has what it had. */
void graph_before_end(void);
