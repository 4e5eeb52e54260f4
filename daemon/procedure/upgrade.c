/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main job: link, probe, plan, the plan's steps, and the truth about the modem when one of them fails. */
#include "procedure/upgrade.h"

#include "base/ssm.h"
#include "procedure/apply.h"
#include "procedure/bootmode.h"
#include "procedure/prepare.h"
#include "procedure/probe.h"
#include "procedure/transfer.h"

#define CONFIRM_TRIES 10
#define CONFIRM_PAUSE_MS 2000
#define RESTORE_S 120
#define UPLOADS 2 /* an upload that the modem found damaged, or that broke off, is begun anew once (protocol.md §4) */

typedef enum {
  STATE_LINK,
  STATE_PROBE,
  STATE_PLAN,
  STATE_STEP, /* goes to the state of the plan's next step */
  STATE_PREPARE,
  STATE_BOOT_RECOVERY,
  STATE_UPLOAD,
  STATE_APPLY,
  STATE_AGAIN, /* only after a failed upload: is another one possible? */
  STATE_BOOT_APPLICATION,
  STATE_NOTIFY,
  STATE_CONFIRM,
  STATE_CONFIRM_PAUSE,
  STATE_ASSESS,  /* cleanup from here: after a failure, what is the modem now? */
  STATE_RESTORE, /* nothing was written yet: back to its application */
  STATE_VERDICT,
  STATE_CLOSE,
  N_STATES,
} State;

static const char *const state_names[] = {
  "link",          "probe",   "plan",          "step",   "prepare",
  "boot-recovery", "upload",  "apply",         "again",  "boot-application",
  "notify",        "confirm", "confirm-pause", "assess", "restore",
  "verdict",       "close",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

typedef struct {
  SqnsUpgradeConfig config;
  char *devnode;
  char *board;
  SqnsMonitor monitor;
  SqnsLink *link;
  SqnsModemStatus *status; /* of the first probe */
  SqnsPlan *plan;
  guint step;
  guint uploads;     /* that may still be begun */
  guint upload_step; /* of the plan */
  GError *upload_error;
  guint confirm_tries;
  gboolean touched;   /* the modem was told to leave its mode, or an upload was begun */
  gboolean uploading; /* bytes of an image may have been written */
  SqnsMode found;     /* by the assessment */
  SqnsUpgradeResult *result;
} Upgrade;

static void
upgrade_free (gpointer data)
{
  Upgrade *upgrade = data;
  g_clear_object (&upgrade->link);
  g_clear_error (&upgrade->upload_error);
  g_bytes_unref (upgrade->config.image);
  sqns_modem_status_free (upgrade->status);
  g_clear_pointer (&upgrade->plan, sqns_plan_free); /* none when it failed before, or was refused */
  sqns_upgrade_result_free (upgrade->result);
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
  sqns_monitor_phase (&upgrade->monitor, phase, safe, committed, message);
}

/* --- link, probe, plan --- */

static void
on_linked (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  upgrade->link = sqns_link_open_finish (result, &error);
  sqns_ssm_next_or_fail (ssm, upgrade->link != NULL, error);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  upgrade->status = sqns_probe_finish (upgrade->link, result, &error);
  if (upgrade->status != NULL)
    upgrade->result->before = upgrade->status->version;
  sqns_ssm_next_or_fail (ssm, upgrade->status != NULL, error);
}

static void
make_plan (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);
  const SqnsModemStatus *status = upgrade->status;
  SqnsPlanState state = {
    .mode = status->mode,
    .version = status->version,
    .bootloader0 = status->showver.bootloader[0],
    .report = status->report,
  };
  GError *error = NULL;

  if (status->speed == 0)
    {
      sqns_ssm_fail_literal (ssm, SQNS_ERROR_TIMEOUT, "the modem has fallen silent since it was found");
      return;
    }
  upgrade->plan
      = sqns_plan_make (upgrade->config.rules, &state, upgrade->config.caba, &upgrade->config.options, &error);
  if (upgrade->plan == NULL)
    {
      sqns_ssm_fail (ssm, error);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "plan: %s", upgrade->plan->summary);
  upgrade->result->summary = g_strdup (upgrade->plan->summary);
  upgrade->result->nothing_to_do = upgrade->plan->outcome == SQNS_PLAN_NOTHING_TO_DO;
  if (upgrade->result->nothing_to_do)
    upgrade->result->after = status->version;
  if (upgrade->result->nothing_to_do || upgrade->config.dry_run)
    sqns_ssm_complete (ssm);
  else
    sqns_ssm_next (ssm);
}

