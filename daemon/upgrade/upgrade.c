/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An upgrade: link, probe, plan, run the plan's steps up to the next reboot, and again from the probe until the modem
 * reports the promised version; after a failure, find out what the modem is. The decisions are in plan/upgrade-state.c.
 */
#include "upgrade/upgrade.h"

#include "base/deadlines.h"
#include "base/ssm.h"
#include "modem/prepare.h"
#include "modem/probe.h"
#include "upgrade/assess.h"
#include "serial/port-holder.h"
#include "upgrade/same-modem.h"
#include "upgrade/step.h"

typedef enum {
  LINK,
  PROBE,
  IDENTIFY, /* only in application mode */
  PLAN,
  UNLINK, /* only for another link */
  RELINK,
  CHECKPOINT, /* each step is on disk before it begins */
  STEP,
  NOTIFY,
  CONFIRM_PAUSE, /* only while the booted modem does not report its version */
  ASSESS,        /* cleanup from here: what the modem is after a failure */
  VERDICT,
  CLOSE,
  N_STATES,
} State;
static const char *const state_names[] = {
  "link", "probe",  "identify",      "plan",   "unlink",  "relink", "checkpoint",
  "step", "notify", "confirm-pause", "assess", "verdict", "close",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsUpgradeConfig config;
  char *devnode;
  char *board;
  SqnsMonitor monitor;
  SqnsStepFiles files;
  SqnsPlanFiles plan_files;

  SqnsUpgradeState state;
  SqnsLink *link;
  SqnsPlan *plan;
  SqnsLinkChange change;
  guint at;        /* index of the current step, or the next */
  SqnsPhase phase; /* as last reported */
  char *summary;   /* of the first plan */

  gboolean mismatch; /* another modem than the job's, which is left alone */
  SqnsMode found;    /* after a failure */
  SqnsContact contact;
} Upgrade;

static void
upgrade_free (gpointer data)
{
  Upgrade *upgrade = data;
  g_clear_object (&upgrade->link);
  sqns_step_files_clear (&upgrade->files);
  g_clear_pointer (&upgrade->plan, sqns_plan_free); /* NULL without a plan */
  sqns_upgrade_state_clear (&upgrade->state);
  g_free (upgrade->summary);
  g_free (upgrade->devnode);
  g_free (upgrade->board);
  g_free (upgrade);
}

void
sqns_upgrade_result_free (SqnsUpgradeResult *result)
{
  if (result == NULL)
    return;
  g_free (result->summary);
  g_free (result);
}

static void
say (Upgrade *upgrade, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  gboolean between = sqns_upgrade_state_is_between (&upgrade->state);

  upgrade->phase = phase;
  sqns_monitor_phase (&upgrade->monitor, phase, safe && !between && !upgrade->state.busy, committed || between,
                      message);
}

static void
save (Upgrade *upgrade, GSourceFunc done, SqnsSsm *ssm)
{
  if (upgrade->config.save != NULL)
    upgrade->config.save (upgrade->config.save_data, &upgrade->state.checkpoint, done, ssm);
  else
    done (ssm);
}

/* --- link --- */

static void
on_linked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  upgrade->link = sqns_link_open_finish (result, &error);
  if (upgrade->link == NULL)
    sqns_ssm_fail_error (ssm, sqns_upgrade_state_unlinked (&upgrade->state, error));
  else /* into passthrough, for a plan that still holds */
    sqns_ssm_goto (ssm, upgrade->plan != NULL && sqns_link_kind (upgrade->link) == SQNS_LINK_PASSTHROUGH ? CHECKPOINT
                                                                                                         : PROBE);
}

static void
open_link (SqnsSsm *ssm, Upgrade *upgrade)
{
  gboolean between = sqns_upgrade_state_is_between (&upgrade->state);
  SqnsLinkConfig config = upgrade->config.link;

  config.leave = upgrade->change != SQNS_CHANGE_TO_PASSTHROUGH;
  config.reset = upgrade->change == SQNS_CHANGE_RESET;
  config.again = upgrade->state.relinks > 0;
  if (upgrade->state.no_user)
    config.user_timeout_s = 0;
  config.unsafe = upgrade->state.busy || upgrade->state.checkpoint.written || between;
  config.committed = between;
  sqns_link_open_async (&config, &upgrade->monitor, sqns_ssm_cancellable (ssm), on_linked, ssm);
}

