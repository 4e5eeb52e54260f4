/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All objections to a plan, reported at once. */
#include "plan/refusals.h"

struct _SqnsRefusals {
  guint n;
  GString *text;   /* of all refusals */
  SqnsError code;  /* of the gravest */
  SqnsLift lifts;  /* the options that lift the liftable ones */
  gboolean stands; /* at least one cannot be lifted */
  char *use;       /* of the first one, nullable */
};

SqnsRefusals *
sqns_refusals_new (void)
{
  SqnsRefusals *refusals = g_new0 (SqnsRefusals, 1);
  refusals->text = g_string_new (NULL);
  return refusals;
}

void
sqns_refusals_free (SqnsRefusals *refusals)
{
  if (refusals == NULL)
    return;
  g_string_free (refusals->text, TRUE);
  g_free (refusals->use);
  g_free (refusals);
}

/* The harder the alternative is to come by, the graver. */
static guint
gravity (SqnsError code)
{
  static const SqnsError order[] = {
    SQNS_ERROR_DOWNGRADE,     SQNS_ERROR_WRONG_STATE,  SQNS_ERROR_NEEDS_RECOVERY,
    SQNS_ERROR_NOT_SUPPORTED, SQNS_ERROR_INCOMPATIBLE, SQNS_ERROR_INVALID_FIRMWARE,
  };

  for (guint i = 0; i < G_N_ELEMENTS (order); i++)
    if (order[i] == code)
      return i + 1;
  return 0;
}

static void
add (SqnsRefusals *refusals, SqnsError code, SqnsLift lifts, const char *use, const char *why)
{
  if (refusals->n++ == 0)
    refusals->use = g_strdup (use);
  else
    g_string_append (refusals->text, "; and ");
  g_string_append (refusals->text, why);
  if (refusals->n == 1 || gravity (code) > gravity (refusals->code))
    refusals->code = code;
  refusals->lifts |= lifts;
  refusals->stands |= lifts == SQNS_LIFT_NOTHING;
}

void
sqns_refusals_add (SqnsRefusals *refusals, SqnsError code, SqnsLift lifts, const char *use, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree char *why = g_strdup_vprintf (format, args);
  va_end (args);
  add (refusals, code, lifts, use, why);
}

void
sqns_refusals_take (SqnsRefusals *refusals, GError *error, SqnsLift lifts)
{
  g_assert (error->domain == SQNS_ERROR);
  add (refusals, (SqnsError)error->code, lifts, NULL, error->message);
  g_error_free (error);
}

/* "force" covers everything that the others do. */
static const char *
flags (SqnsLift lifts)
{
  if ((lifts & SQNS_LIFT_FORCE) != 0)
    return "--force";
  if (lifts == (SQNS_LIFT_FAMILY | SQNS_LIFT_DOWNGRADE))
    return "--allow-family-change and --allow-downgrade";
  return lifts == SQNS_LIFT_FAMILY ? "--allow-family-change" : "--allow-downgrade";
}

/* What the user can do about it. */
static char *
way_out (const char *use, gboolean several, SqnsLift lifts)
{
  if (lifts == SQNS_LIFT_NOTHING)
    return use != NULL ? g_strdup_printf ("; use %s", use) : g_strdup ("");
  if (lifts & SQNS_LIFT_FORCE)
    return use != NULL ? g_strdup_printf ("; use %s; only --force overrides %s", use, several ? "all of this" : "this")
                       : g_strdup (several ? "; only --force overrides all of this" : "");
  return use != NULL ? g_strdup_printf ("; use %s, or add %s", use, flags (lifts))
                     : g_strdup_printf ("; add %s to allow it", flags (lifts));
}

gboolean
sqns_refusals_check (const SqnsRefusals *refusals, GError **error)
{
  gboolean several = refusals->n > 1;

  if (refusals->n == 0)
    return TRUE;
  g_autofree char *way
      = way_out (several ? NULL : refusals->use, several, refusals->stands ? SQNS_LIFT_NOTHING : refusals->lifts);
  return sqns_refuse (error, refusals->code, "%s%s", refusals->text->str, way);
}
