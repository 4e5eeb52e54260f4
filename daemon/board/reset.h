/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Gets a board's ESP32 reset, the only way out of passthrough: by its PIC, else by a person at the button. The modem is
 * not reset by it (protocol.md §1). */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef struct {
  gboolean pic; /* the board has one */
  guint hand_s; /* how long a person is waited for, seconds; 0 = not asked */
} SqnsResetConfig;

/* Ends with the friendly prompt at 115200. Errors: TIMEOUT (nobody pressed the button), NEEDS_HAND (nobody was to be
 * asked, or a program runs on the board after the reset and does not yield: the message says which), DEVICE_LOST,
 * CANCELLED. */
void sqns_reset_async (SqnsPort *port,
                       const SqnsMonitor *monitor,
                       const SqnsResetConfig *config,
                       GCancellable *cancellable,
                       GAsyncReadyCallback callback,
                       gpointer user_data);
gboolean sqns_reset_finish (GAsyncResult *result, GError **error);
