/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Address spaces: fixed pages, user copies, and what the other two files build on. See aspace.h. */
#include "kernel/mm/aspace.h"

#include "abi/atomic.h"
#include "core/base/bytes.h"
#include "kernel/mm/aspace_internal.h"
#include "kernel/state.h"

struct error_row {
    enum cap_exception_type type;
    const char *text;
};

static const struct error_row error_rows[ASPACE_ERRORS] = {
    [ASPACE_OK] = {CAP_EXCEPTION_FAILED, ""},
    [ASPACE_INVALID_RANGE] = {CAP_EXCEPTION_INVALID_ARGUMENT, "invalid address range"},
    [ASPACE_INVALID_PROT] = {CAP_EXCEPTION_INVALID_ARGUMENT, "invalid protection"},
    [ASPACE_OCCUPIED] = {CAP_EXCEPTION_INVALID_ARGUMENT, "address range is occupied"},
    [ASPACE_NOT_RESERVED] = {CAP_EXCEPTION_INVALID_ARGUMENT, "address range is not mapped here"},
    [ASPACE_COMMITTED] = {CAP_EXCEPTION_INVALID_ARGUMENT, "page is already committed"},
    [ASPACE_NOT_COMMITTED] = {CAP_EXCEPTION_INVALID_ARGUMENT, "page is not committed"},
    [ASPACE_OUTSIDE_OBJECT] = {CAP_EXCEPTION_INVALID_ARGUMENT, "range is outside the object"},
    [ASPACE_NO_SPACE] = {CAP_EXCEPTION_OVERLOADED, "no free address range"},
    [ASPACE_NO_REGION] = {CAP_EXCEPTION_OVERLOADED, "too many address ranges"},
    [ASPACE_NO_FRAMES] = {CAP_EXCEPTION_OVERLOADED, "out of physical frames"},
    [ASPACE_FRAME_GRANTS] = {CAP_EXCEPTION_OVERLOADED, "failed to reserve frame grant pages"},
    [ASPACE_RESERVATIONS] = {CAP_EXCEPTION_OVERLOADED, "failed to reserve virtual reservation pages"},
    [ASPACE_TABLES] = {CAP_EXCEPTION_OVERLOADED, "failed to reserve page table pages"},
};

enum cap_exception_type aspace_error_type(enum aspace_error error)
{
    return error_rows[error].type;
}

const char *aspace_error_text(enum aspace_error error)
{
    return error_rows[error].text;
}

bool aspace_prot_ok(uint32_t prot)
{
    uint32_t both = PROT_WRITE_BIT | PROT_EXEC_BIT;
    return prot <= PROT_ALL_BITS && (prot & both) != both;
}

enum aspace_error aspace_region_error(enum region_error error)
{
    switch (error) {
    case REGION_OK:
        return ASPACE_OK;
    case REGION_INVALID:
        return ASPACE_INVALID_RANGE;
    case REGION_OCCUPIED:
        return ASPACE_OCCUPIED;
    case REGION_NO_SPACE:
        return ASPACE_NO_SPACE;
    case REGION_FULL:
        break;
    }
    return ASPACE_NO_REGION;
}

enum frame_class aspace_class_of(enum region_kind kind)
{
    switch (kind) {
    case REGION_RING:
        return FRAME_RING;
    case REGION_CAPSET:
        return FRAME_CAPSET;
    case REGION_ANON:
        return FRAME_ANON;
    case REGION_OBJECT:
        return FRAME_OBJECT;
    case REGION_FIXED:
    case REGION_IMAGE:
    case REGION_STACK:
    case REGION_TLS:
        break;
    }
    return FRAME_IMAGE;
}

/* ---- page-table frames ---------------------------------------------------------- */

static bool take_table(void *owner, uint64_t *frame)
{
    struct aspace *as = owner;
    as->table_refused = cap_ledger_reserve(as->ledger, CAP_RESOURCE_PAGE_TABLE_PAGES, 1) != CAP_OK;
    if (as->table_refused)
        return false;
    if (!fault_point(FAULT_TABLE) && frames_alloc(FRAME_TABLE, frame))
        return true;
    cap_ledger_release(as->ledger, CAP_RESOURCE_PAGE_TABLE_PAGES, 1);
    return false;
}

