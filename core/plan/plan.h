/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Init's view of the boot manifest: everything that the kernel reads and the
 * services, checked as a whole. Same ownership rules as manifest.h. The caps
 * and exports of a service are not stored; they are read again from the
 * message when asked for.
 * Beyond the documented refusals a plan has room for MANIFEST_SERVICES_MAX
 * services with MANIFEST_CAPS_MAX caps and exports each.
 */
#pragma once

#include "core/manifest/manifest.h"

#define MANIFEST_SERVICES_MAX 64u

enum manifest_restart { MANIFEST_RESTART_NEVER, MANIFEST_RESTART_ON_FAILURE, MANIFEST_RESTART_ALWAYS };

struct manifest_service {
    struct capn_text name;
    struct capn_text binary;
    struct capn_list caps;    /* manifest_plan_cap reads them */
    struct capn_list exports; /* manifest_plan_export reads them */
    enum manifest_restart restart;
};

struct manifest_plan {
    struct manifest base;
    uint32_t service_count;
    struct manifest_service services[MANIFEST_SERVICES_MAX];
    bool has_exit_service;
    struct capn_text exit_service;
};

enum manifest_error manifest_decode_plan(const uint8_t *bytes, size_t len, struct manifest_plan *out,
                                         struct manifest_report *report);

/* Of service s, below the lengths of its lists. */
enum manifest_error manifest_plan_cap(const struct manifest_plan *plan, uint32_t s, uint32_t k, struct manifest_cap *out,
                                      struct manifest_report *report);
enum manifest_error manifest_plan_export(const struct manifest_plan *plan, uint32_t s, uint32_t e, struct capn_text *out,
                                         struct manifest_report *report);
/* The index of the service, or -1. */
int manifest_plan_find(const struct manifest_plan *plan, struct capn_text name);
/* The service and the cap behind an import that manifest_decode_plan accepted. */
enum manifest_error manifest_plan_import(const struct manifest_plan *plan, const struct manifest_cap *import, uint32_t *service,
                                         struct manifest_cap *out, struct manifest_report *report);
