/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A socket to the modem's AT channel, over a link that stays ours. */
#include "link/link-private.h"

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

typedef struct _SqnsLinkConsole {
  SqnsLink *link;
  int fd;
  GSource *from_far; /* waits for bytes of the person, or for the port to take those that are there */
  GSource *to_far;
  GByteArray *backlog; /* bytes for the far end that its socket does not take yet */
  GFunc closed;
  gpointer closed_data;
  gulong lost_handler;
} Console;

static void
console_end (Console *console)
{
  SqnsPort *port = sqns_link_port (console->link);

  console->link->console = NULL;
  sqns_port_unlisten (port);
  g_clear_signal_handler (&console->lost_handler, port);
  sqns_clear_source (&console->from_far);
  sqns_clear_source (&console->to_far);
  close (console->fd);
  g_byte_array_unref (console->backlog);
  console->closed (console->link, console->closed_data);
  g_object_unref (console->link);
  g_free (console);
}

void
sqns_link_end_console (SqnsLink *link, const char *farewell)
{
  Console *console = link->console;
  if (console == NULL)
    return;
  if (farewell != NULL)
    g_byte_array_append (console->backlog, (const guint8 *)farewell, strlen (farewell));
  /* a reader that is so slow that this does not fit loses it, as it would lose the modem's words */
  if (console->backlog->len > 0)
    (void)!send (console->fd, console->backlog->data, console->backlog->len, MSG_NOSIGNAL);
  console_end (console);
}

static gboolean
on_far_writable (int fd, GIOCondition condition, gpointer data)
{
  Console *console = data;
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
  Console *console = user_data;

  if (console->backlog->len + len > MAX_BACKLOG)
    return;
  g_byte_array_append (console->backlog, data, len);
  if (console->to_far == NULL)
    {
      console->to_far = g_unix_fd_source_new (console->fd, G_IO_OUT);
      g_source_set_callback (console->to_far, G_SOURCE_FUNC (on_far_writable), console, NULL);
      g_source_attach (console->to_far, g_main_context_get_thread_default ());
    }
}

static void listen_to_far (Console *console);

static gboolean
on_pause_over (gpointer data)
{
  Console *console = data;
  sqns_clear_source (&console->from_far);
  listen_to_far (console);
  return G_SOURCE_REMOVE;
}

static void
pause_far (Console *console)
{
  sqns_clear_source (&console->from_far);
  console->from_far = g_timeout_source_new (FULL_PAUSE_MS);
  g_source_set_callback (console->from_far, on_pause_over, console, NULL);
  g_source_attach (console->from_far, g_main_context_get_thread_default ());
}

/* Only as much is taken from the person as the port takes: the socket itself holds them back. */
static gboolean
on_far_bytes (int fd, GIOCondition condition, gpointer data)
{
  Console *console = data;
  guint8 buffer[CHUNK];
  gssize waiting = recv (fd, buffer, sizeof buffer, MSG_PEEK);

  if (waiting < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  gssize taken = waiting > 0 ? sqns_port_write (sqns_link_port (console->link), buffer, waiting, NULL) : -1;
  if (taken > 0 && recv (fd, buffer, taken, 0) == taken)
    return G_SOURCE_CONTINUE;
  if (taken == 0)
    pause_far (console);
  else
    console_end (console);
  return G_SOURCE_REMOVE;
}

static void
listen_to_far (Console *console)
{
  console->from_far = g_unix_fd_source_new (console->fd, G_IO_IN | G_IO_HUP);
  g_source_set_callback (console->from_far, G_SOURCE_FUNC (on_far_bytes), console, NULL);
  g_source_attach (console->from_far, g_main_context_get_thread_default ());
}

static void
on_port_lost (SqnsPort *port, gpointer data)
{
  console_end (data);
}

int
sqns_link_open_console (SqnsLink *link, GFunc closed, gpointer user_data, GError **error)
{
  int fds[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
    {
      g_set_error (error, SQNS_ERROR, SQNS_ERROR_FAILED, "no socket for the console: %s", g_strerror (errno));
      return -1;
    }
  Console *console = g_new0 (Console, 1);
  if (!sqns_port_listen (sqns_link_port (link), on_modem_bytes, console, error))
    {
      close (fds[0]);
      close (fds[1]);
      g_free (console);
      return -1;
    }
  fcntl (fds[0], F_SETFL, O_NONBLOCK);
  console->link = g_object_ref (link);
  console->fd = fds[0];
  console->backlog = g_byte_array_new ();
  console->closed = closed;
  console->closed_data = user_data;
  console->lost_handler = g_signal_connect (sqns_link_port (link), "lost", G_CALLBACK (on_port_lost), console);
  link->console = console;
  listen_to_far (console);
  return fds[1];
}
