/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lends a person the way to a board's modem. */
#include "device/console.h"

#include <glib/gstdio.h>

#define KEY "sqns-console" /* of a device: its Console */

/* Lives from the claim of the device to its release. */
typedef struct {
  SqnsDevice *device;
  guint uid;
  const SqnsBackend *backend;
  SqnsLink *link;
  GTask *task;         /* until the stream is open, or is not to be had */
  GCancellable *until; /* cancelled by sqns_device_interrupt() */
  GSource *interrupted;
  gboolean closing;
  char *dismissed; /* why it is taken away, nullable */
} Console;

static void
trace (gpointer data, char direction, const char *line)
{
  SqnsLogContext context = sqns_device_log_context (((Console *)data)->device);
  sqns_debug (&context, "%c %s", direction, line);
}

static void
on_contact (gpointer data, SqnsContact contact)
{
  sqns_device_set_contact (((Console *)data)->device, contact);
}

static const SqnsMonitorFuncs monitor_funcs = { .contact = on_contact, .trace = trace };

static void
console_free (Console *self)
{
  if (self->interrupted != NULL)
    g_source_destroy (self->interrupted);
  g_clear_pointer (&self->interrupted, g_source_unref);
  g_clear_object (&self->until);
  g_clear_object (&self->link);
  g_free (self->dismissed);
  g_object_set_data (G_OBJECT (self->device), KEY, NULL);
  sqns_device_release (self->device);
  g_object_unref (self->device);
  g_free (self);
}

static void
fail (Console *self, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  if (self->dismissed != NULL)
    {
      g_error_free (error);
      g_task_return_new_error (task, SQNS_ERROR, SQNS_ERROR_BUSY, "no console: %s", self->dismissed);
      return;
    }
  error = sqns_error_normalize (error);
  sqns_device_set_error (self->device, error);
  g_task_return_error (task, error);
}

static void
on_link_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Console *self = user_data;
  self->backend->link_close_finish (self->link, result, NULL);
  console_free (self);
}

static void
close_console (Console *self)
{
  if (self->closing)
    return;
  self->closing = TRUE;
  self->backend->link_close_async (self->link, on_link_closed, self);
}

static void
on_far_end_closed (gpointer link, gpointer user_data)
{
  close_console (user_data);
}

static gboolean
on_interrupted (GCancellable *cancellable, gpointer user_data)
{
  Console *self = user_data;
  g_autofree char *farewell = g_strdup_printf ("\r\n[sqnsd: %s; the console is closed]\r\n",
                                               self->dismissed != NULL ? self->dismissed : "the daemon is stopping");
  if (!self->closing)
    self->backend->link_end_console (self->link, farewell); /* leads to on_far_end_closed() */
  return G_SOURCE_REMOVE;
}

void
sqns_console_close (SqnsDevice *device, const char *why)
{
  Console *self = g_object_get_data (G_OBJECT (device), KEY);
  if (self == NULL || self->dismissed != NULL)
    return;
  self->dismissed = g_strdup (why);
  sqns_device_interrupt (device);
}

static void
close_fd (gpointer data)
{
  g_close (GPOINTER_TO_INT (data), NULL);
}

static void
lend (Console *self)
{
  GError *error = NULL;
  sqns_device_update_link (self->device, self->backend->link_kind (self->link), self->backend->link_board (self->link));
  int fd = self->backend->link_open_console (self->link, on_far_end_closed, self, &error);
  if (fd < 0)
    {
      fail (self, error);
      close_console (self);
      return;
    }
  self->interrupted = g_cancellable_source_new (self->until);
  g_source_set_callback (self->interrupted, G_SOURCE_FUNC (on_interrupted), self, NULL);
  g_source_attach (self->interrupted, g_main_context_get_thread_default ());

  g_autoptr (GTask) task = g_steal_pointer (&self->task);
  sqns_device_set_error (self->device, NULL);
  g_task_return_pointer (task, GINT_TO_POINTER (fd), close_fd);
}

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Console *self = user_data;
  GError *error = NULL;

  self->link = self->backend->link_open_finish (result, &error);
  if (self->link != NULL)
    {
      lend (self);
      return;
    }
  fail (self, error);
  console_free (self);
}

gboolean
sqns_console_is_closing (SqnsDevice *device)
{
  const Console *self = g_object_get_data (G_OBJECT (device), KEY);
  return self != NULL && self->closing && self->dismissed == NULL;
}

gboolean
sqns_console_is_of (SqnsDevice *device, guint uid)
{
  const Console *self = g_object_get_data (G_OBJECT (device), KEY);
  return self != NULL && self->uid == uid && !self->closing;
}

void
sqns_console_open_async (
    SqnsDevice *device, const SqnsBackend *backend, guint uid, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  if (!sqns_device_claim (device, SQNS_USE_CONSOLE, NULL, &error))
    {
      g_task_report_error (device, callback, user_data, sqns_console_open_async, error);
      return;
    }
  Console *self = g_new0 (Console, 1);
  self->device = g_object_ref (device);
  self->uid = uid;
  self->backend = backend;
  self->until = g_object_ref (sqns_device_cancellable (device));
  g_object_set_data (G_OBJECT (device), KEY, self);
  self->task = g_task_new (device, NULL, callback, user_data);
  g_task_set_source_tag (self->task, sqns_console_open_async);

  SqnsLinkConfig config = sqns_device_link_config (device);
  config.leave = TRUE;
  SqnsMonitor monitor = { &monitor_funcs, self };
  backend->link_open_async (&config, &monitor, self->until, on_opened, self);
}

int
sqns_console_open_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  GError *local = NULL;
  gpointer fd = g_task_propagate_pointer (G_TASK (result), &local);
  if (local != NULL)
    {
      g_propagate_error (error, local);
      return -1;
    }
  return GPOINTER_TO_INT (fd);
}
