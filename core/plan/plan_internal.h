/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What plan.c, graph.c and service_caps.c share: see plan.h. For core/manifest itself. */
#pragma once

#include "core/manifest/internal.h"
#include "core/plan/plan.h"

extern const struct manifest_path manifest_config_path; /* $.initConfig */

#define MANIFEST_SERVICE(s) MANIFEST_ITEM(&manifest_config_path, "services", s)

/* The first cap or export of service s with the name among the first `count`; *found -1 when there is none. */
enum manifest_error manifest_service_find_cap(const struct manifest_plan *plan, uint32_t s, struct capn_text name,
                                              uint32_t count, int64_t *found, struct manifest_report *report);
enum manifest_error manifest_service_find_export(const struct manifest_plan *plan, uint32_t s, struct capn_text name,
                                                 uint32_t count, int64_t *found, struct manifest_report *report);
/* Resolves an import; `at` is the importing cap. */
enum manifest_error manifest_resolve_import(const struct manifest_plan *plan, const struct manifest_cap *import,
                                            const struct manifest_path *at, uint32_t *service, uint32_t *cap,
                                            struct manifest_report *report);

enum manifest_error manifest_check_graph(const struct manifest_plan *plan, struct manifest_report *report);
enum manifest_error manifest_check_imports(const struct manifest_plan *plan, struct manifest_report *report);
enum manifest_error manifest_check_service_caps(const struct manifest_plan *plan, struct manifest_report *report);
