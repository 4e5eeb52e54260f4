/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an upgrade ends: the summary of a good one; the truth about the modem after a failure. */
#include "upgrade/upgrade-private.h"

#include "base/deadlines.h"
#include "link/blame.h"
#include "modem/bootmode.h"
#include "modem/probe.h"
#include "plan/diagnosis.h"

#include <string.h>

static void on_assessed (GObject *source, GAsyncResult *result, gpointer user_data);

static void
on_assess_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (user_data);

  if (sqns_link_set_speed_finish (upgrade->link, result, NULL))
    sqns_probe_async (upgrade->link, NULL, on_assessed, user_data);
  else
    sqns_ssm_next (user_data);
}

static void
on_assessed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);

  upgrade->silent = status != NULL ? status->speed == 0 : sqns_error_is_timeout (error);
  if (status != NULL)
    {
      upgrade->found = status->mode;
      sqns_upgrade_note_mode (upgrade, status->mode);
    }
  if ((status == NULL || status->speed == 0) && !upgrade->other_speed && sqns_link_can_set_speed (upgrade->link)
      && !sqns_port_is_lost (sqns_link_port (upgrade->link)))
    {
      /* it may have been on its way into the boot ROM, or out of it */
      guint speed = sqns_link_speed (upgrade->link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED;
      upgrade->other_speed = TRUE;
      sqns_link_set_speed_async (upgrade->link, speed, NULL, on_assess_speed, ssm);
      return;
    }
  sqns_ssm_next (ssm);
}

static void
assess (SqnsSsm *ssm, gboolean held)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  /* what is asked while another program takes the bytes says nothing of the modem */
  if (sqns_ssm_error (ssm) == NULL || held || !upgrade->checkpoint.done.modified || upgrade->stranger
      || upgrade->link == NULL || sqns_port_is_lost (sqns_link_port (upgrade->link)))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "failed (%s): asks the modem what it is now", sqns_ssm_error (ssm)->message);
  sqns_probe_async (upgrade->link, NULL, on_assessed, ssm);
}

void
sqns_upgrade_assess (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  sqns_blame_holder (ssm, upgrade->devnode, assess);
}

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (!sqns_bootmode_finish (upgrade->link, result, NULL))
    {
      /* still in recovery, or on its way: what was seen before holds no longer */
      upgrade->found = SQNS_MODE_UNKNOWN;
      sqns_probe_async (upgrade->link, NULL, on_assessed, ssm);
      return;
    }
  const SqnsModemStatus status = { .mode = SQNS_MODE_FFF, .speed = sqns_link_speed (upgrade->link) };
  upgrade->found = SQNS_MODE_FFF;
  sqns_monitor_modem (&upgrade->monitor, &status);
  sqns_ssm_next (ssm);
}

void
sqns_upgrade_restore (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->found != SQNS_MODE_RECOVERY || upgrade->checkpoint.written || sqns_upgrade_is_between (upgrade))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE,
                    "nothing was written: booting the modem's own firmware again");
  sqns_bootmode_async (upgrade->link, SQNS_MODE_FFF, SQNS_BOOT_RESTORE_S, NULL, on_restored, ssm);
}

/* It never had the port: what was known of the modem before holds still. */
static gboolean
was_locked_out (SqnsUpgrade *upgrade, const GError *error)
{
  return upgrade->link == NULL && upgrade->status == NULL
         && g_error_matches (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED);
}

/* A second try that failed for another reason than the first: both are told. */
static GError *
with_refusal (const SqnsUpgrade *upgrade, const GError *error)
{
  if (upgrade->refusal == NULL || strstr (error->message, upgrade->refusal) != NULL
      || g_error_matches (error, SQNS_ERROR, SQNS_ERROR_CANCELLED))
    return g_error_copy (error);
  return g_error_new (error->domain, error->code, "%s; when the file was sent again: %s", upgrade->refusal,
                      error->message);
}

static void
judge (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  const GError *error = sqns_ssm_error (ssm);

  if (error == NULL)
    {
      sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE, "leaving the board");
      sqns_ssm_set_result (ssm, g_steal_pointer (&upgrade->result), (GDestroyNotify)sqns_upgrade_result_free);
    }
  else if (upgrade->checkpoint.done.modified && !upgrade->stranger && !was_locked_out (upgrade, error))
    {
      g_autoptr (GError) reason = with_refusal (upgrade, error);
      const SqnsFailure failure = {
        .code = reason->domain == SQNS_ERROR ? (SqnsError)reason->code : SQNS_ERROR_FAILED,
        .phase = upgrade->phase,
        .mode = upgrade->found,
        .contact = upgrade->silent ? SQNS_CONTACT_SILENT : SQNS_CONTACT_NONE,
        .safe = TRUE,
        .begun = TRUE,
        .written = upgrade->checkpoint.written,
        .between = sqns_upgrade_is_between (upgrade),
      };
      const SqnsDiagnosis diagnosis = sqns_diagnose (&failure);
      sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, diagnosis.power != SQNS_POWER_KEEP, FALSE, diagnosis.message);
      sqns_ssm_replace_error (ssm, g_error_new (SQNS_ERROR, (int)diagnosis.code, "%s; %s", reason->message,
                                                diagnosis.message));
    }
  sqns_ssm_next (ssm);
}

static gboolean
on_remembered (gpointer data)
{
  judge (data);
  return G_SOURCE_REMOVE;
}

/* What was reached since the last checkpoint, an upload that was just over among it, is not to be done again. */
void
sqns_upgrade_verdict (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) != NULL && upgrade->checkpoint.done.modified && !upgrade->stranger
      && upgrade->config.save != NULL)
    upgrade->config.save (upgrade->config.save_data, &upgrade->checkpoint, on_remembered, ssm);
  else
    judge (ssm);
}
