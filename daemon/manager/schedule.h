/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which jobs start now, and what the others wait for. Pure. */
#pragma once

#include "common/types.h"
#include "device/device.h"

typedef enum {
  SQNS_SCHEDULE_START,
  SQNS_SCHEDULE_CLOSE_CONSOLE, /* it starts when the console on its device has closed; its place is reserved */
  SQNS_SCHEDULE_EXPIRE,        /* it is too late to begin */
  SQNS_SCHEDULE_WAIT,
} SqnsScheduleAction;

/* Times in µs since the epoch, 0 none. */
typedef struct {
  /* a pending or interrupted job */
  gpointer job;
  int priority;
  gint64 not_before;
  gint64 not_after;
  gint64 retry_at; /* an interrupted job does not go on before */
  gboolean interrupted;
  gboolean needs_resume; /* it goes on when a user resumes it, and holds up no other job */
  gboolean board_lost;   /* what interrupted it; else its port was taken */
  /* its device */
  gpointer device; /* jobs of one device run one after the other */
  SqnsDeviceUse use;
  gboolean absent;
  gboolean polled; /* nothing reports when it comes back */
  gboolean inhibited;

  /* what comes of it */
  SqnsScheduleAction action;
  SqnsWaitingFor waiting_for;
  gint64 until;   /* when that ends, if it is known */
  guint position; /* in the queue of its device, from 1; 0: not in it */
} SqnsScheduleEntry;

gint64 sqns_schedule_earlier (gint64 one, gint64 two); /* of two times, where 0 is never */

typedef struct {
  gint64 now;
  guint running;
  guint max_running; /* 0 = no bound */
  gboolean draining;
} SqnsScheduleState;

/* Sorts @entries (SqnsScheduleEntry, by age) by turn and fills in what comes of each. Interrupted jobs first: their
 * modems may be half-flashed; then jobs whose time has come, by priority and age; then the others by their time.
 * Returns when to choose again, 0 never. */
gint64 sqns_schedule_choose (GArray *entries, const SqnsScheduleState *state);
