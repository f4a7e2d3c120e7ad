/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A model of core/diag's lock, for which nobody waits: who finds it taken
 * leaves a count. Every event is printed or counted, and none twice.
 */
#include "check.h"

#include "core/diag/diag.h"

static struct diag diag;
static uint32_t lines; /* what the sink has; the lock keeps callers apart */
static bool refuse;

static bool print(void *context, const char *bytes, size_t len)
{
    (void)context, (void)bytes, (void)len;
    if (!refuse)
        lines++;
    return !refuse;
}

static const struct diag_sink sink = {.write = print};

void diag_before(void)
{
    diag = (struct diag)DIAG_INITIAL;
    lines = 0;
    refuse = false;
    mc_word(&diag.busy, "diag.busy", MC_ANYBODY);
    mc_counter(&diag.contended);
    mc_plain(diag.entries, sizeof diag.entries, "diag entries");
    mc_plain(&diag.global, sizeof diag.global, "diag tokens");
    mc_plain(&lines, sizeof lines, "console");
}

void diag_one(void)
{
    struct diag_event event = {.key = {.pid = 1, .class = DIAG_FAULT}, .text = "x", .text_len = 1};
    mc_seen(diag_report(&diag, &event, 1, &sink) ? "diag: counted" : "diag: printed");
}

void diag_two(void)
{
    diag_one();
    if (diag_tick(&diag, 2, &sink))
        mc_seen("diag: busy at the tick");
}

/* A summary is a line about one event; what the tick could not print is still counted. */
void diag_after(void)
{
    refuse = true;
    (void)diag_tick(&diag, 3, &sink);
    CHECK(lines + diag.entries[DIAG_ENTRIES].suppressed == 2);
}