static void
on_unlinked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Upgrade *upgrade = sqns_ssm_data (user_data);
  sqns_link_close_finish (upgrade->link, result, NULL);
  g_clear_object (&upgrade->link);
  sqns_ssm_next (user_data);
}

static void
close_link (SqnsSsm *ssm, Upgrade *upgrade)
{
  if (upgrade->link != NULL)
    sqns_link_close_async (upgrade->link, on_unlinked, ssm);
  else
    sqns_ssm_next (ssm);
}

/* --- probe --- */

static void
take_status (Upgrade *upgrade, const SqnsModemStatus *status)
{
  const SqnsPlanState modem = {
    .mode = status->mode,
    .version = status->version,
    .bootloader0 = status->showver.bootloader[0],
    .report = status->report,
  };

  sqns_upgrade_state_probed (&upgrade->state, &modem);
  if (modem.mode == SQNS_MODE_UPDATER)
    say (upgrade, upgrade->phase, FALSE, FALSE, "the modem is applying an upgrade by itself");
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);

  if (status != NULL)
    take_status (upgrade, status);
  if (status != NULL && status->speed != 0)
    sqns_ssm_next (ssm);
  else if (sqns_upgrade_state_unanswered (&upgrade->state, error, sqns_port_is_lost (sqns_link_port (upgrade->link)))
           == SQNS_NEXT_RELINK)
    {
      /* the ESP32 may have been reset, or the speed may be another */
      sqns_monitor_remark (&upgrade->monitor, "the modem stopped responding; reopening the link");
      g_clear_error (&error);
      g_clear_pointer (&upgrade->plan, sqns_plan_free);
      upgrade->change = SQNS_CHANGE_NONE;
      sqns_ssm_goto (ssm, UNLINK);
    }
  else
    {
      if (error == NULL)
        error = g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the modem stopped responding after it was found");
      sqns_ssm_fail_error (ssm, sqns_upgrade_state_cause (&upgrade->state, error));
    }
}

static void
probe (SqnsSsm *ssm, Upgrade *upgrade)
{
  const SqnsCheckpoint *checkpoint = &upgrade->state.checkpoint;

  if (checkpoint->done.file_taken)
    say (upgrade, SQNS_PHASE_CONFIRM, FALSE, TRUE, "reading the version back");
  else
    say (upgrade, checkpoint->done.modified ? upgrade->phase : SQNS_PHASE_PROBE, !checkpoint->written, FALSE,
         "identifying the modem");
  sqns_probe_async (upgrade->link, sqns_ssm_cancellable (ssm), on_probed, ssm);
}

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Upgrade *upgrade = sqns_ssm_data (user_data);
  GError *error = NULL;
  gboolean same = sqns_same_modem_finish (upgrade->link, result, &error);

  upgrade->mismatch = g_error_matches (error, SQNS_ERROR, SQNS_ERROR_WRONG_STATE);
  sqns_ssm_next_or_fail (user_data, same, error);
}

static void
identify (SqnsSsm *ssm, Upgrade *upgrade)
{
  /* a modem that runs the promised version has succeeded, whatever else it may say */
  gboolean succeeded = upgrade->state.checkpoint.done.file_taken
                       && sqns_version_equal (&upgrade->state.modem.version, &upgrade->config.caba->version);

  if (upgrade->state.modem.mode == SQNS_MODE_FFF && !succeeded)
    sqns_same_modem_async (upgrade->link, &upgrade->state.checkpoint, sqns_ssm_cancellable (ssm), on_identified, ssm);
  else
    sqns_ssm_next (ssm);
}

/* --- plan --- */

static void
follow_plan (SqnsSsm *ssm, Upgrade *upgrade)
{
  const SqnsLinkFacts facts = {
    .wanted = upgrade->config.link.kind,
    .kind = sqns_link_kind (upgrade->link),
    .has_passthrough = sqns_link_has_passthrough (upgrade->link),
    .fast = sqns_link_speed (upgrade->link) == SQNS_MODEM_SPEED,
  };

  if (upgrade->plan->route == SQNS_ROUTE_NOTHING && upgrade->state.checkpoint.done.modified)
    sqns_ssm_goto (ssm, NOTIFY);
  else if (upgrade->plan->route == SQNS_ROUTE_NOTHING || upgrade->config.dry_run)
    sqns_ssm_complete (ssm);
  else
    {
      upgrade->change = sqns_upgrade_state_change_link (&upgrade->state, upgrade->plan, &facts);
      sqns_ssm_goto (ssm, upgrade->change != SQNS_CHANGE_NONE ? UNLINK : CHECKPOINT);
    }
}

