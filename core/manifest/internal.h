/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the files of core/manifest share: stages of decoding and checking, in
 * the order in which the kernel or init runs them. Each returns the first
 * error, told in the report. For core/manifest itself.
 */
#pragma once

#include "core/manifest/cue.h"
#include "core/manifest/manifest.h"

#define MANIFEST_TRY(call)                       \
    do {                                         \
        enum manifest_error try_error = (call);  \
        if (try_error != MANIFEST_OK)            \
            return try_error;                    \
    } while (0)

/* The same for a read from the message; the function has a `report`. */
#define MANIFEST_READ(call)                               \
    do {                                                  \
        enum capn_error read_error = (call);              \
        if (read_error != CAPN_OK)                        \
            return manifest_wire(report, read_error);     \
    } while (0)

/* Who decodes: init also accepts imports from services, and words one path differently. */
enum manifest_stage { MANIFEST_STAGE_KERNEL, MANIFEST_STAGE_PLAN };

/* manifest.c: everything before the checks; plan.c calls it for its own stage. */
enum manifest_error manifest_decode(const uint8_t *bytes, size_t len, enum manifest_stage stage, struct manifest *out,
                                    struct manifest_report *report);
enum manifest_error manifest_check_binaries(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_init_binary(struct manifest *manifest, struct manifest_report *report);
/* A referenced binary exists and has data; `what` begins the message. */
enum manifest_error manifest_check_binary(const struct manifest *manifest, struct capn_text name, const char *what,
                                          const struct manifest_path *at, struct manifest_report *report);
/* Gives the reader a whole traversal budget again: called before each check that reads lists more than once. */
void manifest_renew_budget(struct manifest *manifest);

/* caps.c */
enum manifest_error manifest_decode_cap(const struct cue_record *record, enum manifest_stage stage, bool may_import,
                                        struct manifest_cap *out);
enum manifest_error manifest_check_init_caps(const struct manifest *manifest, struct manifest_report *report);
/* The section of kernelParams that the cap's source needs is there. */
enum manifest_error manifest_check_section(const struct manifest *manifest, const struct manifest_cap *cap,
                                           const struct manifest_path *at, struct manifest_report *report);
enum manifest_error manifest_check_port(const struct manifest_cap *cap, const struct manifest_path *at,
                                        struct manifest_report *report);
enum manifest_error manifest_check_interface(const struct manifest_cap *cap, const struct manifest_path *at,
                                             struct manifest_report *report);

/* params_decode.c: reads every list once, so that later reads cannot meet bytes that do not decode; fills in defaults. */
enum manifest_error manifest_decode_params(struct capn_struct root, struct manifest *out, struct manifest_report *report);

/* params.c, accounts.c and keys.c, called by the first */
enum manifest_error manifest_check_params(struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_profiles(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_accounts(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_roles(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_ssh_key(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_key_source(const struct manifest *manifest, struct manifest_report *report);
enum manifest_error manifest_check_authorized_keys(const struct manifest *manifest, struct manifest_report *report);
/* The account with the principal id, with *found false when there is none. */
enum manifest_error manifest_find_principal(const struct manifest *manifest, struct capn_data principal,
                                            struct capos_manifest_seed_account *out, bool *found,
                                            struct manifest_report *report);

extern const struct manifest_path manifest_params_path; /* $.kernelParams */

/* Shared wording. */
enum manifest_error manifest_check_size(struct manifest_report *report, const struct manifest_path *at, uint32_t len,
                                        uint32_t wanted);
enum manifest_error manifest_check_text(struct manifest_report *report, const struct manifest_path *at,
                                        struct capn_text found, const char *wanted);
bool manifest_data_equal(struct capn_data a, struct capn_data b);
