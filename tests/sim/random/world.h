/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reference model of the random simulation: who holds what, what waits for
 * what, which completions every ring owes its thread. Written from
 * docs/kernel-semantics.md and docs/abi.md; it is told what programs submit
 * and calls nothing of the kernel. compare.h says whether the kernel agrees.
 *
 * Everything here is static and belongs to one run in one host process.
 */
#pragma once

#include <stdarg.h>

#include "abi/endpoint.h"
#include "kernel/state.h"
#include "tests/sim/kit.h"

#define W_PROCS 10u
#define W_THREADS 4u
#define W_CALLS 64u
#define W_RECEIVES 128u
#define W_BLOCKS 60u
#define W_BLOCK_BYTES 0x400u
#define W_PARAMS_BYTES 0x180u
#define W_RESULT_BYTES (W_BLOCK_BYTES - W_PARAMS_BYTES)
#define W_SPAWN_PARAMS (USER_STACK_BASE + W_BLOCKS * W_BLOCK_BYTES) /* 3 KiB, one spawn at a time */
#define W_WORDS (USER_STACK_TOP - 0x100)                            /* for PARK */
#define W_WORD_COUNT 2u
#define W_ARENA 0x20000000ull
#define W_PAGES 40u
#define W_STAMP (PAGE_SIZE - 8) /* in a page: a word that only its program writes */
#define W_QUIET_WORD 0xf00u /* in a page: nobody writes it, it stays 0 */
#define W_DATA 128u
#define W_PIPE_BYTES 512u

enum kind {
    K_OTHER, /* any object that is only held */
    K_CONSOLE, K_ENDPOINT, K_FACET, K_MEMORY, K_PIPE, K_HANDLE, K_MANAGER, K_JOIN,
    K_FRAMES, K_VM, K_SPAWNER, K_TIMER, K_THREADS, K_CONTROL, K_PARK,
};

struct obj;
struct proc;
struct thr;

struct cell {
    uint64_t value;
};

/* A capability on its way. */
struct prep {
    struct obj *obj;
    struct cell *cell;
    uint64_t seen, iface, badge, disclosure;
    uint32_t source;
    uint8_t mode;
    bool move;
};

struct hold {
    struct obj *obj; /* NULL: empty */
    struct cell *cell;
    uint64_t seen, iface, badge, disclosure;
    uint8_t mode, origin, generation;
    bool reserved, retired, emptied_revoked;
};

#define OP_CAPS 6u
#define OP_GRANTS 10u

struct grant {
    bool kernel;
    enum kind kind;  /* of a kernel source */
    uint32_t cap_id; /* of one's own */
    uint64_t iface, badge;
    uint8_t mode;    /* enum capos_cap_grant_mode */
    uint8_t disclosure; /* 0: not said; 1..7: bits; 8: nothing */
};

/* A submission entry as its program meant it. */
struct op {
    struct ring_sqe sqe;
    int32_t refused;  /* what the checks that need no state answer; 0: they pass */
    uint32_t block;   /* W_BLOCKS: none */
    bool queued;      /* in its ring */
    bool plain;       /* params are `data` */
    bool unreadable;  /* params */
    uint64_t arg[4];  /* of the method */
    uint8_t data[W_DATA];
    uint32_t data_len;
    struct ring_transfer_descriptor caps[OP_CAPS];
    struct grant grants[OP_GRANTS];
    uint32_t grant_count;
    bool same_name;   /* two grants have the same */
};

enum place { P_FREE = 0, P_QUEUED, P_FLIGHT, P_RECEIVING, P_WAITING, P_FINISHED };

/* A call or receive that waits, in a record of its process as the kernel has them: first free first. */
struct waiting {
    enum place place;
    bool receives;
    struct proc *proc;
    struct thr *thr;
    struct obj *target;  /* what was called */
    struct op op;
    uint64_t iface, badge, disclosure;
    struct prep caps[OP_CAPS];
    uint32_t cap_count;
    uint64_t held_pages;
    uint32_t id;         /* in flight */
    struct proc *server; /* in flight: whose thread received it */
    struct thr *server_thr;
    uint64_t deadline, sequence; /* of a sleep */
    uint8_t kept[W_DATA];        /* of a pipe write */
    uint32_t wanted;
};

