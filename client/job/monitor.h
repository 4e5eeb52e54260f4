/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One job that is watched until it has ended and all that it says of its end has arrived. */
#pragma once

#include "client/core/connection.h"

typedef struct _SqnsJobMonitor SqnsJobMonitor;

typedef enum {
  SQNS_JOB_ADDED, /* once, before all others */
  SQNS_JOB_CHANGED,
  SQNS_JOB_ENDED, /* once, with all last properties */
  SQNS_JOB_CANCEL_REFUSED,
} SqnsJobEvent;

/* @why: of CANCEL_REFUSED. */
typedef void (*SqnsJobEventFunc) (SqnsJobMonitor *monitor, SqnsJobEvent event, const char *why, gpointer data);

struct _SqnsJobMonitor {
  SqnsDbusJob *job;     /* its cached properties are what is known */
  SqnsDbusModem *modem; /* nullable */
  char *name;           /* of the board */
  char *uuid;
  guint index;             /* a place to show it in */
  gboolean ended;          /* ENDED was reported */
  gboolean cancel_refused; /* and it has not ended since */

  /* its own: */
  SqnsConnection *conn;
  SqnsJobEventFunc report;
  gpointer data;
  GCancellable *cancellable;
  guint begin; /* idle source */
  gboolean begun;
  gboolean ending;     /* its last properties are being asked for */
  GVariant *last;      /* a{sv}: what was known when it began to end, then: what it ended as */
  GVariant *announced; /* (bss) of the signal Completed, nullable */
};

/* Nothing is reported before sqns_job_monitor_start(). */
SqnsJobMonitor *
sqns_job_monitor_new (SqnsConnection *conn, SqnsDbusJob *job, guint index, SqnsJobEventFunc report, gpointer data);
void sqns_job_monitor_free (gpointer monitor);
void sqns_job_monitor_start (SqnsJobMonitor *monitor);

/* Asks the daemon to cancel the job. */
void sqns_job_monitor_cancel (SqnsJobMonitor *monitor);

/* The daemon is gone: an end that was announced is taken as it was announced. */
void sqns_job_monitor_lost (SqnsJobMonitor *monitor);

/* Puts back into the proxy what an ended job ended as: a daemon that goes takes that out of it. */
void sqns_job_monitor_restore (SqnsJobMonitor *monitor);
