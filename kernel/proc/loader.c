/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Program loader: see loader.h. */
#include "kernel/proc/loader.h"

#include "abi/layout.h"

enum elf_error loader_plan(const uint8_t *elf, uint64_t len, uint64_t commit_limit, struct elf_load_plan *plan)
{
    struct elf_image image;
    enum elf_error error = elf_parse(elf, len, &image);
    return error != ELF_OK ? error : elf_plan_load(&image, commit_limit, plan);
}

static enum elf_error loader_error(enum aspace_error error)
{
    if (error == ASPACE_OK)
        return ELF_OK;
    return error == ASPACE_NO_FRAMES ? ELF_NO_FRAMES : ELF_MEMORY_LIMIT;
}

static enum elf_error map_segment(struct aspace *as, const uint8_t *elf, const struct elf_load_segment *segment)
{
    if (segment->pages == 0)
        return ELF_OK;
    uint32_t prot = PROT_READ_BIT;
    prot |= segment->writable ? PROT_WRITE_BIT : 0;
    prot |= segment->executable ? PROT_EXEC_BIT : 0;
    enum aspace_error error = aspace_map_fixed(as, segment->first_page, segment->pages, prot, REGION_IMAGE);
    if (error == ASPACE_OK && !aspace_fill(as, segment->file.vaddr, elf + segment->file.offset, segment->file.filesz))
        kernel_panic("program image does not fit its own pages", segment->file.vaddr);
    return loader_error(error);
}

static enum elf_error map_tls(struct aspace *as, const uint8_t *elf, const struct elf_tls_plan *tls)
{
    if (tls->pages == 0)
        return ELF_OK;
    enum aspace_error error =
        aspace_map_fixed(as, USER_TLS_BASE, tls->pages, PROT_READ_BIT | PROT_WRITE_BIT, REGION_TLS);
    if (error == ASPACE_OK && !(aspace_fill(as, tls->image_va, elf + tls->offset, tls->filesz) &&
                                aspace_fill(as, tls->tp, &tls->tp, sizeof tls->tp)))
        kernel_panic("TLS block does not fit its own pages", tls->tp);
    return loader_error(error);
}

enum elf_error loader_map(struct aspace *as, const uint8_t *elf, const struct elf_load_plan *plan)
{
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        enum elf_error error = map_segment(as, elf, &plan->segments[i]);
        if (error != ELF_OK)
            return error;
    }
    enum elf_error error = map_tls(as, elf, &plan->tls);
    if (error != ELF_OK)
        return error;
    return loader_error(aspace_map_fixed(as, USER_STACK_BASE, USER_STACK_PAGES, PROT_READ_BIT | PROT_WRITE_BIT,
                                         REGION_STACK));
}
