/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The programs of the random simulation, and what happens between two steps of the machine. See world.h. */
#pragma once

#include "tests/sim/random/calls.h"
#include "tests/sim/random/recount.h"

static struct thr *me(void)
{
    const struct thread *k = cpu_state()->current;
    for (uint32_t i = 0; i < W_PROCS; i++)
        for (uint32_t n = 0; W.procs[i].used && n < W.procs[i].thread_count; n++)
            if (W.procs[i].threads[n]->k == k)
                return W.procs[i].threads[n];
    abort();
}

static void leave_note(struct thr *t)
{
    t->page_head = t->page->header.sq_head;
    t->page_tail = t->page->header.sq_tail;
    t->page_cq_head = t->page->header.cq_head;
}

/* Most of what could only be refused is left out. */
static bool wants(const struct proc *p, enum kind kind)
{
    return has_kind(p, kind) || one_in(16);
}

static bool make_op(struct thr *t, struct op *op)
{
    struct proc *p = t->proc;
    switch (pick(24)) {
    case 0: case 1: case 2: case 3: case 4:
        return (wants(p, K_FACET) || wants(p, K_ENDPOINT)) && make_ep_call(p, op);
    case 5: case 6: case 7: case 8:
        return wants(p, K_ENDPOINT) && make_recv(p, op);
    case 9: case 10: case 11:
        return wants(p, K_ENDPOINT) && make_return(p, op);
    case 12:
        if (one_in(2))
            return wants(p, K_ENDPOINT) && make_cancel(t, op);
        return wants(p, K_PARK) && make_park(t, op);
    case 18:
        return p->thread_count > 1 && wants(p, K_PARK) && make_park(t, op);
    case 13: case 14:
        return make_release(p, op);
    case 15:
        if (one_in(2))
            return make_hostile(p, op);
        if (one_in(t->tid > 1 ? 2 : 5))
            return make_exit_thread(t, op);
        op->block = W_BLOCKS;
        op->sqe.opcode = RING_OP_NOP;
        return true;
    default:
        return make_call(t, op);
    }
}

static void submit(struct thr *t)
{
    struct ring_header *h = &t->page->header;
    if (h->sq_tail - t->sq_head >= RING_SQ_ENTRIES || h->sq_head != t->sq_head)
        return;
    struct op op = { .block = W_BLOCKS };
    W.step++;
    if (!make_op(t, &op))
        return;
    op.sqe.user_data = ++W.sequence;
    op.queued = true;
    t->ops[h->sq_tail & RING_SQ_MASK] = op;
    t->page->sqes[h->sq_tail & RING_SQ_MASK] = op.sqe;
    h->sq_tail++;
}

/* What a program that breaks its ring on purpose, or by mistake, does. */
static void corrupt(struct ring_header *h)
{
    switch (pick(8)) {
    case 0:
        h->sq_head += 1 + pick(20);
        break;
    case 1:
        h->sq_tail = h->sq_head + 17 + pick(100);
        break;
    case 2:
        h->cq_tail += pick(40);
        break;
    case 3:
        h->cq_head = h->cq_tail + 1 + pick(50);
        break;
    case 4:
        h->sq_mask = h->sq_entries = h->sqe_offset = 0xffffffff;
        break;
    case 5:
        h->cq_mask = h->cq_entries = h->cqe_offset = 0x12345678;
        break;
    case 6:
        h->cq_overflow = h->cq_flags = 77;
        break;
    default:
        if (h->sq_tail - h->sq_head <= RING_SQ_ENTRIES) /* else old entries could come back, with other params */
            h->sq_tail -= 1 + pick(3);
        break;
    }
}

