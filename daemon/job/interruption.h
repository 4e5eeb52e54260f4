/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the end of an attempt means: the job has ended, or is interrupted and goes on later. Pure. */
#pragma once

#include "common/error.h"
#include "common/types.h"

/* Why an attempt was cancelled; a later reason counts when it stands further down. */
typedef enum {
  SQNS_CANCEL_NONE,
  SQNS_CANCEL_PORT_SHARED, /* another program takes part of the bytes */
  SQNS_CANCEL_STOP,        /* the daemon stops */
  SQNS_CANCEL_USER,
  SQNS_CANCEL_NOT_SAVED, /* the next step must not begin without the disk */
} SqnsCancelReason;

typedef enum {
  SQNS_INTERRUPTION_NONE,
  SQNS_INTERRUPTION_BOARD_LOST,
  SQNS_INTERRUPTION_PORT_BUSY,      /* another program holds the port */
  SQNS_INTERRUPTION_DAEMON_STOPPED, /* in good order */
  SQNS_INTERRUPTION_DAEMON_DIED,
} SqnsInterruption;

/* A failed attempt. */
typedef struct {
  SqnsError code;
  SqnsCancelReason cancelled;
  gboolean begun; /* the job has modified the modem, or was interrupted before */
  gboolean saved; /* the next daemon would find the job */
} SqnsAttempt;

SqnsInterruption sqns_interruption (const SqnsAttempt *attempt); /* NONE: the job ends */

/* So many that count in a row without progress, and the job fails. */
#define SQNS_MAX_FRUITLESS 5
gboolean sqns_interruption_counts (SqnsInterruption why);
/* How long the job waits after it, µs; boards that come back need a moment. @fruitless: how many such in a row. */
gint64 sqns_interruption_pause (SqnsInterruption why, guint fruitless);

/* For people; caller frees. @error: the words of what ended the attempt, used for PORT_BUSY. */
char *sqns_interruption_message (SqnsInterruption why, SqnsPhase phase, gboolean safe, const char *error);
const char *sqns_interruption_advice (SqnsInterruption why);
