/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which route leads from what was observed to what the file promises, or why there is none. Pure. Rules about releases
 * come from data/firmware-rules.conf. */
#pragma once

#include "plan/route.h"
#include "plan/rules.h"

/* What needs only the files: refuses what no modem may be given (incomplete set, unknown version, a release that the
 * rules refuse everywhere, two files that do not belong together...), with the errors of sqns_plan_make(). A diff whose
 * base is known passes. */
gboolean sqns_plan_check_files (const SqnsRules *rules,
                                const SqnsPlanFiles *files,
                                const SqnsPlanOptions *options,
                                GError **error);

/* NULL with INCOMPATIBLE, DOWNGRADE, INVALID_FIRMWARE, NEEDS_RECOVERY, WRONG_STATE, VERIFY_FAILED (the file was taken,
 * but the booted modem tells another version) or NOT_SUPPORTED (a rule's) and a sentence that says what would be
 * allowed instead; all that policy has against it at once, with the options that lift all of it. The same version is
 * nothing to do only in an application. What @done tells is done is not planned again, but for a whole file that was
 * taken and does not boot: once. Policy is not asked again behind a boot ROM or a first file that was taken: going back
 * is no choice any more. A modem that falls back at every stage is the caller's to give up. */
SqnsPlan *sqns_plan_make (const SqnsRules *rules,
                          const SqnsPlanState *state,
                          const SqnsPlanDone *done,
                          const SqnsPlanFiles *files,
                          const SqnsPlanOptions *options,
                          GError **error);
