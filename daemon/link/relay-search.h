/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looks for the modem through a relay: starts one, tries the speeds in turn, and leaves it when nothing answers. */
#pragma once

#include "board/relay.h"

typedef struct {
  gboolean answers; /* the relay goes on running, with the modem at @speed baud */
  gboolean lost;    /* the relay went silent: the board was reset, and @noise says nothing */
  guint speed;
  SqnsNoise noise; /* what came instead of answers; the relay was left, the prompt is there */
} SqnsRelaySearch;

/* A step of @ssm, at a prompt that is there; fills in @found. No modem is a result, not an error. Errors that @done
 * gets: as of sqns_relay_start(). After any error but DEVICE_LOST the relay was left, if it ran. */
void sqns_relay_search (
    SqnsSsm *ssm, SqnsPort *port, const char *pins, guint host_speed, SqnsRelaySearch *found, SqnsSsmDone done);
