/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The list of programs in the boot package. */
#include "capos/package.h"

#include "package.h"
#include "schema/generated/capos.h"

enum capos_status capos_package_program(uint32_t index, char name[CAPOS_PROGRAM_NAME_BYTES], uint32_t *size)
{
    static struct package_walker walker;
    struct package_target root, binaries, data;
    if (!package_open(&walker) || !package_root(&walker, &root))
        return CAPOS_NOT_GRANTED;
    uint64_t pointers = root.word + root.data_words, raw;
    if (root.pointer_count < 1 || !package_read_word(&walker, root.segment, pointers, &raw))
        return CAPOS_NOT_GRANTED;
    if (raw == 0)
        return CAPOS_INVALID_REQUEST;
    if (!package_follow(&walker, root.segment, pointers, 1, &binaries) || binaries.pointer_count < 2)
        return CAPOS_NOT_GRANTED;
    if (index >= binaries.count)
        return CAPOS_INVALID_REQUEST;
    uint64_t at = package_element(&binaries, index) + binaries.data_words;
    if (!package_text(&walker, binaries.segment, at, name, CAPOS_PROGRAM_NAME_BYTES))
        return CAPOS_NOT_GRANTED;
    *size = package_follow(&walker, binaries.segment, at + 1, 1, &data) ? data.count : 0;
    return CAPOS_OK;
}
