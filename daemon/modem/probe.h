/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks a linked modem what it is: mode, versions, report of the last upgrade. Changes nothing but its echo. */
#pragma once

#include "link/link.h"

/* Errors: DEVICE_LOST, TIMEOUT (it stopped answering), CANCELLED. */
void sqns_probe_async (SqnsLink *link, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
SqnsModemStatus *sqns_probe_finish (SqnsLink *link, GAsyncResult *result, GError **error); /* transfer full */
