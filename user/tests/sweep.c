/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The sweep of hostile entries and ring headers on the running kernel: docs/security/hostile-sweep.md. Arguments: how many
 * entries, how many header states, the seed; or `entry` or `header`, a position and the seed, to repeat one of them.
 *
 * The first process starts a fresh worker for each batch, since slots of its capability table wear out, and counts what
 * all of them did in a memory object that they share: which tuples, so that "distinct" is counted and not believed, and
 * how many for each opcode and state. What is right is said by tests/hostile/ alone.
 */
#include "hostile.h"

#include "tests/hostile/header.h"

#define BINARY "sweep"
#define GOOD 44 /* exit code of a worker that came to its end */
#define CONTROL 0x50000000ull
#define CONTROL_BYTES (PAGE_SIZE + SWEEP_KEYS / 8 + 1 + SWEEP_HEADER_KEYS / 8 + 1)
#define CONTROL_PAGES ((uint32_t)((CONTROL_BYTES + PAGE_SIZE - 1) / PAGE_SIZE))
#define BATCH 6000u
#define RACED 600u /* states against a second thread, per run; ten times as many in a long one */
#define MAX_GRANTS 64u

_Static_assert(sizeof(struct sweep_totals) <= PAGE_SIZE, "the counts fit before the sets");

static struct sweep_totals *totals = (struct sweep_totals *)CONTROL;
static uint8_t *entry_bits = (uint8_t *)CONTROL + PAGE_SIZE;
static uint8_t *header_bits = (uint8_t *)CONTROL + PAGE_SIZE + SWEEP_KEYS / 8 + 1;

/* ---- the worker ------------------------------------------------------------------------------------------------------------------ */

static struct sweep_drive drive;

static uint64_t enter(uint32_t min_complete, uint64_t timeout_ns)
{
    return capos_cap_enter(min_complete, timeout_ns);
}

static void read_memory(uint64_t addr, void *to, uint32_t len)
{
    memcpy(to, (const void *)addr, len);
}

static void write_memory(uint64_t addr, const void *from, uint32_t len)
{
    memcpy((void *)addr, from, len);
}

static const struct sweep_machine machine = { enter, read_memory, write_memory };

