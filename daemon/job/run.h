/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One attempt at a job, from its start to its end: what the upgrade reports becomes what people see, and whether it may
 * be cancelled now. */
#pragma once

#include "device/device.h"
#include "job/interruption.h"
#include "job/progress.h"
#include "job/state-folder.h"

/* What changes while a job lives and needs no place on disk. */
typedef struct {
  double progress;     /* 0..1: never ahead of what is on disk */
  guint64 rate;        /* bytes a second */
  gint64 expected_end; /* µs since the epoch, 0 unknown */
  guint queue_position;
  gboolean committed;      /* the point of no return */
  gboolean waits_for_user; /* in the midst of an attempt */
  char *save_problem;      /* why the last save failed, nullable */
} SqnsJobFigures;

#define SQNS_TYPE_JOB_RUN (sqns_job_run_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJobRun, sqns_job_run, SQNS, JOB_RUN, GObject)

/* The attempt updates @job, @figures (both borrowed until the end) and @device. */
SqnsJobRun *sqns_job_run_new (SqnsStoredJob *job, SqnsJobFigures *figures, SqnsDevice *device);
void sqns_job_run_end (SqnsJobRun *run); /* the upgrade has returned: it touches the job no more */

SqnsMonitor sqns_job_run_monitor (SqnsJobRun *run);
GCancellable *sqns_job_run_cancellable (SqnsJobRun *run); /* owned by the run */

/* Now; @why (taken, nullable): the error to report in place of CANCELLED. */
void sqns_job_run_cancel (SqnsJobRun *run, SqnsCancelReason reason, GError *why);
/* As soon as the modem can be left as it is, or in recovery: perhaps never. */
void sqns_job_run_stop (SqnsJobRun *run);
SqnsCancelReason sqns_job_run_cancelled (SqnsJobRun *run, const GError **why);

double sqns_job_run_progress (SqnsJobRun *run);      /* 0..1, whatever is saved */
SqnsMode sqns_job_run_mode (SqnsJobRun *run);        /* of the modem, as seen last */
SqnsPhase sqns_job_run_work_phase (SqnsJobRun *run); /* the last but RELEASE */

void sqns_job_run_remark (SqnsJobRun *run, const char *format, ...) G_GNUC_PRINTF (2, 3); /* into the transcript */

/* A log line with the fields of @job. */
void sqns_stored_job_log (const SqnsStoredJob *job, SqnsDevice *device, GLogLevelFlags level, const char *text);

/* Signal "changed" (gboolean prompt): see SqnsJob; the progress is the job's to update. */
