/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of kernel/proc share. Nobody else includes this. */
#pragma once

#include "kernel/proc/process.h"

/* One more thread with its ring page at `slot`. NULL: no record or no frame. */
struct thread *thread_new(struct process *process, uint32_t slot);
/* Takes apart ending threads that no CPU runs. True when there was one. */
bool thread_reap(void);
/* Takes the process's threads off the list of ending ones: they end with it now. */
void thread_forget_ending(const struct process *process);

/* Takes a process that owns nothing out of the table and gives its record back. */
void process_forget(struct process *process);
