/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Random words from the processor. Says "unavailable" rather than returning anything else. */
#include <stddef.h>

#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"

#define TRIES 32u /* RDRAND fails at most a few times in a row on a sound part; RDSEED needs time to refill */

static bool rdrand(uint64_t *word)
{
    bool ok;
    __asm__ volatile("rdrand %0" : "=r"(*word), "=@ccc"(ok));
    return ok;
}

static bool rdseed(uint64_t *word)
{
    bool ok;
    __asm__ volatile("rdseed %0" : "=r"(*word), "=@ccc"(ok));
    return ok;
}

static bool retry(bool (*next)(uint64_t *word), uint64_t *word)
{
    for (unsigned i = 0; i < TRIES; i++) {
        if (next(word))
            return true;
        spin_pause();
    }
    return false;
}

/* Some parts answer the same word for ever after a suspend: two equal ones in a row are a broken source. */
static bool sound(bool (*next)(uint64_t *word), uint64_t *word)
{
    uint64_t other;
    return retry(next, &other) && retry(next, word) && *word != other;
}

bool machine_entropy(uint64_t *word)
{
    if (cpu_features.rdseed && sound(rdseed, word))
        return true;
    return cpu_features.rdrand && sound(rdrand, word);
}
