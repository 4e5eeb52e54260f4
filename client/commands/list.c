/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl list: the boards. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/state.h"
#include "client/ui/table.h"

static char *
job_words (GPtrArray *jobs, const char *path)
{
  for (guint i = 0; i < jobs->len; i++)
    if (g_strcmp0 (g_dbus_proxy_get_object_path (jobs->pdata[i]), path) == 0)
      {
        SqnsDbusJob *job = jobs->pdata[i];
        return g_strdup_printf ("%.8s %s %d %%", sqns_dbus_job_get_uuid (job), sqns_dbus_job_get_state (job),
                                (int)(sqns_dbus_job_get_progress (job) * 100));
      }
  return NULL;
}

static void
print_table (GPtrArray *modems, GPtrArray *jobs)
{
  static const char *const headers[] = { "ID", "TTY", "BOARD", "STATE", "VERSION", "JOB", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);

  for (guint i = 0; i < modems->len; i++)
    {
      SqnsDbusModem *modem = modems->pdata[i];
      const char *node = sqns_dbus_modem_get_dev_node (modem);
      /* of a board that is gone it says nothing: another one may be there */
      g_autofree char *tty = sqns_dbus_modem_get_present (modem) ? g_strdup (node) : g_strdup_printf ("(%s)", node);
      g_autofree char *job = job_words (jobs, sqns_dbus_modem_get_current_job (modem));
      sqns_table_add (table, sqns_dbus_modem_get_id (modem), tty, sqns_dbus_modem_get_board (modem),
                      sqns_dbus_modem_get_state (modem), sqns_dbus_modem_get_firmware_version (modem), job);
    }
  sqns_table_print (table, "");
}

SqnsExit
sqns_cmd_list (SqnsCtl *ctl, int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, NULL, 0, 0, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);

  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  g_autoptr (GPtrArray) jobs = sqns_connection_jobs (conn);
  if (sqns_ctl_wants_json (ctl))
    sqns_ctl_print_proxies (ctl, "modems", modems);
  else if (modems->len > 0)
    print_table (modems, jobs);
  else
    sqns_ctl_remark (ctl, "no boards: plug one in, or name its tty in a command");
  return SQNS_EXIT_DONE;
}
