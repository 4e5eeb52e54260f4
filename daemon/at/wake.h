/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a modem answers at the port's present speed, and what it takes to make it. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef enum {
  SQNS_WAKE_LIGHT, /* AT, a few times: about 1 s when nobody is there */
  SQNS_WAKE_STP,   /* then STP RESET, for an upload that was interrupted: about 2 s */
  SQNS_WAKE_FULL,  /* then STP RESET, then the PPP escape, for a modem that ought to be there: about 7 s */
} SqnsWakeEffort;

typedef struct {
  gboolean answers;
  gboolean ppp;    /* it came back by +++ */
  gboolean stp;    /* it came back by an STP RESET */
  SqnsNoise noise; /* what came instead of an answer */
} SqnsWake;

/* Not answering is a result, not an error. Errors: DEVICE_LOST, CANCELLED. Leaves the port synced when it answers. */
void sqns_wake_async (SqnsPort *port,
                      const SqnsMonitor *monitor,
                      SqnsWakeEffort effort,
                      GCancellable *cancellable,
                      GAsyncReadyCallback callback,
                      gpointer user_data);
gboolean sqns_wake_finish (GAsyncResult *result, SqnsWake *wake, GError **error);

/* What to believe of two observations at different times or speeds: text before zeros before garbage, for what is right
 * at one speed is garbage at the other. */
SqnsNoise sqns_noise_merge (SqnsNoise one, SqnsNoise other);
