/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which way leads from what was observed to what the file promises, or why none may be taken. */
#include "codec/rules.h"

/* From each mode, the steps that lead to the file's version (protocol.md §3). Recovery and a running updater take the
 * file as they are; what was interrupted there starts over with the upload. */
static const SqnsStep from_application[] = {
  SQNS_STEP_PREPARE, SQNS_STEP_BOOT_RECOVERY,    SQNS_STEP_UPLOAD_ON_THE_FLY,
  SQNS_STEP_APPLY,   SQNS_STEP_BOOT_APPLICATION, SQNS_STEP_CONFIRM,
};
static const SqnsStep from_recovery[] = {
  SQNS_STEP_UPLOAD_ON_THE_FLY,
  SQNS_STEP_APPLY,
  SQNS_STEP_BOOT_APPLICATION,
  SQNS_STEP_CONFIRM,
};

const char *
sqns_step_name (SqnsStep step)
{
  switch (step)
    {
    case SQNS_STEP_PREPARE:
      return "prepare";
    case SQNS_STEP_BOOT_RECOVERY:
      return "boot-recovery";
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
      return "upload-on-the-fly";
    case SQNS_STEP_APPLY:
      return "apply";
    case SQNS_STEP_BOOT_APPLICATION:
      return "boot-application";
    case SQNS_STEP_CONFIRM:
      return "confirm";
    }
  return "unknown";
}

