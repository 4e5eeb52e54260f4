/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl show: one modem. */
#include "client/commands/commands.h"
#include "client/core/property-list.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"

#include "common/clean.h"

/* As sqns_details_print() does it, for what is no property. */
static void
print_identity (SqnsCtl *ctl, GVariant *identity)
{
  static const char *const keys[] = { "imei", "iccid", "imsi" };
  const char *number;

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_variant_lookup (identity, keys[i], "&s", &number))
      {
        g_autofree char *clean = sqns_clean_line (number, -1);
        sqns_out ("%-16s  %s\n", keys[i], clean);
      }
  if (g_variant_n_children (identity) == 0)
    sqns_ctl_remark (ctl, "the modem tells no numbers; it does so in application mode only");
}

static void
print (SqnsCtl *ctl, SqnsConnection *conn, SqnsDbusModem *modem, GVariant *identity)
{
  if (sqns_ctl_wants_json (ctl))
    {
      JsonNode *node = sqns_json_from_proxy (G_DBUS_PROXY (modem));
      if (identity != NULL)
        json_object_set_member (json_node_get_object (node), "identity", sqns_json_from_dict (identity));
      sqns_ctl_print (ctl, "modem", node);
      return;
    }
  sqns_details_print (conn, G_DBUS_PROXY (modem));
  if (identity != NULL)
    print_identity (ctl, identity);
}

SqnsExit
sqns_cmd_show (SqnsCtl *ctl, int argc, char **argv)
{
  gboolean refresh = FALSE, identify = FALSE;
  const GOptionEntry entries[] = {
    { "refresh", 0, 0, G_OPTION_ARG_NONE, &refresh, "ask the modem first; interrupts a program that runs on the board",
      NULL },
    { "identify", 0, 0, G_OPTION_ARG_NONE, &identify, "ask the modem for IMEI and SIM, too; interrupts such a program",
      NULL },
    { NULL },
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (GVariant) identity = NULL;
  SqnsExit code;

  if (!sqns_ctl_parse (ctl, entries, 1, 1, &argc, &argv, &code))
    return code;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, &error);
  if (conn == NULL)
    return sqns_ctl_fail (ctl, error);
  g_autoptr (SqnsDbusModem) modem = sqns_modem_ref_find (conn, argv[1], &error);
  if (modem == NULL)
    return sqns_ctl_fail (ctl, error);

  if ((refresh
       && !sqns_dbus_modem_call_refresh_sync (modem, sqns_no_options (), sqns_connection_flags (conn),
                                              sqns_connection_long_timeout (conn), NULL, &error))
      || (identify
          && !sqns_dbus_modem_call_identify_sync (modem, sqns_no_options (), sqns_connection_flags (conn),
                                                  sqns_connection_long_timeout (conn), &identity, NULL, &error)))
    return sqns_ctl_fail (ctl, error);
  if (refresh || identify)
    {
      g_autofree char *path = g_strdup (g_dbus_proxy_get_object_path (G_DBUS_PROXY (modem)));
      /* What was found is on its way as signals; a new proxy asks for it. */
      g_clear_object (&modem);
      modem = sqns_connection_modem (conn, path, &error);
      if (modem == NULL)
        return sqns_ctl_fail (ctl, error);
    }

  print (ctl, conn, modem, identity);
  return SQNS_EXIT_DONE;
}
