/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way leads from what was observed to what the file promises, or why none may be taken. Pure; a table.
 * Rules about releases come from data/firmware-rules.conf. */
#pragma once

#include "codec/at.h"
#include "codec/caba.h"

typedef struct _SqnsRules SqnsRules;
/* Parses a rules file's text (key file, documented in it); @len -1: NUL-terminated. Strict: NULL with SQNS_ERROR_FAILED
 * and the line's fault for anything unknown, double, missing or empty, and for a file without a rule. */
SqnsRules *sqns_rules_parse (const char *text, gssize len, GError **error);
void sqns_rules_free (SqnsRules *rules);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsRules, sqns_rules_free)

typedef enum {
  SQNS_METHOD_AUTO,
  SQNS_METHOD_ON_THE_FLY,
  SQNS_METHOD_FFF,
  SQNS_METHOD_RECOVERY,
} SqnsMethod;
/* "auto", "on-the-fly", "fff", "recovery"; FALSE, and *@method left alone, for another name. */
gboolean sqns_method_from_name (const char *name, SqnsMethod *method);

typedef struct {
  SqnsMethod method;
  gboolean allow_downgrade;
  gboolean allow_reinstall;
  gboolean allow_family_change;
  gboolean force; /* lifts policy refusals (family, downgrade, liftable rules), never those of format or physics */
} SqnsPlanOptions;

typedef struct {
  SqnsMode mode;
  SqnsVersion version;     /* software that runs, or that last ran; unknown in recovery of most modems */
  SqnsVersion bootloader0; /* unknown = not read */
  SqnsReport report;       /* AT+SMUPGRADE? */
} SqnsPlanState;

typedef enum {
  SQNS_STEP_PREPARE,           /* application: quieten the modem (protocol.md §3 step 2) */
  SQNS_STEP_BOOT_RECOVERY,     /* SMSWBOOT=3 and wait */
  SQNS_STEP_UPLOAD_ON_THE_FLY, /* whole file by STP */
  SQNS_STEP_APPLY,             /* wait for the modem's report */
  SQNS_STEP_BOOT_APPLICATION,  /* SMSWBOOT=1 and wait for +SYSSTART */
  SQNS_STEP_CONFIRM,           /* read the version back */
} SqnsStep;
const char *sqns_step_name (SqnsStep step);

typedef enum {
  SQNS_PLAN_ROUTE,         /* @steps lead there */
  SQNS_PLAN_NOTHING_TO_DO, /* the modem runs that version already, and reinstall was not asked for */
} SqnsPlanOutcome;

typedef struct {
  SqnsPlanOutcome outcome;
  GArray *steps; /* SqnsStep; empty when there is nothing to do */
  char *summary; /* one line for people: "6.0.0.0-35351 -> 6.0.0.0-37781 by way of recovery" */
} SqnsPlan;

/* What needs only the file: refuses a file that no modem may be given (incomplete set, unknown version, a release that
 * the rules refuse everywhere...), with the errors of sqns_plan_make(). A diff whose base is known passes. */
gboolean
sqns_plan_check_file (const SqnsRules *rules, const SqnsCaba *caba, const SqnsPlanOptions *options, GError **error);

/* NULL with INCOMPATIBLE, DOWNGRADE, INVALID_FIRMWARE, NEEDS_RECOVERY, WRONG_STATE or NOT_SUPPORTED and a sentence that
 * says what would be allowed instead. The same version is nothing to do only in an application; a modem in recovery or
 * mtools gets the file again whatever its last report was. */
SqnsPlan *sqns_plan_make (const SqnsRules *rules,
                          const SqnsPlanState *state,
                          const SqnsCaba *caba,
                          const SqnsPlanOptions *options,
                          GError **error);
void sqns_plan_free (SqnsPlan *plan);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SqnsPlan, sqns_plan_free)
