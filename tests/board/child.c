/* The python3 process that plays the MicroPython of one ESP32, and the frames to and from it. */
#include "child.h"

#include "fork-server.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FRAME_HEAD 5

struct Child {
  guint32 number; /* its number at the fork server */
  int fd;
  guint in_id;
  guint out_id;
  gboolean paused;
  gboolean dispatching;
  gboolean dropped; /* freed while dispatching */
  GByteArray *in;
  GByteArray *out;
  ChildFunc func;
  ChildGone gone;
  gpointer user_data;
};

static void listen_to (Child *child);

static void
release (Child *child)
{
  g_byte_array_unref (child->in);
  g_byte_array_unref (child->out);
  g_free (child);
}

static void
parse (Child *child)
{
  gsize at = 0;

  child->dispatching = TRUE;
  while (!child->dropped && !child->paused && child->in->len - at >= FRAME_HEAD)
    {
      const guint8 *frame = child->in->data + at;
      gsize len = (gsize)frame[1] | (gsize)frame[2] << 8 | (gsize)frame[3] << 16 | (gsize)frame[4] << 24;

      if (child->in->len - at < FRAME_HEAD + len)
        break;
      at += FRAME_HEAD + len;
      child->func (child->user_data, frame[0], frame + FRAME_HEAD, len);
    }
  child->dispatching = FALSE;
  if (child->dropped)
    release (child);
  else
    g_byte_array_remove_range (child->in, 0, (guint)at);
}

static gboolean
readable (gint fd, GIOCondition condition, gpointer user_data)
{
  Child *child = user_data;
  guint8 buffer[16384];
  gssize n = read (fd, buffer, sizeof buffer);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return G_SOURCE_CONTINUE;
  if (n <= 0)
    {
      child->in_id = 0;
      child->gone (child->user_data);
      return G_SOURCE_REMOVE;
    }
  g_byte_array_append (child->in, buffer, (guint)n);
  parse (child);
  return G_SOURCE_CONTINUE;
}

static void
listen_to (Child *child)
{
  if (child->in_id == 0 && !child->paused)
    child->in_id = g_unix_fd_add (child->fd, G_IO_IN | G_IO_HUP, readable, child);
}

/* Stops reading, so that the child waits while the line to the host is full. */
void
child_pause (Child *child, gboolean pause)
{
  if (child->paused == pause)
    return;
  child->paused = pause;
  if (pause)
    g_clear_handle_id (&child->in_id, g_source_remove);
  else
    listen_to (child);
  if (!pause && !child->dispatching)
    parse (child);
}

static gboolean
writable (gint fd, GIOCondition condition, gpointer user_data)
{
  Child *child = user_data;
  gssize n = send (fd, child->out->data, child->out->len, MSG_NOSIGNAL | MSG_DONTWAIT);

  if (n > 0)
    g_byte_array_remove_range (child->out, 0, (guint)n);
  if (child->out->len > 0 && (n > 0 || errno == EAGAIN))
    return G_SOURCE_CONTINUE;
  child->out_id = 0;
  return G_SOURCE_REMOVE;
}

void
child_send (Child *child, guint8 type, const void *data, gsize len)
{
  guint8 head[FRAME_HEAD] = { type, (guint8)len, (guint8)(len >> 8), (guint8)(len >> 16), (guint8)(len >> 24) };
  gboolean empty = child->out->len == 0;

  g_byte_array_append (child->out, head, FRAME_HEAD);
  if (len > 0)
    g_byte_array_append (child->out, data, (guint)len);
  if (empty && writable (child->fd, G_IO_OUT, child) && child->out_id == 0)
    child->out_id = g_unix_fd_add (child->fd, G_IO_OUT, writable, child);
}

Child *
child_spawn (const char *python, const char *config, ChildFunc func, ChildGone gone, gpointer user_data, GError **error)
{
  static guint32 last_number;
  Child *child;
  int pair[2];

  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    {
      g_set_error (error, G_IO_ERROR, g_io_error_from_errno (errno), "socketpair: %s", g_strerror (errno));
      return NULL;
    }
  if (!fork_server_fork (python, ++last_number, pair[1], config, error))
    {
      close (pair[0]);
      return NULL;
    }
  g_unix_set_fd_nonblocking (pair[0], TRUE, NULL);
  child = g_new0 (Child, 1);
  child->number = last_number;
  child->fd = pair[0];
  child->in = g_byte_array_new ();
  child->out = g_byte_array_new ();
  child->func = func;
  child->gone = gone;
  child->user_data = user_data;
  listen_to (child);
  return child;
}

void
child_free (Child *child)
{
  g_clear_handle_id (&child->in_id, g_source_remove);
  g_clear_handle_id (&child->out_id, g_source_remove);
  fork_server_kill (child->number);
  close (child->fd);
  if (child->dispatching)
    child->dropped = TRUE;
  else
    release (child);
}
