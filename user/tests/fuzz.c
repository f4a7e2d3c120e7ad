/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fuzzing from within: `fuzz SEED ROUNDS`. In each round four processes, each
 * with nearly everything that the kernel can grant, put random but mostly
 * valid entries into their rings: messages made by the generated encoders,
 * whole or with words and bits changed; every opcode with random fields; calls
 * to each other that carry capabilities; threads, children, memory. One or two
 * are killed meanwhile. Nothing is expected of the answers; after each round
 * every frame and kernel object is back, and the kernel's own examination at
 * the end finds nothing. What a process does follows from SEED, the round and
 * its place, but not how the processes meet.
 */
#include "fuzz_messages.h"

#include "abi/atomic.h"

#define FUZZERS 4u
#define THREADS 4u          /* of one process, fuzzing each its own ring */
#define ENTRIES 1500u       /* of one process and round, about */
#define AREA_BYTES 65536u   /* of one thread: params, results; the largest result may begin in the middle */
#define CALL_MARK 0xa5ull   /* in the top byte of user_data: the rest is the address of the result */
#define RECV_MARK 0xa6ull

struct fuzzer {
    struct ring_page *page;
    uint64_t state;
    uint8_t *area;
    uint32_t tid;
    uint32_t flight[16], in_flight;
};

static _Alignas(4096) uint8_t areas[THREADS][AREA_BYTES];
static _Alignas(16) uint8_t stacks[THREADS][8192];
static struct fuzzer fuzzers[THREADS];
static uint32_t brought[64];    /* capabilities that replies and messages brought, of all threads */
static uint32_t words[4];       /* to park on */
static uint32_t answered, refused; /* completions, of all threads */
static uint32_t own, granted_count, thread_spawner, thread_control, park_space, started = 1;

static uint64_t random_u64(struct fuzzer *self)
{
    self->state ^= self->state >> 12;
    self->state ^= self->state << 25;
    self->state ^= self->state >> 27;
    return self->state * 0x2545f4914f6cdd1dull;
}

static uint32_t below(struct fuzzer *self, uint32_t limit)
{
    return (uint32_t)(random_u64(self) >> 33) % limit;
}

static uint64_t seed_of(uint64_t seed, uint64_t round, uint64_t place)
{
    uint64_t mixed = (seed * 0x9e3779b97f4a7c15ull) ^ (round * 0xbf58476d1ce4e5b9ull) ^ (place * 0x94d049bb133111ebull);
    return (mixed ^ mixed >> 31) | 1;
}

/* ---- fields -------------------------------------------------------------------------------- */

static uint64_t random_address(struct fuzzer *self)
{
    static const uint64_t odd[] = { 0, 0x1000, 0x200000, 0xff0000, 0xfff000, 0x1010000, 0x1200ff8, 0x1300000, 0x1300ff8, 0x40000000,
                                    0x40001ff0, 0x40003000, 0x50000000, 0x7fffffffeff8, 0x7ffffffff000, 0x800000000000,
                                    0xffffffff80000000, 0xfffffffffffffff0 };
    if (below(self, 3) > 0)
        return (uintptr_t)self->area + below(self, AREA_BYTES / 2);
    return odd[below(self, sizeof odd / sizeof odd[0])];
}

static uint32_t random_length(struct fuzzer *self)
{
    static const uint32_t odd[] = { 0, 1, 7, 8, 16, 24, 32, 56, 64, 128, 512, 4096, 16384, 65535, 65536, 65537, UINT32_MAX };
    return odd[below(self, sizeof odd / sizeof odd[0])];
}

static uint32_t random_cap(struct fuzzer *self)
{
    if (below(self, 3) > 0)
        return brought[below(self, 64)];
    return below(self, 8) > 0 ? below(self, 60) | below(self, below(self, 2) ? 1 : 12) << 24 : (uint32_t)random_u64(self);
}

