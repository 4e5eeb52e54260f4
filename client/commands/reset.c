/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl reset: resets a board's module, with or without its modem. */
#include "client/commands/commands.h"
#include "client/modem/held-port.h"
#include "client/modem/ref.h"

static gboolean with_modem;
static const GOptionEntry entries[] = {
  { "modem", 0, 0, G_OPTION_ARG_NONE, &with_modem, "the modem, too (AT^RESET); waits until it answers again", NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GVariant) options
      = g_variant_ref_sink (with_modem ? g_variant_new_parsed ("{'modem': <true>}") : sqns_no_options ());
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusModem) modem = conn != NULL ? sqns_modem_ref_find (conn, argv[1], error) : NULL;
  if (modem == NULL || !sqns_held_port_check (conn, modem, error)
      || !sqns_dbus_modem_call_reset_sync (modem, options, sqns_connection_flags (conn),
                                           sqns_connection_long_timeout (conn), NULL, error))
    return SQNS_EXIT_FAILED;

  g_autofree char *name = sqns_modem_name (modem);
  if (with_modem)
    sqns_ctl_remark (ctl, "%s: reset; the modem has restarted and answers", name);
  else
    sqns_ctl_remark (ctl, "%s: the module was reset; its modem goes on as it was", name);
  if (sqns_ctl_wants_json (ctl))
    {
      g_autoptr (SqnsDbusModem) now = sqns_connection_read_modem (conn, sqns_path (modem), error);
      if (now == NULL)
        return SQNS_EXIT_FAILED;
      sqns_ctl_print (ctl, "modem", sqns_json_from_proxy (now));
    }
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_reset_command
    = { "reset", "MODEM", "reset a board's module; --modem resets the modem, too", 1, 1, run, entries };
