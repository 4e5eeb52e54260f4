/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is refused, and what would be allowed instead. Holds for all releases; rules about single ones are in rules.h.
 * Pure. */
#pragma once

#include "plan/refusals.h"
#include "plan/route.h"

/* The FFF method's limit, bytes (field-failures.md §2.6). */
#define SQNS_STORE_MAX_SIZE (G_GUINT64_CONSTANT (4) << 20)
/* The boot ROM to be replaced before an updater is loaded for the first time (protocol.md §3 "Factory boot ROM"). */
#define SQNS_FACTORY_BOOT_ROM 33080u

SqnsFileKind sqns_plan_file_kind (const SqnsPlanFiles *files, gboolean first_step_done);
SqnsFamily sqns_plan_file_family (const SqnsCaba *caba);

/* What is wrong with the files for any modem, even with force. */
gboolean sqns_plan_check_format (const SqnsPlanFiles *files, GError **error);
/* The family that they promise. */
void sqns_plan_check_family (const SqnsPlanFiles *files, const SqnsPlanOptions *options, SqnsRefusals *refusals);
/* A diff for another version than the one that runs; never lifted. */
gboolean sqns_plan_check_base (const SqnsPlanCase *c, GError **error);
/* Chip, family and age of the modem's software. */
void sqns_plan_check_version (const SqnsPlanCase *c, SqnsRefusals *refusals);
/* What @route cannot do with these files or on this modem, even with force. */
gboolean sqns_plan_check_route (const SqnsPlanCase *c, SqnsRoute route, GError **error);
/* The release rules. */
gboolean sqns_plan_check_rules (const SqnsPlanCase *c, SqnsRoute route, gboolean force, GError **error);
