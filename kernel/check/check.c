/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The kernel examines itself: see check.h. */
#include "kernel/check/check.h"

#include "kernel/ipc/transfer.h"
#include "kernel/log/log.h"
#include "kernel/object.h"
#include "kernel/object.h"
#include "kernel/state.h"

#define SEEN 0x80u /* in frames.classes, while a check runs */

struct walk {
    struct text_buf *why;        /* the first violation; empty = none */
    const struct process *process;
    uint64_t by_class[FRAME_CLASSES]; /* distinct frames reached, of all processes */
    uint64_t anonymous;          /* of this process */
};

static bool violate(struct walk *walk, const char *what, uint64_t va)
{
    text_buf_append_str(walk->why, what);
    text_buf_append_str(walk->why, " at ");
    text_buf_append_hex(walk->why, va);
    text_buf_append_str(walk->why, " of pid ");
    text_buf_append_u64(walk->why, walk->process->pid);
    return false;
}

static bool is_user_class(enum frame_class class)
{
    return class == FRAME_IMAGE || class == FRAME_RING || class == FRAME_CAPSET || class == FRAME_ANON ||
           class == FRAME_OBJECT;
}

static bool visit(void *context, uint64_t va, const struct machine_page *page)
{
    struct walk *walk = context;
    uint32_t both = PROT_WRITE_BIT | PROT_EXEC_BIT;
    if ((page->prot & both) == both)
        return violate(walk, "writable and executable page", va);
    if (!page->user)
        return violate(walk, "user half maps a kernel page", va);
    if (page->frame >= kernel.frames.total)
        return violate(walk, "page outside memory", va);
    uint8_t *mark = &kernel.frames.classes[page->frame];
    enum frame_class class = (enum frame_class)(*mark & ~SEEN);
    if (!is_user_class(class))
        return violate(walk, "frame of the kernel's is mapped", va);
    if ((*mark & SEEN) != 0 && class != FRAME_OBJECT)
        return violate(walk, "frame has two owners", va);
    if ((*mark & SEEN) == 0)
        walk->by_class[class]++;
    if (class == FRAME_ANON)
        walk->anonymous++;
    *mark |= SEEN;
    return true;
}

/* Every frame that the class bytes call a program's must be mapped somewhere, else it is lost. */
static void find_lost(struct walk *walk, uint64_t tables_charged)
{
    uint64_t counts[FRAME_CLASSES] = {0};
    for (uint64_t frame = 0; frame < kernel.frames.total; frame++) {
        kernel.frames.classes[frame] &= (uint8_t)~SEEN;
        counts[kernel.frames.classes[frame]]++;
    }
    for (uint32_t class = FRAME_IMAGE; class <= FRAME_ANON && walk->why->len == 0; class++)
        if (counts[class] != walk->by_class[class]) {
            text_buf_append_str(walk->why, "lost frames of class ");
            text_buf_append_u64(walk->why, class);
        }
    if (walk->why->len == 0 && counts[FRAME_TABLE] != tables_charged)
        text_buf_append_str(walk->why, "page-table frames and their charges differ");
    if (walk->why->len == 0 && counts[FRAME_FREE] != frames_free_count())
        text_buf_append_str(walk->why, "free frames and their count differ");
}

static void check_page_tables(struct text_buf *why)
{
    struct walk walk = {.why = why};
    uint64_t tables_charged = 0;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL && why->len == 0;) {
        walk.process = process;
        walk.anonymous = 0;
        machine_aspace_each(&process->aspace.machine, visit, &walk);
        if (why->len == 0 && walk.anonymous != process->aspace.committed)
            violate(&walk, "committed pages and their count differ", 0);
        if (why->len == 0 && !machine_kernel_half_is_valid(&process->aspace.machine, why) && why->len == 0)
            violate(&walk, "kernel half is not as it must be", 0);
        tables_charged += cap_ledger_used(process_ledger(process), CAP_RESOURCE_PAGE_TABLE_PAGES);
    }
    find_lost(&walk, tables_charged);
}

static void check_user_tables(struct text_buf *why)
{
    if (!machine_user_tables_are_valid(why) && why->len == 0)
        text_buf_append_str(why, "user tables are not as they must be");
}

static void blame(struct text_buf *why, const struct process *process, const char *what)
{
    if (why->len != 0)
        return;
    text_buf_append_str(why, what);
    text_buf_append_str(why, " of pid ");
    text_buf_append_u64(why, process->pid);
}

static uint64_t fixed_pages(const struct region_set *regions)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < regions->count; i++)
        if (regions->entries[i].kind != REGION_ANON && regions->entries[i].kind != REGION_OBJECT)
            pages += regions->entries[i].pages;
    return pages;
}

