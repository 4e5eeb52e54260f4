/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of a call. */
#include "bus/intake.h"

#include "base/timeout.h"
#include "bus/reserve.h"
#include "gate/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixfdlist.h>
#include <glib/gstdio.h>

#define READ_MS (20 * 1000) /* for 64 MiB; a memory file comes at once */

struct _SqnsIntake {
  int channels[SQNS_JOB_N_FILES]; /* gate/channel.h, -1 none */
  SqnsFirmware *files[SQNS_JOB_N_FILES];
  guint file; /* the one that is being loaded */
  SqnsFirmwareCache *cache;
  guint watch; /* of the sender */
  GCancellable *given_up;
  GCancellable *cancellable; /* nullable */
  gulong cancelled;
};

SqnsIntake *
sqns_intake_new (void)
{
  SqnsIntake *self = g_new0 (SqnsIntake, 1);
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    self->channels[i] = -1;
  self->given_up = g_cancellable_new ();
  return self;
}

static void
close_channel (SqnsIntake *self, guint file)
{
  if (self->channels[file] >= 0)
    g_close (g_steal_fd (&self->channels[file]), NULL);
}

void
sqns_intake_free (SqnsIntake *self)
{
  for (guint i = 0; i < SQNS_JOB_N_FILES; i++)
    {
      close_channel (self, i);
      g_clear_object (&self->files[i]);
    }
  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  g_cancellable_disconnect (self->cancellable, self->cancelled);
  g_clear_object (&self->cancellable);
  g_object_unref (self->given_up);
  g_clear_pointer (&self->cache, sqns_firmware_cache_unref);
  g_free (self);
}

SqnsFirmware *const *
sqns_intake_files (const SqnsIntake *self)
{
  return self->files;
}

/* The channel for @handle, of the @n_channels that came with @message; the caller closes it. -1 with @error. */
static int
take_channel (GDBusMessage *message, const int *channels, gint n_channels, gint32 handle, GError **error)
{
  if (handle >= 0 && handle < n_channels)
    {
      int channel = fcntl (channels[handle], F_DUPFD_CLOEXEC, 0); /* a call may name a file twice */
      if (channel < 0)
        g_set_error (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "cannot receive the call's file descriptors: %s",
                     g_strerror (errno));
      return channel;
    }
  if (handle >= 0 && (guint)handle < g_dbus_message_get_num_unix_fds (message))
    g_set_error_literal (error, SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED,
                         "cannot receive the call's file descriptors: too many files of this user are being read, or "
                         "the daemon has too few descriptors left");
  else
    g_set_error_literal (error, G_DBUS_ERROR, G_DBUS_ERROR_INVALID_ARGS, "the call has no file descriptor");
  return -1;
}

gboolean
sqns_intake_take (SqnsIntake *self, GDBusMessage *message, const gint32 handles[SQNS_JOB_N_FILES], GError **error)
{
  GUnixFDList *fds = g_dbus_message_get_unix_fd_list (message);
  gint n = 0;
  g_autofree int *channels = fds != NULL ? g_unix_fd_list_steal_fds (fds, &n) : NULL;
  gboolean taken = sqns_reserve_check (error);

  for (guint i = 0; taken && i < SQNS_JOB_N_FILES; i++)
    if (i == SQNS_JOB_FIRMWARE || handles[i] >= 0)
      {
        self->channels[i] = take_channel (message, channels, n, handles[i], error);
        taken = self->channels[i] >= 0;
      }
  for (gint i = 0; i < n; i++)
    g_close (channels[i], NULL);
  return taken;
}

/* Loading */

static void load_next (GTask *task);

static void
fail (GTask *task, GError *error)
{
  static const char *const prefixes[SQNS_JOB_N_FILES] = { "", "first-step: ", "updater: " };
  const SqnsIntake *self = g_task_get_task_data (task);
  g_prefix_error_literal (&error, prefixes[self->file]);
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsIntake *self = g_task_get_task_data (task);
  GError *error = NULL;
  self->files[self->file] = sqns_firmware_cache_load_finish (result, &error);
  close_channel (self, self->file);
  if (error == NULL)
    load_next (task);
  else
    fail (task, error);
}

/* NULL: there is content to be loaded. */
static GError *
error_of (const SqnsParcel *parcel, int fd)
{
  GError *error = NULL;
  switch ((SqnsParcelKind)parcel->kind)
    {
    case SQNS_PARCEL_CONTENT:
      if (!sqns_firmware_check_file (parcel->mode, parcel->size, &error) || fd >= 0)
        return error;
      break;
    case SQNS_PARCEL_EXAMINE:
      return sqns_firmware_fault_error (SQNS_FIRMWARE_UNEXAMINED, parcel->code);
    case SQNS_PARCEL_READ:
      return sqns_firmware_fault_error (SQNS_FIRMWARE_UNREAD, parcel->code);
    case SQNS_PARCEL_CHANGED:
      return sqns_firmware_fault_error (SQNS_FIRMWARE_CHANGED, 0);
    case SQNS_PARCEL_MEMORY:
      return g_error_new (SQNS_ERROR, SQNS_ERROR_FAILED, "cannot write to a file in memory: %s",
                          g_strerror (parcel->code));
    case SQNS_PARCEL_LOST:
      break;
    }
  return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "the call's file descriptor was lost");
}

static void
on_received (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  SqnsIntake *self = g_task_get_task_data (task);
  SqnsParcel parcel;
  GError *error = NULL;
  int fd = -1;

  if (sqns_channel_receive_finish (result, &parcel, &fd, &error))
    error = error_of (&parcel, fd);
  else if (sqns_error_is_timeout (error))
    {
      g_error_free (error);
      error = sqns_firmware_fault_error (SQNS_FIRMWARE_LATE, 0);
    }
  if (error == NULL)
    sqns_firmware_cache_load_async (self->cache, fd, parcel.name,
                                    self->file == SQNS_JOB_UPDATER ? SQNS_FIRMWARE_UPDATER : SQNS_FIRMWARE_DUP,
                                    self->given_up, on_loaded, task);
  else
    {
      if (fd >= 0)
        g_close (fd, NULL);
      fail (task, error);
    }
}

static void
load_next (GTask *task)
{
  SqnsIntake *self = g_task_get_task_data (task);
  for (self->file = 0; self->file < SQNS_JOB_N_FILES; self->file++)
    if (self->channels[self->file] >= 0)
      {
        sqns_channel_receive_async (self->channels[self->file], sqns_timeout_ms (READ_MS), self->given_up, on_received,
                                    task);
        return;
      }
  g_task_return_boolean (task, TRUE);
  g_object_unref (task);
}

static void
on_left (GDBusConnection *connection, const char *name, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

static void
give_up (GCancellable *cancellable, gpointer user_data)
{
  g_cancellable_cancel (user_data);
}

void
sqns_intake_load_async (SqnsIntake *self,
                        SqnsFirmwareCache *cache,
                        GDBusConnection *connection,
                        const char *sender,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  self->cache = sqns_firmware_cache_ref (cache);
  g_task_set_source_tag (task, sqns_intake_load_async);
  g_task_set_task_data (task, self, NULL);
  if (g_set_object (&self->cancellable, cancellable))
    self->cancelled = g_cancellable_connect (cancellable, G_CALLBACK (give_up), self->given_up, NULL);
  self->watch = g_bus_watch_name_on_connection (connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_left,
                                                g_object_ref (self->given_up), g_object_unref);
  load_next (task);
}

gboolean
sqns_intake_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
