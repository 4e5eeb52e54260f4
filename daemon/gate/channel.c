/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon's end of a channel. */
#include "common/error.h"
#include "gate/channel.h"
#include "gate/fds.h"

#include <errno.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>

typedef struct {
  int channel;
  int fd; /* the one received, -1 none */
  SqnsParcel parcel;
  guint readable;
  guint timeout;
  guint cancelled;
} Receipt;

static void
receipt_free (gpointer data)
{
  Receipt *self = data;
  if (self->fd >= 0)
    g_close (self->fd, NULL);
  g_free (self);
}

static void
end (GTask *task, GError *error)
{
  Receipt *self = g_task_get_task_data (task);
  g_clear_handle_id (&self->readable, g_source_remove);
  g_clear_handle_id (&self->timeout, g_source_remove);
  g_clear_handle_id (&self->cancelled, g_source_remove);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

/* FALSE: nothing has come yet. */
static gboolean
receive (GTask *task)
{
  Receipt *self = g_task_get_task_data (task);
  guint n_fds = 1;
  gboolean cut;
  gssize n
      = sqns_fds_receive (self->channel, &self->parcel, sizeof self->parcel, &self->fd, &n_fds, &cut, MSG_DONTWAIT);
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
    return FALSE;
  end (task,
       n == sizeof self->parcel && !cut
           ? NULL
           : g_error_new_literal (SQNS_ERROR, SQNS_ERROR_FAILED, "the process that read the caller's file has ended"));
  return TRUE;
}

static gboolean
on_readable (gint fd, GIOCondition condition, gpointer user_data)
{
  receive (user_data); /* removes this source once it has received something */
  return G_SOURCE_CONTINUE;
}

static gboolean
on_timeout (gpointer user_data)
{
  end (user_data, g_error_new_literal (SQNS_ERROR, SQNS_ERROR_TIMEOUT, "the caller's file was not received in time"));
  return G_SOURCE_CONTINUE;
}

static gboolean
on_cancelled (GCancellable *cancellable, gpointer user_data)
{
  end (user_data, g_error_new_literal (SQNS_ERROR, SQNS_ERROR_CANCELLED, "no longer waiting for the caller's file"));
  return G_SOURCE_CONTINUE;
}

void
sqns_channel_receive_async (
    int channel, guint timeout_ms, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  Receipt *self = g_new0 (Receipt, 1);
  GTask *task = g_task_new (NULL, cancellable, callback, user_data);
  self->channel = channel;
  self->fd = -1;
  g_task_set_source_tag (task, sqns_channel_receive_async);
  g_task_set_task_data (task, self, receipt_free);
  g_task_set_check_cancellable (task, FALSE); /* CANCELLED comes in our own domain */

  (void)!send (channel, "", 1, MSG_NOSIGNAL | MSG_DONTWAIT); /* if the reader is gone, receiving says so */
  if (receive (task))
    return;
  self->readable = g_unix_fd_add (channel, G_IO_IN, on_readable, task);
  self->timeout = g_timeout_add (timeout_ms, on_timeout, task);
  if (cancellable == NULL)
    return;
  g_autoptr (GSource) source = g_cancellable_source_new (cancellable);
  g_source_set_callback (source, G_SOURCE_FUNC (on_cancelled), task, NULL);
  self->cancelled = g_source_attach (source, NULL);
}

gboolean
sqns_channel_receive_finish (GAsyncResult *result, SqnsParcel *parcel, int *fd, GError **error)
{
  Receipt *self = g_task_get_task_data (G_TASK (result));
  if (!g_task_propagate_boolean (G_TASK (result), error))
    return FALSE;
  *parcel = self->parcel;
  parcel->name[sizeof parcel->name - 1] = '\0';
  *fd = self->fd;
  self->fd = -1;
  return TRUE;
}