struct done {
    struct ring_cqe cqe;
    struct waiting *call; /* freed once posted; NULL without */
    bool park;
};

#define EP_MAX 72u

struct obj {
    enum kind kind;
    uint64_t id;         /* the kernel's, once seen */
    uint64_t iface;
    uint32_t pages;
    uint64_t first;      /* frame of a memory object, once mapped */
    uint64_t stamps[8];
    bool aspace_bound;
    /* endpoint */
    struct obj *endpoint; /* of a facet */
    bool open;
    uint32_t owners, last_id;
    struct waiting *queue[EP_MAX], *flight[EP_MAX], *receives[EP_MAX];
    uint32_t queued, in_flight, receiving;
    /* pipe end */
    struct pipe_model *pipe;
    bool writes;
    /* handles */
    struct proc *proc;   /* NULL: gone */
    struct thr *thr;
    int64_t code;
    struct waiting *waiter;
};

struct pipe_model {
    uint8_t bytes[W_PIPE_BYTES];
    uint32_t capacity, len;
    bool reader_closed, writer_closed;
    struct waiting *reading, *writing;
};

enum page_state { PG_FREE = 0, PG_RESERVED, PG_COMMITTED, PG_OBJECT };

struct page {
    enum page_state state;
    uint8_t prot;
    uint32_t reservation;
    struct obj *obj;
    uint32_t obj_page;
    uint64_t stamp; /* of committed pages */
    bool fresh;     /* committed in this entry */
};

struct parked {
    bool outstanding, queued;
    uint64_t addr, deadline, sequence, user_data;
};

#define FIN_MAX 256u

struct thr {
    bool used, dead, ending;
    struct proc *proc;
    struct thread *k;
    uint32_t tid;
    struct obj *handle;
    int64_t code;
    struct ring_page *page;
    uint32_t sq_head, cq_tail, seen_tail, overflow, corruptions;
    uint32_t page_head, page_tail, page_cq_head; /* of the page, when the program last ran */
    struct op ops[RING_SQ_ENTRIES];
    struct ring_cqe cq[RING_CQ_ENTRIES];
    struct done late[FIN_MAX]; /* found no room */
    uint32_t late_count;
    struct done fin[FIN_MAX];  /* kept back while an entry is dispatched */
    uint32_t fin_count;
    struct parked park;
    bool entering;
    uint64_t consumer;    /* the kernel's count of drains */
    uint64_t enters;
    uint32_t wanted;      /* completions it waits for */
    uint64_t deadline;    /* of that wait */
    uint32_t answer;      /* completions there were after its entries */
    bool blocked;         /* at the end of the step before */
    uint64_t ran;         /* ns on a CPU */
};

struct charged {
    struct obj *obj;
    bool charged;
};

struct proc {
    bool used, ending;
    uint32_t pid;
    uint64_t generation;
    struct process *k;
    struct proc *parent;
    uint32_t parent_pid, children;
    int64_t code;
    struct obj *handle;
    struct hold slots[CAP_SLOTS_MAX];
    uint32_t slot_count, free_stack[CAP_SLOTS_MAX], free_count, used_slots;
    struct thr *threads[W_THREADS + 12]; /* newest first, as the kernel ends them */
    uint32_t thread_count, next_tid, threads_ending;
    struct waiting calls[W_CALLS], receives[W_RECEIVES];
    uint32_t sleepers;
    struct page pages[W_PAGES];
    struct charged maps[W_PAGES];
    uint32_t map_count;
    uint32_t reservations;
    bool blocks[W_BLOCKS], spawn_params; /* in use */
    uint64_t ran; /* ns that its ended threads had */
};

