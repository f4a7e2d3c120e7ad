/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Measured workloads: the rows of docs/performance.md. `make bench` runs this under an instruction counter. */
#include "bench.h"

static uint64_t samples[SAMPLES], overhead;
static const char *only; /* the row asked for, or NULL: all */

_Noreturn void bench_fail(const char *what, int64_t value)
{
    capos_print("FAILED %s: %ld\n", what, value);
    capos_exit(1);
}

struct capos_client bench_open(const char *name, uint64_t interface_id)
{
    struct capos_client client = { 0 };
    must(capos_client_open(&client, name, interface_id) == CAPOS_OK, name, 0);
    return client;
}

static void sort(uint64_t *values, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        uint64_t value = values[i];
        uint32_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

void bench_row(const char *name, bench_fn *fn, void *argument, uint32_t per)
{
    uint64_t sum = 0;
    if (only != NULL && !text_equal(only, text_len(only), name, text_len(name)))
        return;
    for (uint32_t i = 0; i < WARM_UP; i++)
        fn(argument);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t start = ticks();
        fn(argument);
        uint64_t taken = ticks() - start;
        samples[i] = (taken > overhead ? taken - overhead : 0) * 10 / per; /* tenths */
        sum += samples[i];
    }
    sort(samples, SAMPLES);
    uint64_t p50 = samples[SAMPLES / 2], p90 = samples[SAMPLES * 9 / 10], last = samples[SAMPLES - 1], mean = sum / SAMPLES;
    capos_print("R %s n=%u per=%u min=%lu.%lu p50=%lu.%lu p90=%lu.%lu max=%lu.%lu mean=%lu.%lu\n", name, SAMPLES, per,
                samples[0] / 10, samples[0] % 10, p50 / 10, p50 % 10, p90 / 10, p90 % 10, last / 10, last % 10, mean / 10, mean % 10);
}

static void nothing(void *argument)
{
    (void)argument;
}

static void thousand_loops(void *argument)
{
    (void)argument;
    __asm__ volatile("mov $1000, %%ecx\n1: dec %%ecx\n jnz 1b" : : : "ecx", "cc");
}

int main(int argc, char **argv)
{
    const struct capset_entry *first = capos_capset_entry(0);
    if (first != NULL && first->name_len == 5 && memcmp(first->name, "serve", 5) == 0)
        bench_server(first->cap_id);
    bench_row("timing_overhead", nothing, NULL, 1);
    overhead = samples[SAMPLES / 2] / 10;
    only = argc > 1 ? argv[1] : NULL;
    bench_row("calib_1000_dec_jnz", thousand_loops, NULL, 1);
    bench_kernel();
    bench_ipc();
    bench_memory();
    bench_threads();
    if (only == NULL)
        bench_system();
    capos_print("bench: done\n");
    return 0;
}
