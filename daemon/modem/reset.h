/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Restarts a linked modem by AT^RESET and waits until it answers again. */
#pragma once

#include "link/link.h"

/* The boot mode stays what it is: a modem in recovery comes back in recovery. Errors: WRONG_STATE (it applies an
 * upgrade: nothing was done), MODEM_REFUSED, TIMEOUT (it does not come back), DEVICE_LOST, CANCELLED. */
void
sqns_modem_reset_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
/* *@mode: what it came up in, UNKNOWN when it does not say; nullable. */
gboolean sqns_modem_reset_finish (SqnsLink *link, GAsyncResult *result, SqnsMode *mode, GError **error);
