/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket to a port, which stays ours. */
#include "link/console.h"

#include "base/source.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHUNK 4096
#define FULL_PAUSE_MS 5
#define MAX_BACKLOG 65536u /* bytes from the modem that a slow reader may owe; more are lost, as on any tty */

struct _SqnsLinkConsole {
  SqnsPort *port;
  int fd;
  GSource *from_far; /* waits for typed bytes, or for the port to take those that are there */
  GSource *to_far;
  GByteArray *backlog; /* bytes for the far end that its socket does not take yet */
  GDestroyNotify closed;
  gpointer closed_data;
  gulong lost_handler;
};

static void
console_close (SqnsLinkConsole *console)
{
  sqns_port_unlisten (console->port);
  g_clear_signal_handler (&console->lost_handler, console->port);
  sqns_clear_source (&console->from_far);
  sqns_clear_source (&console->to_far);
  close (console->fd);
  g_byte_array_unref (console->backlog);
  g_object_unref (console->port);
  console->closed (console->closed_data);
  g_free (console);
}

void
sqns_link_console_end (SqnsLinkConsole *console, const char *farewell)
{
  if (farewell != NULL)
    g_byte_array_append (console->backlog, (const guint8 *)farewell, strlen (farewell));
  /* a reader so slow that this does not fit loses it, as it would lose the modem's lines */
  if (console->backlog->len > 0)
    (void)!send (console->fd, console->backlog->data, console->backlog->len, MSG_NOSIGNAL);
  console_close (console);
}

static GSource *
attach (SqnsLinkConsole *console, GSource *source, GSourceFunc func)
{
  g_source_set_callback (source, func, console, NULL);
  g_source_attach (source, g_main_context_get_thread_default ());
  return source;
}

static gboolean
on_far_writable (int fd, GIOCondition condition, gpointer data)
{
  SqnsLinkConsole *console = data;
  gssize n = send (fd, console->backlog->data, console->backlog->len, MSG_NOSIGNAL);
  if (n > 0)
    g_byte_array_remove_range (console->backlog, 0, n);
  if (console->backlog->len > 0 && (n > 0 || errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  g_clear_pointer (&console->to_far, g_source_unref);
  return G_SOURCE_REMOVE;
}

static void
on_modem_bytes (SqnsPort *port, const guint8 *data, gsize len, gpointer user_data)
{
  SqnsLinkConsole *console = user_data;

  if (console->backlog->len + len > MAX_BACKLOG)
    return;
  g_byte_array_append (console->backlog, data, len);
  if (console->to_far == NULL)
    console->to_far = attach (console, g_unix_fd_source_new (console->fd, G_IO_OUT), G_SOURCE_FUNC (on_far_writable));
}

static void listen_to_far (SqnsLinkConsole *console);

static gboolean
on_pause_over (gpointer data)
{
  SqnsLinkConsole *console = data;
  sqns_clear_source (&console->from_far);
  listen_to_far (console);
  return G_SOURCE_REMOVE;
}

static void
pause_far (SqnsLinkConsole *console)
{
  sqns_clear_source (&console->from_far);
  console->from_far = attach (console, g_timeout_source_new (FULL_PAUSE_MS), on_pause_over);
}

/* Takes only as much from the far end as the port takes: the socket itself holds the rest back. */
static gboolean
on_far_bytes (int fd, GIOCondition condition, gpointer data)
{
  SqnsLinkConsole *console = data;
  guint8 buffer[CHUNK];
  gssize waiting = recv (fd, buffer, sizeof buffer, MSG_PEEK);

  if (waiting < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  gssize taken = waiting > 0 ? sqns_port_write (console->port, buffer, waiting, NULL) : -1;
  if (taken > 0 && recv (fd, buffer, taken, 0) == taken)
    return G_SOURCE_CONTINUE;
  if (taken == 0)
    pause_far (console);
  else
    console_close (console);
  return G_SOURCE_REMOVE;
}

static void
listen_to_far (SqnsLinkConsole *console)
{
  console->from_far
      = attach (console, g_unix_fd_source_new (console->fd, G_IO_IN | G_IO_HUP), G_SOURCE_FUNC (on_far_bytes));
}

static void
on_port_lost (SqnsPort *port, gpointer data)
{
  console_close (data);
}

SqnsLinkConsole *
sqns_link_console_new (SqnsPort *port, GDestroyNotify closed, gpointer user_data, int *far, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "cannot create a socket for the console: %s",
                   g_strerror (errno));
      return NULL;
    }
  SqnsLinkConsole *console = g_new0 (SqnsLinkConsole, 1);
  if (!sqns_port_listen (port, on_modem_bytes, console, error))
    {
      close (fds[0]);
      close (fds[1]);
      g_free (console);
      return NULL;
    }
  fcntl (fds[0], F_SETFL, O_NONBLOCK);
  console->port = g_object_ref (port);
  console->fd = fds[0];
  console->backlog = g_byte_array_new ();
  console->closed = closed;
  console->closed_data = user_data;
  console->lost_handler = g_signal_connect (port, "lost", G_CALLBACK (on_port_lost), console);
  listen_to_far (console);
  *far = fds[1];
  return console;
}