static uint64_t random_value(struct fuzzer *self)
{
    switch (below(self, 6)) {
    case 0:
        return below(self, 70);
    case 1:
        return random_address(self);
    case 2:
        return (uint64_t)below(self, 20) * 4096;
    case 3:
        return random_cap(self);
    case 4:
        return 1ull << below(self, 64);
    default:
        return random_u64(self);
    }
}

/* Up to four descriptors behind the `len` bytes of a message. */
static void add_capabilities(struct fuzzer *self, struct ring_sqe *sqe)
{
    if (below(self, 3) > 0 || sqe->addr < (uintptr_t)self->area || sqe->addr + sqe->len + 64 > (uintptr_t)self->area + AREA_BYTES)
        return;
    sqe->xfer_cap_count = (uint16_t)(1 + below(self, 4));
    for (uint32_t i = 0; i < sqe->xfer_cap_count; i++) {
        struct ring_transfer_descriptor cap = { .cap_id = random_cap(self), .transfer_mode = (uint16_t)(1 + below(self, 2)) };
        memcpy((void *)(uintptr_t)(sqe->addr + sqe->len + i * sizeof cap), &cap, sizeof cap);
    }
}

/* ---- entries --------------------------------------------------------------------------------- */

static struct ring_sqe call_entry(struct fuzzer *self, const struct capos_method *method, uint32_t len)
{
    uint64_t result = (uintptr_t)self->area + 8192 + below(self, 512) * 8;
    struct ring_sqe sqe = { .method_id = method->ordinal, .cap_id = random_cap(self), .addr = (uintptr_t)self->area, .len = len,
                            .result_addr = result, .result_len = below(self, 4) > 0 ? 16384 : random_length(self),
                            .user_data = CALL_MARK << 56 | result };
    for (uint32_t i = 0; i < capos_capset_count(); i++) /* mostly for a capability of its interface */
        if (capos_capset_entry(i)->interface_id == method->interface_id && below(self, 8) > 0)
            sqe.cap_id = capos_capset_entry(i)->cap_id;
    return sqe;
}

/* A valid message, now and then with words or bits changed. */
static struct ring_sqe message_entry(struct fuzzer *self)
{
    const struct message *message = &messages[below(self, message_count)];
    memcpy(self->area, message->bytes, message->len);
    if (below(self, 3) == 0)
        for (uint32_t flips = 1 + below(self, 5); flips > 0; flips--)
            self->area[below(self, message->len)] ^= (uint8_t)(1u << below(self, 8));
    if (below(self, 4) == 0 && message->len > 16) {
        uint64_t value = random_value(self);
        memcpy(self->area + 16 + below(self, (message->len - 16) / 8) * 8, &value, 8);
    }
    return call_entry(self, message->method, message->len);
}

/* A message of the method's shape with anything in it. */
static struct ring_sqe shaped_entry(struct fuzzer *self)
{
    const struct capos_method *method = methods[below(self, METHODS)];
    if (method == &capos_thread_spawner_create_method && below(self, 10) > 0)
        method = &capos_timer_sleep_method; /* a thread that begins anywhere is the end of most processes */
    struct capn_builder builder;
    size_t len = 0;
    capn_builder_init(&builder, self->area, 4096);
    struct capn_struct_builder root = capn_builder_root(&builder, method->params_data_words, method->params_pointer_words);
    for (uint32_t i = 0; i < method->params_data_words; i++)
        capn_set_u64(&root, i * 8, random_value(self));
    for (uint32_t i = 0; i < method->params_pointer_words; i++) {
        uint32_t kind = below(self, 4);
        if (kind == 0)
            capn_set_text(&root, i, capn_text_of(below(self, 2) ? "guest" : "quick_exit"));
        else if (kind == 1)
            capn_set_data(&root, i, (struct capn_data){ self->area + 4096, below(self, 300) });
        else if (kind == 2)
            (void)capn_set_struct(&root, i, (uint16_t)below(self, 4), (uint16_t)below(self, 3));
        else
            (void)capn_set_struct_list(&root, i, below(self, 20), (uint16_t)below(self, 4), (uint16_t)below(self, 3));
    }
    (void)capn_builder_finish(&builder, &len);
    return call_entry(self, method, (uint32_t)len);
}