static void give_table(void *owner, uint64_t frame)
{
    struct aspace *as = owner;
    frames_free(FRAME_TABLE, frame);
    cap_ledger_release(as->ledger, CAP_RESOURCE_PAGE_TABLE_PAGES, 1);
}

enum aspace_error aspace_map_error(const struct aspace *as)
{
    return as->table_refused ? ASPACE_TABLES : ASPACE_NO_FRAMES;
}

/* ---- life -------------------------------------------------------------------------- */

bool aspace_init(struct aspace *as, struct process *process, struct cap_ledger *ledger)
{
    as->process = process;
    as->ledger = ledger;
    as->reservations = 0;
    as->committed = 0;
    as->mapping_pages = 0;
    region_set_init(&as->regions, as->region_storage, ASPACE_REGIONS_MAX);
    return machine_aspace_init(&as->machine, (struct machine_table_source){take_table, give_table, as});
}

static bool free_page(void *context, uint64_t va, const struct machine_page *page)
{
    struct aspace *as = context;
    const struct region *region = region_find(&as->regions, va);
    if (region == NULL)
        kernel_panic("page mapped outside every region", va);
    machine_aspace_unmap(&as->machine, va);
    enum frame_class class = aspace_class_of((enum region_kind)region->kind);
    if (class != FRAME_OBJECT)
        frames_free(class, page->frame);
    if (class == FRAME_ANON) {
        as->committed--;
        cap_ledger_release(as->ledger, CAP_RESOURCE_FRAME_GRANT_PAGES, 1);
    } else if (class != FRAME_OBJECT) {
        cap_ledger_release(as->ledger, CAP_RESOURCE_IMAGE_PAGES, 1);
    }
    return true;
}

void aspace_destroy(struct aspace *as)
{
    machine_aspace_each(&as->machine, free_page, as);
    while (as->regions.count > 0) {
        struct region last = as->regions.entries[--as->regions.count];
        if (last.kind == REGION_OBJECT)
            aspace_object_unmapped(as, aspace_region_object(&last), aspace_region_charged(&last));
        else if (last.kind == REGION_ANON)
            cap_ledger_release(as->ledger, CAP_RESOURCE_VIRTUAL_RESERVATION_PAGES, last.pages);
    }
    machine_aspace_destroy(&as->machine);
}

/* ---- pages ---------------------------------------------------------------------------- */

enum aspace_error aspace_back(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot, enum frame_class class)
{
    for (uint64_t i = 0; i < pages; i++) {
        uint64_t frame;
        enum aspace_error error = ASPACE_OK;
        if (!frames_alloc(class, &frame)) {
            error = ASPACE_NO_FRAMES;
        } else if (!machine_aspace_map(&as->machine, va + i * PAGE_SIZE, frame, prot)) {
            frames_free(class, frame);
            error = aspace_map_error(as);
        }
        if (error != ASPACE_OK) {
            aspace_strip(as, va, i, class);
            return error;
        }
    }
    return ASPACE_OK;
}

void aspace_set_prot(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot)
{
    struct machine_page page;
    uint64_t end = va + pages * PAGE_SIZE;
    for (uint64_t at = va; machine_aspace_next(&as->machine, &at, end, &page); at += PAGE_SIZE)
        machine_aspace_protect(&as->machine, at, prot);
    machine_aspace_flush(&as->machine, va, pages);
}

uint64_t aspace_strip(struct aspace *as, uint64_t va, uint64_t pages, enum frame_class class)
{
    if (pages == 0)
        return 0;
    uint64_t removed = 0;
    aspace_set_prot(as, va, pages, PROT_NONE_BITS); /* from here on nobody can reach the frames */
    struct machine_page page;
    uint64_t end = va + pages * PAGE_SIZE;
    for (uint64_t at = va; machine_aspace_next(&as->machine, &at, end, &page); at += PAGE_SIZE) {
        machine_aspace_unmap(&as->machine, at);
        if (class != FRAME_OBJECT)
            frames_free(class, page.frame);
        removed++;
    }
    machine_aspace_trim(&as->machine, va, pages);
    return removed;
}

