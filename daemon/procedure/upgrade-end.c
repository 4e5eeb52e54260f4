/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How an upgrade ends: the summary of a good one; the truth about the modem after a failure. */
#include "procedure/upgrade-private.h"

#include "procedure/bootmode.h"
#include "procedure/probe.h"
#include "procedure/verdict.h"
#include "procedure/deadlines.h"

static void
on_assessed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (upgrade->link, result, &error);

  if (status != NULL)
    upgrade->found = status->mode;
  sqns_ssm_next (ssm);
}

void
sqns_upgrade_assess (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (sqns_ssm_error (ssm) == NULL || !upgrade->memory.history.touched || upgrade->stranger || upgrade->link == NULL
      || sqns_port_is_lost (sqns_link_port (upgrade->link)))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_monitor_remark (&upgrade->monitor, "failed (%s): asks the modem what it is now", sqns_ssm_error (ssm)->message);
  sqns_probe_async (upgrade->link, NULL, on_assessed, ssm);
}

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (sqns_bootmode_finish (upgrade->link, result, NULL))
    upgrade->found = SQNS_MODE_FFF;
  sqns_ssm_next (ssm);
}

void
sqns_upgrade_restore (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);

  if (upgrade->found != SQNS_MODE_RECOVERY || upgrade->memory.written || sqns_upgrade_is_between (upgrade))
    {
      sqns_ssm_next (ssm);
      return;
    }
  sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE,
                    "nothing was written: booting the modem's own firmware again");
  sqns_bootmode_async (upgrade->link, SQNS_MODE_FFF, SQNS_BOOT_RESTORE_S, NULL, on_restored, ssm);
}

static void
add_to_summary (SqnsUpgrade *upgrade, const char *words)
{
  g_autofree char *before = g_steal_pointer (&upgrade->result->summary);
  upgrade->result->summary = g_strdup_printf ("%s; %s", before, words);
}

void
sqns_upgrade_verdict (SqnsSsm *ssm)
{
  SqnsUpgrade *upgrade = sqns_ssm_data (ssm);
  const GError *error = sqns_ssm_error (ssm);

  if (error == NULL)
    {
      if (sqns_link_kind (upgrade->link) == SQNS_LINK_PASSTHROUGH)
        add_to_summary (upgrade, "the board stays in passthrough until its reset button is pressed");
      sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, TRUE, FALSE, "leaving the board");
      sqns_ssm_set_result (ssm, g_steal_pointer (&upgrade->result), (GDestroyNotify)sqns_upgrade_result_free);
    }
  else if (upgrade->memory.history.touched && !upgrade->stranger)
    {
      SqnsAftermath aftermath = { .mode = upgrade->found,
                                  .written = upgrade->memory.written,
                                  .between = sqns_upgrade_is_between (upgrade) };
      const char *words;
      gboolean safe;
      GError *judged = sqns_verdict (error, &aftermath, &safe, &words);
      sqns_upgrade_say (upgrade, SQNS_PHASE_RELEASE, safe, FALSE, words);
      sqns_ssm_replace_error (ssm, judged);
    }
  sqns_ssm_next (ssm);
}
