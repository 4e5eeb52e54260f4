/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The main job: link, probe, plan, a leg of the plan's steps, and again from the probe until the promised version was
 * told; and the truth about the modem when something fails. */
#include "upgrade/upgrade-private.h"

#include "base/deadlines.h"
#include "modem/prepare.h"
#include "modem/probe.h"

static const char *const state_names[] = {
  "link", "probe",  "identify",      "plan",   "unlink",  "relink",  "checkpoint",
  "step", "notify", "confirm-pause", "assess", "restore", "verdict", "close",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == SQNS_UPGRADE_N_STATES);

static void
upgrade_free (gpointer data)
{
  SqnsUpgrade *upgrade = data;
  g_clear_object (&upgrade->link);
  g_clear_error (&upgrade->step_error);
  g_free (upgrade->refusal);
  g_bytes_unref (upgrade->config.image);
  g_clear_pointer (&upgrade->config.first_step, g_bytes_unref);
  g_clear_pointer (&upgrade->config.updater, g_bytes_unref);
  g_clear_pointer (&upgrade->embedded_updater, g_bytes_unref);
  g_clear_pointer (&upgrade->files.parts[SQNS_PART_BOOTROM], g_bytes_unref);
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

gboolean
sqns_upgrade_is_between (SqnsUpgrade *upgrade)
{
  return upgrade->checkpoint.done.first_step_done && !upgrade->checkpoint.done.file_taken;
}

void
sqns_upgrade_say (SqnsUpgrade *upgrade, SqnsPhase phase, gboolean safe, gboolean committed, const char *message)
{
  gboolean between = sqns_upgrade_is_between (upgrade);

  upgrade->phase = phase;
  sqns_monitor_phase (&upgrade->monitor, phase, safe && !between && !upgrade->config.link.unsafe, committed || between,
                      message);
}

/* What an earlier job may have left the modem with is over once it says what it is. */
void
sqns_upgrade_note_mode (SqnsUpgrade *upgrade, SqnsMode mode)
{
  if (mode != SQNS_MODE_UNKNOWN)
    upgrade->config.link.unsafe = mode == SQNS_MODE_UPDATER;
  if (mode == SQNS_MODE_UPDATER)
    sqns_upgrade_say (upgrade, upgrade->phase, FALSE, FALSE, "the modem is applying an upgrade by itself");
}

/* --- probe --- */

static void
remember (SqnsUpgrade *upgrade, SqnsModemStatus *status)
{
  sqns_modem_status_free (upgrade->status);
  upgrade->status = status;
  sqns_upgrade_note_mode (upgrade, status->mode);
  if (sqns_version_known (&status->version))
    upgrade->checkpoint.version = status->version;
  if (sqns_version_known (&status->showver.bootloader[0]))
    upgrade->checkpoint.bootloader0 = status->showver.bootloader[0];
  if (!sqns_version_known (&upgrade->checkpoint.before) && !upgrade->checkpoint.written)
    upgrade->checkpoint.before = status->version;
  upgrade->result->before = upgrade->checkpoint.before;
}

void
sqns_upgrade_fail_with_first (SqnsSsm *ssm, GError *error)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  GError *first = g_steal_pointer (&upgrade->step_error);

  if (first != NULL && !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED)
      && !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
    {
      g_error_free (error);
      error = first;
    }
  else
    g_clear_error (&first);
  sqns_ssm_fail_error (ssm, error);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  GError *error = NULL;
  SqnsModemStatus *status = sqns_probe_finish (upgrade->link, result, &error);

  if (status != NULL)
    remember (upgrade, status);
  if (status != NULL && status->speed != 0)
    sqns_ssm_next (ssm);
  else if (status == NULL && !sqns_error_is_timeout (error))
    sqns_upgrade_fail_with_first (ssm, error);
  else
    {
      if (error == NULL)
        error = g_error_new (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the modem has fallen silent since it was found");
      if (sqns_upgrade_look_again (ssm))
        g_error_free (error);
      else
        sqns_upgrade_fail_with_first (ssm, error);
    }
}

static void
probe (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->checkpoint.done.file_taken)
    sqns_upgrade_say (upgrade, SQNS_PHASE_CONFIRM, FALSE, TRUE, "reading the version back");
  else
    sqns_upgrade_say (upgrade, upgrade->checkpoint.done.modified ? upgrade->phase : SQNS_PHASE_PROBE,
                      !upgrade->checkpoint.written, FALSE, "asking the modem what it is");
  sqns_probe_async (upgrade->link, sqns_ssm_cancellable (ssm), on_probed, ssm);
}

