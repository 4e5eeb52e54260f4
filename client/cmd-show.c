/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl show: one modem. */
#include "commands.h"
#include "details.h"
#include "json.h"
#include "modem-ref.h"

SqnsExit
sqns_cmd_show (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean refresh = FALSE;
  const GOptionEntry entries[] = {
    { "refresh", 0, 0, G_OPTION_ARG_NONE, &refresh, "ask the modem first; interrupts a program that runs on the board",
      NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, 1, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsBus) bus = sqns_bus_open (ctl, &error);
  if (bus == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (SqnsDbusModem) modem = sqns_modem_ref_find (bus, argv[1], &error);
  if (modem == NULL)
    return sqns_ctl_fail (ctl, error);

  if (refresh)
    {
      g_autofree char *path = g_strdup (g_dbus_proxy_get_object_path (G_DBUS_PROXY (modem)));
      if (!sqns_dbus_modem_call_refresh_sync (modem, sqns_bus_no_options (), sqns_bus_ask (bus),
                                              sqns_bus_long_timeout (bus), NULL, &error))
        return sqns_ctl_fail (ctl, error);
      /* What was found is on its way as signals; a new proxy asks for it. */
      g_clear_object (&modem);
      modem = sqns_bus_modem (bus, path, &error);
      if (modem == NULL)
        return sqns_ctl_fail (ctl, error);
    }

  if (sqns_ctl_wants_json (ctl))
    sqns_json_print (ctl, "modem", sqns_json_from_proxy (G_DBUS_PROXY (modem)));
  else
    sqns_details_print (G_DBUS_PROXY (modem));
  return SQNS_EXIT_DONE;
}
