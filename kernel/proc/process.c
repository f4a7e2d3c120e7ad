/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Processes from creation to start; their end is in exit.c. See process.h. */
#include "kernel/proc/process.h"

#include "abi/layout.h"
#include "core/base/bytes.h"
#include "kernel/log/audit.h"
#include "kernel/object.h"
#include "kernel/proc/internal.h"
#include "kernel/proc/loader.h"
#include "kernel/state.h"

static bool refuse(struct process_refusal *why, enum cap_exception_type type, const char *text)
{
    *why = (struct process_refusal){type, text};
    return false;
}

static bool refuse_elf(struct process_refusal *why, enum elf_error error)
{
    bool overloaded = error == ELF_NO_FRAMES || error == ELF_MEMORY_LIMIT;
    return refuse(why, overloaded ? CAP_EXCEPTION_OVERLOADED : CAP_EXCEPTION_FAILED, elf_error_text(error));
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void init_ledger(struct process *process)
{
    struct cap_table_config config = {
        .slots = process->slots,
        .capacity = CAP_SLOTS_MAX,
        .epochs = &kernel.epochs,
        .ops = &object_table_ops,
        .table_id = ++kernel.next_table_id,
        .page_table_pages = PROCESS_TABLE_PAGES_MAX,
        .image_pages = PROCESS_IMAGE_PAGES_MAX,
    };
    cap_table_init(&process->table, &config);
    struct cap_ledger_pair *pairs = process->table.ledger.pairs;
    struct cap_ledger_pair *slots = &pairs[CAP_RESOURCE_CAP_SLOTS];
    struct cap_ledger_pair *frames = &pairs[CAP_RESOURCE_FRAME_GRANT_PAGES];
    slots->max = lesser(slots->max, process->profile.cap_limit);
    frames->max = lesser(frames->max, process->profile.frame_grant_pages);
}

/* PL-15: inherited, or set by a trusted path. */
static struct session *session_for(const struct process_spec *spec)
{
    if (spec->session != NULL || spec->parent == NULL)
        return spec->session;
    return spec->parent->session;
}

static const struct resource_profile *profile_for(const struct process_spec *spec)
{
    static const struct resource_profile built_in = RESOURCE_PROFILE_DEFAULT;
    if (spec->profile != NULL)
        return spec->profile;
    const struct session *session = session_for(spec);
    return session != NULL ? session_profile_of(session) : &built_in;
}

/* A record without address space, in the table of processes. */
static struct process *new_record(const struct process_spec *spec)
{
    struct process_table *table = &kernel.processes;
    struct process *process = pool_take(&table->pool);
    if (process == NULL)
        return NULL;
    uint32_t place = 0;
    while (table->live[place] != NULL)
        place++; /* the pool has as many records as the table has places */
    table->live[place] = process;
    table->count++;
    process->pid = ++table->next_pid;
    process->generation = ++table->next_generation;
    process->name_len = (uint32_t)utf8_cut(spec->name, spec->name_len, PROCESS_NAME_BYTES);
    memcpy(process->name, spec->name, process->name_len);
    process->profile = *profile_for(spec);
    process->session = session_for(spec);
    if (process->session != NULL)
        session_hold(process->session);
    if (spec->parent != NULL) {
        process->parent_pid = spec->parent->pid;
        spec->parent->children++;
    }
    init_ledger(process);
    return process;
}

bool process_create(const struct process_spec *spec, struct process **out, struct process_refusal *why)
{
    struct elf_load_plan plan;
    enum elf_error error = loader_plan(spec->elf, spec->elf_len, profile_for(spec)->memory_commit_bytes, &plan);
    if (error != ELF_OK)
        return refuse_elf(why, error);
    if (spec->parent != NULL && spec->parent->children >= spec->parent->profile.process_limit)
        return refuse(why, CAP_EXCEPTION_OVERLOADED, "process limit reached");
    struct process *process = new_record(spec);
    if (process == NULL)
        return refuse(why, CAP_EXCEPTION_OVERLOADED, "process table full");
    if (!aspace_init(&process->aspace, process, process_ledger(process))) {
        process_forget(process);
        return refuse_elf(why, ELF_NO_FRAMES);
    }
    error = loader_map(&process->aspace, spec->elf, &plan);
    if (error == ELF_OK && thread_new(process, 0) == NULL)
        error = ELF_NO_FRAMES;
    if (error != ELF_OK) {
        process_abandon(process);
        return refuse_elf(why, error);
    }
    process->image_pages = plan.image_pages;
    process->threads->start = (struct machine_start){
        .entry = plan.entry,
        .stack = USER_STACK_ENTRY,
        .args = {USER_RING_BASE, process->pid, 0},
        .fs_base = plan.tls.tp,
    };
    *out = process;
    return true;
}

bool process_seal(struct process *process, const struct capset_entry *entries, uint32_t count,
                  struct process_refusal *why)
{
    if (count > CAPSET_ENTRIES_MAX)
        return refuse(why, CAP_EXCEPTION_FAILED, "too many initial capabilities");
    if (count == 0)
        return true;
    if (aspace_map_fixed(&process->aspace, USER_CAPSET_BASE, 1, PROT_READ_BIT, REGION_CAPSET) != ASPACE_OK)
        return refuse_elf(why, ELF_NO_FRAMES);
    struct capset_page *page = aspace_page(&process->aspace, USER_CAPSET_BASE);
    page->magic = CAPSET_MAGIC;
    page->version = CAPSET_VERSION;
    page->count = count;
    memcpy(page->entries, entries, count * sizeof *entries);
    process->threads->start.args[2] = USER_CAPSET_BASE;
    return true;
}

struct capn_text process_cap_name(const struct process *process, uint32_t cap_id)
{
    const struct capset_page *page = aspace_page(&process->aspace, USER_CAPSET_BASE);
    for (uint32_t i = 0; page != NULL && i < page->count && i < CAPSET_ENTRIES_MAX; i++) {
        const struct capset_entry *entry = &page->entries[i];
        if (entry->cap_id == cap_id && entry->name_len <= CAPSET_NAME_BYTES)
            return (struct capn_text){.bytes = (const char *)entry->name, .len = entry->name_len};
    }
    return (struct capn_text){.bytes = "", .len = 0};
}

void process_start(struct process *process)
{
    audit_started(process);
    struct thread *thread = process->threads;
    machine_context_init(&thread->context, &thread->start);
    process->state = PROCESS_LIVE;
    process->start_ns = machine_now_ns();
    trace_event(TRACE_SPAWN, process->pid, process->parent_pid);
    sched_admit(thread);
}

struct process *process_find(uint32_t pid)
{
    for (uint32_t i = 0; i < kernel.processes.capacity; i++) {
        struct process *process = kernel.processes.live[i];
        if (process != NULL && process->pid == pid)
            return process;
    }
    return NULL;
}

struct process *process_find_exact(uint32_t pid, uint64_t generation)
{
    struct process *process = process_find(pid);
    return process != NULL && process->generation == generation ? process : NULL;
}

struct process *process_next(uint32_t *cursor)
{
    struct process *next = NULL;
    for (uint32_t i = 0; i < kernel.processes.capacity; i++) {
        struct process *process = kernel.processes.live[i];
        if (process != NULL && process->pid > *cursor && (next == NULL || process->pid < next->pid))
            next = process;
    }
    if (next != NULL)
        *cursor = next->pid;
    return next;
}
