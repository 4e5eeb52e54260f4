/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which route leads from what was observed to what the file promises, or why there is none: the order of decisions.
 * What each of them refuses is in policy.c, the routes themselves in route.c. */
#include "plan/plan.h"

#include "plan/policy.h"

#define MAX_UPLOADS 2u

gboolean
sqns_plan_check_files (const SqnsRules *rules,
                       const SqnsPlanFiles *files,
                       const SqnsPlanOptions *options,
                       GError **error)
{
  const SqnsRulesQuery query = {
    .to = &files->caba->version,
    .to_family = sqns_plan_file_family (files->caba),
    .first_file = files->first_step != NULL,
  };

  g_autoptr (SqnsRefusals) refusals = sqns_refusals_new ();
  GError *rule = NULL;

  if (!sqns_plan_check_format (files, error))
    return FALSE;
  sqns_plan_check_family (files, options, refusals);
  if (!sqns_rules_allow (rules, &query, options->force, &rule))
    sqns_refusals_take (refusals, rule,
                        sqns_rules_allow (rules, &query, TRUE, NULL) ? SQNS_LIFT_FORCE : SQNS_LIFT_NOTHING);
  return sqns_refusals_check (refusals, error);
}

/* The application runs after the file was taken: the version that it reports decides. */
static gboolean
confirm (const SqnsPlanCase *c, GError **error)
{
  g_autofree char *runs = sqns_version_format (&c->state->version);
  g_autofree char *promised = sqns_version_format (&c->files->caba->version);

  /* the package exists to replace this boot ROM only (protocol.md §3) */
  if (c->kind == SQNS_FILE_BOOTROM && c->state->bootloader0.build == SQNS_FACTORY_BOOT_ROM)
    return sqns_refuse (error, SQNS_ERROR_VERIFY_FAILED,
                        "the modem accepted the boot ROM package, but still has the factory boot ROM %u",
                        SQNS_FACTORY_BOOT_ROM);
  if (c->kind == SQNS_FILE_BOOTROM || sqns_version_equal (&c->state->version, &c->files->caba->version))
    return TRUE;
  return sqns_refuse (error, SQNS_ERROR_VERIFY_FAILED, "the modem accepted the file, but runs %s, not %s",
                      *runs != '\0' ? runs : "an unknown version", promised);
}

/* A modem that reports success for something this job has not sent: an earlier upgrade that was never booted
 * (field-failures.md §1 row 24). */
static gboolean
was_never_booted (const SqnsPlanCase *c)
{
  const SqnsPlanDone *done = c->done;

  return c->state->mode == SQNS_MODE_RECOVERY && c->state->report == SQNS_REPORT_SUCCESS && !done->modified
         && done->uploads == 0 && !done->rebooted && !done->bootrom_replaced && !done->first_step_done
         && done->updater_loads == 0;
}

/* A file that was taken but does not boot is sent once more. */
static gboolean
may_send_again (const SqnsPlanCase *c)
{
  return c->done->rebooted && c->kind == SQNS_FILE_FULL && c->done->uploads < MAX_UPLOADS;
}

/* The file was taken and only has to be booted. */
static gboolean
check_boot (const SqnsPlanCase *c, GError **error)
{
  if (!c->done->rebooted)
    return sqns_plan_check_route (c, SQNS_ROUTE_REBOOT, error);
  return sqns_refuse (
      error, SQNS_ERROR_NEEDS_RECOVERY,
      "the modem accepted the file and was booted, but is in %s mode again; use another complete firmware file",
      sqns_mode_name (c->state->mode));
}

/* A run that was interrupted after the upload: a finished upload is not repeated. */
static gboolean
waits_for_report (const SqnsPlanCase *c)
{
  if (!c->done->file_sent || c->done->file_taken)
    return FALSE;
  switch (c->state->mode)
    {
    case SQNS_MODE_RECOVERY:
    case SQNS_MODE_MTOOLS:
      return c->state->report != SQNS_REPORT_FAILURE;
    case SQNS_MODE_FFF:
      return c->done->uploads == 0; /* it was stored */
    case SQNS_MODE_FFH:
    case SQNS_MODE_UPDATER:
    case SQNS_MODE_UNKNOWN:
      break;
    }
  return FALSE;
}

/* Cases without a choice: *@settled, with a route or an error. */
static gboolean
settle (const SqnsPlanCase *c, gboolean *settled, SqnsRoute *route, GError **error)
{
  SqnsMode mode = c->state->mode;
  gboolean runs_it = mode == SQNS_MODE_FFF && sqns_version_equal (&c->state->version, &c->files->caba->version);

  *settled = TRUE;
  if (mode == SQNS_MODE_UNKNOWN)
    return sqns_refuse (error, SQNS_ERROR_WRONG_STATE, "the modem does not say which mode it is in");
  *route = SQNS_ROUTE_WAIT;
  if (mode == SQNS_MODE_UPDATER)
    return TRUE;
  *route = SQNS_ROUTE_NOTHING;
  if (c->done->file_taken && mode == SQNS_MODE_FFF)
    return confirm (c, error);
  *route = SQNS_ROUTE_REBOOT;
  if (c->done->file_taken && !may_send_again (c))
    return check_boot (c, error);
  *route = SQNS_ROUTE_NOTHING;
  if (runs_it && (c->done->file_sent || !c->options->allow_reinstall))
    return TRUE;
  *route = SQNS_ROUTE_REPORT;
  if (waits_for_report (c))
    return TRUE;
  *route = SQNS_ROUTE_REBOOT;
  *settled = was_never_booted (c);
  return TRUE;
}

