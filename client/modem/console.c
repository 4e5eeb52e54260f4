/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenConsole, and AT commands over it. */
#include "client/modem/console.h"
#include "client/modem/held-port.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TELL_S 3 /* the stream ends before the bus says why */

int
sqns_console_open (SqnsConnection *conn, SqnsDbusModem *modem, GError **error)
{
  /* where no descriptor can be passed, that is the better reason */
  if (!sqns_connection_passes_files (conn, "a console", error) || !sqns_held_port_check (conn, modem, error))
    return -1;
  return sqns_connection_call_for_file (conn, modem, "OpenConsole", g_variant_new ("(a{sv})", NULL), "a console",
                                        error);
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

/* --- commands and answers --- */

static gboolean
wait_for (int fd, short events, gint64 deadline, const char *command, GError **error)
{
  struct pollfd poll_fd = { .fd = fd, .events = events };
  int ready = TEMP_FAILURE_RETRY (poll (&poll_fd, 1, (int)MAX ((deadline - g_get_monotonic_time ()) / 1000, 0)));
  if (ready > 0)
    return TRUE;
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the modem has not answered %s in time", command);
  return FALSE;
}

static gboolean
lost (int saved, GError **error)
{
  g_set_error (error, SQNS_ERROR, SQNS_ERROR_DEVICE_LOST, "the console was closed: %s",
               saved != 0 ? g_strerror (saved) : "no more data");
  return FALSE;
}

static gboolean
send_line (int fd, const char *command, gint64 deadline, GError **error)
{
  g_autoptr (GString) line = g_string_new (command);
  gsize sent = 0;

  g_string_append_c (line, '\r');
  while (sent < line->len)
    {
      if (!wait_for (fd, POLLOUT, deadline, command, error))
        return FALSE;
      ssize_t n = send (fd, line->str + sent, line->len - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN && errno != EINTR)
        return lost (errno, error);
      sent += n > 0 ? (gsize)n : 0;
    }
  return TRUE;
}

static gboolean
dials (const char *command)
{
  static const char *const verbs[] = { "ATD", "ATA", "ATO", "AT+CGDATA" };
  for (gsize i = 0; i < G_N_ELEMENTS (verbs); i++)
    if (g_ascii_strncasecmp (command, verbs[i], strlen (verbs[i])) == 0)
      return TRUE;
  return FALSE;
}

/* The end of a call, which sqns_at_parse() takes for a line of the response or for an unsolicited one. */
static SqnsAtFinal
call_final (SqnsAtReply *reply)
{
  static const char *const failures[] = { "NO CARRIER", "BUSY", "NO ANSWER", "NO DIALTONE" };

  for (guint i = 0; i < reply->lines->len; i++)
    if (g_str_has_prefix (reply->lines->pdata[i], "CONNECT"))
      return SQNS_AT_OK;
  for (gsize i = 0; i < G_N_ELEMENTS (failures); i++)
    {
      guint at;
      GPtrArray *said = g_ptr_array_find_with_equal_func (reply->lines, failures[i], g_str_equal, &at) ? reply->lines
                        : g_ptr_array_find_with_equal_func (reply->unsolicited, failures[i], g_str_equal, &at)
                            ? reply->unsolicited
                            : NULL;
      if (said == NULL)
        continue;
      g_ptr_array_remove_index (said, at);
      reply->error_text = g_strdup (failures[i]);
      return SQNS_AT_CME_ERROR;
    }
  return SQNS_AT_PENDING;
}

SqnsAtFinal
sqns_console_parse (const char *command, const guint8 *data, gsize len, SqnsAtReply *reply)
{
  SqnsAtFinal final = sqns_at_parse (command, data, len, reply);
  if (final == SQNS_AT_PENDING && dials (command))
    reply->final = final = call_final (reply);
  return final;
}

gboolean
sqns_console_exchange (int fd, const char *command, int timeout_ms, SqnsAtReply *reply, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + (gint64)timeout_ms * 1000;
  g_autoptr (GByteArray) got = g_byte_array_new ();

  if (!send_line (fd, command, deadline, error))
    return FALSE;
  for (;;)
    {
      guint8 buffer[4096];
      if (!wait_for (fd, POLLIN, deadline, command, error))
        return FALSE;
      ssize_t n = recv (fd, buffer, sizeof buffer, MSG_DONTWAIT);
      if (n < 0 && (errno == EAGAIN || errno == EINTR))
        continue;
      if (n <= 0)
        return lost (n < 0 ? errno : 0, error);
      g_byte_array_append (got, buffer, (guint)n);
      if (sqns_console_parse (command, got->data, got->len, reply) != SQNS_AT_PENDING)
        return TRUE;
      sqns_at_reply_clear (reply);
      if (got->len > SQNS_AT_MAX_REPLY)
        {
          g_set_error (error, SQNS_ERROR, SQNS_ERROR_PROTOCOL, "%u bytes came, and no answer to %s among them",
                       got->len, command);
          return FALSE;
        }
    }
}
