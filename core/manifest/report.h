/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Why a manifest was refused: the kind of the error, the path of the place
 * and one printed line, in the forms of docs/kernel-semantics.md, "Manifest
 * error table". The caller of the manifest functions owns the report; it is
 * valid after a refusal until the next use. The functions here are for
 * core/manifest itself.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/base/text.h"
#include "core/capn/read.h"

enum manifest_error {
    MANIFEST_OK = 0,
    MANIFEST_MISSING,   /* missing field `F` at P */
    MANIFEST_DUPLICATE, /* duplicate field `F` at P */
    MANIFEST_TYPE,      /* expected T at P, found U */
    MANIFEST_VALUE,     /* invalid value at P: M */
    MANIFEST_WIRE,      /* capnp error: M */
};

#define MANIFEST_PATH_MAX 160u /* bytes; no path of the tables is longer */
#define MANIFEST_TEXT_MAX 1536u /* bytes; holds the list of all source names */

struct manifest_report {
    enum manifest_error error;
    size_t path_len;
    size_t text_len;
    char path[MANIFEST_PATH_MAX]; /* empty for MANIFEST_WIRE; neither is NUL-terminated */
    char text[MANIFEST_TEXT_MAX];
};

/* A place in the manifest: a step below `up`. The root has no `up`. `index` -1 is no index. */
struct manifest_path {
    const struct manifest_path *up;
    const char *name;
    int64_t index;
};

#define MANIFEST_STEP(above, field) ((struct manifest_path){ (above), (field), -1 })
#define MANIFEST_ITEM(above, field, i) ((struct manifest_path){ (above), (field), (i) })

extern const struct manifest_path manifest_root_path; /* $ */

void manifest_path_append(struct text_buf *out, const struct manifest_path *path);
/* The name in backquotes, cut when it is long. */
void manifest_append_name(struct text_buf *out, struct capn_text name);

enum manifest_error manifest_missing(struct manifest_report *report, const struct manifest_path *at, const char *field);
enum manifest_error manifest_duplicate(struct manifest_report *report, const struct manifest_path *at, const char *field);
enum manifest_error manifest_type(struct manifest_report *report, const struct manifest_path *at, const char *expected,
                                  const char *found);
enum manifest_error manifest_value(struct manifest_report *report, const struct manifest_path *at, const char *why);
/* `why`, then the name in backquotes or the number. */
enum manifest_error manifest_value_name(struct manifest_report *report, const struct manifest_path *at, const char *why,
                                        struct capn_text name);
enum manifest_error manifest_value_number(struct manifest_report *report, const struct manifest_path *at, const char *why,
                                          uint64_t number);
/* `what` N, exceeds LIMIT */
enum manifest_error manifest_value_limit(struct manifest_report *report, const struct manifest_path *at, const char *what,
                                         uint64_t number, uint64_t limit);
enum manifest_error manifest_wire(struct manifest_report *report, enum capn_error error);

/* For messages of more parts: starts a Value error; append to the buffer, then finish. */
struct text_buf manifest_value_begin(struct manifest_report *report, const struct manifest_path *at);
enum manifest_error manifest_value_end(struct manifest_report *report, const struct text_buf *text);
