/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Any text as a rules file: usable rules, or an error that names its place. */
#include "plan/rules.h"

#include "fuzz.h"

#include <string.h>

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  static const SqnsVersion to[] = {
    { { 5, 2, 1, 0 }, 48829 },
    { { 6, 0, 0, 0 }, 37781 },
    { { 0 }, 41065 },
    { { 0 }, 0 },
  };
  static const SqnsPlanState states[] = {
    { SQNS_MODE_FFF, { { 5, 1, 1, 0 }, 33080 }, { { 5, 1, 1, 0 }, 33080 }, SQNS_REPORT_NONE },
    { SQNS_MODE_RECOVERY, { { 0 }, 0 }, { { 0 }, 0 }, SQNS_REPORT_UNKNOWN },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsRules) rules = sqns_rules_parse ((const char *)data, (gssize)size, &error);

  g_assert_cmpint (rules == NULL, ==, error != NULL);
  if (rules == NULL)
    {
      g_assert_error (error, SQNS_ERROR, SQNS_ERROR_FAILED);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      return 0;
    }
  for (guint i = 0; i < G_N_ELEMENTS (to); i++)
    for (guint j = 0; j <= G_N_ELEMENTS (states); j++)
      {
        const SqnsPlanState *state = j < G_N_ELEMENTS (states) ? &states[j] : NULL;
        const SqnsRulesQuery query = {
          .to = &to[i],
          .to_family = sqns_version_family (&to[i]),
          .first_file = (i + j) % 2 != 0,
          .state = state,
          .route = (SqnsRoute)(j % SQNS_N_ROUTES),
          .unknown_passes = i % 2 != 0,
        };
        g_autoptr (GError) refusal = NULL;
        gboolean allowed = sqns_rules_allow (rules, &query, FALSE, &refusal);

        g_assert_cmpint (allowed, ==, refusal == NULL);
        /* "force" does not forbid anything */
        g_assert_true (!allowed || sqns_rules_allow (rules, &query, TRUE, NULL));
      }
  return 0;
}