static struct {
    struct proc procs[W_PROCS];
    struct proc *ending[W_PROCS];      /* newest first */
    struct thr *ending_threads[W_PROCS * W_THREADS];
    uint32_t ending_count, ending_thread_count;
    struct thr *dispatching;
    struct thr *on_cpu[MACHINE_CPUS_MAX]; /* since the step before; NULL: nobody that lives */
    bool idle[MACHINE_CPUS_MAX];
    uint64_t idled[MACHINE_CPUS_MAX], then;
    uint64_t sequence;
    uint64_t last_object;              /* highest id seen at the end of the step before */
    uint64_t step;                     /* of the step language */
    uint64_t checks;
    bool dirty;                        /* in this entry results went into memory that may be fresh */
    bool hoards;                       /* init keeps what it gets, until its table is full */
    bool over;                         /* programs are to end */
    bool off;                          /* init is ending: no more comparisons */
    bool faulting;                     /* something was made to fail: the model knows no more */
    uint64_t fault_point, since_fault; /* steps of the machine */
    struct {
        uint32_t pid, tid;
        struct ring_sqe sqe;
        int32_t result;
    } log[16];                         /* entries last executed */
    uint64_t logged;
    uint64_t seen_codes[16];           /* results by -code; [0]: successes */
} W;

_Noreturn void random_fail(int line, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define MUST(condition, ...)                                                       \
    do {                                                                           \
        if (!(condition))                                                          \
            random_fail(__LINE__, #condition ": " __VA_ARGS__);                    \
    } while (0)
#define SAME(a, b, what) MUST((uint64_t)(a) == (uint64_t)(b), "%s: kernel %llu, model %llu", what, \
                              (unsigned long long)(a), (unsigned long long)(b))

static inline void *make(size_t bytes)
{
    void *fresh = calloc(1, bytes);
    if (fresh == NULL)
        abort();
    return fresh;
}

static inline struct obj *new_obj(enum kind kind, uint64_t iface)
{
    struct obj *obj = make(sizeof *obj);
    obj->kind = kind;
    obj->iface = iface;
    return obj;
}

static inline bool proc_lives(const struct proc *p)
{
    return p->used && !p->ending;
}

/* Those that let nothing go. */
static inline bool keeps_all(const struct proc *p)
{
    return p->pid % 4 == 3 || (p->pid == 1 && W.hoards);
}

static inline bool thr_lives(const struct thr *t)
{
    return t->used && !t->dead && !t->ending && proc_lives(t->proc);
}

/* ---- user memory of a process, read past its page tables' owner -------------------------------------- */

static inline uint8_t *user_byte(const struct proc *p, uint64_t va)
{
    struct machine_page page;
    if (!machine_aspace_lookup(&p->k->aspace.machine, va & ~(PAGE_SIZE - 1), &page))
        return NULL;
    return (uint8_t *)machine_frame_address(page.frame) + va % PAGE_SIZE;
}

/* A process that was taken apart in this kernel entry has no memory to look at. */
static inline bool is_there(const struct proc *p)
{
    return process_find_exact(p->pid, p->generation) != NULL;
}

static inline void user_get(const struct proc *p, uint64_t va, void *to, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const uint8_t *byte = user_byte(p, va + i);
        MUST(byte != NULL, "address %llx", (unsigned long long)va);
        ((uint8_t *)to)[i] = *byte;
    }
}

static inline void user_same(const struct proc *p, uint64_t va, const void *want, size_t len, const char *what)
{
    uint8_t got[1024];
    if (!is_there(p))
        return;
    user_get(p, va, got, len);
    MUST(memcmp(got, want, len) == 0, "%s at %llx of pid %u", what, (unsigned long long)va, p->pid);
}

/* May the process write there, as the model knows its memory? */
static inline bool writable(const struct proc *p, uint64_t va, uint64_t len)
{
    if (len == 0 || (va >= USER_STACK_BASE && len <= USER_STACK_TOP - USER_STACK_BASE && va + len <= USER_STACK_TOP))
        return true;
    if (va < W_ARENA || va + len > W_ARENA + W_PAGES * PAGE_SIZE)
        return false;
    for (uint64_t n = (va - W_ARENA) / PAGE_SIZE; n <= (va + len - 1 - W_ARENA) / PAGE_SIZE; n++)
        if (p->pages[n].state < PG_COMMITTED || (p->pages[n].prot & PROT_WRITE_BIT) == 0)
            return false;
    return true;
}