static void map_control(void)
{
    struct capos_client object = granted("control", CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    struct capos_memory_object_map_params in = { .hint = CONTROL, .size = CONTROL_PAGES * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_memory_object_map(&object, &in, &at), &object, "map the counts");
}

static void protect(uint64_t addr, uint64_t bytes, uint32_t prot)
{
    struct capos_client memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    struct capos_virtual_memory_protect_params in = { .addr = addr, .size = bytes, .prot = prot };
    check_ok(capos_virtual_memory_protect(&memory, &in, NULL), &memory, "protect");
}

static void map_areas(void)
{
    static const struct { uint64_t addr, pages; } areas[] = { { SWEEP_IN, SWEEP_PAGES }, { SWEEP_OUT, SWEEP_PAGES }, { SWEEP_RO, SWEEP_PAGES },
        { SWEEP_NONE, 1 }, { SWEEP_FREED, 1 }, { SWEEP_CALLER, 1 }, { SWEEP_INBOX, SWEEP_PAGES }, { SWEEP_TOP, 1 } };
    static const uint8_t message[SWEEP_MESSAGE_BYTES] = { 0, 0, 0, 0, 1, 0, 0, 0, 0xfc, 0xff, 0xff, 0xff };
    struct capos_client memory = granted("virtual_memory", CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    for (size_t i = 0; i < sizeof areas / sizeof areas[0]; i++)
        check(map_pages(areas[i].addr, areas[i].pages, PROT_READ_BIT | PROT_WRITE_BIT) == areas[i].addr, "map %lx", areas[i].addr);
    memcpy((void *)SWEEP_RO, message, sizeof message);
    protect(SWEEP_RO, SWEEP_BYTES, PROT_READ_BIT);
    protect(SWEEP_NONE, PAGE_SIZE, PROT_NONE_BITS);
    struct capos_virtual_memory_unmap_params out = { .addr = SWEEP_FREED, .size = PAGE_SIZE };
    check_ok(capos_virtual_memory_unmap(&memory, &out, NULL), &memory, "unmap");
}

static uint32_t id_of(const char *name)
{
    const struct capset_entry *entry = capos_capset_find(name);
    check(entry != NULL, "`%s` is not granted", name);
    return entry != NULL ? entry->cap_id : UINT32_MAX;
}

/* The n-th of the grants `PREFIXn`. */
static uint32_t numbered(char prefix, uint32_t n)
{
    char name[3] = { prefix, (char)('0' + n), '\0' };
    return id_of(name);
}

static void begin_worker(void)
{
    map_areas();
    drive.machine = &machine;
    drive.page = capos_ring()->page;
    drive.caps = (struct sweep_caps){ .owner = id_of("e1"), .cancels = id_of("e2"), .returns = id_of("e3"), .park = id_of("park"),
                                      .console = id_of("console"), .timer = id_of("timer"), .object = id_of("object"), .thread = 1 };
    drive.caps.states[STATE_FACET] = id_of("f");
    drive.caps.states[STATE_CLOSED] = id_of("c");
    drive.caps.states[STATE_REVOKED] = id_of("r");
    for (uint32_t i = 0; i < SWEEP_EXPENDABLE; i++) {
        drive.expendable[STATE_WRONG][i] = numbered('t', i);
        drive.expendable[STATE_FACET][i] = numbered('f', i);
        drive.expendable[STATE_CLOSED][i] = numbered('c', i);
        drive.expendable[STATE_REVOKED][i] = numbered('r', i);
    }
    struct capos_client timer = capos_client_for(drive.caps.timer, CAPOS_TIMER_INTERFACE_ID);
    while (load_acquire_u32(&totals->go) == 0)
        sleep_ns(&timer, 200000);
    drive.user_data = 0x0d00000000000000ull;
}

/* ---- failures ---------------------------------------------------------------------------------------------------------------------- */

static void print_class(uint32_t class)
{
    if (class < SWEEP_CLASSES)
        capos_print(" %s=%s", sweep_field_names[sweep_classes[class].field], sweep_classes[class].name);
}

static void report_entry(uint64_t position, const struct sweep_entry *e, const struct sweep_verdict *v, const struct sweep_failure *f)
{
    const struct ring_sqe *s = &e->sqe;
    capos_print("[sweep] FAILED entry %lu: %s: %ld, not %ld (rule %s, code %d)\n", position, f->what, f->seen, f->wanted,
                sweep_row_name(v->row), v->code);
    capos_print("[sweep]   opcode %u, state %s,", s->opcode, sweep_state_names[e->tuple.state]);
    print_class(e->tuple.first);
    print_class(e->tuple.second);
    capos_print("\n[sweep]   flags %x method %x cap %x user_data %lx addr %lx len %x result_addr %lx result_len %x\n", s->flags, s->method_id, s->cap_id,
                s->user_data, s->addr, s->len, s->result_addr, s->result_len);
    capos_print("[sweep]   dep %lx field %x caps %x call %x disclosure %lx\n", s->pipeline_dep, s->pipeline_field, s->xfer_cap_count, s->call_id,
                s->session_disclosure);
    capos_print("[sweep]   again: make hostile-sweep ENTRY=%lu SEED=%lu\n", position, totals->seed);
}

static void print_lie(uint32_t lie)
{
    if (lie < SWEEP_LIES)
        capos_print(" %s=%s", sweep_word_names[lie / SWEEP_FALSES], sweep_falses[lie % SWEEP_FALSES].name);
}

static void report_header(uint64_t position, const struct sweep_header *s, const struct sweep_failure *f)
{
    capos_print("[sweep] FAILED header %lu: %s: %ld, not %ld; %u queued, %u unread,", position, f->what, f->seen, f->wanted, s->queued, s->unread);
    print_lie(s->first);
    print_lie(s->second);
    capos_print("\n[sweep]   again: make hostile-sweep HEADER=%lu SEED=%lu\n", position, totals->seed);
}

/* What a driver could not do outside of an entry. */
static bool still_sound(const char *when)
{
    if (drive.failed) {
        totals->failures++;
        capos_print("[sweep] FAILED %s: %s: %ld, not %ld\n", when, drive.failure.what, drive.failure.seen, drive.failure.wanted);
    }
    return !drive.failed;
}

static int run_batch(void)
{
    begin_worker();
    sweep_begin(&drive);
    if (!still_sound("before the entries"))
        return 1;
    sweep_batch(&drive, totals, entry_bits, report_entry);
    sweep_header_batch(&drive, totals, header_bits, report_header);
    return GOOD;
}

/* ---- the end of a process's ids ------------------------------------------------------------------------------------------------------ */

/* Two slots of a full table live out their 256 lives (CT-04, CT-07); then there is none for a copy, and all else goes on. */
static int run_ids(void)
{
    static uint32_t ids[CAP_SLOTS_MAX];
    uint32_t count = 0, id = 0, lives = 0, last[2] = { 0 };
    int32_t code;
    begin_worker();
    while ((code = sweep_copy(&drive, &id)) == 0 && count < CAP_SLOTS_MAX) {
        sweep_expect(&drive, id >> 24, 0, "generation of a slot's first life");
        ids[count++] = id;
    }
    sweep_expect(&drive, code, -8, "a copy into a full table");
    last[0] = ids[count - 2], last[1] = ids[count - 1];
    sweep_expect(&drive, sweep_release(&drive, last[0]), 0, "RELEASE");
    sweep_expect(&drive, sweep_release(&drive, last[1]), 0, "RELEASE");
    while ((code = sweep_copy(&drive, &id)) == 0 && lives < 10000) {
        uint32_t which = (id & 0xffffff) == (last[0] & 0xffffff) ? 0 : 1;
        sweep_expect(&drive, id, last[which] + (1u << 24), "the slot's next life");
        last[which] = id;
        lives++;
        sweep_expect(&drive, sweep_release(&drive, id), 0, "RELEASE");
    }
    sweep_expect(&drive, code, -8, "a copy when no slot has a life left");
    sweep_expect(&drive, lives, 510, "lives of two slots after their first");
    sweep_expect(&drive, sweep_release(&drive, last[0]), -1, "RELEASE of an id whose slot is retired");
    sweep_expect(&drive, sweep_run(&drive, (struct ring_sqe){ .opcode = RING_OP_CALL, .cap_id = last[1] }).result, -4, "CALL on such an id");
    sweep_expect(&drive, sweep_release(&drive, ids[0]), 0, "RELEASE of another");
    sweep_expect(&drive, sweep_copy(&drive, &id), 0, "a copy into its slot");
    totals->inserts = count + lives + 1;
    return still_sound("at the end of the ids") ? GOOD : 1;
}

/* ---- headers that change while the kernel works ----------------------------------------------------------------------------------------- */

#define RACE_ROUNDS 300u /* of storing and taking back, at most, while the other thread enters the kernel */
static uint32_t race_go, race_done;      /* number of the state, from 1; UINT32_MAX ends it */
static uint32_t race_entered;            /* how often cap_enter was called with this state */
static struct sweep_outlook race_lies;   /* what the other thread stores, */
static struct sweep_truth race_truth;    /* and takes back */

static int64_t tells_lies(void *argument)
{
    struct ring_page *page = argument;
    for (uint32_t seen = 0, go; (go = load_acquire_u32(&race_go)) != UINT32_MAX;) {
        if (go == seen) {
            capos_cap_enter(1, 5000);
            continue;
        }
        for (uint32_t round = 0; round < 6 || (round < RACE_ROUNDS && load_acquire_u32(&race_entered) < 3); round++)
            for (uint32_t i = 0; i < SWEEP_WORDS; i++)
                if (race_lies.said[i] != race_truth.words[i])
                    store_release_u32(sweep_word(page, i), round % 3 == 2 ? race_truth.words[i] : race_lies.said[i]);
        seen = go;
        store_release_u32(&race_done, go);
    }
    return GOOD;
}

static bool race_one(uint32_t number, const struct sweep_header *s)
{
    drive.failed = false;
    sweep_leave_unread(&drive, s->unread % RING_CQ_ENTRIES);
    race_truth = sweep_truth_of(&drive.page->header);
    uint64_t first = drive.user_data;
    drive.user_data += RING_SQ_ENTRIES;
    sweep_fill_slots(&drive, race_truth.words[WORD_SQ_HEAD], first);
    sweep_look_out(&race_truth, s, &race_lies);
    race_truth.words[WORD_SQ_TAIL] += s->queued;
    store_release_u32(&race_entered, 0);
    store_release_u32(&race_go, number);
    store_release_u32(sweep_word(drive.page, WORD_SQ_TAIL), race_truth.words[WORD_SQ_TAIL]);
    do {
        uint64_t answer = capos_cap_enter(RING_CQ_ENTRIES, 20000);
        fetch_add_u32(&race_entered, 1);
        if (answer > RING_CQ_ENTRIES)
            sweep_expect(&drive, (int64_t)answer, 0, "an answer of cap_enter that does not exist");
    } while (load_acquire_u32(&race_done) != number);
    uint32_t times[RING_SQ_ENTRIES] = { 0 };
    for (uint32_t i = 0; i < RING_CQ_ENTRIES; i++)
        if (drive.page->cqes[i].user_data - first < RING_SQ_ENTRIES)
            times[drive.page->cqes[i].user_data - first]++;
    /* A tail that goes back and forth has the same entry taken again; nothing else may. */
    bool tail_lies = s->first / SWEEP_FALSES == WORD_SQ_TAIL || s->second / SWEEP_FALSES == WORD_SQ_TAIL;
    for (uint32_t i = 0; i < RING_SQ_ENTRIES; i++)
        sweep_expect(&drive, times[i] > 1 && !tail_lies, false, "two completions of one entry");
    sweep_repair_blindly(&drive);
    /* Each entry taken has one completion, and few can have been taken: the kernel counts by itself. */
    sweep_expect(&drive, *sweep_word(drive.page, WORD_CQ_TAIL) - race_truth.words[WORD_CQ_TAIL] < 4096, true, "cq_tail counts completions");
    sweep_ring_works(&drive);
    return !drive.failed;
}

static int run_race(void)
{
    struct capos_thread thread;
    int64_t code = 0;
    begin_worker();
    check(capos_thread_start(&thread, tells_lies, drive.page, NULL) == CAPOS_OK, "start");
    uint64_t position = SWEEP_HEADER_POSITIONS - 1;
    for (uint32_t number = 1; totals->raced < totals->header_wanted && totals->failures < 5; position--) {
        struct sweep_header s;
        if (!sweep_header_at(position, totals->seed, &s)) /* from the other end, so that they are others than before cap_enter */
            continue;
        bool sound = race_one(number++, &s);
        totals->repeated += !sweep_mark(header_bits, sweep_header_key(position, totals->seed, &s));
        totals->raced++;
        if (sound)
            continue;
        totals->failures++;
        capos_print("[sweep] against a second thread:\n");
        report_header(position, &s, &drive.failure);
    }
    store_release_u32(&race_go, UINT32_MAX);
    check(capos_thread_join(&thread, &code) == CAPOS_OK && code == GOOD, "the thread ends with %ld", code);
    return check_failures == 0 ? GOOD : 1;
}

/* ---- the first process ------------------------------------------------------------------------------------------------------------------- */

static struct capos_cap_grant grants[MAX_GRANTS];
static char grant_names[MAX_GRANTS][4];
static uint32_t grant_count;
static struct capos_client closed; /* a facet of an endpoint that will have no owner */

static void kernel_grant(const char *name, enum capos_kernel_cap_source source, uint64_t interface_id)
{
    grants[grant_count++] = capos_grant_kernel(name, source, interface_id);
}

static void held_grant(const char *name, uint32_t id, uint64_t interface_id)
{
    grants[grant_count++] = capos_grant_held(name, id, interface_id);
}

static void facet_grant(const char *name, uint32_t id)
{
    held_grant(name, id, CAPOS_ENDPOINT_INTERFACE_ID);
    grants[grant_count - 1].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
    grants[grant_count - 1].badge = UINT64_MAX;
}

static const char *numbered_name(char prefix, uint32_t n)
{
    char *name = grant_names[grant_count];
    name[0] = prefix, name[1] = (char)('0' + n), name[2] = '\0';
    return name;
}

/* Starts itself with the grants collected; the child's manager too. */
static void spawn(struct capos_process *child, struct capos_client *manager, struct capos_client *facet)
{
    struct capos_client spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    struct capos_process_spawner_spawn_params in = { .name = capn_text_of(BINARY), .binary_name = capn_text_of(BINARY),
                                                     .grants = capn_list_of_array(grants, grant_count) };
    struct capos_process_spawner_spawn_results got = { 0 };
    *child = (struct capos_process){ .handle = { .cap_id = UINT32_MAX } };
    check_ok(capos_process_spawner_spawn(&spawner, &in, &got), &spawner, "spawn");
    check(capos_reply_take(got.handle_index, CAPOS_PROCESS_HANDLE_INTERFACE_ID, &child->handle) == CAPOS_OK &&
          capos_reply_take(got.capability_manager_index, CAPOS_CAPABILITY_MANAGER_INTERFACE_ID, manager) == CAPOS_OK, "results");
    if (facet != NULL) /* its parent's facet of the endpoint that the child owns */
        check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, facet) == CAPOS_OK, "the endpoint's facet");
}

