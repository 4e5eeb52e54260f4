/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a modem answers at a speed, and what it takes to make it. */
#pragma once

#include "base/monitor.h"
#include "serial/port.h"

typedef enum {
  SQNS_WAKE_AT,  /* AT, a few times: about 1 s when nothing is there */
  SQNS_WAKE_STP, /* then STP RESET, for an upload that was interrupted: about 2 s */
  SQNS_WAKE_PPP, /* then STP RESET, then the PPP escape, for a modem that should be there: about 7 s */
} SqnsWakeEffort;

typedef struct {
  gboolean answers;
  gboolean ppp;    /* it came back by +++ */
  gboolean stp;    /* it came back by an STP RESET */
  SqnsNoise noise; /* what came instead of an answer */
} SqnsWake;

/* A step of @ssm; fills in @wake. @speed: of the port, 0: as it is. No answer is a result: @done never gets an error.
 * Leaves the port synced when the modem answers. */
void sqns_wake (SqnsSsm *ssm, SqnsPort *port, guint speed, SqnsWakeEffort effort, SqnsWake *wake, SqnsSsmDone done);

/* What to believe of two observations at different times or speeds: text before zeros before garbage, for what is right
 * at one speed is garbage at the other. */
SqnsNoise sqns_noise_merge (SqnsNoise one, SqnsNoise other);
