/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The load plan of an arbitrary image that the parser may have made: W^X, the
 * image region, the TLS block and the pages, each written down a second time
 * in wider arithmetic.
 */
#include "core/base/base_proof.h"
#include "core/elf/load_plan.c"

typedef unsigned __int128 wide;

static struct elf_image image;
static struct elf_load_plan plan;

/* What the parser lets pass: inside the user half, no more bytes from the file than in memory. */
static void any_image(void)
{
    image.entry = nondet_u64();
    image.segment_count = nondet_bool() ? 2 : 1;
    for (uint32_t i = 0; i < 2; i++) {
        struct elf_segment *segment = &image.segments[i];
        segment->vaddr = nondet_u64();
        segment->memsz = nondet_u64();
        segment->offset = nondet_u64();
        segment->filesz = nondet_u64();
        segment->flags = nondet_u32();
        assume(segment->vaddr < USER_HALF_LIMIT && segment->memsz <= USER_HALF_LIMIT - segment->vaddr);
        assume(segment->filesz <= segment->memsz);
    }
    image.tls.vaddr = nondet_u64();
    image.tls.memsz = nondet_u64();
    image.tls.offset = nondet_u64();
    image.tls.filesz = nondet_u64();
    image.tls.align = nondet_u64();
    assume(image.tls.vaddr < USER_HALF_LIMIT && image.tls.memsz <= USER_HALF_LIMIT - image.tls.vaddr);
    assume(image.tls.filesz <= image.tls.memsz && (image.tls.align & (image.tls.align - 1)) == 0);
}

static bool both(const struct elf_segment *segment)
{
    return (segment->flags & 1) != 0 && (segment->flags & 2) != 0;
}

/* Every page with a byte of the segment is in the image region. */
static bool in_region(const struct elf_segment *segment)
{
    return segment->vaddr >= USER_IMAGE_BASE && (wide)segment->vaddr + segment->memsz <= USER_IMAGE_LIMIT;
}

/* PROOF segments_of_a_plan
 * of: elf_plan_load, check_segments, plan_segment, page_up
 * bound: 1 or 2 segments, which are treated alike; every image that passed the parser, without TLS, every limit
 * next: 32 segments, which is all: minutes
 * unwind: 3
 */
void segments_of_a_plan(void)
{
    any_image();
    uint64_t limit = nondet_u64();
    image.tls.memsz = 0;
    const struct elf_segment *first = &image.segments[0], *last = &image.segments[image.segment_count - 1];
    enum elf_error error = elf_plan_load(&image, limit, &plan);
    if (both(first) || both(last)) {
        probe(1);
        assert(error == ELF_WRITABLE_AND_EXECUTABLE);
        return;
    }
    if (!in_region(first) || !in_region(last)) {
        probe(2);
        assert(error == ELF_OUTSIDE_IMAGE_REGION);
        return;
    }
    uint64_t pages = 0;
    for (uint32_t i = 0; i < 2; i++) {
        const struct elf_segment *from = &image.segments[i];
        const struct elf_load_segment *to = &plan.segments[i];
        if (i >= image.segment_count)
            break;
        uint64_t head = from->vaddr / 4096, end = (from->vaddr + from->memsz + 4095) / 4096;
        uint64_t here = from->memsz == 0 ? 0 : end - head;
        assert(to->first_page == head * 4096 && to->pages == here);
        assert(to->writable == ((from->flags & 2) != 0) && to->executable == ((from->flags & 1) != 0));
        assert(!to->writable || !to->executable);
        assert(to->first_page >= USER_IMAGE_BASE && to->first_page + to->pages * 4096 <= USER_IMAGE_LIMIT);
        assert(to->file.vaddr == from->vaddr && to->file.memsz == from->memsz && to->file.filesz == from->filesz);
        assert(to->file.offset == from->offset && to->file.flags == from->flags);
        pages += here;
    }
    assert(plan.segment_count == image.segment_count && plan.entry == image.entry && plan.image_pages == pages);
    assert(plan.tls.pages == 0 && plan.tls.tp == 0);
    if (pages * 4096 > limit) {
        probe(3);
        assert(error == ELF_MEMORY_LIMIT);
    } else {
        probe(4);
        assert(error == ELF_OK);
    }
}

/* PROOF the_tls_block
 * of: plan_tls, page_up
 * bound: none: every TLS header that passed the parser
 * unwind: 3
 */
void the_tls_block(void)
{
    struct elf_tls_plan out;
    any_image();
    const struct elf_tls *tls = &image.tls;
    uint64_t align = tls->align == 0 ? 1 : tls->align, step = align < 8 ? 8 : align;
    enum elf_error error = plan_tls(tls, &out);
    if (tls->memsz == 0) {
        probe(1);
        assert(error == ELF_OK && out.pages == 0 && out.tp == 0 && out.filesz == 0);
        return;
    }
    if (error != ELF_OK) {
        probe(2);
        assert(error == ELF_TLS_TOO_LARGE);
        /* With a smaller one the block would end too near the limit: rounding up adds less than both alignments. */
        assert(align > 4096 || (wide)USER_TLS_BASE + tls->memsz + (align - 1) + (step - 1) + 64 > USER_TLS_LIMIT);
        return;
    }
    probe(3);
    assert(align <= 4096 && out.tp % step == 0 && out.tp + 64 <= USER_TLS_LIMIT);
    assert(out.image_va >= USER_TLS_BASE && out.tp - out.image_va >= tls->memsz && out.tp - out.image_va - tls->memsz < align);
    assert((out.tp - out.image_va + tls->vaddr) % align == 0);
    assert(out.image_va - USER_TLS_BASE < step && out.offset == tls->offset && out.filesz == tls->filesz);
    assert(USER_TLS_BASE + out.pages * 4096 >= out.tp + 64 && USER_TLS_BASE + out.pages * 4096 < out.tp + 64 + 4096);
    assert(USER_TLS_BASE + out.pages * 4096 <= USER_TLS_LIMIT);
}
