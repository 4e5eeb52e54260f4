/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A byte stream from a user to a board's modem. */
#include "device/console.h"
#include "device/device-operation.h"

#include "base/source.h"

/* From the claim of the device to its release. */
struct _SqnsConsole {
  guint uid;
  GTask *task; /* until the stream is open, or fails to open */
  SqnsDeviceOperation *operation;
  GSource *interrupted;
  gboolean closing;
  char *closed_for; /* why it was closed for somebody else, nullable */
};

static void
on_far_end_closed (gpointer link, gpointer user_data)
{
  SqnsConsole *self = user_data;
  self->closing = TRUE;
  sqns_ssm_next (self->operation->ssm);
}

static gboolean
on_interrupted (GCancellable *cancellable, gpointer user_data)
{
  SqnsConsole *self = user_data;
  g_autofree char *farewell = g_strdup_printf ("\r\n[sqnsd: %s; the console is closed]\r\n",
                                               self->closed_for != NULL ? self->closed_for : "the daemon is stopping");
  if (!self->closing) /* leads to on_far_end_closed() */
    sqns_link_end_console (self->operation->link, farewell);
  return G_SOURCE_REMOVE;
}

static void
open_stream (SqnsDeviceOperation *operation)
{
  SqnsConsole *self = operation->data;
  GError *error = NULL;

  self->operation = operation;
  int fd = sqns_link_open_console (operation->link, on_far_end_closed, self, &error);
  if (fd < 0)
    {
      sqns_ssm_fail_error (operation->ssm, error);
      return;
    }
  self->interrupted = g_cancellable_source_new (sqns_ssm_cancellable (operation->ssm));
  g_source_set_callback (self->interrupted, G_SOURCE_FUNC (on_interrupted), self, NULL);
  g_source_attach (self->interrupted, g_main_context_get_thread_default ());

  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  sqns_device_set_error (operation->device, NULL);
  g_task_return_int (task, fd);
}

static void
ended (SqnsDeviceOperation *operation)
{
  g_autofree SqnsConsole *self = operation->data;
  g_autofree char *closed_for = self->closed_for;
  g_autoptr (GTask) task = self->task;

  sqns_device_set_console (operation->device, NULL);
  sqns_clear_source (&self->interrupted);
  if (task != NULL && closed_for != NULL)
    g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_BUSY, "cannot open a console: %s", closed_for);
  else if (task != NULL)
    {
      sqns_device_set_error (operation->device, sqns_ssm_error (operation->ssm));
      g_task_return_error (task, g_error_copy (sqns_ssm_error (operation->ssm)));
    }
}

void
sqns_console_close (SqnsDevice *device, const char *why)
{
  SqnsConsole *self = sqns_device_info (device)->console;
  if (self == NULL || self->closed_for != NULL)
    return;
  self->closed_for = g_strdup (why);
  sqns_device_interrupt (device);
}

gboolean
sqns_console_is_closing (SqnsDevice *device)
{
  const SqnsConsole *self = sqns_device_info (device)->console;
  return self != NULL && self->closing && self->closed_for == NULL;
}

gboolean
sqns_console_is_of (SqnsDevice *device, guint uid)
{
  const SqnsConsole *self = sqns_device_info (device)->console;
  return self != NULL && self->uid == uid && !self->closing;
}

void
sqns_console_open_async (SqnsDevice *device, guint uid, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsDeviceOperationClass klass = { .use = SQNS_USE_CONSOLE, .over_link = open_stream, .ended = ended };
  GError *error = NULL;
  if (!sqns_device_claim (device, SQNS_USE_CONSOLE, NULL, &error))
    {
      g_task_report_error (device, callback, user_data, sqns_console_open_async, error);
      return;
    }
  SqnsConsole *self = g_new0 (SqnsConsole, 1);
  self->uid = uid;
  self->task = g_task_new (device, NULL, callback, user_data);
  g_task_set_source_tag (self->task, sqns_console_open_async);
  sqns_device_set_console (device, self);
  sqns_device_operation_run (&klass, device, self,
                             g_task_new (device, sqns_device_info (device)->cancellable, NULL, NULL));
}

int
sqns_console_open_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return (int)g_task_propagate_int (G_TASK (result), error);
}
