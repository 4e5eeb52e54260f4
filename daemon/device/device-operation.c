/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Probe, identify and reset, and the frame that they share. */
#include "device/device-operation.h"

#include "board/reset.h"
#include "modem/probe.h"
#include "modem/reset.h"

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
  SqnsLogContext context = sqns_device_log_context (((SqnsDeviceOperation *)data)->device);
  sqns_debug (&context, "%c %s", direction, line);
}

static void
on_link (gpointer data, SqnsLinkKind kind, const SqnsBoardInfo *board)
{
  sqns_device_update_link (((SqnsDeviceOperation *)data)->device, kind, board);
}

static void
on_contact (gpointer data, SqnsContact contact)
{
  sqns_device_set_contact (((SqnsDeviceOperation *)data)->device, contact);
}

static const SqnsMonitorFuncs monitor_funcs = { .link = on_link, .contact = on_contact, .trace = trace };

static void
on_opened (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsDeviceOperation *self = user_data;
  GError *error = NULL;

  self->link = sqns_link_open_finish (result, &error);
  if (self->link != NULL)
    sqns_device_update_link (self->device, sqns_link_kind (self->link), sqns_link_board (self->link));
  sqns_ssm_next_or_fail (self->ssm, self->link != NULL, error);
}

static void
open_link (SqnsDeviceOperation *self)
{
  if (self->klass->over_link == NULL && self->klass->ask == NULL)
    {
      sqns_ssm_goto (self->ssm, AFTER_LINK);
      return;
    }
  SqnsLinkConfig config = sqns_device_link_config (self->device);
  config.leave = TRUE;
  sqns_link_open_async (&config, &self->monitor, sqns_ssm_cancellable (self->ssm), on_opened, self);
}

static void
on_answered (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsDeviceOperation *self = user_data;
  GError *error = NULL;
  gboolean good = self->klass->take (self, result, &error);
  sqns_ssm_next_or_fail (self->ssm, good, error);
}

static void
on_closed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsDeviceOperation *self = user_data;
  sqns_link_close_finish (self->link, result, NULL);
  g_clear_object (&self->link);
  sqns_ssm_next (self->ssm);
}

static void
close_link (SqnsDeviceOperation *self)
{
  if (self->link != NULL)
    sqns_link_close_async (self->link, on_closed, self);
  else
    sqns_ssm_next (self->ssm);
}

static void
release (SqnsDeviceOperation *self)
{
  if (self->klass->ended != NULL)
    self->klass->ended (self);
  else
    sqns_device_set_error (self->device, sqns_ssm_error (self->ssm));
  sqns_device_release (self->device);
  sqns_ssm_next (self->ssm);
}

static void
handle (SqnsSsm *ssm, guint state, gpointer data)
{
  SqnsDeviceOperation *self = data;
  self->ssm = ssm;
  switch (state)
    {
    case OPEN:
      open_link (self);
      break;
    case OVER_LINK:
      if (self->klass->ask != NULL)
        self->klass->ask (self->link, sqns_ssm_cancellable (ssm), on_answered, self);
      else
        self->klass->over_link (self);
      break;
    case LEAVE:
    case CLOSE:
      close_link (self);
      break;
    case AFTER_LINK:
      if (self->klass->after_link != NULL)
        self->klass->after_link (self);
      else
        sqns_ssm_next (ssm);
      break;
    case RELEASE:
      release (self);
      break;
    }
}

static const SqnsSsmClass machine = {
  .name = "operation",
  .state_names = state_names,
  .n_states = N_STATES,
  .first_cleanup = CLOSE,
  .handler = handle,
};

static void
operation_free (gpointer data)
{
  SqnsDeviceOperation *self = data;
  g_clear_object (&self->link);
  g_object_unref (self->device);
  g_free (self);
}

void
sqns_device_operation_run (const SqnsDeviceOperationClass *klass, SqnsDevice *device, gpointer data, GTask *task)
{
  SqnsDeviceOperation *self = g_new0 (SqnsDeviceOperation, 1);
  self->klass = klass;
  self->device = g_object_ref (device);
  self->data = data;
  self->monitor = (SqnsMonitor){ .funcs = &monitor_funcs, .data = self };
  sqns_ssm_run (&machine, task, self, operation_free); /* a result that was reached stands, cancelled or not */
}

static void
start (const SqnsDeviceOperationClass *klass, SqnsDevice *device, GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  if (!sqns_device_claim (device, klass->use, NULL, &error))
    {
      g_task_report_error (device, callback, user_data, start, error);
      return;
    }
  GTask *task = g_task_new (device, sqns_device_info (device)->cancellable, callback, user_data);
  g_task_set_source_tag (task, start);
  sqns_device_operation_run (klass, device, NULL, task);
}

/* Probe */

static gboolean
take_status (SqnsDeviceOperation *self, GAsyncResult *result, GError **error)
{
  g_autoptr (SqnsModemStatus) status = sqns_probe_finish (self->link, result, error);
  if (status != NULL)
    sqns_device_update_status (self->device, status);
  return status != NULL;
}

void
sqns_device_probe_async (SqnsDevice *device, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsDeviceOperationClass klass = { .use = SQNS_USE_PROBE, .ask = sqns_probe_async, .take = take_status };
  start (&klass, device, callback, user_data);
}

gboolean
sqns_device_probe_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Identify */

static gboolean
take_identity (SqnsDeviceOperation *self, GAsyncResult *result, GError **error)
{
  SqnsIdentity *identity = sqns_identify_finish (self->link, result, error);
  if (identity != NULL)
    sqns_ssm_set_result (self->ssm, identity, (GDestroyNotify)sqns_identity_free);
  return identity != NULL;
}

void
sqns_device_identify_async (SqnsDevice *device, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsDeviceOperationClass klass
      = { .use = SQNS_USE_PROBE, .ask = sqns_identify_async, .take = take_identity };
  start (&klass, device, callback, user_data);
}

SqnsIdentity *
sqns_device_identify_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Reset */

static gboolean
take_mode (SqnsDeviceOperation *self, GAsyncResult *result, GError **error)
{
  SqnsMode mode = SQNS_MODE_UNKNOWN;
  gboolean up = sqns_modem_reset_finish (self->link, result, &mode, error);
  if (up)
    sqns_device_set_mode (self->device, mode);
  return up;
}

static void
on_rebooted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsDeviceOperation *self = user_data;
  GError *error = NULL;

  gboolean good = sqns_board_reset_finish (result, &error);
  if (!good && self->klass->ask != NULL)
    g_prefix_error (&error, "the modem was restarted, the module was not reset: ");
  sqns_ssm_next_or_fail (self->ssm, good, error);
}

static void
reset_module (SqnsDeviceOperation *self)
{
  SqnsLinkConfig config = sqns_device_link_config (self->device);
  if (self->klass->ask != NULL && config.kind == SQNS_LINK_DIRECT) /* there is no module besides the modem */
    sqns_ssm_next (self->ssm);
  else
    sqns_board_reset_async (config.devnode, config.kind, config.pic, &self->monitor, sqns_ssm_cancellable (self->ssm),
                            on_rebooted, self);
}

void
sqns_device_reset_async (SqnsDevice *device, gboolean modem, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsDeviceOperationClass module = { .use = SQNS_USE_RESET, .after_link = reset_module };
  static const SqnsDeviceOperationClass both
      = { .use = SQNS_USE_RESET, .ask = sqns_modem_reset_async, .take = take_mode, .after_link = reset_module };
  start (modem ? &both : &module, device, callback, user_data);
}

gboolean
sqns_device_reset_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
