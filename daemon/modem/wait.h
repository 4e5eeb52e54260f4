/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Waits for a modem that boots: AT until it answers, then AT+SMOD?, until it is in a mode that is accepted. Where a
 * link's speed can be set, the other one is tried after some silence. */
#pragma once

#include "modem/ask.h"

typedef struct {
  guint ask_ms;       /* for an answer to AT+SMOD? */
  guint silences_max; /* in a row, before the other speed is tried */
  gboolean strict;    /* a relay that does not take the other speed is an error; else it is asked again */
  /* @mode is one that the modem may stay in; UNKNOWN: it did not say. @now_us: monotonic time. */
  gboolean (*accepts) (gpointer data, SqnsMode mode, gint64 now_us);
  gpointer data;
  gint64 deadline_us;

  guint silences;    /* so far, in a row */
  gboolean answered; /* the last question */
  SqnsMode mode;     /* as said last; UNKNOWN at the beginning */
} SqnsModeWait;

/* A step of @ssm on its link, which goes on with @wait's last three and leaves in them how it ended: not being accepted
 * in time is a result. Errors that @done gets: TIMEOUT (the relay, if @strict). */
void sqns_mode_wait (SqnsSsm *ssm, SqnsModeWait *wait, SqnsSsmDone done);

typedef enum {
  SQNS_WAIT_SILENCE, /* no answer to either question */
  SQNS_WAIT_ERROR,   /* to AT */
  SQNS_WAIT_OK,      /* to AT */
  SQNS_WAIT_MODE,    /* any answer to AT+SMOD? */
} SqnsWaitEvent;
typedef enum {
  SQNS_WAIT_POLL, /* AT */
  SQNS_WAIT_ASK_MODE,
  SQNS_WAIT_OTHER_SPEED, /* then a pause */
  SQNS_WAIT_PAUSE,       /* then AT */
  SQNS_WAIT_END,
} SqnsWaitState;
/* What comes next. Pure but for @wait. @can_set_speed: of the link. @mode: for SQNS_WAIT_MODE only. */
SqnsWaitState
sqns_mode_wait_next (SqnsModeWait *wait, SqnsWaitEvent event, SqnsMode mode, gboolean can_set_speed, gint64 now_us);
