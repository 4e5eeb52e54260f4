/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What callers give to be read. */
#include "base/patience.h"
#include "bus/intake.h"
#include "gate/channel.h"

#include <glib/gstdio.h>

#define READ_MS (20 * 1000) /* for 64 MiB; what is in memory already is there at once */

typedef struct {
  SqnsLibrary *library;
  int channel;
  SqnsFirmwareKind kind;
  guint watch; /* of the sender */
  GCancellable *given_up;
  GCancellable *cancellable; /* nullable */
  gulong cancelled;
} Intake;

static void
close_channel (Intake *self)
{
  if (self->channel >= 0)
    g_close (g_steal_fd (&self->channel), NULL);
}

static void
intake_free (gpointer data)
{
  Intake *self = data;
  g_clear_handle_id (&self->watch, g_bus_unwatch_name);
  if (self->cancellable != NULL)
    g_cancellable_disconnect (self->cancellable, self->cancelled);
  close_channel (self);
  g_clear_object (&self->cancellable);
  g_object_unref (self->given_up);
  sqns_library_unref (self->library);
  g_free (self);
}

static void
return_error (GTask *task, GError *error)
{
  close_channel (g_task_get_task_data (task));
  g_task_return_error (task, error);
  g_object_unref (task);
}

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  GError *error = NULL;
  SqnsFirmware *firmware = sqns_library_load_finish (result, &error);
  if (firmware == NULL)
    {
      return_error (task, error);
      return;
    }
  close_channel (g_task_get_task_data (task)); /* before the caller has an answer, and may call again */
  g_task_return_pointer (task, firmware, g_object_unref);
  g_object_unref (task);
}

/* NULL: there is a content to be loaded. */
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
  return g_error_new_literal (SQNS_ERROR, SQNS_ERROR_LIMITS_EXCEEDED, "the call's file descriptor was lost on its way");
}

static void
on_received (GObject *source, GAsyncResult *result, gpointer user_data)
{
  GTask *task = user_data;
  Intake *self = g_task_get_task_data (task);
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
    sqns_library_load_async (self->library, fd, parcel.name, self->kind, self->given_up, on_loaded, task);
  else
    {
      if (fd >= 0)
        g_close (fd, NULL);
      return_error (task, error);
    }
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
sqns_intake_load_async (SqnsLibrary *library,
                        int channel,
                        SqnsFirmwareKind kind,
                        GDBusConnection *connection,
                        const char *sender,
                        GCancellable *cancellable,
                        GAsyncReadyCallback callback,
                        gpointer user_data)
{
  GTask *task = g_task_new (NULL, NULL, callback, user_data);
  Intake *self = g_new0 (Intake, 1);
  self->library = sqns_library_ref (library);
  self->channel = channel;
  self->kind = kind;
  self->given_up = g_cancellable_new ();
  g_task_set_source_tag (task, sqns_intake_load_async);
  g_task_set_task_data (task, self, intake_free);
  g_set_object (&self->cancellable, cancellable);
  if (cancellable != NULL)
    self->cancelled = g_cancellable_connect (cancellable, G_CALLBACK (give_up), self->given_up, NULL);
  self->watch = g_bus_watch_name_on_connection (connection, sender, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL, on_left,
                                                g_object_ref (self->given_up), g_object_unref);
  sqns_channel_receive_async (channel, sqns_patience_ms (READ_MS), self->given_up, on_received, task);
}

SqnsFirmware *
sqns_intake_load_finish (GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