static struct ring_sqe random_entry(struct fuzzer *self)
{
    struct ring_sqe sqe = { .opcode = (uint8_t)below(self, 12), .method_id = (uint16_t)below(self, 8),
                            .cap_id = random_cap(self), .user_data = random_u64(self) >> 8, .addr = random_address(self),
                            .len = random_length(self), .result_len = random_length(self), .result_addr = random_address(self) };
    if (below(self, 3) == 0) {
        sqe.flags = (uint8_t)(below(self, 2) == 0 ? 1u << below(self, 8) : 0);
        sqe.call_id = below(self, 3);
        sqe.xfer_cap_count = (uint16_t)below(self, 20);
        sqe.pipeline_dep = random_value(self);
        sqe.session_disclosure = below(self, 10);
    }
    return sqe;
}

/* A call to one of the others, or to itself. */
static struct ring_sqe send_entry(struct fuzzer *self)
{
    struct capos_client facet = { .cap_id = own };
    char name[] = { 'f', (char)('0' + below(self, FUZZERS)), '\0' };
    (void)capos_client_open(&facet, name, CAPOS_ENDPOINT_INTERFACE_ID);
    uint64_t result = (uintptr_t)self->area + 8192 + below(self, 512) * 8;
    struct ring_sqe sqe = { .opcode = RING_OP_CALL, .cap_id = below(self, 8) ? facet.cap_id : random_cap(self), .method_id = (uint16_t)below(self, 4),
                            .addr = (uintptr_t)self->area + 4096, .len = below(self, 30) * 4, .result_addr = result,
                            .result_len = below(self, 4) ? 1024 : random_length(self), .user_data = CALL_MARK << 56 | result,
                            .session_disclosure = below(self, 9) };
    add_capabilities(self, &sqe);
    return sqe;
}

static struct ring_sqe receive_entry(struct fuzzer *self)
{
    uint64_t result = (uintptr_t)self->area + 32768 + below(self, 64) * 256;
    return (struct ring_sqe){ .opcode = RING_OP_RECV, .cap_id = own, .result_addr = result, .user_data = RECV_MARK << 56 | result,
                              .result_len = below(self, 6) ? 2048 : 56 + below(self, 40) };
}

static struct ring_sqe return_entry(struct fuzzer *self)
{
    struct ring_sqe sqe = { .opcode = RING_OP_RETURN, .cap_id = own, .addr = (uintptr_t)self->area + 4096, .len = below(self, 30) * 4,
                            .call_id = self->in_flight > 0 ? self->flight[--self->in_flight] : below(self, 100),
                            .flags = below(self, 8) ? 0 : SQE_FLAG_RETURN_APPLICATION_EXCEPTION, .user_data = 7 };
    add_capabilities(self, &sqe);
    return sqe;
}

static struct ring_sqe cancel_entry(struct fuzzer *self)
{
    return (struct ring_sqe){ .opcode = RING_OP_CANCEL, .cap_id = own, .user_data = 8,
                              .pipeline_dep = RECV_MARK << 56 | ((uintptr_t)self->area + 32768 + below(self, 64) * 256) };
}

/* What was granted at the start stays. */
static struct ring_sqe release_entry(struct fuzzer *self)
{
    uint32_t id = random_cap(self);
    return (struct ring_sqe){ .opcode = (id & 0xffffff) < granted_count ? RING_OP_NOP : RING_OP_RELEASE, .cap_id = id, .user_data = 9 };
}

