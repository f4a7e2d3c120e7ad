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
        enum elf_error expected = ELF_OK;
        if (file[16] != 2 || file[17] != 0)
            expected = ELF_NOT_EXEC;
        if (file[18] != 0x3e || file[19] != 0)
            expected = ELF_NOT_X86_64;
        if (file[6] != 1)
            expected = ELF_BAD_VERSION;
        if (file[5] != 1)
            expected = ELF_NOT_LITTLE_ENDIAN;
        if (file[4] != 2)
            expected = ELF_NOT_64_BIT;
        if (file[0] != 0x7f || file[1] != 'E' || file[2] != 'L' || file[3] != 'F')
            expected = ELF_BAD_MAGIC;
        assert(len >= 64 && error == expected);
        if (error == ELF_OK)
            probe(2);
        else
            probe(3);
    }
    free(file);
}

/* PROOF no_header_outside_the_file
 * of: check_table
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
    uint32_t stride = file[54] | (uint32_t)file[55] << 8, count = file[56] | (uint32_t)file[57] << 8;
    unsigned __int128 end = (unsigned __int128)load_le64(file + 32) + (count > 0 ? stride : 0) + (count > 1 ? stride : 0);
    if (stride < 56) {
        probe(1);
        assert(error == ELF_PHENTSIZE_TOO_SMALL);
    } else if (end > len) {
        probe(2);
        assert(error == (end >> 64 != 0 ? ELF_TABLE_OVERFLOW : ELF_TABLE_OUT_OF_BOUNDS));
    } else {
        assert(error == ELF_OK && table.count == count && table.stride == stride);
        assert(table.offset == load_le64(file + 32));
        if (entry < count) {
            probe(3);
            uint64_t at = table.offset + (entry == 0 ? 0 : stride);
            assert(at <= len && PHDR_BYTES <= len - at);
        }
    }
    free(file);
}

/* PROOF fields_of_a_program_header
 * of: read_phdr
 * bound: none: every header
 */
void fields_of_a_program_header(void)
{
    uint8_t bytes[PHDR_BYTES]; /* without a value: any */
    const struct phdr header = read_phdr(bytes);
    assert(header.type == load_le32(bytes) && header.flags == load_le32(bytes + 4) && header.offset == load_le64(bytes + 8));
    assert(header.vaddr == load_le64(bytes + 16) && header.filesz == load_le64(bytes + 32));
    assert(header.memsz == load_le64(bytes + 40) && header.align == load_le64(bytes + 48));
    probe(1);
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
    bool wraps = header.filesz > UINT64_MAX - header.offset;
    bool in_file = header.offset <= len && header.filesz <= len - header.offset;
    bool in_half = header.vaddr < USER_HALF_LIMIT && header.memsz <= USER_HALF_LIMIT - header.vaddr;
    bool aligned = (header.align & (header.align - 1)) == 0;
    enum elf_error expected = header.filesz > header.memsz ? ELF_MEMSZ_BELOW_FILESZ : ELF_OK;
    if (tls) {
        probe(1);
        expected = expected != ELF_OK ? ELF_TLS_MEMSZ_BELOW_FILESZ : aligned ? ELF_OK : ELF_TLS_BAD_ALIGNMENT;
        expected = !in_half  ? ELF_TLS_OUTSIDE_USER
                   : wraps    ? ELF_TLS_FILE_OVERFLOW
                   : !in_file ? ELF_TLS_FILE_OUT_OF_BOUNDS
                              : expected;
    } else {
        probe(2);
        expected = !congruent ? ELF_OFFSET_MISMATCH
                   : !aligned ? ELF_BAD_ALIGNMENT
                   : !in_half ? ELF_SEGMENT_OUTSIDE_USER
                   : wraps    ? ELF_FILE_OVERFLOW
                   : !in_file ? ELF_FILE_OUT_OF_BOUNDS
                              : expected;
    }
    assert(error == expected);
    if (error == ELF_OK) {
        probe(3);
        assert(in_file && in_half && aligned && header.filesz <= header.memsz);
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

/* PROOF a_header_is_taken
 * of: take_header, insert_segment
 * bound: 2 segments before it, sorted; every header, every length of a file
 * next: 3 segments: about twice the time
 * unwind: 4
 * solver: boolector
 */
void a_header_is_taken(void)
{
    struct elf_image image; /* without a value: any */
    const struct phdr header = any_header();
    const uint32_t count = 2, at = nondet_bool() ? 1 : 0;
    uint32_t loads = nondet_u32();
    size_t len = nondet_size();
    bool had_tls = nondet_bool();
    assume(loads < UINT32_MAX && image.segments[0].vaddr <= image.segments[1].vaddr);
    image.segment_count = count;
    image.has_tls_header = had_tls;
    const struct elf_segment old = image.segments[at];
    const struct elf_tls old_tls = image.tls;
    const uint32_t old_loads = loads;
    enum elf_error error = take_header(&header, len, &loads, &image);
    bool tls_stays = image.tls.vaddr == old_tls.vaddr && image.tls.memsz == old_tls.memsz && image.tls.align == old_tls.align;
    if (header.type == 1 && check_load(&header, len) == ELF_OK) {
        uint32_t place = 0;
        for (uint32_t i = 1; i < 3; i++)
            place = i < image.segment_count && image.segments[i].vaddr <= header.vaddr ? i : place;
        const struct elf_segment *taken = &image.segments[place];
        const struct elf_segment *moved = &image.segments[at < place ? at : at + 1];
        probe(1);
        assert(error == ELF_OK && image.segment_count == count + 1 && loads == old_loads + 1 && tls_stays);
        assert(taken->vaddr == header.vaddr && taken->memsz == header.memsz && taken->offset == header.offset);
        assert(taken->filesz == header.filesz && taken->flags == header.flags);
        assert(moved->vaddr == old.vaddr && moved->memsz == old.memsz && moved->flags == old.flags);
        assert(image.segments[0].vaddr <= image.segments[1].vaddr);
        assert(image.segments[1].vaddr <= image.segments[2].vaddr);
        return;
    }
    assert(image.segment_count == count && loads == old_loads && image.segments[at].vaddr == old.vaddr);
    if (header.type == 1) {
        probe(2);
        assert(error == check_load(&header, len) && tls_stays);
    } else if (header.type != 7) {
        probe(3);
        assert(error == ELF_OK && tls_stays && image.has_tls_header == had_tls);
    } else if (had_tls) {
        probe(4);
        assert(error == ELF_TLS_MULTIPLE && tls_stays);
    } else if (check_tls(&header, len) != ELF_OK) {
        probe(5);
        assert(error == check_tls(&header, len) && tls_stays && !image.has_tls_header);
    } else {
        probe(6);
        assert(error == ELF_OK && image.has_tls_header && image.tls.vaddr == header.vaddr && image.tls.memsz == header.memsz);
        assert(image.tls.offset == header.offset && image.tls.filesz == header.filesz && image.tls.align == header.align);
    }
}
