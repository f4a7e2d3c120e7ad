/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What people and the host are told when a program faults. Not subject to log budgets. Under the kernel lock. */
#pragma once

#include "kernel/machine.h"
#include "kernel/proc/thread.h"

/* Three console lines (what, where, last capability call), one of diagnostics, and the verdict line. */
void fault_report(const struct thread *thread, const struct machine_fault *fault);
