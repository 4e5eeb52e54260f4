/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl jobs: lists running, waiting and ended jobs. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/job.h"
#include "client/modem/ref.h"
#include "client/ui/table.h"
#include "client/ui/text.h"

static char *
version_text (SqnsDbusJob *job)
{
  const char *before = sqns_dbus_job_get_version_before (job);
  const char *after = sqns_dbus_job_get_version_after (job);
  if (after != NULL && *after != '\0')
    return g_strdup (after);
  return before != NULL && *before != '\0' ? g_strdup_printf ("%s ->", before) : NULL;
}

static void
print_table (SqnsConnection *conn, GPtrArray *jobs)
{
  static const char *const headers[] = { "ID", "BOARD", "STATE", "PHASE", "DONE", "VERSION", "CREATED", "LABEL", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);
  int length = (int)sqns_job_ref_length (jobs);

  for (guint i = 0; i < jobs->len; i++)
    {
      SqnsDbusJob *job = jobs->pdata[i];
      gboolean ended = sqns_job_state_ended (sqns_job_state (job));
      g_autofree char *id = g_strdup_printf ("%.*s", length, sqns_dbus_job_get_uuid (job));
      g_autoptr (SqnsDbusModem) modem = sqns_connection_find_modem (conn, sqns_dbus_job_get_modem (job));
      g_autofree char *board = modem != NULL ? sqns_modem_name (modem) : NULL;
      g_autofree char *done = g_strdup_printf ("%d %%", (int)(sqns_dbus_job_get_progress (job) * 100));
      g_autofree char *version = version_text (job);
      g_autofree char *created = sqns_text_time (sqns_dbus_job_get_created_at (job));
      sqns_table_add (table, id, board, sqns_dbus_job_get_state (job), ended ? NULL : sqns_dbus_job_get_phase (job),
                      done, version, created, sqns_dbus_job_get_label (job));
    }
  sqns_table_print (table, "");
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  if (sqns_ctl_wants_json (ctl))
    sqns_ctl_print (ctl, "jobs", sqns_json_from_proxies (jobs));
  else if (jobs->len > 0)
    print_table (conn, jobs);
  else
    sqns_ctl_remark (ctl, "no jobs");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_jobs_command = { "jobs", "", "what runs, waits and is done", 0, 0, run };
