/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Load plan: see load_plan.h. The parser has put every range into the user
 * half, so sums of two values below 2^47 cannot wrap here.
 */
#include "core/elf/load_plan.h"

#include "abi/layout.h"

#define TLS_ALIGN_MAX 4096u
#define TLS_TAIL_BYTES 64u /* mapped from tp on: the thread pointer word and room for its neighbours */

static uint64_t page_up(uint64_t value)
{
    return (value + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static enum elf_error check_segments(const struct elf_image *image)
{
    const uint32_t both = ELF_FLAG_WRITE | ELF_FLAG_EXEC;

    for (uint32_t i = 0; i < image->segment_count; i++) {
        if ((image->segments[i].flags & both) == both)
            return ELF_WRITABLE_AND_EXECUTABLE;
    }
    for (uint32_t i = 0; i < image->segment_count; i++) {
        const struct elf_segment *s = &image->segments[i];
        if (s->vaddr < USER_IMAGE_BASE || page_up(s->vaddr + s->memsz) > USER_IMAGE_LIMIT)
            return ELF_OUTSIDE_IMAGE_REGION;
    }
    return ELF_OK;
}

/*
 * Variant II: the block ends at tp, so its size keeps the linker's own
 * alignment (a lone 4-byte variable is addressed at tp - 4).
 */
static enum elf_error plan_tls(const struct elf_tls *tls, struct elf_tls_plan *out)
{
    uint64_t align = tls->align == 0 ? 1 : tls->align;
    uint64_t tp_align = align < 8 ? 8 : align;

    *out = (struct elf_tls_plan){ 0 };
    if (tls->memsz == 0)
        return ELF_OK;
    if (align > TLS_ALIGN_MAX)
        return ELF_TLS_TOO_LARGE;
    uint64_t size = tls->memsz + ((0 - (tls->vaddr + tls->memsz)) & (align - 1));
    uint64_t tp = (USER_TLS_BASE + size + tp_align - 1) & ~(tp_align - 1);
    if (tp + TLS_TAIL_BYTES > USER_TLS_LIMIT)
        return ELF_TLS_TOO_LARGE;
    *out = (struct elf_tls_plan){
        .tp = tp,
        .image_va = tp - size,
        .offset = tls->offset,
        .filesz = tls->filesz,
        .pages = (page_up(tp + TLS_TAIL_BYTES) - USER_TLS_BASE) / PAGE_SIZE,
    };
    return ELF_OK;
}

static struct elf_load_segment plan_segment(const struct elf_segment *s)
{
    uint64_t first = s->vaddr & ~(PAGE_SIZE - 1);
    uint64_t end = s->memsz == 0 ? first : page_up(s->vaddr + s->memsz);

    return (struct elf_load_segment){
        .file = *s,
        .first_page = first,
        .pages = (end - first) / PAGE_SIZE,
        .writable = (s->flags & ELF_FLAG_WRITE) != 0,
        .executable = (s->flags & ELF_FLAG_EXEC) != 0,
    };
}

enum elf_error elf_plan_load(const struct elf_image *image, uint64_t commit_limit_bytes, struct elf_load_plan *out)
{
    enum elf_error err = check_segments(image);

    if (err != ELF_OK)
        return err;
    err = plan_tls(&image->tls, &out->tls);
    if (err != ELF_OK)
        return err;
    out->entry = image->entry;
    out->image_pages = 0;
    out->segment_count = image->segment_count;
    for (uint32_t i = 0; i < image->segment_count; i++) {
        out->segments[i] = plan_segment(&image->segments[i]);
        out->image_pages += out->segments[i].pages;
    }
    return out->image_pages <= commit_limit_bytes / PAGE_SIZE ? ELF_OK : ELF_MEMORY_LIMIT;
}
