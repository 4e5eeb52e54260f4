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
  gint64 retry_at;         /* µs since the epoch: an interrupted job is not started before */
  gboolean resume_wanted;  /* an interrupted job goes on as soon as it can, whatever the settings say */
} SqnsJobFigures;

typedef struct _SqnsJobRun SqnsJobRun;
/* @prompt: see SqnsJob's "changed"; the progress is the job's to update. */
typedef void (*SqnsJobRunChanged) (gpointer data, gboolean prompt);

struct _SqnsJobRun {
  SqnsStoredJob *job;      /* NULL once it has ended */
  SqnsJobFigures *figures; /* likewise */
  SqnsDevice *device;
  SqnsJobRunChanged changed;
  gpointer data;
  GCancellable *cancellable;
  SqnsCancelReason cancelled;
  GError *why; /* to be reported in place of CANCELLED, nullable */
  gboolean stopping;
  gboolean looks_for_holder;
  SqnsProgress progress; /* whatever is saved */
  SqnsMode mode;         /* of the modem, as seen last */
  SqnsPhase work_phase;  /* the last but RELEASE */
  char *phase_text;      /* as the upgrade describes its phase */
  gboolean phase_safe;
  gint64 phase_start; /* monotonic µs */
  gint64 last_bytes;  /* likewise: the last byte that was taken */
  gboolean stalled;   /* the message says why no bytes are taken */
  guint heartbeat;
};

/* For the monitor of an upgrade. */
extern const SqnsMonitorFuncs sqns_job_run_monitor;

/* The attempt updates @job, @figures (both borrowed until the end) and @device. */
SqnsJobRun *sqns_job_run_new (
    SqnsStoredJob *job, SqnsJobFigures *figures, SqnsDevice *device, SqnsJobRunChanged on_change, gpointer data);
/* The upgrade has returned: the attempt touches the job no more. Takes @run. */
void sqns_job_run_end (SqnsJobRun *run);

/* Now; @why (taken, nullable): the error to report in place of CANCELLED. */
void sqns_job_run_cancel (SqnsJobRun *run, SqnsCancelReason reason, GError *why);
/* As soon as the modem can be left as it is, or in recovery: perhaps never. */
void sqns_job_run_stop (SqnsJobRun *run);

void sqns_job_run_remark (SqnsJobRun *run, const char *format, ...) G_GNUC_PRINTF (2, 3); /* into the transcript */

/* A log line with the fields of @job. */
void sqns_stored_job_log (const SqnsStoredJob *job, SqnsDevice *device, GLogLevelFlags level, const char *text);