static struct ring_sqe park_entry(struct fuzzer *self)
{
    uint64_t word = below(self, 8) ? (uintptr_t)&words[below(self, 4)] : random_address(self) & ~3ull;
    if (below(self, 2) == 0)
        return (struct ring_sqe){ .opcode = RING_OP_UNPARK, .cap_id = park_space, .addr = word, .len = 1 + below(self, 4), .user_data = 10 };
    return (struct ring_sqe){ .opcode = RING_OP_PARK, .flags = SQE_FLAG_THREAD_OWNED, .cap_id = park_space, .addr = word, .user_data = 11,
                              .len = below(self, 2), .pipeline_dep = below(self, 2) ? 20000 : CAP_ENTER_WAIT_FOREVER, .call_id = self->tid };
}

static void note_completion(struct fuzzer *self, const struct ring_cqe *cqe)
{
    uint64_t mark = cqe->user_data >> 56, buffer = cqe->user_data & ((1ull << 48) - 1);
    (void)__atomic_fetch_add(cqe->result < 0 ? &refused : &answered, 1, __ATOMIC_RELAXED);
    if (mark == RECV_MARK && cqe->result >= 56 && self->in_flight < 16)
        self->flight[self->in_flight++] = cqe->call_id;
    if ((mark != RECV_MARK && mark != CALL_MARK) || cqe->result < 0)
        return;
    uint64_t at = buffer + (uint64_t)cqe->result;
    for (uint16_t i = 0; i < cqe->cap_count && i < 16; i++, at += 16)
        if (at >= (uintptr_t)self->area && at + 16 <= (uintptr_t)self->area + AREA_BYTES)
            brought[below(self, 64)] = load_le32((const uint8_t *)(uintptr_t)at);
}

static void take_completions(struct fuzzer *self)
{
    struct ring_header *h = &self->page->header;
    uint32_t tail = load_acquire_u32(&h->cq_tail);
    for (uint32_t head = h->cq_head, n = 0; head != tail && n < RING_CQ_ENTRIES; head++, n++)
        note_completion(self, &self->page->cqes[head & RING_CQ_MASK]);
    store_release_u32(&h->cq_head, tail);
}

static void fuzz(struct fuzzer *self, uint32_t entries);

/* The thread's own end; if its ring has suffered too much for that, everybody's. */
static _Noreturn void end_thread(struct fuzzer *self)
{
    struct ring_page *page = self->page;
    struct capn_builder builder;
    size_t len = 0;
    capn_builder_init(&builder, self->area, 4096);
    struct capn_struct_builder root = capn_builder_root(&builder, CAPOS_THREAD_CONTROL_EXIT_THREAD_PARAMS_DATA_WORDS, 0);
    (void)capos_thread_control_exit_thread_params_encode(root, &(struct capos_thread_control_exit_thread_params){ .code = 1 });
    (void)capn_builder_finish(&builder, &len);
    for (uint32_t tries = 0; tries < 10; tries++) {
        take_completions(self);
        (void)capos_cap_enter(0, 0);
    }
    struct ring_sqe sqe = call_entry(self, &capos_thread_control_exit_thread_method, (uint32_t)len);
    sqe.cap_id = thread_control;
    page->sqes[page->header.sq_tail & RING_SQ_MASK] = sqe;
    store_release_u32(&page->header.sq_tail, page->header.sq_tail + 1);
    (void)capos_cap_enter(0, 0);
    capos_exit(3);
}

static _Noreturn void run_thread(struct fuzzer *self, uint64_t tid, struct ring_page *page)
{
    self->page = page;
    self->tid = (uint32_t)tid;
    fuzz(self, ENTRIES / 8);
    end_thread(self);
}

