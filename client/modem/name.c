/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The name of a modem. */
#include "client/modem/name.h"

#include "common/clean.h"

#include <string.h>

gboolean
sqns_modem_is_at_tty (SqnsDbusModem *modem)
{
  return sqns_dbus_modem_get_present (modem) || sqns_dbus_modem_get_vendor_id (modem) == 0;
}

char *
sqns_modem_name (SqnsDbusModem *modem)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);
  g_autofree char *name = NULL;
  if (node != NULL && *node != '\0' && sqns_modem_is_at_tty (modem))
    {
      /* A pseudo-terminal's own name is a bare number. */
      name = g_str_has_prefix (node, "/dev/pts/") ? g_strdup (node + strlen ("/dev/")) : g_path_get_basename (node);
      return sqns_clean_line (name, -1);
    }
  return sqns_clean_line (sqns_dbus_modem_get_id (modem), -1);
}
