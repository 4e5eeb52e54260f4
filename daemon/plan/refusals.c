/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All that speaks against a plan, told at once. */
#include "plan/refusals.h"

typedef struct {
  SqnsError code;
  SqnsLift lifts;
  char *use;
  char *why;
} Refusal;

struct _SqnsRefusals {
  GPtrArray *list; /* Refusal * */
};

static void
refusal_free (gpointer data)
{
  Refusal *refusal = data;
  g_free (refusal->use);
  g_free (refusal->why);
  g_free (refusal);
}

SqnsRefusals *
sqns_refusals_new (void)
{
  SqnsRefusals *refusals = g_new0 (SqnsRefusals, 1);
  refusals->list = g_ptr_array_new_with_free_func (refusal_free);
  return refusals;
}

void
sqns_refusals_free (SqnsRefusals *refusals)
{
  if (refusals == NULL)
    return;
  g_ptr_array_unref (refusals->list);
  g_free (refusals);
}

/* @why: taken */
static void
add (SqnsRefusals *refusals, SqnsError code, SqnsLift lifts, const char *use, char *why)
{
  Refusal *refusal = g_new0 (Refusal, 1);

  *refusal = (Refusal){ code, lifts, g_strdup (use), why };
  g_ptr_array_add (refusals->list, refusal);
}

void
sqns_refusals_add (SqnsRefusals *refusals, SqnsError code, SqnsLift lifts, const char *use, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  add (refusals, code, lifts, use, g_strdup_vprintf (format, args));
  va_end (args);
}

void
sqns_refusals_take (SqnsRefusals *refusals, GError *error, SqnsLift lifts)
{
  g_assert (error->domain == SQNS_ERROR);
  add (refusals, (SqnsError)error->code, lifts, NULL, g_strdup (error->message));
  g_error_free (error);
}

/* The harder to come by what is wanted instead, the graver. */
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

/* "force" goes past everything that the others do. */
static const char *
flags (SqnsLift lifts)
{
  if ((lifts & SQNS_LIFT_FORCE) != 0)
    return "--force";
  if (lifts == (SQNS_LIFT_FAMILY | SQNS_LIFT_DOWNGRADE))
    return "--allow-family-change and --allow-downgrade";
  return lifts == SQNS_LIFT_FAMILY ? "--allow-family-change" : "--allow-downgrade";
}

/* What may be done about it. */
static char *
way_out (const char *use, gboolean several, SqnsLift lifts)
{
  if (lifts == SQNS_LIFT_NOTHING)
    return use != NULL ? g_strdup_printf ("; use %s", use) : g_strdup ("");
  if (lifts & SQNS_LIFT_FORCE)
    return use != NULL ? g_strdup_printf ("; use %s; only --force lifts %s", use, several ? "all of this" : "this")
                       : g_strdup (several ? "; only --force lifts all of this" : "");
  return use != NULL ? g_strdup_printf ("; use %s, or add %s", use, flags (lifts))
                     : g_strdup_printf ("; allowed with %s", flags (lifts));
}

gboolean
sqns_refusals_check (const SqnsRefusals *refusals, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  const Refusal *gravest = NULL;
  SqnsLift lifts = SQNS_LIFT_NOTHING;
  gboolean final = FALSE, several = refusals->list->len > 1;

  for (guint i = 0; i < refusals->list->len; i++)
    {
      const Refusal *refusal = g_ptr_array_index (refusals->list, i);

      g_string_append_printf (text, "%s%s", i > 0 ? "; and " : "", refusal->why);
      if (gravest == NULL || gravity (refusal->code) > gravity (gravest->code))
        gravest = refusal;
      lifts |= refusal->lifts;
      final |= refusal->lifts == SQNS_LIFT_NOTHING;
    }
  if (gravest == NULL)
    return TRUE;

  g_autofree char *way = way_out (several ? NULL : gravest->use, several, final ? SQNS_LIFT_NOTHING : lifts);
  g_set_error (error, SQNS_ERROR, gravest->code, "%s%s", text->str, way);
  return FALSE;
}
