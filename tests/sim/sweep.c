/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The sweep of hostile entries and ring headers (tests/hostile/, docs/security/hostile-sweep.md) on the simulated machine: the
 * same tables, rules and driver as user/tests/sweep.c, a smaller share, sanitizers below. tests/sim/sweep.mutants are what
 * it must notice.
 */
#include "tests/hostile/header.h"
#include "tests/sim/kit.h"

#define ENTRIES 24000u
#define HEADERS 8000u

static struct sweep_drive drive;
static struct sweep_totals totals;
static uint8_t entry_bits[SWEEP_KEYS / 8 + 1], header_bits[SWEEP_HEADER_KEYS / 8 + 1];
static bool revoked;

/* ---- the worker ------------------------------------------------------------------------------------------------------------------ */

static uint64_t enter(uint32_t min_complete, uint64_t timeout_ns)
{
    return guest_enter(min_complete, timeout_ns);
}

static void copy(uint64_t addr, uint8_t *bytes, uint32_t len, bool write)
{
    for (uint32_t n; len > 0; len -= n, addr += n, bytes += n) {
        n = (uint32_t)(PAGE_SIZE - addr % PAGE_SIZE);
        n = n < len ? n : len;
        uint8_t *memory = sim_user(addr, n, write);
        CHECK(memory != NULL);
        memcpy(write ? memory : bytes, write ? bytes : memory, n);
    }
}

static void read_memory(uint64_t addr, void *to, uint32_t len)
{
    copy(addr, to, len, false);
}

static void write_memory(uint64_t addr, const void *from, uint32_t len)
{
    uint8_t bytes[64];
    CHECK(len <= sizeof bytes);
    memcpy(bytes, from, len);
    copy(addr, bytes, len, true);
}

static const struct sweep_machine machine = { enter, read_memory, write_memory };

static void map_areas(void)
{
    static const struct { uint64_t addr, pages; } areas[] = { { SWEEP_IN, SWEEP_PAGES }, { SWEEP_OUT, SWEEP_PAGES }, { SWEEP_RO, SWEEP_PAGES },
        { SWEEP_NONE, 1 }, { SWEEP_FREED, 1 }, { SWEEP_CALLER, 1 }, { SWEEP_INBOX, SWEEP_PAGES }, { SWEEP_TOP, 1 } };
    static const uint8_t message[SWEEP_MESSAGE_BYTES] = { 0, 0, 0, 0, 1, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff };
    struct capos_client memory = guest_open("virtual_memory");
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++) {
        struct capos_virtual_memory_map_params in = { .hint = areas[i].addr, .size = areas[i].pages * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
        struct capos_virtual_memory_map_results at = { 0 };
        EXPECT(capos_virtual_memory_map(&memory, &in, &at) == CAPOS_OK);
    }
    write_memory(SWEEP_RO, message, sizeof message);
    struct capos_virtual_memory_protect_params read_only = { .addr = SWEEP_RO, .size = SWEEP_BYTES, .prot = PROT_READ_BIT };
    struct capos_virtual_memory_protect_params none = { .addr = SWEEP_NONE, .size = PAGE_SIZE, .prot = PROT_NONE_BITS };
    struct capos_virtual_memory_unmap_params freed = { .addr = SWEEP_FREED, .size = PAGE_SIZE };
    EXPECT(capos_virtual_memory_protect(&memory, &read_only, NULL) == CAPOS_OK);
    EXPECT(capos_virtual_memory_protect(&memory, &none, NULL) == CAPOS_OK);
    EXPECT(capos_virtual_memory_unmap(&memory, &freed, NULL) == CAPOS_OK);
}

static uint32_t numbered(char prefix, uint32_t n)
{
    return guest_open((const char[]){ prefix, (char)('0' + n), '\0' }).cap_id;
}

static void fill_caps(void)
{
    drive = (struct sweep_drive){ .machine = &machine, .page = sim_user(USER_RING_BASE, PAGE_SIZE, true) };
    drive.caps = (struct sweep_caps){ .owner = guest_open("e1").cap_id, .cancels = guest_open("e2").cap_id, .returns = guest_open("e3").cap_id,
                                      .park = guest_open("park").cap_id, .console = guest_open("console").cap_id,
                                      .timer = guest_open("timer").cap_id, .object = guest_open("object").cap_id, .thread = 1 };
    drive.caps.states[STATE_FACET] = guest_open("f").cap_id;
    drive.caps.states[STATE_CLOSED] = guest_open("c").cap_id;
    drive.caps.states[STATE_REVOKED] = guest_open("r").cap_id;
    for (uint32_t i = 0; i < SWEEP_EXPENDABLE; i++) {
        drive.expendable[STATE_WRONG][i] = numbered('t', i);
        drive.expendable[STATE_FACET][i] = numbered('f', i);
        drive.expendable[STATE_CLOSED][i] = numbered('c', i);
        drive.expendable[STATE_REVOKED][i] = numbered('r', i);
    }
}

static void report_entry(uint64_t position, const struct sweep_entry *e, const struct sweep_verdict *v, const struct sweep_failure *f)
{
    harness_note("entry %llu: %s: %lld, not %lld (rule %s, code %d); opcode %u, state %s, class %u and %u", (unsigned long long)position, f->what,
                 (long long)f->seen, (long long)f->wanted, sweep_row_name(v->row), v->code, e->sqe.opcode,
                 sweep_state_names[e->tuple.state], e->tuple.first, e->tuple.second);
}

