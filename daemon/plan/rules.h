/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The release rules: which release may not go onto which modem, read from data/firmware-rules.conf (its form stands
 * there). Pure. sqns_rules_parse() and sqns_rules_free() are in plan/plan.h. */
#pragma once

#include "common/error.h"
#include "plan/plan.h"

/* What is asked about. */
typedef struct {
  const SqnsVersion *to;
  SqnsFamily to_family;
  gboolean first_file; /* another file goes before it */
  const SqnsPlanState
      *state;              /* the modem; NULL: only the files are known, and only rules that ask nothing else speak */
  SqnsRoute route;         /* without @state: not looked at */
  gboolean unknown_passes; /* a modem that does not tell its version is none that NotFrom refuses */
} SqnsRulesQuery;

/* FALSE with the error and the words of the first rule that refuses. @force passes over the rules that are liftable. */
gboolean sqns_rules_allow (const SqnsRules *rules, const SqnsRulesQuery *query, gboolean force, GError **error);
