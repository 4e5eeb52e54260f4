/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* sqnsctl show: shows one modem. */
#include "client/commands/commands.h"
#include "client/core/property-list.h"
#include "client/modem/ref.h"
#include "client/ui/output.h"

#include "common/clean.h"

/* In the layout of sqns_property_list_print(). */
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

static gboolean refresh, identify;

static const GOptionEntry entries[] = {
  { "refresh", 0, 0, G_OPTION_ARG_NONE, &refresh, "ask the modem first; interrupts a program that runs on the board",
    NULL },
  { "identify", 0, 0, G_OPTION_ARG_NONE, &identify, "ask the modem for IMEI and SIM, too; interrupts such a program",
    NULL },
  { NULL },
};

static SqnsExit
run (SqnsCtl *ctl, int argc, char **argv, GError **error)
{
  g_autoptr (GVariant) identity = NULL;
  g_autoptr (SqnsConnection) conn = sqns_connection_open (ctl, error);
  g_autoptr (SqnsDbusModem) modem = conn != NULL ? sqns_modem_ref_find (conn, argv[1], error) : NULL;

  if (modem == NULL
      || (refresh
          && !sqns_dbus_modem_call_refresh_sync (modem, sqns_no_options (), sqns_connection_flags (conn),
                                                 sqns_connection_long_timeout (conn), NULL, error))
      || (identify
          && !sqns_dbus_modem_call_identify_sync (modem, sqns_no_options (), sqns_connection_flags (conn),
                                                  sqns_connection_long_timeout (conn), &identity, NULL, error)))
    return SQNS_EXIT_FAILED;
  g_autoptr (SqnsDbusModem) now = sqns_connection_read_modem (conn, sqns_path (modem), error);
  if (now == NULL)
    return SQNS_EXIT_FAILED;

  if (sqns_ctl_wants_json (ctl))
    {
      JsonNode *node = sqns_json_from_proxy (now);
      if (identity != NULL)
        json_object_set_member (json_node_get_object (node), "identity", sqns_json_from_dict (identity));
      sqns_ctl_print (ctl, "modem", node);
      return SQNS_EXIT_DONE;
    }
  sqns_property_list_print (conn, G_DBUS_PROXY (now));
  if (identity != NULL)
    print_identity (ctl, identity);
  return SQNS_EXIT_DONE;
}

const SqnsCommand sqns_show_command
    = { "show", "MODEM", "all that is known of one modem; --refresh, --identify ask it", 1, 1, run, entries };
