/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a board's modem who it is: IMEI and SIM. The answer is the caller's alone: it is not kept. */
#pragma once

#include "device/device.h"
#include "device/backend.h"

/* Opens a link that can be left again, asks, closes. Numbers that the modem did not tell are NULL. @backend: static.
 * Errors: BUSY, those of link and identify. Ended by sqns_device_interrupt(). */
void sqns_identification_async (SqnsDevice *device,
                                const SqnsBackend *backend,
                                GAsyncReadyCallback callback,
                                gpointer user_data);
SqnsIdentity *sqns_identification_finish (SqnsDevice *device, GAsyncResult *result, GError **error);