static void
make_plan (SqnsSsm *ssm, Upgrade *upgrade)
{
  GError *error = NULL;

  if (sqns_upgrade_state_lacks_version (&upgrade->state))
    {
      sqns_ssm_goto (ssm, CONFIRM_PAUSE);
      return;
    }
  SqnsPlan *plan = sqns_upgrade_state_plan (&upgrade->state, upgrade->config.rules, &upgrade->plan_files,
                                            &upgrade->config.options, &error);
  if (plan == NULL)
    {
      sqns_ssm_fail_error (ssm, error);
      return;
    }
  g_clear_pointer (&upgrade->plan, sqns_plan_free);
  upgrade->plan = plan;
  upgrade->at = 0;
  sqns_monitor_remark (&upgrade->monitor, "plan: %s (%s)", plan->summary, sqns_route_names[plan->route]);
  if (upgrade->summary == NULL)
    upgrade->summary = g_strdup (plan->summary);
  follow_plan (ssm, upgrade);
}

/* --- steps --- */

static gboolean
on_saved (gpointer ssm)
{
  sqns_ssm_next (ssm);
  return G_SOURCE_REMOVE;
}

static void
begin_step (SqnsSsm *ssm, Upgrade *upgrade)
{
  sqns_upgrade_state_begin (&upgrade->state, g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at));
  save (upgrade, on_saved, ssm);
}

static void
on_step_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  SqnsStep step = g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at);
  g_autoptr (GError) error = NULL;

  if (sqns_step_finish (upgrade->link, result, &error))
    {
      sqns_monitor_contact (&upgrade->monitor, SQNS_CONTACT_ANSWERED);
      sqns_upgrade_state_done (&upgrade->state, step);
      upgrade->at++;
      sqns_ssm_goto (ssm, sqns_step_has (step, SQNS_TRAIT_ENDS_STAGE) ? PROBE : CHECKPOINT);
      return;
    }
  if (sqns_error_is_timeout (error)) /* over a link that is known to work */
    sqns_monitor_contact (&upgrade->monitor, SQNS_CONTACT_SILENT);
  if (sqns_upgrade_state_failed (&upgrade->state, step, error, sqns_link_kind (upgrade->link) != SQNS_LINK_DIRECT)
      == SQNS_NEXT_FAIL)
    {
      sqns_ssm_fail_error (ssm, g_steal_pointer (&error));
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "%s failed (%s): probing the modem again", sqns_step_info (step)->name,
                       error->message);
  sqns_ssm_goto (ssm, PROBE);
}

static void
run_step (SqnsSsm *ssm, Upgrade *upgrade)
{
  SqnsStep step = g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at);

  say (upgrade, sqns_upgrade_state_phase (&upgrade->state, step), sqns_step_has (step, SQNS_TRAIT_SAFE),
       sqns_step_has (step, SQNS_TRAIT_COMMITTED), sqns_step_info (step)->message);
  sqns_step_async (upgrade->link, step, &upgrade->files, sqns_ssm_cancellable (ssm), on_step_done, ssm);
}

static void
on_notified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Upgrade *upgrade = sqns_ssm_data (user_data);
  /* the notice is a courtesy: the version is confirmed */
  sqns_prepare_finish (upgrade->link, result, NULL);
  sqns_ssm_complete (user_data);
}

/* --- the end --- */

/* The upgrade failed after it modified the modem. */
static gboolean
has_failed_modified (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);
  return sqns_ssm_error (ssm) != NULL && upgrade->state.checkpoint.done.modified && !upgrade->mismatch;
}

static void
on_assessed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Upgrade *upgrade = sqns_ssm_data (user_data);

  upgrade->found = sqns_assess_finish (upgrade->link, result, &upgrade->contact);
  sqns_ssm_next (user_data);
}

static void
assess_modem (SqnsSsm *ssm, gboolean held)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  /* a probe says nothing while another program takes the bytes */
  if (!has_failed_modified (ssm) || held || upgrade->link == NULL || sqns_port_is_lost (sqns_link_port (upgrade->link)))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "failed (%s): probing the modem again", sqns_ssm_error (ssm)->message);
  sqns_assess_async (upgrade->link,
                     !upgrade->state.checkpoint.written && !sqns_upgrade_state_is_between (&upgrade->state),
                     on_assessed, ssm);
}

