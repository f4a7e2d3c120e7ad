/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Time; see clock.h. Rates are 32.32 fixed-point factors, so no division is needed later. */
#include "arch/x86_64/clock.h"

#include <stddef.h>

#include "arch/x86_64/apic.h"
#include "arch/x86_64/asm.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/paging.h"
#include "arch/x86_64/start.h"

#define WINDOW_NS 10000000ull
#define ALARM_MAX_NS 1000000000ull /* one hardware period; longer waits take several */
#define PIT_HZ 1193182ull
#define CYCLES_PER_NS_DIVISOR 20u /* 50 MHz; with less, or more than 10 GHz, the reference did not count */
#define CYCLES_PER_NS_MAX 10u
#define PIT_TRIES 10000000u /* a port read takes at least some hundred nanoseconds */

#define HPET_CAPABILITIES 0u
#define HPET_CONFIGURATION (0x10u / 4)
#define HPET_COUNTER (0xf0u / 4)

static uint64_t boot_tsc;
static uint64_t ns_per_tsc;   /* 32.32 */
static uint64_t tick_per_ns;  /* local timer, 32.32 */
static uint64_t last_ns;      /* highest time ever answered */

void clock_mark_boot(void)
{
    boot_tsc = read_tsc();
}

struct sample {
    uint64_t tsc;
    uint32_t ticks;
    uint32_t hpet;
};

#define SAMPLE_TRIES 16u

/* The reading that took the shortest time of several: a virtual machine may be stopped between two reads. */
static struct sample take_sample(volatile uint32_t *hpet)
{
    struct sample best = {0};
    uint64_t best_took = UINT64_MAX;
    for (unsigned i = 0; i < SAMPLE_TRIES; i++) {
        struct sample s = {.tsc = read_tsc()};
        s.ticks = apic_timer_left();
        s.hpet = hpet != NULL ? hpet[HPET_COUNTER] : 0;
        uint64_t took = read_tsc() - s.tsc;
        if (took < best_took) {
            best = s;
            best_took = took;
        }
    }
    return best;
}

/* Length of the window in ns; *begin and *end are taken at its edges. 0: this HPET does not count. */
static uint64_t hpet_window(volatile uint32_t *hpet, struct sample *begin, struct sample *end)
{
    uint64_t period_fs = hpet != NULL ? hpet[HPET_CAPABILITIES + 1] : 0;
    if (period_fs == 0 || period_fs > 100000000)
        return 0;
    hpet[HPET_CONFIGURATION] |= 1; /* counting; its interrupts stay off */
    uint32_t wanted = (uint32_t)(WINDOW_NS * 1000000 / period_fs);
    *begin = take_sample(hpet);
    for (uint32_t tries = 0, passed = 0; passed < wanted; tries++) {
        passed = hpet[HPET_COUNTER] - begin->hpet;
        if (passed == 0 && tries > 1000000)
            return 0;
    }
    *end = take_sample(hpet);
    return (end->hpet - begin->hpet) * period_fs / 1000000;
}

/* Channel 2 in mode 0, gated and read through port 0x61; the speaker stays off. */
static uint64_t pit_window(struct sample *begin, struct sample *end)
{
    uint16_t count = (uint16_t)(PIT_HZ * WINDOW_NS / 1000000000);
    outb(0x61, (uint8_t)((inb(0x61) & ~2u) | 1));
    outb(0x43, 0xb0);
    outb(0x42, (uint8_t)(count & 0xff));
    outb(0x42, (uint8_t)(count >> 8));
    *begin = take_sample(NULL);
    for (uint32_t tries = 0; tries < PIT_TRIES && (inb(0x61) & 0x20) == 0; tries++)
        spin_pause();
    *end = take_sample(NULL);
    return (count + 1ull) * 1000000000 / PIT_HZ;
}

/* Not inlined: the time it waits is told apart from the work of booting by its address (tools/bench). */
__attribute__((noinline)) void clock_calibrate(uint64_t hpet_address)
{
    struct sample begin = {0}, end = {0};
    uint64_t ns = 0;
    apic_timer_start(UINT32_MAX);
    if (hpet_address != 0)
        ns = hpet_window(kernel_map_device(hpet_address, 0x400), &begin, &end);
    if (ns == 0)
        ns = pit_window(&begin, &end);
    apic_timer_start(0);
    uint64_t cycles = end.tsc - begin.tsc;
    if (cycles < ns / CYCLES_PER_NS_DIVISOR || cycles > ns * CYCLES_PER_NS_MAX || end.ticks == begin.ticks)
        start_refuse("no timer counts");
    ns_per_tsc = (ns << 32) / cycles;
    tick_per_ns = ((uint64_t)(begin.ticks - end.ticks) << 32) / ns;
}

static uint64_t scale(uint64_t value, uint64_t factor)
{
    return (uint64_t)((unsigned __int128)value * factor >> 32);
}

/* Counters of two CPUs may differ by a little: no answer is below one already given, or before the start. */
uint64_t machine_now_ns(void)
{
    uint64_t tsc = read_tsc();
    uint64_t now = tsc > boot_tsc ? scale(tsc - boot_tsc, ns_per_tsc) : 0;
    uint64_t last = __atomic_load_n(&last_ns, __ATOMIC_RELAXED);
    while (now > last)
        if (__atomic_compare_exchange_n(&last_ns, &last, now, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return now;
    return last;
}

void clock_wait_us(uint64_t us)
{
    uint64_t end = machine_now_ns() + us * 1000;
    while (machine_now_ns() < end)
        spin_pause();
}

static void arm(uint64_t deadline)
{
    uint64_t now = machine_now_ns();
    uint64_t wait = deadline > now ? deadline - now : 0;
    uint64_t ticks = scale(wait < ALARM_MAX_NS ? wait : ALARM_MAX_NS, tick_per_ns) + 1;
    apic_timer_start(ticks < UINT32_MAX ? (uint32_t)ticks : UINT32_MAX);
}

void machine_set_timer(uint64_t deadline_ns)
{
    struct cpu *cpu = this_cpu();
    if (deadline_ns == cpu->deadline)
        return;
    cpu->deadline = deadline_ns;
    if (deadline_ns == MACHINE_NO_DEADLINE)
        apic_timer_start(0);
    else
        arm(deadline_ns);
}

bool clock_deadline_reached(void)
{
    struct cpu *cpu = this_cpu();
    if (cpu->deadline == MACHINE_NO_DEADLINE)
        return false;
    if (machine_now_ns() < cpu->deadline) {
        arm(cpu->deadline);
        return false;
    }
    cpu->deadline = MACHINE_NO_DEADLINE;
    return true;
}