/* --- steps --- */

static void
next_step (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->step == upgrade->plan->steps->len)
    {
      sqns_ssm_complete (ssm);
      return;
    }
  switch (g_array_index (upgrade->plan->steps, SqnsStep, upgrade->step++))
    {
    case SQNS_STEP_PREPARE:
      sqns_ssm_goto (ssm, STATE_PREPARE);
      break;
    case SQNS_STEP_BOOT_RECOVERY:
      sqns_ssm_goto (ssm, STATE_BOOT_RECOVERY);
      break;
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
      sqns_ssm_goto (ssm, STATE_UPLOAD);
      break;
    case SQNS_STEP_APPLY:
      sqns_ssm_goto (ssm, STATE_APPLY);
      break;
    case SQNS_STEP_BOOT_APPLICATION:
      sqns_ssm_goto (ssm, STATE_BOOT_APPLICATION);
      break;
    case SQNS_STEP_CONFIRM:
      sqns_ssm_goto (ssm, STATE_NOTIFY);
      break;
    }
}

static void
step_done (SqnsSsm *ssm, gboolean ok, GError *error)
{
  if (ok)
    sqns_ssm_goto (ssm, STATE_STEP);
  else
    sqns_ssm_fail (ssm, error);
}

static void
on_prepared (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;
  gboolean ok = sqns_prepare_finish (upgrade->link, result, &error);

  if (sqns_ssm_state (ssm) == STATE_NOTIFY)
    {
      /* the notice is a courtesy: what counts is the version, asked next */
      g_clear_error (&error);
      sqns_ssm_next (ssm);
      return;
    }
  step_done (ssm, ok, error);
}

static void
on_booted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;
  gboolean ok = sqns_bootmode_finish (upgrade->link, result, &error);

  if (sqns_ssm_state (ssm) == STATE_RESTORE)
    {
      if (ok)
        upgrade->found = SQNS_MODE_FFF;
      g_clear_error (&error);
      sqns_ssm_next (ssm);
      return;
    }
  step_done (ssm, ok, error);
}

/* A modem that still takes files is given the whole one once more: neither a cancel nor a lost board is cured by that.
 */
static void
upload_failed (SqnsSsm *ssm, GError *error)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->uploads == 0 || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED)
      || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
    {
      sqns_ssm_fail (ssm, error);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "%s; perhaps once more from the start", error->message);
  upgrade->upload_error = error;
  sqns_ssm_goto (ssm, STATE_AGAIN);
}

static void
on_again (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);
  GError *first = g_steal_pointer (&upgrade->upload_error);

  if (status == NULL || (status->mode != SQNS_MODE_RECOVERY && status->mode != SQNS_MODE_MTOOLS))
    {
      sqns_ssm_fail (ssm, first);
      return;
    }
  g_error_free (first);
  upgrade->step = upgrade->upload_step;
  sqns_ssm_goto (ssm, STATE_STEP);
}

static void
on_uploaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_transfer_finish (upgrade->link, result, &error))
    sqns_ssm_goto (ssm, STATE_STEP);
  else
    upload_failed (ssm, error);
}

static void
on_applied (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;

  if (sqns_apply_finish (upgrade->link, result, &error))
    sqns_ssm_goto (ssm, STATE_STEP);
  else if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_MODEM_REFUSED))
    upload_failed (ssm, error);
  else
    sqns_ssm_fail (ssm, error);
}

static void
upload (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);
  SqnsTransferConfig transfer = {
    .command = "AT+SMSTPU=\"ON_THE_FLY\"",
    .type = SQNS_STP_DATA_CABA,
    .image = upgrade->config.image,
    .block_size = upgrade->config.block_size,
  };

  say (upgrade, SQNS_PHASE_TRANSFER, FALSE, FALSE, "writing the firmware; pauses around 7 to 10 % and 99 % are normal");
  upgrade->touched = TRUE;
  upgrade->uploading = TRUE;
  upgrade->uploads--;
  upgrade->upload_step = upgrade->step - 1;
  sqns_transfer_async (upgrade->link, &transfer, sqns_ssm_cancellable (ssm), on_uploaded, ssm);
}

/* --- the version, as the booted modem tells it --- */