static SqnsUpgradeResult *
make_result (Upgrade *upgrade)
{
  SqnsUpgradeResult *result = g_new0 (SqnsUpgradeResult, 1);

  result->before = upgrade->state.checkpoint.before;
  result->summary = g_steal_pointer (&upgrade->summary);
  if (upgrade->plan->route == SQNS_ROUTE_NOTHING)
    {
      result->after = upgrade->state.modem.version;
      result->nothing_to_do = !upgrade->state.checkpoint.done.modified;
    }
  return result;
}

static gboolean
end (gpointer data)
{
  SqnsSsm *ssm = data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  const GError *error = sqns_ssm_error (ssm);
  /* without the port, what was known of the modem before still holds */
  gboolean locked_out
      = upgrade->link == NULL && !upgrade->state.probed && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);

  if (error == NULL)
    {
      say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE, "releasing the board");
      sqns_ssm_set_result (ssm, make_result (upgrade), (GDestroyNotify)sqns_upgrade_result_free);
    }
  else if (has_failed_modified (ssm) && !locked_out)
    {
      SqnsDiagnosis diagnosis;
      GError *diagnosed = sqns_upgrade_state_diagnose (&upgrade->state, error, upgrade->phase, upgrade->found,
                                                       upgrade->contact, &diagnosis);
      say (upgrade, SQNS_PHASE_RELEASE, diagnosis.power != SQNS_POWER_KEEP, FALSE, diagnosis.message);
      sqns_ssm_replace_error (ssm, diagnosed);
    }
  sqns_ssm_next (ssm);
  return G_SOURCE_REMOVE;
}

static void
run_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Upgrade *upgrade = data;

  switch ((State)state)
    {
    case LINK:
    case RELINK:
      open_link (ssm, upgrade);
      break;
    case PROBE:
      probe (ssm, upgrade);
      break;
    case IDENTIFY:
      identify (ssm, upgrade);
      break;
    case PLAN:
      make_plan (ssm, upgrade);
      break;
    case UNLINK:
    case CLOSE:
      close_link (ssm, upgrade);
      break;
    case CHECKPOINT:
      begin_step (ssm, upgrade);
      break;
    case STEP:
      run_step (ssm, upgrade);
      break;
    case NOTIFY:
      sqns_prepare_async (upgrade->link, SQNS_NOTICE_SUCCESS, sqns_ssm_cancellable (ssm), on_notified, ssm);
      break;
    case CONFIRM_PAUSE:
      sqns_ssm_goto_in_ms (ssm, PROBE, SQNS_CONFIRM_PAUSE_MS);
      break;
    case ASSESS:
      sqns_port_holder_explain (ssm, upgrade->devnode, assess_modem);
      break;
    case VERDICT:
      /* save progress since the last checkpoint, such as a finished upload, so that it is not repeated */
      if (has_failed_modified (ssm))
        save (upgrade, end, ssm);
      else
        end (ssm);
      break;
    case N_STATES:
      g_assert_not_reached ();
    }
}

void
sqns_upgrade_async (const SqnsUpgradeConfig *config,
                    const SqnsMonitor *monitor,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  static const SqnsSsmClass klass = { "upgrade", state_names, N_STATES, ASSESS, run_state };
  Upgrade *upgrade = g_new0 (Upgrade, 1);

  upgrade->config = *config;
  upgrade->config.link.devnode = upgrade->devnode = g_strdup (config->link.devnode);
  upgrade->config.link.board = upgrade->board = g_strdup (config->link.board);
  upgrade->monitor = *monitor;
  upgrade->found = SQNS_MODE_UNKNOWN;
  sqns_upgrade_state_init (&upgrade->state, &config->checkpoint, config->link.unsafe);
  sqns_step_files_init (&upgrade->files, config->image, config->caba, config->first_step, config->updater,
                        config->block_size);
  upgrade->plan_files = (SqnsPlanFiles){
    .caba = config->caba,
    .size = g_bytes_get_size (config->image),
    .first_step = config->first_caba,
    .first_step_size = config->first_step != NULL ? g_bytes_get_size (config->first_step) : 0,
    .updater_given = config->updater != NULL,
  };
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), upgrade, upgrade_free);
}

SqnsUpgradeResult *
sqns_upgrade_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