/* Who owns it until the worker has its facets. */
static void start_owner(struct capos_process *owner)
{
    struct capos_client manager;
    grant_count = 0;
    kernel_grant("do:own", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    kernel_grant("endpoint", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    spawn(owner, &manager, &closed);
    capos_client_close(&manager);
}

static void collect_grants(const char *what, uint32_t control, uint32_t object, uint32_t revoked)
{
    uint32_t endpoint = granted("endpoint", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    grant_count = 0;
    kernel_grant(what, CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    held_grant("r", revoked, CAPOS_MEMORY_OBJECT_INTERFACE_ID); /* capability 1 of the child */
    held_grant("console", granted("console", CAPOS_CONSOLE_INTERFACE_ID).cap_id, CAPOS_CONSOLE_INTERFACE_ID);
    held_grant("control", control, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    held_grant("object", object, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    held_grant("c", closed.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
    held_grant("e1", endpoint, CAPOS_ENDPOINT_INTERFACE_ID);
    facet_grant("f", endpoint);
    kernel_grant("e2", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    kernel_grant("e3", CAPOS_KERNEL_CAP_SOURCE_ENDPOINT, CAPOS_ENDPOINT_INTERFACE_ID);
    kernel_grant("timer", CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    kernel_grant("park", CAPOS_KERNEL_CAP_SOURCE_PARK_SPACE, CAPOS_PARK_SPACE_INTERFACE_ID);
    kernel_grant("virtual_memory", CAPOS_KERNEL_CAP_SOURCE_VIRTUAL_MEMORY, CAPOS_VIRTUAL_MEMORY_INTERFACE_ID);
    kernel_grant("thread_spawner", CAPOS_KERNEL_CAP_SOURCE_THREAD_SPAWNER, CAPOS_THREAD_SPAWNER_INTERFACE_ID);
    kernel_grant("thread_control", CAPOS_KERNEL_CAP_SOURCE_THREAD_CONTROL, CAPOS_THREAD_CONTROL_INTERFACE_ID);
    for (uint32_t i = 0; i < SWEEP_EXPENDABLE; i++) {
        kernel_grant(numbered_name('t', i), CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
        facet_grant(numbered_name('f', i), endpoint);
        held_grant(numbered_name('c', i), closed.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
        held_grant(numbered_name('r', i), revoked, CAPOS_MEMORY_OBJECT_INTERFACE_ID);
    }
}

/* A fresh worker, to its end. */
static void run_worker(const char *what, uint32_t control, uint32_t object)
{
    struct capos_client manager = { .cap_id = UINT32_MAX }, revoked = new_object();
    struct capos_process child, owner;
    start_owner(&owner);
    collect_grants(what, control, object, revoked.cap_id);
    store_release_u32(&totals->go, 0);
    spawn(&child, &manager, NULL);
    check_ok(capos_capability_manager_revoke(&manager, &(struct capos_capability_manager_revoke_params){ .cap_id = 1 }, NULL), &manager, "revoke");
    check(capos_process_terminate(&owner) == CAPOS_OK && exit_code_of(&owner) == EXIT_CODE_TERMINATED, "the owner's end");
    store_release_u32(&totals->go, 1);
    int64_t code = exit_code_of(&child);
    check(code == GOOD, "%s: a worker ended with %ld", what, code);
    capos_client_close(&manager);
    capos_client_close(&revoked);
    capos_client_close(&closed);
}

static void print_matrix(void)
{
    capos_print("[sweep] entries   ");
    for (uint32_t state = 0; state < SWEEP_STATES; state++)
        capos_print(" %s", sweep_state_names[state]);
    for (uint32_t op = 0; op < SWEEP_OPS; op++) {
        uint32_t empty = 0;
        capos_print("\n[sweep] opcode %u:", sweep_opcodes[op]);
        for (uint32_t state = 0; state < SWEEP_STATES; state++) {
            capos_print(" %u", totals->cells[op][state]);
            empty += totals->cells[op][state] == 0;
        }
        check(empty == 0, "opcode %u: %u states without an entry", sweep_opcodes[op], empty);
    }
    capos_print("\n");
}

/* Each row of the specification decided something. */
static void print_rows(void)
{
    uint32_t idle = 0;
    for (uint32_t row = 0; row < SWEEP_ROWS; row++) {
        capos_print("[sweep] rule %s: %u\n", sweep_row_name(row), totals->rows[row]);
        idle += totals->rows[row] == 0;
    }
    check(idle == 1, "%u rules that decided nothing", idle); /* "8" itself: its cells decide */
}

static uint64_t number_of(const char *text)
{
    uint64_t n = 0;
    for (; *text >= '0' && *text <= '9'; text++)
        n = n * 10 + (uint64_t)(*text - '0');
    return n;
}

static uint64_t count_bits(const uint8_t *bits, uint64_t count)
{
    uint64_t set = 0;
    for (uint64_t i = 0; i < count / 8 + 1; i++)
        for (uint32_t byte = bits[i]; byte != 0; byte &= byte - 1)
            set++;
    return set;
}

static void run_all(uint64_t entries, uint64_t headers, uint32_t control, uint32_t object)
{
    bool large = entries > 100000;
    uint64_t raced = large ? 10 * RACED : RACED, workers = 0;
    totals->shallow = large ? 5 : 16; /* there are 106,000 deep pairs and 925,000 others */
    while (totals->failures == 0 && check_failures == 0 && (totals->done < entries || totals->header_done < headers - raced)) {
        check(totals->position < SWEEP_POSITIONS, "there are no more entries");
        uint64_t batches = (entries + BATCH - 1) / BATCH, share = (headers - raced + batches - 1) / batches;
        totals->wanted = totals->done + BATCH < entries ? totals->done + BATCH : entries;
        totals->header_wanted = totals->header_done + share < headers - raced ? totals->header_done + share : headers - raced;
        run_worker("do:batch", control, object);
        workers++;
    }
    totals->header_wanted = raced;
    run_worker("do:race", control, object);
    run_worker("do:ids", control, object);
    print_matrix();
    print_rows();
    capos_print("[sweep] seed %lu: %lu entries, %lu distinct; %lu header states before cap_enter and %lu during, %lu distinct\n", totals->seed,
                totals->done, count_bits(entry_bits, SWEEP_KEYS), totals->header_done, totals->raced, count_bits(header_bits, SWEEP_HEADER_KEYS));
    capos_print("[sweep] %lu workers; %lu capabilities came to a table before no slot had a life left\n", workers, totals->inserts);
    check(totals->done == entries && count_bits(entry_bits, SWEEP_KEYS) == entries, "as many distinct entries as wanted");
    check(totals->header_done + totals->raced == headers && count_bits(header_bits, SWEEP_HEADER_KEYS) == headers, "as many header states as wanted");
    check(totals->repeated == 0, "%lu were met before", totals->repeated);
}

/* One position again. */
static void run_again(bool header, uint64_t position, uint32_t control, uint32_t object)
{
    totals->position = totals->header_position = position;
    totals->shallow = 1;
    totals->wanted = header ? 0 : 1;
    totals->header_wanted = header ? 1 : 0;
    run_worker("do:batch", control, object);
}

static struct capos_client shared_counts(void)
{
    struct capos_client allocator = granted("frame_allocator", CAPOS_FRAME_ALLOCATOR_INTERFACE_ID), object = { .cap_id = UINT32_MAX };
    struct capos_frame_allocator_alloc_contiguous_results got = { 0 };
    struct capos_frame_allocator_alloc_contiguous_params in = { .count = CONTROL_PAGES };
    struct capos_memory_object_map_params map = { .hint = CONTROL, .size = CONTROL_PAGES * PAGE_SIZE, .prot = PROT_READ_BIT | PROT_WRITE_BIT };
    struct capos_memory_object_map_results at = { 0 };
    check_ok(capos_frame_allocator_alloc_contiguous(&allocator, &in, &got), &allocator, "frames");
    check(capos_reply_take(got.handle_index, CAPOS_MEMORY_OBJECT_INTERFACE_ID, &object) == CAPOS_OK, "their object");
    check_ok(capos_memory_object_map(&object, &map, &at), &object, "map the counts");
    return object;
}

static int worker(void)
{
    while (task_is("own"))
        capos_cap_enter(1, CAP_ENTER_WAIT_FOREVER);
    map_control();
    if (check_failures > 0)
        return 1;
    return task_is("ids") ? run_ids() : task_is("race") ? run_race() : run_batch();
}

int main(int argc, char **argv)
{
    if (task() != NULL)
        return worker();
    check(argc == 4, "arguments: ENTRIES HEADERS SEED, or entry|header POSITION SEED");
    if (argc != 4)
        return finish("sweep");
    struct capos_client control = shared_counts(), object = new_object();
    if (check_failures > 0)
        return finish("sweep");
    totals->seed = number_of(argv[3]);
    if (argv[1][0] == 'e' || argv[1][0] == 'h')
        run_again(argv[1][0] == 'h', number_of(argv[2]), control.cap_id, object.cap_id);
    else
        run_all(number_of(argv[1]), number_of(argv[2]), control.cap_id, object.cap_id);
    check(totals->failures == 0, "%u entries and states came out wrong", totals->failures);
    return finish("sweep");
}