static void
on_confirmed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);

  if (status == NULL && !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT))
    sqns_ssm_fail (ssm, g_steal_pointer (&error));
  else if (status != NULL && sqns_version_known (&status->version))
    {
      const SqnsVersion *promised = &upgrade->config.caba->version;
      g_autofree char *told = sqns_version_format (&status->version);
      g_autofree char *expected = sqns_version_format (promised);
      upgrade->result->after = status->version;
      if (sqns_version_equal (&status->version, promised))
        sqns_ssm_goto (ssm, STATE_STEP);
      else
        sqns_ssm_fail_literal (ssm, SQNS_ERROR_VERIFY_FAILED, "the modem runs %s, not %s as the file promised", told,
                               expected);
    }
  else if (--upgrade->confirm_tries > 0)
    sqns_ssm_next (ssm);
  else
    sqns_ssm_fail_literal (ssm, SQNS_ERROR_VERIFY_FAILED, "the modem booted, but does not tell its version");
}

/* --- after a failure --- */

static void
on_assessed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);

  if (status != NULL)
    upgrade->found = status->mode;
  sqns_ssm_next (ssm);
}

static void
assess (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) == NULL || !upgrade->touched || upgrade->link == NULL
      || sqns_port_is_lost (sqns_link_port (upgrade->link)))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "failed (%s): asks the modem what it is now", sqns_ssm_error (ssm)->message);
  sqns_probe_async (upgrade->link, NULL, on_assessed, ssm);
}

static void
restore (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->found != SQNS_MODE_RECOVERY || upgrade->uploading)
    {
      sqns_ssm_next (ssm);
      return;
    }
  say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE, "nothing was written: booting the modem's own firmware again");
  sqns_bootmode_async (upgrade->link, SQNS_MODE_FFF, RESTORE_S, NULL, on_booted, ssm);
}

/* Says by code and words what the failure means for the modem. */
static void
give_verdict (Upgrade *upgrade, GError **error)
{
  gboolean cancelled = g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_CANCELLED);
  const char *words = "the modem's state is not known; leave its power on";
  SqnsError code = SQNS_ERROR_TIMEOUT;
  gboolean safe = FALSE;

  switch (upgrade->found)
    {
    case SQNS_MODE_RECOVERY:
    case SQNS_MODE_MTOOLS:
      code = SQNS_ERROR_NEEDS_RECOVERY;
      words = "the modem waits in recovery, power may be cut; upgrade it again to finish";
      safe = TRUE;
      break;
    case SQNS_MODE_FFH:
      code = SQNS_ERROR_NEEDS_RECOVERY;
      words = "the modem waits in its boot ROM (FFH), power may be cut";
      safe = TRUE;
      break;
    case SQNS_MODE_FFF:
      /* the codes of an unknown state do not fit any more */
      code = g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_TIMEOUT)
                     || g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_PROTOCOL)
                 ? SQNS_ERROR_FAILED
                 : (*error)->code;
      words = "the modem is up in its application, power may be cut";
      safe = TRUE;
      break;
    case SQNS_MODE_UPDATER:
      words = "the modem is applying an upgrade by itself; leave its power on and ask it again later";
      break;
    case SQNS_MODE_UNKNOWN:
      if (g_error_matches (*error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
        {
          code = SQNS_ERROR_DEVICE_LOST;
          words = "the modem's state is not known; if the board still has power, leave it on, plug the board in again "
                  "and "
                  "upgrade it again: an interrupted upload can be repeated";
        }
      break;
    }
  say (upgrade, SQNS_PHASE_RELEASE, safe, FALSE, words);
  g_autofree char *what = g_strdup ((*error)->message);
  g_clear_error (error);
  *error = g_error_new (SQNS_ERROR, cancelled ? SQNS_ERROR_CANCELLED : code, "%s; %s", what, words);
}

static void
add_to_summary (Upgrade *upgrade, const char *words)
{
  g_autofree char *before = g_steal_pointer (&upgrade->result->summary);
  upgrade->result->summary = g_strdup_printf ("%s; %s", before, words);
}

static void
verdict (SqnsSsm *ssm)
{
  Upgrade *upgrade = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) == NULL)
    {
      if (sqns_link_kind (upgrade->link) == SQNS_LINK_PASSTHROUGH)
        add_to_summary (upgrade, "the board stays in passthrough until its reset button is pressed");
      say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE, "leaving the board");
      sqns_ssm_set_result (ssm, g_steal_pointer (&upgrade->result), (GDestroyNotify)sqns_upgrade_result_free);
    }
  else if (upgrade->touched)
    {
      GError *error = g_error_copy (sqns_ssm_error (ssm));
      give_verdict (upgrade, &error);
      sqns_ssm_replace_error (ssm, error);
    }
  sqns_ssm_next (ssm);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Upgrade *upgrade = sqns_ssm_data (ssm);
  sqns_link_close_finish (upgrade->link, result, NULL);
  sqns_ssm_next (ssm);
}

