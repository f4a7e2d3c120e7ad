/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Any bytes as a program: what the parser and the load plan accept is inside the bytes and inside the image region. */
#include "core/base/base_fuzz.h"

#include "abi/layout.h"
#include "core/elf/load_plan.h"

static void check_segment(const struct elf_segment *segment, size_t len)
{
    FUZZ_CHECK(segment->filesz <= segment->memsz);
    FUZZ_CHECK(segment->offset <= len && segment->filesz <= len - segment->offset);
    FUZZ_CHECK(segment->vaddr + segment->memsz >= segment->vaddr);
}

static void check_plan(const struct elf_load_plan *plan, size_t len)
{
    uint64_t last = 0, pages = 0;
    bool entry_is_code = false;
    FUZZ_CHECK(plan->segment_count > 0 && plan->segment_count <= ELF_LOAD_SEGMENTS_MAX);
    for (uint32_t i = 0; i < plan->segment_count; i++) {
        const struct elf_load_segment *segment = &plan->segments[i];
        check_segment(&segment->file, len);
        FUZZ_CHECK(!(segment->writable && segment->executable));
        if (segment->pages == 0)
            continue;
        FUZZ_CHECK(segment->first_page % PAGE_SIZE == 0 && segment->first_page >= last);
        last = segment->first_page + segment->pages * PAGE_SIZE;
        FUZZ_CHECK(segment->file.vaddr >= segment->first_page && segment->file.vaddr + segment->file.memsz <= last);
        FUZZ_CHECK(last <= USER_STACK_BASE);
        pages += segment->pages;
        entry_is_code |= segment->executable && plan->entry >= segment->file.vaddr &&
                         plan->entry < segment->file.vaddr + segment->file.memsz;
    }
    FUZZ_CHECK(entry_is_code && pages == plan->image_pages);
    if (plan->tls.pages > 0) {
        FUZZ_CHECK(plan->tls.offset <= len && plan->tls.filesz <= len - plan->tls.offset);
        FUZZ_CHECK(plan->tls.image_va >= USER_TLS_BASE && plan->tls.image_va + plan->tls.filesz <= plan->tls.tp);
        FUZZ_CHECK(plan->tls.tp + 8 <= USER_TLS_BASE + plan->tls.pages * PAGE_SIZE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct elf_image image;
    static struct elf_load_plan plan;
    enum elf_error error = elf_parse(bytes, len, &image);
    FUZZ_CHECK(error < ELF_ERROR_COUNT && elf_error_text(error) != NULL);
    if (error != ELF_OK)
        return 0;
    for (uint32_t i = 0; i < image.segment_count; i++)
        check_segment(&image.segments[i], len);
    error = elf_plan_load(&image, ELF_COMMIT_UNLIMITED, &plan);
    if (error == ELF_OK)
        check_plan(&plan, len);
    return 0;
}
