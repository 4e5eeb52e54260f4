/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frame of refresh, identification and reset. */
#include "device/errand.h"

enum {
  OPEN,
  OVER_LINK,
  LEAVE,
  AFTER_LINK,
  CLOSE,
  RELEASE,
  N_STATES,
};
static const char *const state_names[] = { "open", "over-link", "leave", "after-link", "close", "release" };
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == N_STATES);

static void
trace (gpointer data, char direction, const char *line)
{
  SqnsLogContext context = sqns_device_log_context (((SqnsErrand *)data)->device);
  sqns_debug (&context, "%c %s", direction, line);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  sqns_device_update_link (((SqnsErrand *)data)->device, kind, board);
}

static void
on_contact (gpointer data, SqnsContact contact)
{
  sqns_device_set_contact (((SqnsErrand *)data)->device, contact);
}

static const SqnsMonitorFuncs monitor_funcs = { .link = on_link, .contact = on_contact, .trace = trace };

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *self = user_data;
  GError *error = NULL;

  self->link = self->backend->link_open_finish (result, &error);
  if (self->link != NULL)
    sqns_device_update_link (self->device, self->backend->link_kind (self->link),
                             self->backend->link_board (self->link));
  sqns_ssm_next_or_fail (self->ssm, self->link != NULL, error);
}

static void
open_link (SqnsErrand *self)
{
  if (self->klass->over_link == NULL)
    {
      sqns_ssm_goto (self->ssm, AFTER_LINK);
      return;
    }
  SqnsLinkConfig config = sqns_device_link_config (self->device);
  config.leave = TRUE;
  self->backend->link_open_async (&config, &self->monitor, sqns_ssm_cancellable (self->ssm), on_opened, self);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *self = user_data;
  self->backend->link_close_finish (self->link, result, NULL);
  g_clear_object (&self->link);
  sqns_ssm_next (self->ssm);
}

static void
close_link (SqnsErrand *self)
{
  if (self->link != NULL)
    self->backend->link_close_async (self->link, on_closed, self);
  else
    sqns_ssm_next (self->ssm);
}

static void
handle (SqnsSsm *ssm, guint state, gpointer data)
{
  SqnsErrand *self = data;
  self->ssm = ssm;
  switch (state)
    {
    case OPEN:
      open_link (self);
      break;
    case OVER_LINK:
      self->klass->over_link (self);
      break;
    case LEAVE:
      close_link (self);
      break;
    case AFTER_LINK:
      if (self->klass->after_link != NULL)
        self->klass->after_link (self);
      else
        sqns_ssm_next (ssm);
      break;
    case CLOSE:
      close_link (self);
      break;
    case RELEASE:
      sqns_device_set_error (self->device, sqns_ssm_error (ssm));
      sqns_device_release (self->device);
      sqns_ssm_next (ssm);
      break;
    }
}

static const SqnsSsmClass machine = {
  .name = "errand",
  .state_names = state_names,
  .n_states = N_STATES,
  .first_cleanup = CLOSE,
  .handler = handle,
};

static void
errand_free (gpointer data)
{
  SqnsErrand *self = data;
  g_clear_object (&self->link);
  g_object_unref (self->device);
  g_free (self);
}

void
sqns_errand_async (const SqnsErrandClass *klass,
                   SqnsDevice *device,
                   const SqnsBackend *backend,
                   GAsyncReadyCallback callback,
                   gpointer user_data)
{
  GError *error = NULL;
  if (!sqns_device_claim (device, klass->use, NULL, &error))
    {
      g_task_report_error (device, callback, user_data, sqns_errand_async, error);
      return;
    }
  GTask *task = g_task_new (device, sqns_device_cancellable (device), callback, user_data);
  g_task_set_source_tag (task, sqns_errand_async);

  SqnsErrand *self = g_new0 (SqnsErrand, 1);
  self->klass = klass;
  self->device = g_object_ref (device);
  self->backend = backend;
  self->monitor = (SqnsMonitor){ .funcs = &monitor_funcs, .data = self };
  sqns_ssm_run (&machine, task, self, errand_free); /* a result that was reached stands, cancelled or not */
}