static void
upgrade_state (SqnsSsm *ssm, guint state, gpointer data)
{
  Upgrade *upgrade = data;
  GCancellable *cancellable = sqns_ssm_cancellable (ssm);

  switch ((State)state)
    {
    case STATE_LINK:
      sqns_link_open_async (&upgrade->config.link, &upgrade->monitor, cancellable, on_linked, ssm);
      break;
    case STATE_PROBE:
      say (upgrade, SQNS_PHASE_PROBE, TRUE, FALSE, "asking the modem what it is");
      sqns_probe_async (upgrade->link, cancellable, on_probed, ssm);
      break;
    case STATE_PLAN:
      make_plan (ssm);
      break;
    case STATE_STEP:
      next_step (ssm);
      break;
    case STATE_PREPARE:
      say (upgrade, SQNS_PHASE_PREPARE, TRUE, FALSE, "quietening the modem");
      sqns_prepare_async (upgrade->link, SQNS_NOTICE_STARTED, cancellable, on_prepared, ssm);
      break;
    case STATE_BOOT_RECOVERY:
      say (upgrade, SQNS_PHASE_PREPARE, FALSE, FALSE, "the modem is booting into recovery");
      upgrade->touched = TRUE;
      sqns_bootmode_async (upgrade->link, SQNS_MODE_RECOVERY, SQNS_BOOT_RECOVERY_S, cancellable, on_booted, ssm);
      break;
    case STATE_UPLOAD:
      upload (ssm);
      break;
    case STATE_APPLY:
      say (upgrade, SQNS_PHASE_APPLY, FALSE, TRUE, "the modem is writing its flash, up to 10 min");
      sqns_apply_async (upgrade->link, cancellable, on_applied, ssm);
      break;
    case STATE_AGAIN:
      say (upgrade, SQNS_PHASE_TRANSFER, FALSE, FALSE, "the upload failed: asking the modem whether it takes another");
      sqns_probe_async (upgrade->link, cancellable, on_again, ssm);
      break;
    case STATE_BOOT_APPLICATION:
      say (upgrade, SQNS_PHASE_REBOOT, FALSE, TRUE, "the modem is booting the new firmware, up to 10 min");
      sqns_bootmode_async (upgrade->link, SQNS_MODE_FFF, SQNS_BOOT_APPLICATION_S, cancellable, on_booted, ssm);
      break;
    case STATE_NOTIFY:
      say (upgrade, SQNS_PHASE_CONFIRM, FALSE, TRUE, "reading the version back");
      sqns_prepare_async (upgrade->link, SQNS_NOTICE_SUCCESS, cancellable, on_prepared, ssm);
      break;
    case STATE_CONFIRM:
      sqns_probe_async (upgrade->link, cancellable, on_confirmed, ssm);
      break;
    case STATE_CONFIRM_PAUSE:
      sqns_ssm_goto_in_ms (ssm, STATE_CONFIRM, CONFIRM_PAUSE_MS);
      break;
    case STATE_ASSESS:
      assess (ssm);
      break;
    case STATE_RESTORE:
      restore (ssm);
      break;
    case STATE_VERDICT:
      verdict (ssm);
      break;
    case STATE_CLOSE:
      if (upgrade->link != NULL)
        sqns_link_close_async (upgrade->link, on_closed, ssm);
      else
        sqns_ssm_next (ssm);
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
  static const SqnsSsmClass klass = { "upgrade", state_names, N_STATES, STATE_ASSESS, upgrade_state };
  Upgrade *upgrade = g_new0 (Upgrade, 1);

  upgrade->config = *config;
  g_bytes_ref (config->image);
  upgrade->devnode = g_strdup (config->link.devnode);
  upgrade->board = g_strdup (config->link.board);
  upgrade->config.link.devnode = upgrade->devnode;
  upgrade->config.link.board = upgrade->board;
  upgrade->monitor = *monitor;
  upgrade->found = SQNS_MODE_UNKNOWN;
  upgrade->confirm_tries = CONFIRM_TRIES;
  upgrade->uploads = UPLOADS;
  upgrade->result = g_new0 (SqnsUpgradeResult, 1);
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), upgrade, upgrade_free);
}

SqnsUpgradeResult *
sqns_upgrade_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