/* Threads beside the first, until all places are taken. Mostly with the right entry. */
static struct ring_sqe thread_entry(struct fuzzer *self)
{
    uint32_t place = __atomic_fetch_add(&started, 1, __ATOMIC_RELAXED);
    struct capn_builder builder;
    size_t len = 0;
    if (self->tid != 1 || place >= THREADS)
        return (struct ring_sqe){ .opcode = RING_OP_NOP, .user_data = 12 };
    fuzzers[place] = (struct fuzzer){ .state = random_u64(self) | 1, .area = areas[place] };
    struct capos_thread_spawner_create_params in = { .entry = (uintptr_t)run_thread, .arg = (uintptr_t)&fuzzers[place],
                                                     .stack_top = (uintptr_t)stacks[place] + sizeof stacks[place],
                                                     .flags = below(self, 20) ? 0 : below(self, 4) };
    capn_builder_init(&builder, self->area, 4096);
    struct capn_struct_builder root = capn_builder_root(&builder, CAPOS_THREAD_SPAWNER_CREATE_PARAMS_DATA_WORDS, 0);
    (void)capos_thread_spawner_create_params_encode(root, &in);
    (void)capn_builder_finish(&builder, &len);
    struct ring_sqe sqe = call_entry(self, &capos_thread_spawner_create_method, (uint32_t)len);
    sqe.cap_id = thread_spawner;
    return sqe;
}

/* ---- the ring --------------------------------------------------------------------------------- */

/* Very seldom: the kernel finds indices that cannot be, and ends the process or goes on. */
static void corrupt(struct fuzzer *self)
{
    uint32_t *fields = (uint32_t *)(uintptr_t)self->page;
    store_relaxed_u32(&fields[below(self, 13)], (uint32_t)random_value(self));
}

static void enter(struct fuzzer *self)
{
    struct ring_header *h = &self->page->header;
    uint64_t entered = below(self, 100) == 0 ? capos_cap_enter(below(self, 3), 50000) : capos_cap_enter(0, 0);
    if (entered == CAP_ENTER_THREAD_OWNED_HEAD)
        store_relaxed_u32(&h->sq_head, h->sq_head + 1); /* the kernel discards the rest */
    if (below(self, 4) > 0 || h->cq_tail - h->cq_head > RING_CQ_ENTRIES / 2)
        take_completions(self);
}

static void submit(struct fuzzer *self, const struct ring_sqe *sqe)
{
    struct ring_header *h = &self->page->header;
    if (h->sq_tail - load_acquire_u32(&h->sq_head) >= RING_SQ_ENTRIES) {
        enter(self);
        if (h->sq_tail - load_acquire_u32(&h->sq_head) >= RING_SQ_ENTRIES)
            return;
    }
    self->page->sqes[h->sq_tail & RING_SQ_MASK] = *sqe;
    store_release_u32(&h->sq_tail, h->sq_tail + 1);
    if (below(self, 6) > 0) /* else more at once */
        enter(self);
}

static void fuzz(struct fuzzer *self, uint32_t entries)
{
    static struct ring_sqe (*const kinds[])(struct fuzzer *) = {
        message_entry, message_entry, message_entry, message_entry, message_entry, message_entry, shaped_entry, shaped_entry,
        random_entry, random_entry, send_entry, send_entry, send_entry, send_entry, receive_entry, receive_entry, receive_entry, return_entry,
        return_entry, cancel_entry, release_entry, release_entry, release_entry, park_entry, thread_entry };
    for (uint32_t i = 0; i < entries; i++) {
        struct ring_sqe sqe = kinds[below(self, sizeof kinds / sizeof kinds[0])](self);
        submit(self, &sqe);
        words[below(self, 4)] = below(self, 2);
        if (below(self, 4000) == 0)
            corrupt(self);
    }
}

/* A process of one round: its seed is the name of its task, in hexadecimal digits. */
static _Noreturn void work(void)
{
    uint64_t seed = 0;
    for (const char *digit = task(); *digit != '\0'; digit++)
        seed = seed << 4 | (uint64_t)(*digit <= '9' ? *digit - '0' : *digit - 'a' + 10);
    own = granted("own", CAPOS_ENDPOINT_INTERFACE_ID).cap_id;
    thread_spawner = granted("thread_spawner", CAPOS_THREAD_SPAWNER_INTERFACE_ID).cap_id;
    thread_control = granted("thread_control", CAPOS_THREAD_CONTROL_INTERFACE_ID).cap_id;
    park_space = granted("park_space", CAPOS_PARK_SPACE_INTERFACE_ID).cap_id;
    granted_count = capos_capset_count();
    make_messages();
    fuzzers[0] = (struct fuzzer){ .page = capos_ring()->page, .state = seed, .area = areas[0], .tid = 1 };
    fuzz(&fuzzers[0], ENTRIES);
    capos_exit((int64_t)((uint64_t)answered << 32 | refused));
}