/* ---- fixed pages ------------------------------------------------------------------------- */

enum aspace_error aspace_map_fixed(struct aspace *as, uint64_t va, uint64_t pages, uint32_t prot, enum region_kind kind)
{
    if (!aspace_prot_ok(prot))
        return ASPACE_INVALID_PROT;
    if (cap_ledger_reserve(as->ledger, CAP_RESOURCE_IMAGE_PAGES, pages) != CAP_OK)
        return ASPACE_FRAME_GRANTS;
    struct region region = {.start = va, .pages = pages, .kind = (uint8_t)kind, .prot = (uint8_t)prot};
    enum aspace_error error = ASPACE_NO_REGION;
    if (!fault_point(FAULT_REGION))
        error = aspace_region_error(region_insert(&as->regions, &region));
    if (error != ASPACE_OK)
        goto release;
    error = aspace_back(as, va, pages, prot, aspace_class_of(kind));
    if (error == ASPACE_OK)
        return ASPACE_OK;
    region_remove(&as->regions, va, pages);
release:
    cap_ledger_release(as->ledger, CAP_RESOURCE_IMAGE_PAGES, pages);
    return error;
}

void aspace_unmap_fixed(struct aspace *as, uint64_t va, uint64_t pages)
{
    const struct region *region = region_find(&as->regions, va);
    enum frame_class class = region != NULL ? aspace_class_of((enum region_kind)region->kind) : FRAME_IMAGE;
    aspace_strip(as, va, pages, class);
    region_remove(&as->regions, va, pages); /* a whole region: needs no entry */
    cap_ledger_release(as->ledger, CAP_RESOURCE_IMAGE_PAGES, pages);
}

void *aspace_page(const struct aspace *as, uint64_t va)
{
    struct machine_page page;
    return machine_aspace_lookup(&as->machine, va, &page) ? machine_frame_address(page.frame) : NULL;
}

bool aspace_fill(struct aspace *as, uint64_t va, const void *bytes, uint64_t len)
{
    const uint8_t *from = bytes;
    while (len > 0) {
        uint64_t offset = va % PAGE_SIZE;
        uint64_t part = len < PAGE_SIZE - offset ? len : PAGE_SIZE - offset;
        uint8_t *page = aspace_page(as, va - offset);
        if (page == NULL)
            return false;
        memcpy(page + offset, from, part);
        from += part;
        va += part;
        len -= part;
    }
    return true;
}

/* ---- user memory ------------------------------------------------------------------------- */

bool aspace_copy_in(struct aspace *as, void *dst, uint64_t src, size_t len)
{
    return !fault_point(FAULT_COPY_IN) && machine_copy_in(&as->machine, dst, (struct user_ptr){src}, len);
}

bool aspace_copy_out(struct aspace *as, uint64_t dst, const void *src, size_t len)
{
    return !fault_point(FAULT_COPY_OUT) && machine_copy_out(&as->machine, (struct user_ptr){dst}, src, len);
}

bool aspace_read_word(struct aspace *as, uint64_t addr, uint32_t *word)
{
    uint64_t offset = addr % PAGE_SIZE;
    if (fault_point(FAULT_COPY_IN) || offset % sizeof *word != 0 || !aspace_range_ok(as, addr, sizeof *word, false))
        return false;
    const uint8_t *page = aspace_page(as, addr - offset);
    *word = load_acquire_u32((const uint32_t *)(const void *)(page + offset));
    return true;
}

bool aspace_range_ok(struct aspace *as, uint64_t addr, uint64_t len, bool write)
{
    return machine_user_range_ok(&as->machine, (struct user_ptr){addr}, len, write);
}
