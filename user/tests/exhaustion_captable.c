/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The companion of the core pass: the capability table under the default profile (docs/kernel-semantics.md, 18). */
#include "exhaustion.h"

int main(void)
{
    begin("untrusted-exhaustion-captable");
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID);
    enum capos_status refused = CAPOS_OK;
    uint32_t at_start = capos_capset_count();
    say("start profile=default caps=%u", at_start);
    uint32_t successes = exhaust_table(&allocator, &refused);
    check(successes == CAP_SLOTS_MAX - at_start, "%u successes", successes);
    say("successes=%u refused=%s", successes, refusal(refused, &allocator));
    say_held("");
    return end("");
}