/* ---- the first process --------------------------------------------------------------------------- */

#define GRANT(name, SOURCE, INTERFACE) capos_grant_kernel(name, CAPOS_KERNEL_CAP_SOURCE_##SOURCE, CAPOS_##INTERFACE##_INTERFACE_ID)
#define GRANTS_MAX 32u

static struct capos_client spawner, monitor, timer;
static struct fuzzer director;
static struct child {
    struct capos_process process;
    struct capos_client facet;
    bool runs;
} children[FUZZERS];

static uint32_t kernel_grants(struct capos_cap_grant *to)
{
    const struct capos_cap_grant all[] = {
        GRANT("own", ENDPOINT, ENDPOINT), GRANT("thread_spawner", THREAD_SPAWNER, THREAD_SPAWNER),
        GRANT("thread_control", THREAD_CONTROL, THREAD_CONTROL), GRANT("park_space", PARK_SPACE, PARK_SPACE),
        GRANT("virtual_memory", VIRTUAL_MEMORY, VIRTUAL_MEMORY), GRANT("frame_allocator", FRAME_ALLOCATOR, FRAME_ALLOCATOR),
        GRANT("process_spawner", PROCESS_SPAWNER, PROCESS_SPAWNER), GRANT("entropy_source", ENTROPY_SOURCE, ENTROPY_SOURCE),
        GRANT("terminal_session", TERMINAL_SESSION, TERMINAL_SESSION), GRANT("credential_store", CREDENTIAL_STORE, CREDENTIAL_STORE),
        GRANT("session_manager", SESSION_MANAGER, SESSION_MANAGER), GRANT("authority_broker", AUTHORITY_BROKER, AUTHORITY_BROKER),
        GRANT("boot_package", BOOT_PACKAGE, BOOT_PACKAGE), GRANT("system_info", SYSTEM_INFO, SYSTEM_INFO),
        GRANT("wall_clock", WALL_CLOCK, WALL_CLOCK), GRANT("log_sink", LOG_SINK, LOG_SINK), GRANT("log_reader", LOG_READER, LOG_READER),
        GRANT("audit_log", AUDIT_LOG, AUDIT_LOG), MONITOR_GRANT, CONSOLE_GRANT };
    memcpy(to, all, sizeof all);
    return sizeof all / sizeof all[0];
}

static void begin(uint32_t place, uint64_t seed)
{
    static char name[CAPSET_NAME_BYTES], facets[FUZZERS][3];
    struct capos_cap_grant grants[GRANTS_MAX];
    struct text_buf buf = text_buf_over(name, sizeof name - 1);
    memset(name, 0, sizeof name);
    capos_format(&buf, TASK_PREFIX "%lx", (unsigned long)seed);
    grants[0] = capos_grant_kernel(name, CAPOS_KERNEL_CAP_SOURCE_TIMER, CAPOS_TIMER_INTERFACE_ID);
    uint32_t own_grants = 1 + kernel_grants(grants + 1), count = own_grants;
    for (uint32_t i = 0; i < place; i++) {
        if (!children[i].runs)
            continue;
        memcpy(facets[i], (char[]){ 'f', (char)('0' + i), '\0' }, 3);
        grants[count] = capos_grant_held(facets[i], children[i].facet.cap_id, CAPOS_ENDPOINT_INTERFACE_ID);
        grants[count].mode = CAPOS_CAP_GRANT_MODE_CLIENT_ENDPOINT;
        grants[count++].badge = UINT64_MAX;
    }
    enum capos_status status = capos_process_spawn(&spawner, "fuzz", grants, count, &children[place].process);
    if (status == CAPOS_EXCEPTION) /* one of those before has ended already: its facet cannot be given */
        status = capos_process_spawn(&spawner, "fuzz", grants, own_grants, &children[place].process);
    children[place].runs = status == CAPOS_OK;
    if (status == CAPOS_EXCEPTION && spawner.exception.type == CAP_EXCEPTION_OVERLOADED)
        return; /* the others have all the memory */
    check_ok(status, &spawner, "spawn");
    check(capos_reply_take(2, CAPOS_ENDPOINT_INTERFACE_ID, &children[place].facet) == CAPOS_OK, "parent endpoint");
}

