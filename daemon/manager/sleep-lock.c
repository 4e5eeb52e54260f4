/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An inhibitor of logind, held as a file descriptor. */
#include "base/log.h"
#include "manager/sleep-lock.h"

#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>

struct _SqnsSleepLock {
  GDBusConnection *connection;
  GCancellable *cancellable; /* of the owner's life */
  gboolean wanted;
  gboolean asking;
  gboolean failed; /* logged once */
  int fd;          /* -1: not held */
};

static void
drop (SqnsSleepLock *self)
{
  if (self->fd >= 0)
    g_close (g_steal_fd (&self->fd), NULL);
}

static void
on_inhibited (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GUnixFDList) fds = NULL;
  g_autoptr (GVariant) reply
      = g_dbus_connection_call_with_unix_fd_list_finish (G_DBUS_CONNECTION (source), &fds, result, &error);
  int fd = fds != NULL ? g_unix_fd_list_get (fds, 0, &error) : -1;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* the lock is gone */
  SqnsSleepLock *self = user_data;
  self->asking = FALSE;
  self->fd = fd;
  if (fd < 0 && !self->failed)
    {
      self->failed = TRUE;
      sqns_info (NULL, "cannot delay shutdown and sleep: %s",
                 error != NULL ? error->message : "no descriptor in the answer");
    }
  if (!self->wanted)
    drop (self);
}

static void
ask (SqnsSleepLock *self)
{
  self->asking = TRUE;
  g_dbus_connection_call_with_unix_fd_list (self->connection, "org.freedesktop.login1", "/org/freedesktop/login1",
                                            "org.freedesktop.login1.Manager", "Inhibit",
                                            g_variant_new ("(ssss)", "shutdown:sleep", "sqnsd",
                                                           "A modem's firmware is being written", "block"),
                                            G_VARIANT_TYPE ("(h)"), G_DBUS_CALL_FLAGS_NO_AUTO_START, -1, NULL,
                                            self->cancellable, on_inhibited, self);
}

SqnsSleepLock *
sqns_sleep_lock_new (GDBusConnection *connection)
{
  SqnsSleepLock *self = g_new0 (SqnsSleepLock, 1);
  self->connection = g_object_ref (connection);
  self->cancellable = g_cancellable_new ();
  self->fd = -1;
  return self;
}

void
sqns_sleep_lock_free (SqnsSleepLock *self)
{
  if (self == NULL)
    return;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->connection);
  drop (self);
  g_free (self);
}

void
sqns_sleep_lock_hold (SqnsSleepLock *self, gboolean hold)
{
  self->wanted = hold;
  if (!hold)
    drop (self);
  else if (self->fd < 0 && !self->asking)
    ask (self);
}
