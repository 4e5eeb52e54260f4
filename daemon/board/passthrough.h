/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Brings a board into its firmware's passthrough ("mirror mode"), which only a reset of the ESP32 ends. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

/* At a prompt that is there. @lte_task: the LTE task is started first, without which the passthrough of newer firmware
 * stays silent (field-failures.md row 2b). Whether a modem answers through it is not asked. Errors: NOT_SUPPORTED (the
 * board refuses, or has no LTE task to offer; the prompt is there again), TIMEOUT, PROTOCOL, DEVICE_LOST, CANCELLED. */
void sqns_passthrough_start_async (SqnsPort *port,
                                   const SqnsMonitor *monitor,
                                   gboolean lte_task,
                                   GCancellable *cancellable,
                                   GAsyncReadyCallback callback,
                                   gpointer user_data);
gboolean sqns_passthrough_start_finish (GAsyncResult *result, GError **error);
