/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a board's modem what it is, now. */
#pragma once

#include "device/device.h"
#include "device/backend.h"

/* Opens a link that can be left again, probes, closes; the findings are in the device then. @backend: static.
 * Errors: BUSY, those of link and probe. Ended by sqns_device_interrupt(). */
void
sqns_refresh_async (SqnsDevice *device, const SqnsBackend *backend, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_refresh_finish (SqnsDevice *device, GAsyncResult *result, GError **error);
