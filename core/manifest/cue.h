/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Strict access to the records of initConfig (CueValue trees). A field is
 * read by name and kind: the wrong kind is a Type error, two fields of one
 * name are a Duplicate error when that name is read, other fields are
 * ignored. For core/manifest itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/manifest/report.h"
#include "schema/generated/capos.h"

struct cue_record {
    const struct manifest_path *path;
    struct capn_list fields;
    struct manifest_report *report;
};

enum cue_need { CUE_OPTIONAL, CUE_REQUIRED };

/* *out is the value; where an optional field is absent, an all-zero one, whose `which` is null. */
enum manifest_error cue_field(const struct cue_record *record, const char *name, enum capos_cue_value_which kind,
                              enum cue_need need, struct capos_cue_value *out);
/* Element i of a list of the kind; `at` is the element's path. */
enum manifest_error cue_element(const struct capn_list *list, uint32_t i, enum capos_cue_value_which kind,
                                const struct manifest_path *at, struct capos_cue_value *out,
                                struct manifest_report *report);
/* Checks the kind of a value that was read already. */
enum manifest_error cue_expect(const struct capos_cue_value *value, enum capos_cue_value_which kind,
                               const struct manifest_path *at, struct manifest_report *report);