gboolean
sqns_method_from_name (const char *name, SqnsMethod *method)
{
  static const struct {
    const char *name;
    SqnsMethod method;
  } names[] = {
    { "auto", SQNS_METHOD_AUTO },
    { "on-the-fly", SQNS_METHOD_ON_THE_FLY },
    { "fff", SQNS_METHOD_FFF },
    { "recovery", SQNS_METHOD_RECOVERY },
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (g_str_equal (name, names[i].name))
      {
        *method = names[i].method;
        return TRUE;
      }
  return FALSE;
}

void
sqns_plan_free (SqnsPlan *plan)
{
  if (plan == NULL)
    return;
  g_array_unref (plan->steps);
  g_free (plan->summary);
  g_free (plan);
}

static gboolean refuse (GError **error, SqnsError code, const char *format, ...) G_GNUC_PRINTF (3, 4);

static gboolean
refuse (GError **error, SqnsError code, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  if (error != NULL)
    *error = g_error_new_valist (SQNS_ERROR, (int)code, format, args);
  va_end (args);
  return FALSE;
}

static SqnsFamily
file_family (const SqnsCaba *caba)
{
  return caba->family != SQNS_FAMILY_UNKNOWN ? caba->family : sqns_version_family (&caba->version);
}

static gboolean
only_bootrom (const SqnsCaba *caba)
{
  const SqnsPackage *package;

  if (caba->packages->len != 1)
    return FALSE;
  package = g_ptr_array_index (caba->packages, 0);
  return package->role == SQNS_ROLE_BOOTROM;
}

/* What is wrong with the file whatever the modem is, and whatever is forced. */
static gboolean
check_format (const SqnsCaba *caba, GError **error)
{
  if (!caba->diff && only_bootrom (caba))
    return refuse (
        error, SQNS_ERROR_NOT_SUPPORTED,
        "the file holds the boot ROM package alone, which is not supported yet, or is a full image that was cut "
        "behind it; a full image is allowed");
  if (!caba->diff && !caba->complete)
    return refuse (
        error, SQNS_ERROR_INVALID_FIRMWARE,
        "the file is not a full image: %s missing; it was cut at a package boundary, or is one part of several; "
        "a file with bootrom, updater, fff and fs is allowed",
        caba->missing != NULL ? caba->missing : "packages");
  if (caba->diff && caba->base_build == 0)
    return refuse (
        error, SQNS_ERROR_INCOMPATIBLE,
        "the file is a differential one and does not tell from which version it leads; give it the name that it "
        "was released with (upgdiff_A-to-B.dup), or take a full image");
  if (!sqns_version_known (&caba->version))
    return refuse (
        error, SQNS_ERROR_INVALID_FIRMWARE,
        "the file does not tell which version it is, so success could not be checked; a file with a version text "
        "is allowed");
  return TRUE;
}

static gboolean
check_file_family (const SqnsCaba *caba, const SqnsPlanOptions *options, GError **error)
{
  g_autofree char *to = sqns_version_format (&caba->version);

  if (file_family (caba) != SQNS_FAMILY_UNKNOWN || options->force)
    return TRUE;
  return refuse (
      error, SQNS_ERROR_INCOMPATIBLE,
      "%s is neither CAT-M1 (5.x) nor NB-IoT (6.x): no known firmware of this modem; those are allowed, others only "
      "with force",
      to);
}

gboolean
sqns_plan_check_file (const SqnsRules *rules, const SqnsCaba *caba, const SqnsPlanOptions *options, GError **error)
{
  return check_format (caba, error) && check_file_family (caba, options, error)
         && sqns_rules_allow (rules, &caba->version, file_family (caba), NULL, options->force, error);
}

/* A diff applies to exactly its base, running (field-failures.md §1 rows 12 and 13). */
static gboolean
check_diff (const SqnsPlanState *state, const SqnsCaba *caba, GError **error)
{
  g_autofree char *runs = sqns_version_format (&state->version);

  /* What the modem will run is not known while it is updating, or has not said: check_mode() speaks then. */
  if (!caba->diff || state->mode == SQNS_MODE_UPDATER || state->mode == SQNS_MODE_UNKNOWN)
    return TRUE;
  if (state->mode != SQNS_MODE_FFF)
    return refuse (
        error, SQNS_ERROR_INCOMPATIBLE,
        "the file is a differential one and applies only to a modem that runs %u, not to one in %s mode; a full "
        "image is allowed",
        caba->base_build, sqns_mode_name (state->mode));
  if (state->version.build != caba->base_build)
    return refuse (error, SQNS_ERROR_INCOMPATIBLE,
                   "the file is a differential one and applies only to %u, the modem runs %s; a full image is allowed",
                   caba->base_build, *runs != '\0' ? runs : "an unknown version");
  return refuse (
      error, SQNS_ERROR_NOT_SUPPORTED,
      "the file is a differential one for the %u that runs here, but differential files are not supported yet; a "
      "full image is allowed",
      caba->base_build);
}

/* Modes that no step leads out of today. */
static gboolean
check_mode (SqnsMode mode, GError **error)
{
  switch (mode)
    {
    case SQNS_MODE_FFF:
    case SQNS_MODE_MTOOLS:
    case SQNS_MODE_RECOVERY:
      return TRUE;
    case SQNS_MODE_UPDATER:
      return refuse (
          error, SQNS_ERROR_WRONG_STATE,
          "the modem is applying an upgrade by itself; leave its power on, wait until it has finished, then try "
          "again");
    case SQNS_MODE_UNKNOWN:
      return refuse (
          error, SQNS_ERROR_WRONG_STATE,
          "the modem does not tell which mode it is in; an upgrade is allowed once a probe has found that out");
    case SQNS_MODE_FFH:
      return refuse (
          error, SQNS_ERROR_NEEDS_RECOVERY,
          "the modem's boot ROM waits for an updater (FFH); loading one is not supported yet, so this modem cannot "
          "be helped from here; nothing was sent to it");
    }
  return FALSE;
}

static gboolean
check_method (SqnsMethod method, GError **error)
{
  switch (method)
    {
    case SQNS_METHOD_AUTO:
    case SQNS_METHOD_ON_THE_FLY:
      return TRUE;
    case SQNS_METHOD_FFF:
      return refuse (error, SQNS_ERROR_NOT_SUPPORTED,
                     "the method fff (store first, then apply) is not supported yet; auto and on-the-fly are allowed");
    case SQNS_METHOD_RECOVERY:
      return refuse (
          error, SQNS_ERROR_NOT_SUPPORTED,
          "the method recovery (an updater loaded by the boot ROM) is not supported yet; auto and on-the-fly are "
          "allowed, also for a modem that is in recovery");
    }
  return FALSE;
}

/* Family and age. A modem in recovery often cannot tell what it ran, and the file may be all that saves it: there the
 * unknown is allowed. An application always can. */
static gboolean
check_version (const SqnsPlanState *state, const SqnsCaba *caba, const SqnsPlanOptions *options, GError **error)
{
  g_autofree char *from = sqns_version_format (&state->version);
  g_autofree char *to = sqns_version_format (&caba->version);
  SqnsFamily from_family = sqns_version_family (&state->version);

  if (options->force)
    return TRUE;
  if (!sqns_version_known (&state->version))
    {
      if (state->mode != SQNS_MODE_FFF || (options->allow_downgrade && options->allow_family_change))
        return TRUE;
      return refuse (
          error, SQNS_ERROR_WRONG_STATE,
          "the modem does not tell which version it runs, so it is not known whether %s is a downgrade or a change "
          "of family; allowed with both allow-downgrade and allow-family-change",
          to);
    }
  if (from_family != file_family (caba))
    {
      if (options->allow_family_change)
        return TRUE;
      return refuse (
          error, SQNS_ERROR_INCOMPATIBLE,
          "the modem runs %s (%s) and the file is %s (%s); a file of the same family is allowed, this one with "
          "allow-family-change",
          from, sqns_family_name (from_family), to, sqns_family_name (file_family (caba)));
    }
  if (sqns_version_compare (&caba->version, &state->version) < 0 && !options->allow_downgrade)
    return refuse (error, SQNS_ERROR_DOWNGRADE,
                   "%s is older than %s; a newer file is allowed, this one with allow-downgrade", to, from);
  return TRUE;
}

static SqnsPlan *
plan_new (SqnsPlanOutcome outcome, char *summary)
{
  SqnsPlan *plan = g_new0 (SqnsPlan, 1);

  plan->outcome = outcome;
  plan->steps = g_array_new (FALSE, FALSE, sizeof (SqnsStep));
  plan->summary = summary;
  return plan;
}

static SqnsPlan *
plan_route (const SqnsPlanState *state, const SqnsCaba *caba)
{
  g_autofree char *from = sqns_version_format (&state->version);
  g_autofree char *to = sqns_version_format (&caba->version);
  const char *way = state->mode == SQNS_MODE_FFF        ? "by way of recovery"
                    : state->mode == SQNS_MODE_RECOVERY ? "from recovery, where the modem is"
                                                        : "by the updater that the modem runs";
  SqnsPlan *plan
      = plan_new (SQNS_PLAN_ROUTE, g_strdup_printf ("%s -> %s %s", *from != '\0' ? from : "unknown version", to, way));

  if (state->mode == SQNS_MODE_FFF)
    g_array_append_vals (plan->steps, from_application, G_N_ELEMENTS (from_application));
  else
    g_array_append_vals (plan->steps, from_recovery, G_N_ELEMENTS (from_recovery));
  return plan;
}

SqnsPlan *
sqns_plan_make (const SqnsRules *rules,
                const SqnsPlanState *state,
                const SqnsCaba *caba,
                const SqnsPlanOptions *options,
                GError **error)
{
  if (!check_format (caba, error))
    return NULL;
  if (state->mode == SQNS_MODE_FFF && sqns_version_equal (&state->version, &caba->version) && !options->allow_reinstall)
    {
      g_autofree char *version = sqns_version_format (&caba->version);

      return plan_new (SQNS_PLAN_NOTHING_TO_DO, g_strdup_printf ("the modem runs %s already", version));
    }
  if (!check_diff (state, caba, error) || !check_mode (state->mode, error) || !check_method (options->method, error)
      || !check_file_family (caba, options, error) || !check_version (state, caba, options, error)
      || !sqns_rules_allow (rules, &caba->version, file_family (caba), state, options->force, error))
    return NULL;
  return plan_route (state, caba);
}