/* --- plan --- */

static void
note_updater (SqnsUpgrade *upgrade)
{
  gboolean given = upgrade->config.updater != NULL;
  gboolean embedded = upgrade->embedded_updater != NULL;
  /* which of them FFH takes is likely, not seen (protocol.md §5): the second try is for the other one */
  gboolean use_given = given && (!embedded || upgrade->checkpoint.done.updater_loads % 2 == 0);

  upgrade->files.updater = use_given ? upgrade->config.updater : upgrade->embedded_updater;
  sqns_monitor_remark (&upgrade->monitor, "updater: %s, %" G_GSIZE_FORMAT " bytes",
                       use_given ? "the one that was given" : "the one inside the firmware file",
                       g_bytes_get_size (upgrade->files.updater));
}

/* @plan: transfer full. */
static void
take_plan (SqnsSsm *ssm, SqnsPlan *plan)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  g_clear_pointer (&upgrade->plan, sqns_plan_free);
  upgrade->plan = plan;
  upgrade->at = 0;
  sqns_monitor_remark (&upgrade->monitor, "plan: %s", plan->summary);
  if (upgrade->result->summary == NULL)
    upgrade->result->summary = g_strdup (plan->summary);
  if (plan->route == SQNS_ROUTE_NOTHING)
    {
      upgrade->result->nothing_to_do = !upgrade->checkpoint.done.modified;
      upgrade->result->after = upgrade->status->version;
      if (upgrade->checkpoint.done.modified)
        sqns_ssm_goto (ssm, SQNS_UPGRADE_NOTIFY);
      else
        sqns_ssm_complete (ssm);
    }
  else if (upgrade->config.dry_run)
    sqns_ssm_complete (ssm);
  else if (++upgrade->legs > SQNS_LEGS)
    sqns_ssm_fail (ssm, SQNS_ERROR_PROTOCOL, "the modem does not get anywhere: %s", plan->summary);
  else if (sqns_upgrade_wants_other_link (upgrade))
    sqns_ssm_goto (ssm, SQNS_UPGRADE_UNLINK);
  else
    sqns_ssm_goto (ssm, SQNS_UPGRADE_CHECKPOINT);
}

/* The second of two files overwrites the application, the only one that can take the first: where the installation of
 * that was broken off, the application is booted before, and tells by its version. */
static gboolean
is_first_in_doubt (SqnsUpgrade *upgrade, SqnsMode mode)
{
  const SqnsCheckpoint *checkpoint = &upgrade->checkpoint;

  return mode == SQNS_MODE_RECOVERY && sqns_upgrade_is_between (upgrade) && checkpoint->done.uploads == 0
         && !upgrade->mute && sqns_version_equal (&checkpoint->version, &checkpoint->before);
}

