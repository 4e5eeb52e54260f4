/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets: the modem over a link, then the module by its prompt or its PIC. */
#include "device/errand.h"
#include "device/module-reset.h"

static void
on_restarted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *errand = user_data;
  SqnsMode mode = SQNS_MODE_UNKNOWN;
  GError *error = NULL;

  gboolean up = errand->backend->restart_finish (errand->link, result, &mode, &error);
  if (up)
    sqns_device_set_mode (errand->device, mode);
  sqns_ssm_next_or_fail (errand->ssm, up, error);
}

static void
restart_modem (SqnsErrand *errand)
{
  errand->backend->restart_async (errand->link, sqns_ssm_cancellable (errand->ssm), on_restarted, errand);
}

static void
on_rebooted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *errand = user_data;
  GError *error = NULL;

  gboolean good = errand->backend->reboot_finish (result, &error);
  if (!good && errand->klass->over_link != NULL)
    g_prefix_error (&error, "the modem was restarted, the module was not reset: ");
  sqns_ssm_next_or_fail (errand->ssm, good, error);
}

static void
reset_module (SqnsErrand *errand)
{
  SqnsLinkConfig config = sqns_device_link_config (errand->device);
  if (errand->klass->over_link != NULL && config.kind == SQNS_LINK_DIRECT) /* all that there is was reset */
    {
      sqns_ssm_next (errand->ssm);
      return;
    }
  errand->backend->reboot_async (&config, &errand->monitor, sqns_ssm_cancellable (errand->ssm), on_rebooted, errand);
}

void
sqns_module_reset_async (
    SqnsDevice *device, const SqnsBackend *backend, gboolean modem, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsErrandClass module = { .use = SQNS_USE_RESET, .after_link = reset_module };
  static const SqnsErrandClass both = { .use = SQNS_USE_RESET, .over_link = restart_modem, .after_link = reset_module };
  sqns_errand_async (modem ? &both : &module, device, backend, callback, user_data);
}

gboolean
sqns_module_reset_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
