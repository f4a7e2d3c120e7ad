/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the sources under check name and no model reaches. */
void mc_fail(const char *why);

#define ABSENT(name)      \
    void name(void);      \
    void name(void)       \
    {                     \
        mc_fail("absent: " #name); \
    }

ABSENT(aspace_object_at)
ABSENT(audit_answered)
ABSENT(call_free)
ABSENT(call_invoke)
ABSENT(cap_error_release_code)
ABSENT(cap_table_remove)
ABSENT(capn_text_of)
ABSENT(diagnose)
ABSENT(diagnose_answer)
ABSENT(endpoint_cancel)
ABSENT(endpoint_recv)
ABSENT(endpoint_return)
ABSENT(machine_context_repeat_syscall)
ABSENT(process_end)

/* Every entry of the models goes the general way: kernel/ipc/fast.c takes none that the lock does not cover alike. */
#include "kernel/ipc/fast.h"

enum ipc_fast_end ipc_fast_enter(struct thread *thread, uint64_t min_complete, uint64_t timeout_ns)
{
    (void)thread, (void)min_complete, (void)timeout_ns;
    return IPC_FAST_NOT;
}
