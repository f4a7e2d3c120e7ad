/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ELF parser, for every content of the bytes: nothing outside the bytes
 * given is read, and whatever passes lies in the file and in the user half.
 * Header, table, one program header and the list of segments are shown apart,
 * each on its own arbitrary input.
 */
#include "core/base/base_proof.h"
#include "core/base/bytes.c"
#include "core/elf/elf.c"

#define LONGEST 4096u

void *malloc(size_t size);
void free(void *block);

/* Exactly `len` bytes of any content: an access behind them is found. */
static uint8_t *any_file(size_t *len)
{
    *len = nondet_size();
    assume(*len <= LONGEST);
    uint8_t *file = malloc(*len);
    assume(file != NULL);
    return file;
}

static struct phdr any_header(void)
{
    return (struct phdr){nondet_u32(), nondet_u32(), nondet_u64(), nondet_u64(), nondet_u64(), nondet_u64(), nondet_u64()};
}

/* PROOF the_file_header
 * of: check_ident
 * bound: files of 0 to 4096 bytes, every content; the check reads the first 20
 * next: any length: the prover's memory model wants a limit
 * unwind: 5
 */
void the_file_header(void)
{
    size_t len;
    uint8_t *file = any_file(&len);
    enum elf_error error = check_ident(file, len);
    if (error == ELF_TOO_SMALL) {
        probe(1);
        assert(len < 64);
    } else {
        bool fine = file[0] == 0x7f && file[1] == 'E' && file[2] == 'L' && file[3] == 'F' && file[4] == 2 && file[5] == 1 &&
                    file[6] == 1 && file[18] == 0x3e && file[19] == 0 && file[16] == 2 && file[17] == 0;
        assert(len >= 64);
        if (error == ELF_OK) {
            probe(2);
            assert(fine);
        } else {
            probe(3);
            assert(!fine && error <= ELF_NOT_EXEC);
        }
    }
    free(file);
}

/* PROOF no_header_outside_the_file
 * of: check_table, read_phdr
 * bound: files of 64 to 256 bytes with tables of up to 2 entries of any size; one arbitrary entry stands for all
 * next: 4096 bytes and 4 entries: four times the time; any number: products of two unknown numbers do not close in a minute
 * solver: boolector
 */
void no_header_outside_the_file(void)
{
    struct phdr_table table;
    size_t len;
    uint8_t *file = any_file(&len);
    assume(len >= EHDR_BYTES);
    assume(len <= 256 && load_le16(file + 56) <= 2);
    enum elf_error error = check_table(file, len, &table);
    uint32_t entry = nondet_u32();
    if (error != ELF_OK) {
        probe(1);
        assert(error >= ELF_PHENTSIZE_TOO_SMALL && error <= ELF_TABLE_OUT_OF_BOUNDS);
    } else if (entry < table.count) {
        probe(2);
        uint64_t at = table.offset + (uint64_t)entry * table.stride;
        assert(at <= len && PHDR_BYTES <= len - at);
        struct phdr header = read_phdr(file + at);
        assert((uint8_t)header.type == file[at] && header.align >> 56 == file[at + 55]);
    }
    free(file);
}

/* PROOF a_segment_lies_in_file_and_user_half
 * of: check_load, check_tls, inside_user_half, alignment_ok
 * bound: none: every program header, every length of a file
 * solver: boolector
 */
void a_segment_lies_in_file_and_user_half(void)
{
    const struct phdr header = any_header();
    size_t len = nondet_size();
    bool tls = nondet_bool();
    enum elf_error error = tls ? check_tls(&header, len) : check_load(&header, len);
    bool congruent = header.vaddr % PAGE_SIZE == header.offset % PAGE_SIZE;
    bool in_file = header.offset <= len && header.filesz <= len - header.offset;
    bool in_half = header.vaddr < USER_HALF_LIMIT && header.memsz <= USER_HALF_LIMIT - header.vaddr;
    bool aligned = (header.align & (header.align - 1)) == 0;
    if (error == ELF_OK) {
        probe(1);
        assert((tls || congruent) && in_file && in_half && aligned && header.filesz <= header.memsz);
    } else {
        probe(2);
        assert((!tls && !congruent) || !in_file || !in_half || !aligned || header.filesz > header.memsz);
    }
}

/* PROOF no_page_twice_and_the_entry_inside
 * of: check_whole, pages_overlap
 * bound: 2 segments in the user half, sorted: the check compares neighbours
 * next: 3 segments: about twice the time
 * unwind: 3
 * solver: z3
 */
void no_page_twice_and_the_entry_inside(void)
{
    static struct elf_image image;
    image.segment_count = 2;
    image.entry = nondet_u64();
    struct elf_segment *low = &image.segments[0], *high = &image.segments[1];
    for (uint32_t i = 0; i < 2; i++) {
        struct elf_segment *segment = &image.segments[i];
        segment->vaddr = nondet_u64();
        segment->memsz = nondet_u64();
        segment->flags = nondet_u32();
        assume(segment->vaddr < USER_HALF_LIMIT && segment->memsz <= USER_HALF_LIMIT - segment->vaddr);
    }
    assume(low->vaddr <= high->vaddr);
    enum elf_error error = check_whole(&image);
    uint64_t page = nondet_u64() % USER_HALF_LIMIT & ~(uint64_t)(PAGE_SIZE - 1);
    if (error == ELF_SEGMENTS_OVERLAP) {
        probe(1);
        return;
    }
    /* A page that both have a byte of: there is none. */
    assert(low->memsz == 0 || high->memsz == 0 || low->vaddr >= page + PAGE_SIZE || low->vaddr + low->memsz <= page ||
           high->vaddr >= page + PAGE_SIZE || high->vaddr + high->memsz <= page);
    bool in_low = (low->flags & 1) != 0 && image.entry >= low->vaddr && image.entry < low->vaddr + low->memsz;
    bool in_high = (high->flags & 1) != 0 && image.entry >= high->vaddr && image.entry < high->vaddr + high->memsz;
    if (error == ELF_OK) {
        probe(2);
        assert(in_low || in_high);
    } else {
        probe(3);
        assert(!in_low && !in_high);
    }
}
