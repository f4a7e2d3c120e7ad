/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Restart budgets: budget.h. */
#include "user/services/supervisor/budget.h"

#define MILLISECONDS_MAX 3600000u

bool budget_spend(struct budget *budget, uint64_t now_ns)
{
    uint32_t gone = 0;
    while (gone < budget->used && now_ns - budget->times[gone] >= budget->window_ns)
        gone++;
    for (uint32_t i = gone; i < budget->used; i++)
        budget->times[i - gone] = budget->times[i];
    budget->used -= gone;
    if (budget->used >= budget->most)
        return false;
    budget->times[budget->used++] = now_ns;
    return true;
}

/* A decimal number up to `most`; *text is moved behind it. */
static bool read_number(const char **text, uint32_t most, uint32_t *out)
{
    uint64_t value = 0;
    const char *at = *text;
    for (; *at >= '0' && *at <= '9'; at++) {
        value = value * 10 + (uint64_t)(*at - '0');
        if (value > most)
            return false;
    }
    bool found = at != *text;
    *text = at;
    *out = (uint32_t)value;
    return found;
}

bool budget_parse(const char *text, struct budget *out, uint32_t *name_len)
{
    uint32_t most, milliseconds, len = 0;
    while (text[len] != '\0' && text[len] != ':')
        len++;
    const char *at = text + len + 1;
    if (len == 0 || text[len] == '\0' || !read_number(&at, BUDGET_MOST, &most) || *at++ != ':' ||
        !read_number(&at, MILLISECONDS_MAX, &milliseconds) || *at != '\0')
        return false;
    *out = (struct budget){ .most = most, .window_ns = (uint64_t)milliseconds * 1000000 };
    *name_len = len;
    return true;
}