static void
make_plan (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  SqnsPlanState state = {
    .mode = upgrade->status->mode,
    .version = upgrade->checkpoint.version,
    .bootloader0 = upgrade->checkpoint.bootloader0,
    .report = upgrade->status->report,
  };
  SqnsPlanFiles files = {
    .caba = upgrade->config.caba,
    .size = g_bytes_get_size (upgrade->config.image),
    .first_step = upgrade->config.first_caba,
    .first_step_size = upgrade->config.first_step != NULL ? g_bytes_get_size (upgrade->config.first_step) : 0,
    .updater_given = upgrade->config.updater != NULL,
  };
  GError *error = NULL;

  if (state.mode == SQNS_MODE_FFF)
    {
      if (!sqns_version_known (&upgrade->status->version) && upgrade->checkpoint.done.file_taken
          && --upgrade->confirm_tries > 0)
        {
          sqns_ssm_goto (ssm, SQNS_UPGRADE_CONFIRM_PAUSE);
          return;
        }
      state.version = upgrade->status->version;
      /* the first file was begun, but did not take */
      if (sqns_version_known (&state.version) && sqns_version_equal (&state.version, &upgrade->checkpoint.before))
        upgrade->checkpoint.done.first_step_done = FALSE;
    }
  SqnsPlanDone done = upgrade->checkpoint.done;
  if (is_first_in_doubt (upgrade, state.mode))
    done.first_step_done = FALSE;
  SqnsPlan *plan = sqns_plan_make (upgrade->config.rules, &state, &done, &files, &upgrade->config.options, &error);
  if (plan == NULL)
    {
      if (sqns_version_known (&upgrade->status->version) && upgrade->checkpoint.done.file_taken)
        upgrade->result->after = upgrade->status->version;
      sqns_upgrade_fail_with_first (ssm, error);
      return;
    }
  g_clear_error (&upgrade->step_error);
  upgrade->no_hand = FALSE;
  take_plan (ssm, plan);
}

/* --- steps --- */

/* What is known once a step went well. */
static void
note_done (SqnsUpgrade *upgrade, SqnsStep step)
{
  SqnsPlanDone *done = &upgrade->checkpoint.done;

  if (step == SQNS_STEP_APPLY || step == SQNS_STEP_INSTALL)
    g_clear_pointer (&upgrade->refusal, g_free);
  switch (step)
    {
    case SQNS_STEP_APPLY:
      if (upgrade->uploaded == SQNS_STEP_UPLOAD_BOOTROM)
        done->bootrom_replaced = TRUE;
      else
        done->file_taken = TRUE;
      break;
    case SQNS_STEP_INSTALL:
      if (upgrade->uploaded != SQNS_STEP_STORE_FIRST)
        done->file_taken = TRUE;
      break;
    case SQNS_STEP_BOOT_APPLICATION:
      done->rebooted = TRUE;
      break;
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
    case SQNS_STEP_STORE:
      done->file_sent = TRUE;
      break;
    case SQNS_STEP_PREPARE:
    case SQNS_STEP_BOOT_RECOVERY:
    case SQNS_STEP_BOOT_FFH:
    case SQNS_STEP_UPLOAD_BOOTROM:
    case SQNS_STEP_LOAD_UPDATER:
    case SQNS_STEP_STORE_FIRST:
    case SQNS_STEP_WAIT:
    case SQNS_STEP_CONFIRM:
      break;
    }
}

/* The board may have been reset, and what led to the modem is gone. */
static gboolean
may_have_lost_way (SqnsUpgrade *upgrade, const GError *error)
{
  return sqns_link_kind (upgrade->link) != SQNS_LINK_DIRECT && sqns_error_is_timeout (error);
}

/* So may it, or the modem, in an upload; but a modem that cannot store hangs as if it had. */
static gboolean
may_have_been_reset_or_hung (SqnsStep step, const GError *error)
{
  return (step == SQNS_STEP_STORE || step == SQNS_STEP_STORE_FIRST)
         && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL);
}

