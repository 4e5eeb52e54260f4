/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is refused, each with what would be allowed instead; but for the release rules (rules.h) it holds for all
 * releases. Pure. */
#pragma once

#include "plan/refusals.h"
#include "plan/route.h"

/* The FFF method's limit, bytes (field-failures.md §2.6). */
#define SQNS_STORE_MAX_SIZE (G_GUINT64_CONSTANT (4) << 20)
#define SQNS_FACTORY_BOOT_ROM 33080u

SqnsFileKind sqns_plan_file_kind (const SqnsPlanFiles *files, gboolean first_step_done);
SqnsFamily sqns_plan_file_family (const SqnsCaba *caba);

/* What is wrong with the files whatever the modem is, and whatever is forced. */
gboolean sqns_plan_check_format (const SqnsPlanFiles *files, GError **error);
/* What they promise, by family. */
void sqns_plan_check_family (const SqnsPlanFiles *files, const SqnsPlanOptions *options, SqnsRefusals *refusals);
/* A diff on another modem than the one that it was made for; never lifted. */
gboolean sqns_plan_check_base (const SqnsPlanCase *c, GError **error);
/* Chip, family and age of what the modem runs. */
void sqns_plan_check_version (const SqnsPlanCase *c, SqnsRefusals *refusals);
/* What @route cannot do with these files, or on this modem, whatever is forced. */
gboolean sqns_plan_check_route (const SqnsPlanCase *c, SqnsRoute route, GError **error);
/* The release rules. */
gboolean sqns_plan_check_rules (const SqnsPlanCase *c, SqnsRoute route, gboolean force, GError **error);
