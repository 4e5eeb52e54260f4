/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl list: lists the boards. */
#include "client/commands/commands.h"
#include "client/core/connection.h"
#include "client/job/job.h"
#include "client/ui/table.h"

/* The running job; NULL: none. */
static char *
job_text (SqnsConnection *conn, SqnsDbusModem *modem)
{
  g_autoptr (SqnsDbusJob) job = sqns_connection_find_job (conn, sqns_dbus_modem_get_current_job (modem));
  return job != NULL ? g_strdup_printf (SQNS_SHORT_UUID " %s %d %%", sqns_dbus_job_get_uuid (job),
                                        sqns_dbus_job_get_state (job), (int)(sqns_dbus_job_get_progress (job) * 100))
                     : NULL;
}

static void
print_table (SqnsConnection *conn, GPtrArray *modems)
{
  static const char *const headers[] = { "ID", "TTY", "BOARD", "STATE", "VERSION", "JOB", NULL };
  g_autoptr (SqnsTable) table = sqns_table_new (headers);

  for (guint i = 0; i < modems->len; i++)
    {
      SqnsDbusModem *modem = modems->pdata[i];
      const char *node = sqns_dbus_modem_get_dev_node (modem);
      /* in parentheses for a board that is gone: another one may be there */
      g_autofree char *tty = sqns_dbus_modem_get_present (modem) ? g_strdup (node) : g_strdup_printf ("(%s)", node);
      g_autofree char *job = job_text (conn, modem);
      sqns_table_add (table, sqns_dbus_modem_get_id (modem), tty, sqns_dbus_modem_get_board (modem),
                      sqns_dbus_modem_get_state (modem), sqns_dbus_modem_get_firmware_version (modem), job);
    }
  sqns_table_print (table, "");
}

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL)
    return SQNS_EXIT_FAILED;

  g_autoptr (GPtrArray) modems = sqns_connection_modems (conn);
  if (sqns_ctl_wants_json (ctl))
    sqns_ctl_print (ctl, "modems", sqns_json_from_proxies (modems));
  else if (modems->len > 0)
    print_table (conn, modems);
  else
    sqns_ctl_remark (ctl, "no boards: plug one in, or name its tty in a command");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_list_command = { "list", "", "the boards, and what is known of their modems", 0, 0, run };
