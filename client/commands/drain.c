/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl drain: lets the daemon finish running jobs and start no new ones. */
#include "client/commands/commands.h"
#include "client/core/connection.h"

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  gboolean on = g_str_equal (argv[1], "on");
  if (!on && !g_str_equal (argv[1], "off"))
    return sqns_ctl_usage (ctl, "drain: on or off?");
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  if (conn == NULL
      || !sqns_dbus_manager_call_set_draining_sync (conn->manager, on, sqns_connection_flags (conn),
                                                    sqns_connection_long_timeout (conn), NULL, error))
    return SQNS_EXIT_FAILED;

  guint running = sqns_dbus_manager_get_running_jobs (conn->manager);
  if (sqns_ctl_wants_json (ctl))
    {
      g_dbus_proxy_set_cached_property (G_DBUS_PROXY (conn->manager), "Draining", g_variant_new_boolean (on));
      sqns_ctl_print (ctl, "manager", sqns_json_from_proxy (conn->manager));
    }
  else if (on)
    sqns_ctl_remark (ctl, "nothing new starts; %u job%s still run%s", running, running == 1 ? "" : "s",
                     running == 1 ? "s" : "");
  else
    sqns_ctl_remark (ctl, "jobs start again");
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_drain_command
    = { "drain", "on|off", "let the daemon finish what runs and start nothing new", 1, 1, run };