/* Steps whose failure says nothing final: the modem is asked what it is, and the plan has the last word. */
static gboolean
may_try_again (SqnsUpgrade *upgrade, SqnsStep step, const GError *error)
{
  if (upgrade->failures[step] == SQNS_STEP_RETRIES || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED)
      || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST))
    return FALSE;
  switch (step)
    {
    case SQNS_STEP_UPLOAD_BOOTROM:
    case SQNS_STEP_UPLOAD_ON_THE_FLY:
    case SQNS_STEP_APPLY:
    case SQNS_STEP_LOAD_UPDATER:
      return TRUE;
    case SQNS_STEP_BOOT_RECOVERY: /* it may talk at a speed that the passthrough does not have, or what was */
    case SQNS_STEP_BOOT_FFH:      /* taken for a bare modem is one */
      return sqns_error_is_timeout (error);
    case SQNS_STEP_INSTALL: /* the first of two files: there is no way but on; a reset may have cost what was stored */
      return upgrade->uploaded == SQNS_STEP_STORE_FIRST || may_have_lost_way (upgrade, error)
             || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL)
             /* an answer without a checksum may have told that it took more or less than it did */
             || (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_MODEM_REFUSED) && upgrade->stores < SQNS_STORES);
    case SQNS_STEP_STORE_FIRST: /* a refusal is final: some modems cannot store */
    case SQNS_STEP_STORE:
      return may_have_lost_way (upgrade, error) || may_have_been_reset_or_hung (step, error);
    case SQNS_STEP_PREPARE:
    case SQNS_STEP_WAIT:
      return may_have_lost_way (upgrade, error);
    case SQNS_STEP_BOOT_APPLICATION: /* between two files it was only to be looked at: the second one may still do */
      return may_have_lost_way (upgrade, error) || sqns_upgrade_is_between (upgrade);
    case SQNS_STEP_CONFIRM:
      break;
    }
  return FALSE;
}

/* The reason stays with the job, whatever stops its next try. */
static void
note_refusal (SqnsUpgrade *upgrade, SqnsStep step, const GError *error)
{
  if ((step != SQNS_STEP_APPLY && step != SQNS_STEP_INSTALL)
      || !g_error_matches (error, SQNS_ERROR, SQNS_ERROR_MODEM_REFUSED))
    return;
  g_free (upgrade->refusal);
  upgrade->refusal = g_strdup (error->message);
}

/* What a step asks goes over a link that was proven. */
static void
note_contact (SqnsUpgrade *upgrade, const GError *error)
{
  if (sqns_error_is_timeout (error))
    sqns_monitor_contact (&upgrade->monitor, SQNS_CONTACT_SILENT);
}

static void
on_step_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  SqnsStep step = g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at);
  GError *error = NULL;

  if (sqns_step_finish (upgrade->link, result, &error))
    {
      sqns_monitor_contact (&upgrade->monitor, SQNS_CONTACT_ANSWERED);
      note_done (upgrade, step);
      upgrade->at++;
      sqns_ssm_goto (ssm, sqns_step_has (step, SQNS_TRAIT_ENDS_STAGE) ? SQNS_UPGRADE_PROBE : SQNS_UPGRADE_CHECKPOINT);
    }
  else if (may_try_again (upgrade, step, error))
    {
      note_contact (upgrade, error);
      upgrade->failures[step]++;
      note_refusal (upgrade, step, error);
      /* it has said what it thinks of it, or was reset before it began, and would never say */
      if (g_error_matches (error, SQNS_ERROR, SQNS_ERROR_MODEM_REFUSED)
          || (step == SQNS_STEP_INSTALL && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL))
          || (step == SQNS_STEP_APPLY && sqns_error_is_timeout (error)))
        upgrade->checkpoint.done.file_sent = FALSE;
      upgrade->mute |= step == SQNS_STEP_BOOT_APPLICATION;
      upgrade->no_hand = may_have_been_reset_or_hung (step, error);
      sqns_monitor_remark (&upgrade->monitor, "%s failed (%s): asks the modem what it is now",
                           sqns_step_info (step)->name, error->message);
      upgrade->step_error = error;
      sqns_ssm_goto (ssm, SQNS_UPGRADE_PROBE);
    }
  else
    {
      note_contact (upgrade, error);
      sqns_ssm_fail_error (ssm, error);
    }
}

