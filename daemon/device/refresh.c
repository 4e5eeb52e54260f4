/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a board's modem what it is: link, probe, close. */
#include "device/errand.h"
#include "device/refresh.h"

static void
on_probed (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *errand = user_data;
  GError *error = NULL;

  g_autoptr (SqnsModemStatus) status = errand->backend->probe_finish (errand->link, result, &error);
  if (status != NULL)
    sqns_device_update_status (errand->device, status);
  sqns_ssm_next_or_fail (errand->ssm, status != NULL, error);
}

static void
probe (SqnsErrand *errand)
{
  errand->backend->probe_async (errand->link, sqns_ssm_cancellable (errand->ssm), on_probed, errand);
}

void
sqns_refresh_async (SqnsDevice *device, const SqnsBackend *backend, GAsyncReadyCallback callback, gpointer user_data)
{
  static const SqnsErrandClass refresh = { .use = SQNS_USE_PROBE, .over_link = probe };
  sqns_errand_async (&refresh, device, backend, callback, user_data);
}

gboolean
sqns_refresh_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