/* Writes where the program may write; the model remembers. */
static void touch_memory(struct thr *t)
{
    uint32_t n = pick(W_PAGES);
    struct page *page = &t->proc->pages[n];
    uint32_t *word = sim_user(W_WORDS + pick(W_WORD_COUNT) * 4, 4, true);
    *word += one_in(2);
    if (page->state < PG_COMMITTED || (page->prot & PROT_WRITE_BIT) == 0)
        return;
    uint64_t *at = sim_user(W_ARENA + n * PAGE_SIZE + W_STAMP, 8, true);
    MUST(at != NULL, "a page that is mapped writable");
    uint64_t stamp = ++W.sequence;
    if (page->state == PG_OBJECT && page->obj_page >= 8)
        return;
    *at = stamp;
    if (page->state == PG_COMMITTED)
        page->stamp = stamp;
    else
        page->obj->stamps[page->obj_page] = stamp;
}

static void consume(struct thr *t)
{
    struct ring_header *h = &t->page->header;
    if (h->cq_tail != t->cq_tail || t->cq_tail - h->cq_head > RING_CQ_ENTRIES) {
        if (one_in(3)) { /* it notices, and looks where the kernel is */
            h->cq_tail = t->cq_tail;
            h->cq_head = t->cq_tail;
        }
        return;
    }
    uint32_t there = t->cq_tail - h->cq_head;
    if ((t->proc->pid + t->tid) % 3 == 0 && !one_in(12))
        return; /* one that seldom looks */
    h->cq_head += one_in(6) ? pick(there + 1) : there;
}

static void enter(struct thr *t)
{
    uint32_t wanted = one_in(4) ? 1 + pick(4) : 0;
    t->entering = true;
    uint64_t timeout = wanted == 0 ? 0 : 1000 + pick(256) * 4000u;
    t->wanted = wanted;
    t->deadline = machine_now_ns() + timeout;
    leave_note(t);
    (void)guest_enter(wanted, timeout);
}

static bool is_init(const struct thr *t)
{
    return t->proc->pid == 1;
}

static void one_turn(struct thr *t)
{
    uint32_t count = 1 + pick(4);
    consume(t);
    while (count-- > 0)
        submit(t);
    if (one_in(3))
        touch_memory(t);
    if (one_in(50))
        corrupt(&t->page->header);
    if (!is_init(t) && one_in(120))
        guest_exit(pick(100));
    if (!is_init(t) && one_in(240))
        sim_fault(0x10, true);
    leave_note(t);
    if (one_in(8))
        sim_pause();
    else
        enter(t);
}

/* After a failure that the model did not see: entries of all kinds on whatever ids there may be, then the end. */
static _Noreturn void live_on(uint64_t ring)
{
    struct ring_page *page = sim_user(ring, PAGE_SIZE, true);
    static const uint8_t opcodes[] = { RING_OP_RELEASE, RING_OP_CALL, RING_OP_RECV, RING_OP_CALL, RING_OP_RELEASE, RING_OP_RETURN };
    for (uint32_t turns = 4 + pick(8); page != NULL && turns > 0; turns--) {
        struct ring_header *h = &page->header;
        h->cq_head = h->cq_tail;
        for (uint32_t i = 0; i < 4 && h->sq_tail - h->sq_head < RING_SQ_ENTRIES; i++) {
            struct ring_sqe sqe = { .opcode = opcodes[pick(6)], .cap_id = pick(24) | pick(3) << 24, .user_data = ++W.sequence };
            if (sqe.opcode == RING_OP_CALL)
                sqe.method_id = (uint16_t)pick(4);
            if (sqe.opcode == RING_OP_RETURN)
                sqe.call_id = 1 + pick(20);
            if (sqe.opcode != RING_OP_RETURN && sqe.opcode != RING_OP_RELEASE) {
                sqe.result_addr = USER_STACK_BASE + pick(8) * 0x400u;
                sqe.result_len = 0x400;
            }
            page->sqes[h->sq_tail++ & RING_SQ_MASK] = sqe;
        }
        bool waits = one_in(3);
        (void)guest_enter(waits ? 1 : 0, waits ? 20000 : 0);
    }
    guest_exit(1);
}

static _Noreturn void live(uint64_t ring)
{
    for (;;) {
        if (W.since_fault > 0)
            live_on(ring);
        struct thr *t = me();
        W.over |= input_ends() || input.left == 0;
        if (W.over) {
            if (is_init(t))
                W.off = true;
            guest_exit(0);
        }
        input.left--;
        one_turn(t);
    }
}