/* The wait for a boot ROM's or a first file's report is part of that, not of the main file. */
static SqnsPhase
phase_of (SqnsUpgrade *upgrade, SqnsStep step)
{
  if (step == SQNS_STEP_APPLY && upgrade->uploaded == SQNS_STEP_UPLOAD_BOOTROM)
    return SQNS_PHASE_BOOTROM;
  if (step == SQNS_STEP_INSTALL && upgrade->uploaded == SQNS_STEP_STORE_FIRST)
    return SQNS_PHASE_PREPARE;
  return sqns_step_info (step)->phase;
}

static gboolean
on_kept (gpointer data)
{
  sqns_ssm_next (data);
  return G_SOURCE_REMOVE;
}

/* Notes that the step begins, before it does. */
static void
checkpoint (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->at == upgrade->plan->steps->len)
    {
      sqns_ssm_goto (ssm, SQNS_UPGRADE_PROBE);
      return;
    }
  SqnsStep step = g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at);
  SqnsPlanDone *done = &upgrade->checkpoint.done;
  /* from here on the modem may be between the two files, whatever is heard of it: its version tells */
  if (step == SQNS_STEP_INSTALL && upgrade->uploaded == SQNS_STEP_STORE_FIRST)
    done->first_step_done = TRUE;
  done->modified |= sqns_step_has (step, SQNS_TRAIT_MODIFIES);
  upgrade->checkpoint.written |= sqns_step_has (step, SQNS_TRAIT_WRITES);
  if (step == SQNS_STEP_UPLOAD_ON_THE_FLY)
    done->uploads++;
  upgrade->stores += step == SQNS_STEP_STORE;
  if (step == SQNS_STEP_UPLOAD_ON_THE_FLY || step == SQNS_STEP_STORE)
    done->file_sent = FALSE;
  if (step == SQNS_STEP_LOAD_UPDATER)
    {
      note_updater (upgrade);
      done->updater_loads++;
      done->file_sent = FALSE; /* what it was sent went with the power */
    }
  if (upgrade->config.save != NULL)
    upgrade->config.save (upgrade->config.save_data, &upgrade->checkpoint, on_kept, ssm);
  else
    sqns_ssm_next (ssm);
}

static void
run_step (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  SqnsStep step = g_array_index (upgrade->plan->steps, SqnsStep, upgrade->at);
  const SqnsStepInfo *info = sqns_step_info (step);

  sqns_upgrade_say (upgrade, phase_of (upgrade, step), sqns_step_has (step, SQNS_TRAIT_SAFE),
                    sqns_step_has (step, SQNS_TRAIT_COMMITTED), info->message);
  if (info->part != SQNS_PART_NONE)
    upgrade->uploaded = step;
  sqns_step_async (upgrade->link, step, &upgrade->files, sqns_ssm_cancellable (ssm), on_step_done, ssm);
}

static void
on_notified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  /* the notice is a courtesy: the version was told */
  sqns_prepare_finish (upgrade->link, result, NULL);
  sqns_ssm_complete (ssm);
}