static uint64_t pending_calls(const struct process *process)
{
    uint64_t pending = 0;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        pending += process->calls.records[i].state != CALL_FREE;
    return pending;
}

/* Capabilities that its waiting calls are about to move. */
static uint32_t waiting_moves(const struct process *process)
{
    uint32_t moves = 0;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++) {
        const struct call *call = &process->calls.records[i];
        if (call->state != CALL_FREE && call->transfers != NULL)
            moves += transfer_moves(call->transfers);
    }
    return moves;
}

/* Of memory objects that its waiting calls are about to copy. */
static uint64_t waiting_pages(const struct process *process)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < OUTSTANDING_CALLS_MAX; i++)
        if (process->calls.records[i].state != CALL_FREE)
            pages += process->calls.records[i].held_pages;
    return pages;
}

static void check_ledgers(struct text_buf *why)
{
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;) {
        const struct cap_ledger *ledger = process_ledger(process);
        const struct aspace *as = &process->aspace;
        uint64_t other_pages = as->committed + as->mapping_pages + waiting_pages(process);
        if (!cap_table_is_valid(&process->table, other_pages, waiting_moves(process)))
            blame(why, process, "capability table does not match its ledger");
        if (cap_ledger_used(ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES) !=
            region_pages_of(&as->regions, REGION_ANON))
            blame(why, process, "virtual reservations do not match their ledger");
        if (cap_ledger_used(ledger, CAP_RESOURCE_IMAGE_PAGES) != fixed_pages(&as->regions))
            blame(why, process, "image pages do not match their ledger");
        if (cap_ledger_used(ledger, CAP_RESOURCE_OUTSTANDING_CALLS) != pending_calls(process))
            blame(why, process, "outstanding calls do not match their ledger");
        if (ledger->over_releases != 0)
            blame(why, process, "ledger released more than was charged");
    }
}

/* Each waiting thread stands in the table once. */
static void check_parks(struct text_buf *why)
{
    uint32_t waiting = 0;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        for (const struct thread *thread = process->threads; thread != NULL; thread = thread->next_in_process)
            waiting += thread->park.waiter.queued;
    if (!park_table_is_valid(&kernel.parks) || waiting != kernel.parks.count)
        text_buf_append_str(why, "waiters in PARK and their table differ");
}

static void check_processes(struct text_buf *why)
{
    uint32_t threads = 0;
    uint32_t cursor = 0;
    for (struct process *process; (process = process_next(&cursor)) != NULL;)
        threads += process->thread_count;
    if (threads != kernel.processes.threads.in_use)
        text_buf_append_str(why, "thread records are lost");
    else if (kernel.processes.count != kernel.processes.pool.in_use)
        text_buf_append_str(why, "process records are lost");
    else if (kernel.processes.count == 0 && kernel.timers.count != 0)
        text_buf_append_str(why, "timers run without a process");
    else if (kernel.processes.count == 0 && kernel.epochs.in_use != 0)
        text_buf_append_str(why, "epoch cells are lost");
    else if (kernel.processes.count == 0 && kernel.sessions.table.used != 0)
        text_buf_append_str(why, "sessions are lost");
    else if (kernel.processes.count == 0 && object_live_count() != 0)
        text_buf_append_str(why, "kernel objects are lost");
    else if (kernel.processes.count == 0 && frames_free_count() != kernel.boot.free_frames)
        text_buf_append_str(why, "frames are lost");
    else if (!cap_epoch_pool_is_valid(&kernel.epochs))
        text_buf_append_str(why, "epoch pool is broken");
}

struct check {
    const char *name;
    void (*run)(struct text_buf *why); /* appends the violation, if there is one */
};

static const struct check checks[] = {
    {"page-tables", check_page_tables},
    {"user-tables", check_user_tables},
    {"ledgers", check_ledgers},
    {"processes", check_processes},
    {"parks", check_parks},
};

bool check_all(enum check_mode mode)
{
    bool good = true;
    for (uint32_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        char storage[128];
        struct text_buf why = text_buf_over(storage, sizeof storage);
        checks[i].run(&why);
        good &= why.len == 0;
        if (mode == CHECK_FAILURES && why.len == 0)
            continue;
        struct log_line line;
        struct text_buf *text = log_begin(&line);
        text_buf_append_str(text, "check ");
        text_buf_append_str(text, checks[i].name);
        text_buf_append_str(text, " ");
        text_buf_append(text, why.len != 0 ? why.bytes : "ok", why.len != 0 ? why.len : 2);
        log_verdict(&line);
    }
    return good;
}

void check_report_frames(uint64_t free)
{
    struct log_line line;
    struct text_buf *text = log_begin(&line);
    text_buf_append_str(text, "frames free=");
    text_buf_append_u64(text, free);
    log_verdict(&line);
}