/* PL-04: the names it was given, in their order. */
static void look_at_capset(uint64_t capset)
{
    const struct thr *t = me();
    const struct capset_page *page = capset == 0 ? NULL : sim_user(capset, PAGE_SIZE, false);
    MUST((page == NULL) == (t->proc->slot_count == 0) && (page == NULL || page->count == t->proc->slot_count), "CapSet of pid %u", t->proc->pid);
    for (uint32_t i = 0; page != NULL && i < page->count; i++) {
        const char *name = t->proc->pid == 1 ? sources[i].name : (const char[]){ (char)('a' + i), '\0' };
        MUST(page->entries[i].cap_id == i && page->entries[i].interface_id == t->proc->slots[i].iface, "CapSet entry %u", i);
        MUST(page->entries[i].name_len == strlen(name) && memcmp(page->entries[i].name, name, strlen(name)) == 0, "CapSet entry %u", i);
    }
}

static int64_t worker(uint64_t ring, uint64_t pid, uint64_t capset)
{
    (void)pid;
    if (!W.faulting)
        look_at_capset(capset);
    live(ring);
}

static int64_t extra_thread(uint64_t arg, uint64_t tid, uint64_t ring)
{
    (void)arg, (void)tid;
    live(ring);
}

/* ---- between two steps of the machine --------------------------------------------------------------------------------- */

/* The first process has what its manifest grants, in that order. */
static void begin(void)
{
    struct proc *init = add_process(NULL);
    uint32_t id;
    W.hoards = one_in(4);
    for (uint32_t i = 0; i < SOURCES; i++)
        (void)from_source(init, &sources[i], &id);
}

/* Called by the machine before each step, so after the one before. */
static void follow(const struct sim_did *did)
{
    struct thr *t = model_of(did->ran);
    bool returned = t != NULL && t->entering;
    spend_time();
    if (did->kind == SIM_DID_TIMER)
        fire_timers(machine_now_ns());
    bool drained = t != NULL && is_there(t->proc) && kernel_thread(t->proc, t->tid) != NULL;
    if (did->kind == SIM_DID_SYSCALL && t != NULL && did->number == SYSCALL_EXIT)
        end_process(t->proc, (int64_t)did->arg);
    else if (did->kind == SIM_DID_FAULT && t != NULL)
        end_process(t->proc, EXIT_CODE_FAULT);
    else if (did->kind == SIM_DID_SYSCALL && t != NULL && t->entering && thr_lives(t))
        drain(t, false);
    else if (did->kind == SIM_DID_TIMER && drained && t->k->ring.consumer.next_owner_generation != t->consumer)
        drain(t, true);
    if (t != NULL)
        t->entering = false;
    reap();
    compare_all();
    for (uint32_t i = 0; i < W_PROCS; i++)
        for (uint32_t n = 0; W.procs[i].used && n < W.procs[i].thread_count; n++) {
            struct thr *each = W.procs[i].threads[n];
            each->consumer = each->k->ring.consumer.next_owner_generation;
            same_wait(each, returned && each == t);
        }
}

static void between(uint64_t faults_passed)
{
    uint64_t detail;
    const struct sim_did *did = sim_last_step();
    (void)faults_passed;
    if (did->kind == SIM_DID_NOTHING || W.off)
        return;
    if (W.faulting) {
        const char *broken = recount_all(&detail);
        MUST(broken == NULL, "%s: %llu, %llu steps after the failure", broken, (unsigned long long)detail, (unsigned long long)W.since_fault);
        if (W.since_fault++ < 2)
            MUST(check_all(CHECK_FAILURES), "the kernel's own checks after a failure");
        return;
    }
    if (!W.procs[0].used && W.checks == 0)
        begin();
    follow(did);
    const char *wrong = recount_all(&detail);
    MUST(wrong == NULL, "%s: %llu", wrong, (unsigned long long)detail);
    if (W.checks % 16 == 0)
        MUST(check_all(CHECK_FAILURES), "the kernel's own checks");
}
