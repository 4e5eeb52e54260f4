/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's inside, shared by its object (job.c) and its run (job-run.c). */
#pragma once

#include "job/job.h"
#include "job/progress.h"
#include "job/transcript.h"

struct _SqnsJob {
  GObject parent;
  SqnsDevice *device;
  SqnsJobRecord *record;
  SqnsJobFigures figures;
  SqnsFirmware *files[SQNS_JOB_N_FILES]; /* NULL: none, or once finished */
  SqnsTranscript *transcript;
  SqnsProgress progress;
  SqnsMode mode;        /* of the modem, as last told in this run */
  char *phase_text;     /* what the procedure said of its phase */
  SqnsPhase work_phase; /* the last that was not RELEASE */
  gint64 phase_start;   /* monotonic µs */
  gint64 last_bytes;    /* monotonic µs of the last byte taken */
  gboolean stalled;     /* the message says why no bytes come */
  gint64 log_start;     /* monotonic µs: time 0 of the transcript, 0 none yet */
  const SqnsBackend *backend;
  const SqnsRules *rules;
  GError *refusal;  /* why the run was ended by the job itself, nullable */
  GError *held;     /* PORT_LOCKED: another program takes part of the bytes, and the run was ended for it; nullable */
  gboolean looking; /* for such a one */
  GCancellable *cancellable;
  guint heartbeat;
  gboolean running; /* also while it waits for a person */
  gboolean stopping;
  gboolean told_safe; /* by the run, of its phase */
  gboolean own_safe;  /* as the last run left it; of nobody else's work on the modem */

  SqnsJobKeep keep; /* nullable */
  gpointer keeper;
  double kept;        /* the progress that is on disk: no more than that is told */
  char *keep_problem; /* why the last try failed, NULL: it did not */
  gboolean keep_owed; /* changed while nobody kept it */
  gint64 not_again_before;
  gint64 log_offset; /* µs: where the transcript of the daemon's life before ended */
  gboolean resume_wanted;
  gboolean log_elsewhere;
};

void sqns_job_emit_changed (SqnsJob *job, gboolean prompt);
/* The record says which board it is. */
void sqns_job_update_board (SqnsJob *job);
void sqns_job_clear_figures (SqnsJob *job); /* but for its progress */
void sqns_job_set_message (SqnsJob *job, const char *message);
void sqns_job_log (SqnsJob *job, GLogLevelFlags level, const char *text);
/* The one way to an end: @error NULL is success, CANCELLED cancelled, others failed. Takes @error. */
void sqns_job_finish (SqnsJob *job, GError *error);
/* Of a run that ends: whoever comes next knows what it did to the modem. */
void sqns_job_leave_doubt (SqnsJob *job);
/* Of one that does not run: not safe either while another job runs on its modem, or has left it writing. */
void sqns_job_update_safe (SqnsJob *job);
void sqns_job_stop_heartbeat (SqnsJob *job);
void sqns_job_set_files (SqnsJob *job, SqnsFirmware *const files[SQNS_JOB_N_FILES]); /* references are taken */

/* A job's interruptions (job-keep.c). */
typedef enum {
  SQNS_JOB_BOARD_LOST,
  SQNS_JOB_LOCKED_OUT,     /* another program has the port: it is waited for, and does not count */
  SQNS_JOB_DAEMON_STOPPED, /* in good order: it does not count */
  SQNS_JOB_DAEMON_DIED,
} SqnsJobInterruption;
/* Of a running job, or one that ran when its record was written: INTERRUPTED, or the end when it was too often. @error
 * of a run, nullable. */
void sqns_job_interrupt (SqnsJob *job, SqnsJobInterruption why, const GError *error);
/* Keeps the record; @next (nullable) is called when that was done, or has failed, or took too long, and at once without
 * a keeper. */
void sqns_job_keep (SqnsJob *job, GSourceFunc next, gpointer data);
/* Tells how far it is, as far as that is on disk, and asks for more of it to be there. */
void sqns_job_update_progress (SqnsJob *job);
gboolean sqns_job_is_kept (SqnsJob *job); /* a restart would find it */
