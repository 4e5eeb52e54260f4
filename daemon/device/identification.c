/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a board's modem for its numbers: link, identify, close. */
#include "device/errand.h"
#include "device/identification.h"

static void
on_identified (GObject *source, GAsyncResult *result, gpointer user_data)
{
  SqnsErrand *errand = user_data;
  GError *error = NULL;

  SqnsIdentity *identity = errand->backend->identify_finish (errand->link, result, &error);
  if (identity != NULL)
    sqns_ssm_set_result (errand->ssm, identity, (GDestroyNotify)sqns_identity_free);
  sqns_ssm_next_or_fail (errand->ssm, identity != NULL, error);
}

static void
identify (SqnsErrand *errand)
{
  errand->backend->identify_async (errand->link, sqns_ssm_cancellable (errand->ssm), on_identified, errand);
}

void
sqns_identification_async (SqnsDevice *device,
                           const SqnsBackend *backend,
                           GAsyncReadyCallback callback,
                           gpointer user_data)
{
  static const SqnsErrandClass identification = { .use = SQNS_USE_PROBE, .over_link = identify };
  sqns_errand_async (&identification, device, backend, callback, user_data);
}

SqnsIdentity *
sqns_identification_finish (SqnsDevice *device, GAsyncResult *result, GError **error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
