/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches one job until it has ended and its last properties have arrived. */
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
  SqnsDbusJob *job;
  SqnsDbusModem *modem; /* nullable */
  char *name;           /* of the board */
  char *uuid;
  guint index;             /* its place on the screen */
  gboolean ended;          /* ENDED was reported */
  gboolean cancel_refused; /* and it has not ended since */

  /* private: */
  SqnsConnection *conn;
  SqnsJobEventFunc report;
  gpointer data;
  GCancellable *cancellable;
  guint begin; /* idle source */
  gboolean begun;
  gboolean ending;     /* its last properties are being read */
  GVariant *last;      /* a{sv}: the properties when it began to end, then those at its end */
  GVariant *announced; /* (bss) of the signal Completed, nullable */
};

/* Nothing is reported before sqns_job_monitor_start(). */
SqnsJobMonitor *
sqns_job_monitor_new (SqnsConnection *conn, SqnsDbusJob *job, guint index, SqnsJobEventFunc report, gpointer data);
void sqns_job_monitor_free (gpointer monitor);
void sqns_job_monitor_start (SqnsJobMonitor *monitor);

/* Asks the daemon to cancel the job. */
void sqns_job_monitor_cancel (SqnsJobMonitor *monitor);

/* The daemon is gone: an end that was announced counts as announced. */
void sqns_job_monitor_lost (SqnsJobMonitor *monitor);

/* Restores the proxy's properties at the job's end: when the daemon goes, the proxy drops them. */
void sqns_job_monitor_restore (SqnsJobMonitor *monitor);