/* Its exit code tells what it got, unless it was killed or ended by what it did. */
static void end(uint32_t place)
{
    if (!children[place].runs)
        return;
    int64_t code = exit_code_of(&children[place].process);
    if (code > 1ll << 32 && code < 1ll << 48) {
        answered += (uint32_t)(code >> 32);
        refused += (uint32_t)code;
    }
    check(capos_release(children[place].facet.cap_id) == CAPOS_OK, "release");
}

static uint64_t measure(uint64_t *frames)
{
    struct capos_system_monitor_memory_results memory = { 0 };
    check_ok(capos_system_monitor_memory(&monitor, NULL, &memory), &monitor, "SystemMonitor.memory");
    *frames = memory.free_frames;
    return memory.kernel_objects;
}

static void run_round(uint64_t seed, uint64_t round)
{
    director.state = seed_of(seed, round, FUZZERS);
    for (uint32_t i = 0; i < FUZZERS; i++)
        begin(i, seed_of(seed, round, i));
    for (uint32_t kills = below(&director, 3); kills > 0; kills--) {
        sleep_ns(&timer, 1000000 + below(&director, 60) * 1000000);
        struct child *child = &children[below(&director, FUZZERS)];
        check(!child->runs || capos_process_terminate(&child->process) == CAPOS_OK, "terminate");
    }
    for (uint32_t i = 0; i < FUZZERS; i++)
        end(i);
}

/* What they started may end a little later than they. */
static bool comes_back(uint64_t frames, uint64_t objects)
{
    uint64_t now;
    for (uint32_t tries = 0; tries < 2000; tries++) {
        if (measure(&now) == objects && now == frames)
            return true;
        sleep_ns(&timer, 5000000);
    }
    return false;
}

static uint64_t number(const char *digits)
{
    uint64_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

int main(int argc, char **argv)
{
    uint64_t frames = 0, objects = 0;
    if (task() != NULL)
        work();
    if (capos_pid() != 1)
        return 0; /* a child of one of those that fuzz */
    uint64_t seed = argc > 1 ? number(argv[1]) : 1, rounds = argc > 2 ? number(argv[2]) : 3;
    spawner = granted("process_spawner", CAPOS_PROCESS_SPAWNER_INTERFACE_ID);
    monitor = granted("system_monitor", CAPOS_SYSTEM_MONITOR_INTERFACE_ID);
    timer = granted("timer", CAPOS_TIMER_INTERFACE_ID);
    for (uint64_t round = 0; round <= rounds && check_failures == 0; round++) { /* the first one for the size of its buffers */
        run_round(seed, round);
        if (round == 0) {
            sleep_ns(&timer, 200000000);
            objects = measure(&frames);
        }
        check(comes_back(frames, objects), "seed %lu, round %lu: frames or objects are lost", (unsigned long)seed, (unsigned long)round);
        capos_print("\nfuzz: seed %lu, round %lu of %lu: %u answered, %u refused so far\n", (unsigned long)seed, (unsigned long)round,
                    (unsigned long)rounds, answered, refused);
    }
    return finish("fuzz");
}
