/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The boot manifest: decoding and every check of docs/kernel-semantics.md,
 * "Boot manifest" and "Manifest error table". The kernel reads its part with
 * manifest_decode_kernel before the first process; init reads all of it with
 * manifest_decode_plan (plan.h) before it spawns anything. The first failure
 * wins and is told in the report; the result must not be used then.
 *
 * The bytes are untrusted, must not change, and must outlive the result,
 * which points into them. The result holds pointers to itself, so it must not
 * be copied or moved; it is large and belongs into static storage.
 * Nothing allocates. Readers of a result spend a traversal budget in it, so
 * one thread at a time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "abi/capset.h"
#include "abi/limits.h"
#include "core/capn/read.h"
#include "core/manifest/report.h"
#include "core/manifest/sources.h"
#include "schema/generated/capos.h"

#define MANIFEST_CAPS_MAX CAPSET_ENTRIES_MAX

/* Bits of a disclosure scope. */
#define MANIFEST_DISCLOSE_PRINCIPAL_KIND 1u
#define MANIFEST_DISCLOSE_AUTH_STRENGTH 2u
#define MANIFEST_DISCLOSE_PROFILE_CLASS 4u

/* Session lifetimes where the manifest has none, ms. */
#define MANIFEST_OPERATOR_MS 900000u
#define MANIFEST_GUEST_MS 300000u
#define MANIFEST_ANONYMOUS_MS 300000u

struct manifest_binary {
    struct capn_text name;
    struct capn_data data;
};

struct manifest_cap {
    struct capn_text name;
    const struct manifest_source *source; /* NULL: imported from a service */
    struct capn_text service;
    struct capn_text export;
    uint64_t interface_id; /* as expected by the manifest, default that of the source */
    uint64_t badge;
    uint8_t disclosure;
};

struct manifest {
    struct capn_message message;
    uint64_t words; /* traversal budget of one pass over the message */
    bool names_only; /* the layout whose binaries have no data */
    uint32_t binary_count; /* as found; not more than MANIFEST_BINARIES_MAX after the checks */
    struct manifest_binary binaries[MANIFEST_BINARIES_MAX];
    struct capn_list init_config; /* fields of the record */
    struct capn_text init_binary;
    bool init_builtin; /* `init`, the image in the kernel, else: */
    uint32_t init_index; /* of the binary */
    uint32_t init_cap_count;
    struct manifest_cap init_caps[MANIFEST_CAPS_MAX];
    /* With the defaults filled in: UARTs and session lifetimes are always there. */
    struct capos_system_config params;
    struct capos_manifest_extension_points extensions; /* all false and 0 when absent: closed */
};

/* The kernel's part: version, binaries, init, kernelParams. The services are not looked at. */
enum manifest_error manifest_decode_kernel(const uint8_t *bytes, size_t len, struct manifest *out,
                                           struct manifest_report *report);
/* The same for the layout that names binaries without their data. */
enum manifest_error manifest_decode_kernel_names(const uint8_t *bytes, size_t len, struct manifest *out,
                                                 struct manifest_report *report);

/* Refuses the first cap of init whose source this kernel does not have: "kernel source NAME is not available". */
typedef bool (*manifest_source_available_fn)(const struct manifest_source *source);
enum manifest_error manifest_check_available(const struct manifest *manifest, manifest_source_available_fn available,
                                             struct manifest_report *report);

/* The normal form of an account's name: trimmed, in lower case; written to `out`. False: it has none. */
#define MANIFEST_ACCOUNT_NAME_MAX 64u
bool manifest_account_name(struct capn_text name, char out[MANIFEST_ACCOUNT_NAME_MAX], struct capn_text *normal);

/* The index of the binary, or -1. */
int manifest_find_binary(const struct manifest *manifest, struct capn_text name);

/* Program arguments: `args` in initConfig, a list of texts, absent = none. Ours; other readers ignore it. */
enum manifest_error manifest_arguments(const struct manifest *manifest, struct capn_list *out,
                                       struct manifest_report *report);
enum manifest_error manifest_argument_at(const struct capn_list *arguments, uint32_t i, struct capn_text *out,
                                         struct manifest_report *report);
