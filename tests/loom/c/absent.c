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