static void
upgrade_state (SqnsSsm *ssm, guint state, gpointer data)
{
  SqnsUpgrade *upgrade = data;

  switch ((SqnsUpgradeState)state)
    {
    case SQNS_UPGRADE_LINK:
      sqns_upgrade_link (ssm);
      break;
    case SQNS_UPGRADE_PROBE:
      probe (ssm);
      break;
    case SQNS_UPGRADE_IDENTIFY:
      sqns_upgrade_identify (ssm);
      break;
    case SQNS_UPGRADE_PLAN:
      make_plan (ssm);
      break;
    case SQNS_UPGRADE_UNLINK:
      sqns_upgrade_unlink (ssm);
      break;
    case SQNS_UPGRADE_RELINK:
      sqns_upgrade_relink (ssm);
      break;
    case SQNS_UPGRADE_CHECKPOINT:
      checkpoint (ssm);
      break;
    case SQNS_UPGRADE_STEP:
      run_step (ssm);
      break;
    case SQNS_UPGRADE_NOTIFY:
      sqns_prepare_async (upgrade->link, SQNS_NOTICE_SUCCESS, sqns_ssm_cancellable (ssm), on_notified, ssm);
      break;
    case SQNS_UPGRADE_CONFIRM_PAUSE:
      sqns_ssm_goto_in_ms (ssm, SQNS_UPGRADE_PROBE, SQNS_CONFIRM_PAUSE_MS);
      break;
    case SQNS_UPGRADE_ASSESS:
      sqns_upgrade_assess (ssm);
      break;
    case SQNS_UPGRADE_RESTORE:
      sqns_upgrade_restore (ssm);
      break;
    case SQNS_UPGRADE_VERDICT:
      sqns_upgrade_verdict (ssm);
      break;
    case SQNS_UPGRADE_CLOSE:
      sqns_upgrade_unlink (ssm);
      break;
    case SQNS_UPGRADE_N_STATES:
      g_assert_not_reached ();
    }
}

/* The parts of the file that go to the modem by themselves. */
static void
cut_parts (SqnsUpgrade *upgrade)
{
  const SqnsCaba *caba = upgrade->config.caba;
  GBytes *image = upgrade->config.image;

  upgrade->files.parts[SQNS_PART_FILE] = image;
  upgrade->files.parts[SQNS_PART_FIRST] = upgrade->config.first_step;
  upgrade->files.block_size = upgrade->config.block_size;
  if (caba->updater_size > 0)
    upgrade->embedded_updater = g_bytes_new_from_bytes (image, caba->updater_offset, caba->updater_size);
  for (guint i = 0; i < caba->packages->len && upgrade->files.parts[SQNS_PART_BOOTROM] == NULL; i++)
    {
      const SqnsPackage *package = g_ptr_array_index (caba->packages, i);
      if (package->role == SQNS_ROLE_BOOTROM && package->kind == SQNS_PACKAGE_UPGR)
        upgrade->files.parts[SQNS_PART_BOOTROM] = g_bytes_new_from_bytes (image, package->offset, package->size);
    }
}

void
sqns_upgrade_async (const SqnsUpgradeConfig *config,
                    const SqnsMonitor *monitor,
                    GCancellable *cancellable,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  static const SqnsSsmClass klass
      = { "upgrade", state_names, SQNS_UPGRADE_N_STATES, SQNS_UPGRADE_ASSESS, upgrade_state };
  SqnsUpgrade *upgrade = g_new0 (SqnsUpgrade, 1);

  upgrade->config = *config;
  g_bytes_ref (config->image);
  if (config->first_step != NULL)
    g_bytes_ref (config->first_step);
  if (config->updater != NULL)
    g_bytes_ref (config->updater);
  upgrade->devnode = g_strdup (config->link.devnode);
  upgrade->board = g_strdup (config->link.board);
  upgrade->config.link.devnode = upgrade->devnode;
  upgrade->config.link.board = upgrade->board;
  upgrade->monitor = *monitor;
  upgrade->checkpoint = config->checkpoint;
  /* what an earlier run used up of its tries says nothing of this one's */
  upgrade->checkpoint.done.updater_loads = 0;
  upgrade->checkpoint.done.uploads = MIN (upgrade->checkpoint.done.uploads, 1);
  cut_parts (upgrade);
  upgrade->found = SQNS_MODE_UNKNOWN;
  upgrade->confirm_tries = SQNS_CONFIRM_TRIES;
  upgrade->result = g_new0 (SqnsUpgradeResult, 1);
  sqns_ssm_run (&klass, g_task_new (NULL, cancellable, callback, user_data), upgrade, upgrade_free);
}

SqnsUpgradeResult *
sqns_upgrade_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
