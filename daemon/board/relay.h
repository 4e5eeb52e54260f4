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

/* A step of @ssm: types the relay in at a prompt that is there and pings it at the host speed. @config's pins are
 * borrowed until @done. Errors that it gets: TIMEOUT (it does not answer; it ends by itself some seconds later),
 * PROTOCOL (the board could not run it; the message is Python's). */
void sqns_relay_start (SqnsSsm *ssm, SqnsPort *port, const SqnsRelayConfig *config, SqnsSsmDone done);

/* A step of @ssm: pings a relay that was left running, with the host at 921600 baud. TIMEOUT: there is none. */
void sqns_relay_find (SqnsSsm *ssm, SqnsPort *port, SqnsSsmDone done);

/* Sets the baud of a running relay at the modem, below 1000000; that of the modem stays as it is. Errors:
 * TIMEOUT (the relay does not answer), DEVICE_LOST, CANCELLED. */
void sqns_relay_set_speed_async (
    SqnsPort *port, guint modem_speed, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_relay_set_speed_finish (GAsyncResult *result, GError **error);

/* Leaves the relay, at the port's present speed; the REPL is back at 115200 then. Is not cancelled: half of it would
 * leave the board at an unknown speed. Errors: TIMEOUT, DEVICE_LOST. */
void sqns_relay_quit_async (SqnsPort *port, GAsyncReadyCallback callback, gpointer user_data);
gboolean sqns_relay_quit_finish (GAsyncResult *result, GError **error);
