/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program that has a modem's port open, as far as the user may see. */
#include "client/modem/held-port.h"

#include "common/clean.h"
#include "common/port-owner.h"

const char *
sqns_host_root (void)
{
  const char *root = g_getenv ("SQNS_SYSROOT");
  return root != NULL ? root : "";
}

static char *
owner_in (SqnsPortScan *scan, SqnsConnection *conn, SqnsDbusModem *modem)
{
  const char *node = sqns_dbus_modem_get_dev_node (modem);
  SqnsTtyId id;
  int pid = 0;

  if (node == NULL || !sqns_dbus_modem_get_present (modem))
    return NULL;
  g_autofree char *path = g_strconcat (sqns_host_root (), node, NULL);
  if (!sqns_tty_id_of (path, &id))
    return NULL;
  g_autofree char *owner = sqns_port_scan_owner (scan, &id, &pid);
  return owner != NULL && pid != sqns_connection_daemon_pid (conn) ? g_steal_pointer (&owner) : NULL;
}

/* NULL: the ports are on another machine. */
static SqnsPortScan *
scan_all (SqnsConnection *conn)
{
  if (conn->ctl->host != NULL)
    return NULL;
  g_autofree char *proc = g_strconcat (sqns_host_root (), "/proc", NULL);
  SqnsPortScan *scan = sqns_port_scan_new (proc);
  sqns_port_scan_step (scan, G_MAXINT64);
  return scan;
}

char *
sqns_held_port_owner (SqnsConnection *conn, SqnsDbusModem *modem)
{
  g_autoptr (SqnsPortScan) scan = scan_all (conn);
  return scan != NULL ? owner_in (scan, conn, modem) : NULL;
}

gboolean
sqns_held_port_check_all (SqnsConnection *conn, GPtrArray *modems, gboolean later, GError **error)
{
  g_autoptr (SqnsPortScan) scan = scan_all (conn);
  for (guint i = 0; scan != NULL && i < modems->len; i++)
    {
      g_autofree char *owner = owner_in (scan, conn, modems->pdata[i]);
      if (owner == NULL)
        continue;
      g_autofree char *node = sqns_clean_line (sqns_dbus_modem_get_dev_node (modems->pdata[i]), -1);
      if (modems->len == 1 && !later)
        {
          g_set_error (error, SQNS_ERROR, SQNS_ERROR_PORT_LOCKED,
                       "%s is in use by %s: close that program first; nothing was sent to the modem", node, owner);
          return FALSE;
        }
      sqns_complain ("%s is in use by %s: close that program before the upgrade begins", node, owner);
    }
  return TRUE;
}

gboolean
sqns_held_port_check (SqnsConnection *conn, SqnsDbusModem *modem, GError **error)
{
  g_autoptr (GPtrArray) one = g_ptr_array_new ();
  g_ptr_array_add (one, modem);
  return sqns_held_port_check_all (conn, one, FALSE, error);
}
