/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* MC146818 clock behind ports 0x70 and 0x71, taken as UTC. Refuses a time that is none. */
#include "arch/x86_64/rtc.h"

#include "arch/x86_64/asm.h"
#include "core/base/bytes.h"
#include "kernel/machine.h"

enum { SECOND, MINUTE, HOUR, DAY, MONTH, YEAR, FIELDS };

static bool known;
static int64_t boot_seconds;

static uint8_t cmos(uint8_t reg)
{
    outb(0x70, reg);
    return inb(0x71);
}

static void read_fields(uint8_t f[FIELDS])
{
    static const uint8_t regs[FIELDS] = {0, 2, 4, 7, 8, 9};
    for (unsigned i = 0; i < 100000 && (cmos(0x0a) & 0x80) != 0; i++)
        spin_pause();
    for (unsigned i = 0; i < FIELDS; i++)
        f[i] = cmos(regs[i]);
}

static void decode(uint8_t f[FIELDS], uint8_t mode)
{
    uint8_t pm = f[HOUR] & 0x80;
    f[HOUR] &= 0x7f;
    if ((mode & 4) == 0)
        for (unsigned i = 0; i < FIELDS; i++)
            f[i] = (uint8_t)((f[i] >> 4) * 10 + (f[i] & 15));
    if ((mode & 2) == 0)
        f[HOUR] = (uint8_t)(f[HOUR] % 12 + (pm != 0 ? 12 : 0));
}

/* Days since 1970-01-01 of a date in the Gregorian calendar, year from 2000 on. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    static const uint16_t before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t past = year - 1;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    int64_t days = (year - 1970) * 365 + (past / 4 - past / 100 + past / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400);
    return days + before[month - 1] + (leap && month > 2) + day - 1;
}

void rtc_read_at_boot(void)
{
    uint8_t f[FIELDS], again[FIELDS];
    unsigned tries = 0;
    do {
        read_fields(f);
        read_fields(again);
    } while (memcmp(f, again, sizeof f) != 0 && ++tries < 8);
    decode(f, cmos(0x0b));
    known = tries < 8 && f[SECOND] < 60 && f[MINUTE] < 60 && f[HOUR] < 24 && f[DAY] >= 1 && f[DAY] <= 31 &&
            f[MONTH] >= 1 && f[MONTH] <= 12 && f[YEAR] < 100;
    if (known)
        boot_seconds = days_since_1970(2000 + f[YEAR], f[MONTH], f[DAY]) * 86400 + f[HOUR] * 3600 + f[MINUTE] * 60 +
                       f[SECOND] - (int64_t)(machine_now_ns() / 1000000000);
}

bool machine_boot_wall_seconds(int64_t *seconds)
{
    if (known)
        *seconds = boot_seconds;
    return known;
}