static void report_header(uint64_t position, const struct sweep_header *s, const struct sweep_failure *f)
{
    harness_note("header %llu: %s: %lld, not %lld; %u queued, %u unread, lies %u and %u", (unsigned long long)position, f->what,
                 (long long)f->seen, (long long)f->wanted, s->queued, s->unread, s->first, s->second);
}

PROGRAM(worker)
{
    struct capos_client timer = guest_open("timer");
    map_areas();
    fill_caps();
    while (!revoked)
        EXPECT(capos_timer_sleep(&timer, &(struct capos_timer_sleep_params){ .duration_ns = 1000000 }, NULL) == CAPOS_OK);
    sweep_begin(&drive);
    if (drive.failed)
        harness_note("before the entries: %s: %lld, not %lld", drive.failure.what, (long long)drive.failure.seen, (long long)drive.failure.wanted);
    CHECK(!drive.failed);
    sweep_batch(&drive, &totals, entry_bits, report_entry);
    sweep_header_batch(&drive, &totals, header_bits, report_header);
}

PROGRAM(owner)
{
    for (;;)
        guest_enter(1, CAP_ENTER_WAIT_FOREVER);
}

/* ---- the first process ------------------------------------------------------------------------------------------------------------- */

static struct capos_cap_grant grants[64];
static char names[64][4];
static uint32_t grant_count;

static void kernel_grant(const char *name, enum capos_kernel_cap_source source, uint64_t interface_id)
{
    grants[grant_count++] = (struct capos_cap_grant)KERNEL(name, source, interface_id);
}

static void held_grant(const char *name, struct capos_client held, enum capos_cap_grant_mode mode)
{
    grants[grant_count] = (struct capos_cap_grant)HELD(name, held, mode);
    grants[grant_count++].badge = mode == CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT ? UINT64_MAX : 0;
}

static const char *numbered_name(char prefix, uint32_t n)
{
    char *name = names[grant_count];
    name[0] = prefix, name[1] = (char)('0' + n), name[2] = '\0';
    return name;
}

static struct kit_child start_owner(struct capos_client *facet)
{
    grant_count = 0;
    kernel_grant("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    struct kit_child child = kit_spawn("owner", grants, grant_count);
    *facet = guest_take_cap(2);
    return child;
}

static void collect_grants(struct capos_client object, struct capos_client gone, struct capos_client closed)
{
    struct capos_client endpoint = guest_open("endpoint"), console = guest_open("console");
    grant_count = 0;
    kernel_grant("first", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    held_grant("r", gone, CAPOS_CAP_GRANT_MODE_RAW); /* capability 1 of the child */
    held_grant("console", console, CAPOS_CAP_GRANT_MODE_RAW);
    held_grant("object", object, CAPOS_CAP_GRANT_MODE_RAW);
    held_grant("c", closed, CAPOS_CAP_GRANT_MODE_RAW);
    held_grant("e1", endpoint, CAPOS_CAP_GRANT_MODE_RAW);
    held_grant("f", endpoint, CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT);
    kernel_grant("e2", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    kernel_grant("e3", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    kernel_grant("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    kernel_grant("park", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID);
    kernel_grant("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    for (uint32_t i = 0; i < SWEEP_EXPENDABLE; i++) {
        kernel_grant(numbered_name('t', i), CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
        held_grant(numbered_name('f', i), endpoint, CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT);
        held_grant(numbered_name('c', i), closed, CAPOS_CAP_GRANT_MODE_RAW);
        held_grant(numbered_name('r', i), gone, CAPOS_CAP_GRANT_MODE_RAW);
    }
}

static void run_worker(struct capos_client object)
{
    struct capos_client gone = kit_memory(1), closed;
    struct kit_child owns = start_owner(&closed);
    collect_grants(object, gone, closed);
    revoked = false;
    struct kit_child child = kit_spawn("worker", grants, grant_count);
    EXPECT(capos_capability_manager_revoke(&child.manager, &(struct capos_capability_manager_revoke_params){ .cap_id = 1 }, NULL) == CAPOS_OK);
    EXPECT(capos_process_handle_terminate(&owns.handle, NULL, NULL) == CAPOS_OK);
    (void)kit_wait(&owns);
    revoked = true;
    CHECK_EQ(kit_wait(&child), 0);
    kit_forget(&child);
    kit_forget(&owns);
    CHECK_EQ(guest_release(gone.cap_id), 0);
    CHECK_EQ(guest_release(closed.cap_id), 0);
}

PROGRAM(sweeps)
{
    struct capos_client object = kit_memory(1);
    totals.seed = harness_seed();
    totals.shallow = 16;
    while (totals.failures == 0 && (totals.done < ENTRIES || totals.header_done < HEADERS)) {
        totals.wanted = totals.done + ENTRIES / 4;
        totals.header_wanted = totals.header_done + HEADERS / 4;
        run_worker(object);
    }
    CHECK_EQ(totals.failures, 0);
    CHECK_EQ(totals.repeated, 0);
    CHECK(totals.done >= ENTRIES && totals.header_done >= HEADERS);
}

static const struct sim_test tests[] = {
    { .name = "hostile-sweep", .init = sweeps, .only_cpus = 2,
      .grants = { { "process_spawner", NULL }, { "console", NULL }, { "frame_allocator", NULL }, { "endpoint", NULL } },
      .programs = { { "worker", worker }, { "owner", owner } } },
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, tests, sizeof tests / sizeof tests[0]);
}
