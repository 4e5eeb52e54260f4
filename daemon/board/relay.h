/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The relay: a Python loop on the board that copies bytes between the host and the modem (data/board/relay.py). */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef struct {
  const char *pins;  /* Python tuple of the board's UART 1 pins */
  guint host_speed;  /* baud between us and the board while it runs */
  guint modem_speed; /* baud between the board and the modem */
} SqnsRelayConfig;

/* Types the relay in at a prompt that is there and pings it at the host speed. Errors: TIMEOUT (it does not answer; it
 * ends by itself some seconds later), PROTOCOL (the board could not run it; the message is Python's), DEVICE_LOST,
 * CANCELLED. */
void sqns_relay_start_async (SqnsPort *port,
                             const SqnsMonitor *monitor,
                             const SqnsRelayConfig *config,
                             GCancellable *cancellable,
                             GAsyncReadyCallback callback,
                             gpointer user_data);
gboolean sqns_relay_start_finish (GAsyncResult *result, GError **error);

/* Tells a relay that runs to talk with the modem at @modem_speed baud, below 1000000; the modem is not told. Errors:
 * TIMEOUT (the relay does not answer), DEVICE_LOST, CANCELLED. */
void sqns_relay_set_speed_async (SqnsPort *port,
                                 const SqnsMonitor *monitor,
                                 guint modem_speed,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean sqns_relay_set_speed_finish (GAsyncResult *result, GError **error);

/* Leaves the relay; the REPL is back at 115200 then. Errors: TIMEOUT, DEVICE_LOST. */
void
sqns_relay_quit_async (SqnsPort *port, const SqnsMonitor *monitor, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_relay_quit_finish (GAsyncResult *result, GError **error);

/* Leaves a relay that somebody had no time to end, if one runs with the host at 921600 baud. None is a result, not an
 * error: *@ended says whether the REPL is there. Errors: TIMEOUT (one was there, and no prompt came), DEVICE_LOST,
 * CANCELLED. */
void sqns_relay_end_stray_async (SqnsPort *port,
                                 const SqnsMonitor *monitor,
                                 GCancellable *cancellable,
                                 GAsyncReadyCallback callback,
                                 gpointer user_data);
gboolean sqns_relay_end_stray_finish (GAsyncResult *result, gboolean *ended, GError **error);
