/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds out what the modem is after a failure. */
#include "upgrade/assess.h"

#include "base/deadlines.h"
#include "modem/bootmode.h"
#include "modem/probe.h"

typedef struct {
  gboolean restore;     /* may still be tried */
  gboolean other_speed; /* was tried */
  SqnsMode mode;
  SqnsContact contact;
} Assessment;

static void on_probed (GObject *source, GAsyncResult *result, gpointer user_data);

static void
end (GTask *task)
{
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_restored (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsLink *link = g_task_get_source_object (task);
  Assessment *assessment = g_task_get_task_data (task);

  if (!sqns_bootmode_finish (link, result, NULL))
    {
      /* it is still in recovery, or on its way: the earlier observation no longer holds */
      assessment->mode = SQNS_MODE_UNKNOWN;
      sqns_probe_async (link, NULL, on_probed, task);
      return;
    }
  const SqnsModemStatus status = { .mode = SQNS_MODE_FFF, .speed = sqns_link_speed (link) };
  assessment->mode = SQNS_MODE_FFF;
  sqns_monitor_modem (sqns_link_monitor (link), &status);
  end (task);
}

static void
restore_or_end (GTask *task)
{
  SqnsLink *link = g_task_get_source_object (task);
  Assessment *assessment = g_task_get_task_data (task);

  if (!assessment->restore || assessment->mode != SQNS_MODE_RECOVERY)
    {
      end (task);
      return;
    }
  assessment->restore = FALSE;
  sqns_monitor_phase (sqns_link_monitor (link), SQNS_PHASE_RELEASE, TRUE, FALSE,
                      "nothing was written: booting the modem's own firmware again");
  sqns_bootmode_async (link, SQNS_MODE_FFF, SQNS_BOOT_RESTORE_S, NULL, on_restored, task);
}

static void
on_other_speed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsLink *link = g_task_get_source_object (task);

  if (sqns_link_set_speed_finish (link, result, NULL))
    sqns_probe_async (link, NULL, on_probed, task);
  else
    restore_or_end (task);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsLink *link = g_task_get_source_object (task);
  Assessment *assessment = g_task_get_task_data (task);
  g_autoptr (GError) error = NULL;
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (link, result, &error);
  gboolean answers = status != NULL && status->speed != 0;

  assessment->contact = answers                                           ? SQNS_CONTACT_ANSWERED
                        : status != NULL || sqns_error_is_timeout (error) ? SQNS_CONTACT_SILENT
                                                                          : SQNS_CONTACT_NONE;
  if (status != NULL)
    assessment->mode = status->mode;
  if (answers || assessment->other_speed || !sqns_link_can_set_speed (link)
      || sqns_port_is_lost (sqns_link_port (link)))
    {
      restore_or_end (task);
      return;
    }
  assessment->other_speed = TRUE;
  sqns_link_set_speed_async (link, sqns_link_speed (link) == SQNS_MODEM_SPEED ? SQNS_REPL_SPEED : SQNS_MODEM_SPEED,
                             NULL, on_other_speed, task);
}

void
sqns_assess_async (SqnsLink *link, gboolean restore, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = g_task_new (link, NULL, callback, user_data);
  Assessment *assessment = g_new0 (Assessment, 1);

  assessment->restore = restore;
  assessment->mode = SQNS_MODE_UNKNOWN;
  g_task_set_task_data (task, assessment, g_free);
  sqns_probe_async (link, NULL, on_probed, task);
}

SqnsMode
sqns_assess_finish (SqnsLink *link, GAsyncResult *result, SqnsContact *contact)
{
  const Assessment *assessment = g_task_get_task_data (G_TASK (result));

  *contact = assessment->contact;
  return assessment->mode;
}
