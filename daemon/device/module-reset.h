/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Resets a board's module, with or without its modem. */
#pragma once

#include "device/device.h"
#include "device/backend.h"

/* With @modem the modem first: AT^RESET over a link, until it answers again; on a port that is said to be the modem's
 * own (link direct) that is all. @backend: static. Errors: BUSY, those of link, restart and reboot; the message says
 * when the modem had been restarted already. Ended by sqns_device_interrupt(). */
void sqns_module_reset_async (
    SqnsDevice *device, const SqnsBackend *backend, gboolean modem, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_module_reset_finish (SqnsDevice *device, GAsyncResult *result, GError **error);