/* No route fits these files, this mode and this method. */
static gboolean
refuse_choice (const SqnsPlanCase *c, GError **error)
{
  const char *mode = sqns_mode_name (c->state->mode);
  const char *method = sqns_method_name (c->options->method);

  switch (c->kind)
    {
    case SQNS_FILE_BOOTROM:
      return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                          "a boot ROM package can only be installed by a running application, with the method auto or "
                          "fff; this modem is in %s mode and the method is %s; use a complete firmware file",
                          mode, method);
    case SQNS_FILE_DIFF:
      return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                          "a differential file can only be installed by the running application, not with the method "
                          "%s; use auto or fff, or a complete firmware file",
                          method);
    case SQNS_FILE_PAIR:
      if (c->options->method == SQNS_METHOD_AUTO)
        return sqns_plan_check_route (c, SQNS_ROUTE_TWO_STEPS, error);
      return sqns_refuse (error, SQNS_ERROR_INCOMPATIBLE,
                          "two files cannot be installed with the method %s; use the method auto", method);
    case SQNS_FILE_FULL:
      return sqns_refuse (error, SQNS_ERROR_WRONG_STATE,
                          "the method %s does not work for a modem in %s mode; use the method auto", method, mode);
    }
  g_assert_not_reached ();
}

/* The first route that the modem can take and the rules allow. @force: liftable rules do not count. The error is that
 * of the preferred route. */
static gboolean
choose (const SqnsPlanCase *c, const SqnsPlanChoice *choice, gboolean force, SqnsRoute *route, GError **error)
{
  g_autoptr (GError) first = NULL;

  for (guint i = 0; i < choice->n; i++)
    {
      g_autoptr (GError) local = NULL;

      *route = choice->routes[i];
      if (sqns_plan_check_rules (c, *route, force, &local) && sqns_plan_check_route (c, *route, &local))
        return TRUE;
      if (first == NULL)
        first = g_steal_pointer (&local);
    }
  g_propagate_error (error, g_steal_pointer (&first));
  return FALSE;
}

/* The boot ROM was replaced in order to load an updater. Once that was tried, or the modem went past it, the plain
 * route is as good. */
static SqnsRoute
behind_bootrom (const SqnsPlanCase *c, SqnsRoute route)
{
  return c->done->bootrom_replaced && c->state->mode == SQNS_MODE_RECOVERY && c->done->updater_loads == 0
             ? SQNS_ROUTE_UPDATER
             : route;
}

/* This job has loaded an updater, and the boot ROM may stay: the rest of that route. */
static gboolean
is_by_updater (const SqnsPlanCase *c)
{
  return c->done->updater_loads > 0 && c->state->mode == SQNS_MODE_MTOOLS && sqns_version_known (&c->state->bootloader0)
         && c->state->bootloader0.build != SQNS_FACTORY_BOOT_ROM;
}

/* Force applies only where no route is allowed without it. */
static void
choose_or_refuse (const SqnsPlanCase *c, const SqnsPlanChoice *choice, SqnsRoute *route, SqnsRefusals *refusals)
{
  SqnsRoute forced;
  GError *error = NULL;

  if (c->options->force && choose (c, choice, FALSE, route, NULL))
    return;
  if (!choose (c, choice, c->options->force, route, &error))
    sqns_refusals_take (refusals, error, choose (c, choice, TRUE, &forced, NULL) ? SQNS_LIFT_FORCE : SQNS_LIFT_NOTHING);
}

/* Once this job has sent something, policy is not consulted again. */
static gboolean
find_route (const SqnsPlanCase *c, SqnsRoute *route, GError **error)
{
  const SqnsPlanChoice *choice = sqns_plan_choice (c->kind, c->state->mode, c->options->method);
  g_autoptr (SqnsRefusals) refusals = sqns_refusals_new ();
  GError *no_choice = NULL;

  if (c->done->bootrom_replaced || c->done->first_step_done || is_by_updater (c))
    {
      if (choice == NULL)
        return refuse_choice (c, error);
      *route = behind_bootrom (c, choice->routes[0]);
      return sqns_plan_check_route (c, *route, error);
    }
  sqns_plan_check_family (c->files, c->options, refusals);
  sqns_plan_check_version (c, refusals);
  if (choice != NULL)
    choose_or_refuse (c, choice, route, refusals);
  else if (!refuse_choice (c, &no_choice))
    sqns_refusals_take (refusals, no_choice, SQNS_LIFT_NOTHING);
  return sqns_refusals_check (refusals, error);
}

SqnsPlan *
sqns_plan_make (const SqnsRules *rules,
                const SqnsPlanState *state,
                const SqnsPlanDone *done,
                const SqnsPlanFiles *files,
                const SqnsPlanOptions *options,
                GError **error)
{
  const SqnsPlanCase c = {
    rules, state, done, files, options, sqns_plan_file_kind (files, done->first_step_done),
  };
  SqnsRoute route = SQNS_ROUTE_NOTHING;
  gboolean settled;

  if (!sqns_plan_check_format (files, error) || !settle (&c, &settled, &route, error))
    return NULL;
  if (!settled && (!sqns_plan_check_base (&c, error) || !find_route (&c, &route, error)))
    return NULL;
  return sqns_plan_new (&c, route);
}
