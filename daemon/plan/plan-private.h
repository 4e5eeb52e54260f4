/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the parts of the planner share. For plan*.c only. */
#pragma once

#include "plan/refusals.h"
#include "plan/rules.h"

/* How a file can reach a modem at all. */
typedef enum {
  SQNS_FILE_FULL,    /* by every route */
  SQNS_FILE_DIFF,    /* onto its base, running */
  SQNS_FILE_BOOTROM, /* a boot ROM package alone */
  SQNS_FILE_PAIR,    /* a full image behind a first file that is not installed yet */
} SqnsFileKind;

/* All that a decision looks at. */
typedef struct {
  const SqnsRules *rules;
  const SqnsPlanState *state;
  const SqnsPlanDone *done;
  const SqnsPlanFiles *files;
  const SqnsPlanOptions *options;
  SqnsFileKind kind;
} SqnsPlanCase;

/* A refusal that nothing lifts. Sets @code with the sentence; FALSE, to be returned. */
gboolean sqns_plan_refuse (GError **error, SqnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

/* --- plan-policy.c: what is refused --- */

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

/* --- plan-route.c: what leads there --- */

#define SQNS_FACTORY_BOOT_ROM 33080u
#define SQNS_MAX_CHOICES 3
typedef struct {
  SqnsFileKind kind;
  SqnsMode mode;
  SqnsMethod method;
  guint n; /* of routes, the better one first */
  SqnsRoute routes[SQNS_MAX_CHOICES];
} SqnsPlanChoice;
/* The routes that a kind of file has from a mode by a method; NULL when there is none. */
const SqnsPlanChoice *sqns_plan_choice (SqnsFileKind kind, SqnsMode mode, SqnsMethod method);

/* A plan by @route from the mode that the modem is in; there must be such a row. */
SqnsPlan *sqns_plan_new (const SqnsPlanCase *c, SqnsRoute route);
