/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a board's modem what it is: link, probe, close. */
#include "model/refresh.h"
#include "base/ssm.h"

typedef struct {
  SqnsDevice *device;
  const SqnsOperations *operations;
  SqnsLink *link;
} Refresh;

enum {
  OPEN,
  PROBE,
  CLOSE,
  RELEASE,
  N_STATES,
};
static const char *const state_names[] = { "open", "probe", "close", "release" };

static void
trace (gpointer data, char direction, const char *line)
{
  SqnsLogContext context = sqns_device_log_context (((Refresh *)data)->device);
  sqns_debug (&context, "%c %s", direction, line);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  sqns_device_note_link (((Refresh *)data)->device, kind, board);
}

static const SqnsMonitorFuncs monitor_funcs = { .link = on_link, .trace = trace };

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Refresh *self = sqns_ssm_data (ssm);
  GError *error = NULL;

  self->link = self->operations->link_open_finish (result, &error);
  if (self->link != NULL)
    sqns_device_note_link (self->device, self->operations->link_kind (self->link),
                           self->operations->link_board (self->link));
  sqns_ssm_next_or_fail (ssm, self->link != NULL, error);
}

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Refresh *self = sqns_ssm_data (ssm);
  GError *error = NULL;

  g_autoptr (SqnsModemStatus) status = self->operations->probe_finish (self->link, result, &error);
  if (status != NULL)
    sqns_device_note_status (self->device, status);
  sqns_ssm_next_or_fail (ssm, status != NULL, error);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsSsm *ssm = user_data;
  Refresh *self = sqns_ssm_data (ssm);
  self->operations->link_close_finish (self->link, result, NULL);
  sqns_ssm_next (ssm);
}

static void
open_link (SqnsSsm *ssm, Refresh *self)
{
  SqnsLinkConfig config = sqns_device_link_config (self->device);
  config.leave = TRUE;
  SqnsMonitor monitor = { &monitor_funcs, self };
  self->operations->link_open_async (&config, &monitor, sqns_ssm_cancellable (ssm), on_opened, ssm);
}

static void
handle (SqnsSsm *ssm, guint state, gpointer data)
{
  Refresh *self = data;
  switch (state)
    {
    case OPEN:
      open_link (ssm, self);
      break;
    case PROBE:
      self->operations->probe_async (self->link, sqns_ssm_cancellable (ssm), on_probed, ssm);
      break;
    case CLOSE:
      if (self->link == NULL)
        sqns_ssm_next (ssm);
      else
        self->operations->link_close_async (self->link, on_closed, ssm);
      break;
    case RELEASE:
      sqns_device_note_error (self->device, sqns_ssm_error (ssm));
      sqns_device_release (self->device);
      sqns_ssm_next (ssm);
      break;
    }
}

static const SqnsSsmClass machine = {
  .name = "refresh",
  .state_names = state_names,
  .n_states = N_STATES,
  .first_cleanup = CLOSE,
  .handler = handle,
};

static void
refresh_free (gpointer data)
{
  Refresh *self = data;
  g_clear_object (&self->link);
  g_object_unref (self->device);
  g_free (self);
}

void
sqns_refresh_async (SqnsDevice *device,
                    const SqnsOperations *operations,
                    GAsyncReadyCallback callback,
                    gpointer user_data)
{
  GError *error = NULL;
  if (!sqns_device_claim (device, SQNS_USE_PROBE, NULL, &error))
    {
      g_task_report_error (device, callback, user_data, sqns_refresh_async, error);
      return;
    }
  GTask *task = g_task_new (device, sqns_device_cancellable (device), callback, user_data);
  g_task_set_source_tag (task, sqns_refresh_async);
  g_task_set_check_cancellable (task, FALSE); /* a result that was reached stands */

  Refresh *self = g_new0 (Refresh, 1);
  self->device = g_object_ref (device);
  self->operations = operations;
  sqns_ssm_run (&machine, task, self, refresh_free);
}

gboolean
sqns_refresh_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
