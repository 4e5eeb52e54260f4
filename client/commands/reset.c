/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl reset: a board's module, with or without its modem. */
#include "client/commands/commands.h"
#include "client/modem/held-port.h"
#include "client/modem/name.h"
#include "client/modem/ref.h"

static GVariant *
make_options (gboolean modem)
{
  GVariantBuilder builder;
  g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT);
  if (modem)
    g_variant_builder_add (&builder, "{sv}", "modem", g_variant_new_boolean (TRUE));
  return g_variant_builder_end (&builder);
}

SqnsExit
sqns_cmd_reset (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean with_modem = FALSE;
  const GOptionEntry entries[] = {
    { "modem", 0, 0, G_OPTION_ARG_NONE, &with_modem, "the modem, too (AT^RESET); waits until it answers again", NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, 1, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (SqnsDbusModem) modem = sqns_modem_ref_find (conn, argv[1], &error);
  if (modem == NULL || !sqns_held_port_check (conn, modem, &error)
      || !sqns_dbus_modem_call_reset_sync (modem, make_options (with_modem), sqns_connection_flags (conn),
                                           sqns_connection_long_timeout (conn), NULL, &error))
    return sqns_ctl_fail (ctl, error);

  g_autofree char *name = sqns_modem_name (modem);
  if (with_modem)
    sqns_ctl_remark (ctl, "%s: reset; the modem has restarted and answers", name);
  else
    sqns_ctl_remark (ctl, "%s: the module was reset; its modem goes on as it was", name);
  if (sqns_ctl_wants_json (ctl))
    {
      /* what the reset changed is on its way as signals; a new proxy asks for it */
      g_autoptr (SqnsDbusModem) now
          = sqns_connection_modem (conn, g_dbus_proxy_get_object_path (G_DBUS_PROXY (modem)), &error);
      if (now == NULL)
        return sqns_ctl_fail (ctl, error);
      sqns_ctl_print (ctl, "modem", sqns_json_from_proxy (G_DBUS_PROXY (now)));
    }
  return SQNS_EXIT_DONE;
}
