/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The fault counter: see fault.h. */
#include "kernel/fault.h"

#ifdef CAPOS_FAULT_INJECTION
#include "kernel/state.h"

bool fault_point(enum fault_site site)
{
    struct fault_state *faults = &kernel.faults;
    faults->passed++;
    faults->by_site[site]++;
    if (faults->passed != faults->fail_at)
        return false;
    faults->failed++;
    if (faults->observer != NULL)
        faults->observer(site);
    trace_event(TRACE_INJECTED, site, faults->passed);
    return true;
}

void fault_arm(uint64_t nth)
{
    kernel.faults = (struct fault_state){.fail_at = nth, .all_points = kernel.faults.all_points};
}

bool fault_wants_all_points(void)
{
    return kernel.faults.all_points || kernel.faults.fail_at != 0;
}
#else
/* A translation unit may not be empty. */
extern int fault_injection_is_off;
#endif
