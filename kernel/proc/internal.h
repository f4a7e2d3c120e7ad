/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of kernel/proc share. Nobody else includes this. */
#pragma once

#include "kernel/proc/process.h"

/* Takes a process that owns nothing out of the table and gives its record back. */
void process_forget(struct process *process);
