/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenConsole, and what became of it. */
#include "client/modem/console.h"
#include "client/modem/held-port.h"

#define TELL_S 3 /* the stream ends before the bus says why */

int
sqns_console_open (SqnsConnection *conn, SqnsDbusModem *modem, GError **error)
{
  g_autoptr (GVariant) handle = NULL;
  g_autoptr (GUnixFDList) files = NULL;

  if (!sqns_connection_passes_files (conn, "a console", error) || !sqns_held_port_check (conn, modem, error)
      || !sqns_dbus_modem_call_open_console_sync (modem, sqns_no_options (), sqns_connection_flags (conn),
                                                  sqns_connection_long_timeout (conn), NULL, &handle, &files, NULL,
                                                  error))
    return -1;
  return sqns_connection_take_file (files, handle, "console", error);
}

/* NULL: nothing is known yet. */
static GError *
reason (SqnsConnection *conn, SqnsDbusModem *modem)
{
  g_autofree char *owner = g_dbus_proxy_get_name_owner (G_DBUS_PROXY (conn->manager));
  const char *job = sqns_dbus_modem_get_current_job (modem);

  if (owner == NULL || g_dbus_connection_is_closed (conn->bus))
    return g_error_new (G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN, "the daemon has gone");
  if (!sqns_dbus_modem_get_present (modem))
    return g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the board was unplugged");
  if (job != NULL && !g_str_equal (job, "/") && *job != '\0')
    return g_error_new (SQNS_ERROR, SQNS_ERROR_BUSY, "a job has taken the modem (see: sqnsctl jobs)");
  return NULL;
}

GError *
sqns_console_why_closed (SqnsConnection *conn, SqnsDbusModem *modem)
{
  gboolean late = FALSE;
  guint timer = g_timeout_add_seconds (TELL_S, sqns_raise_flag, &late);
  GError *error = reason (conn, modem);

  while (error == NULL && !late)
    {
      g_main_context_iteration (NULL, TRUE);
      error = reason (conn, modem);
    }
  g_source_remove (timer);
  if (error == NULL)
    error = g_error_new (SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the daemon has closed the console");
  return error;
}
