/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Deadlines in a binary heap: see timers.h. The heap holds indices of items. */
#include "kernel/sched/timers.h"

#include "kernel/state.h"

void timers_init(struct timers *timers, struct timer *items, uint32_t *heap, uint32_t shared)
{
    *timers = (struct timers){ .items = items, .heap = heap, .shared = shared, .free_head = 1 };
    for (uint32_t i = 0; i + 1 < shared + TIMERS_RESERVED; i++)
        items[i].next_free = i + 2;
}

static bool earlier(const struct timers *timers, uint32_t a, uint32_t b)
{
    const struct timer *x = &timers->items[a];
    const struct timer *y = &timers->items[b];
    return x->deadline != y->deadline ? x->deadline < y->deadline : x->sequence < y->sequence;
}

static void put(struct timers *timers, uint32_t place, uint32_t item)
{
    timers->heap[place] = item;
    timers->items[item].place = place + 1;
}

/* Moves `item` from the free `place` to where it belongs, towards the root, then towards the leaves. */
static void settle(struct timers *timers, uint32_t place, uint32_t item)
{
    while (place > 0 && earlier(timers, item, timers->heap[(place - 1) / 2])) {
        put(timers, place, timers->heap[(place - 1) / 2]);
        place = (place - 1) / 2;
    }
    for (;;) {
        uint32_t child = 2 * place + 1;
        if (child >= timers->count)
            break;
        if (child + 1 < timers->count && earlier(timers, timers->heap[child + 1], timers->heap[child]))
            child++;
        if (!earlier(timers, timers->heap[child], item))
            break;
        put(timers, place, timers->heap[child]);
        place = child;
    }
    put(timers, place, item);
}

uint32_t timer_start(uint64_t deadline, timer_fire_fn *fire, void *context)
{
    if (kernel.timers.count >= kernel.timers.shared || fault_point(FAULT_TIMER))
        return TIMER_NONE;
    return timer_start_reserved(deadline, fire, context);
}

uint32_t timer_start_reserved(uint64_t deadline, timer_fire_fn *fire, void *context)
{
    struct timers *timers = &kernel.timers;
    if (timers->free_head == 0)
        return TIMER_NONE;
    uint32_t item = timers->free_head - 1;
    timers->free_head = timers->items[item].next_free;
    timers->items[item] = (struct timer){
        .deadline = deadline,
        .sequence = timers->next_sequence++,
        .fire = fire,
        .context = context,
    };
    timers->count++;
    settle(timers, timers->count - 1, item);
    return item + 1;
}

void timer_stop(uint32_t id)
{
    struct timers *timers = &kernel.timers;
    if (id == TIMER_NONE || id > timers->shared + TIMERS_RESERVED || timers->items[id - 1].place == 0)
        return;
    uint32_t place = timers->items[id - 1].place - 1;
    timers->items[id - 1] = (struct timer){.next_free = timers->free_head};
    timers->free_head = id;
    timers->count--;
    if (place < timers->count)
        settle(timers, place, timers->heap[timers->count]);
}

void timers_fire(uint64_t now)
{
    struct timers *timers = &kernel.timers;
    while (timers->count > 0) {
        uint32_t item = timers->heap[0];
        struct timer fired = timers->items[item];
        if (fired.deadline > now)
            return;
        timer_stop(item + 1);
        fired.fire(fired.context);
    }
}

uint64_t timers_next(void)
{
    const struct timers *timers = &kernel.timers;
    return timers->count > 0 ? timers->items[timers->heap[0]].deadline : MACHINE_NO_DEADLINE;
}
