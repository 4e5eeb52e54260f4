/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks for the modem through a relay: starts one, tries the speeds in turn, and leaves it when nobody answers. */
#pragma once

#include "board/relay.h"

typedef struct {
  gboolean answers; /* the relay goes on running, with the modem at @speed baud */
  gboolean lost;    /* the relay went silent: the board was reset, and @noise says nothing */
  guint speed;
  SqnsNoise noise; /* what came instead of answers; the relay was left, the prompt is there */
} SqnsRelaySearch;

/* At a prompt that is there. No modem is a result, not an error. Errors: as of sqns_relay_start(). After an error but
 * DEVICE_LOST the relay was left, if it ran. */
void sqns_relay_search_async (SqnsPort *port,
                              const SqnsMonitor *monitor,
                              const char *pins,
                              guint host_speed,
                              GCancellable *cancellable,
                              GAsyncReadyCallback callback,
                              gpointer user_data);
gboolean sqns_relay_search_finish (GAsyncResult *result, SqnsRelaySearch *found, GError **error);
