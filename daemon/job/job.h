/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board, from the order to its end. */
#pragma once

#include "device/device.h"
#include "device/backend.h"
#include "firmware/firmware.h"
#include "job/job-record.h"

#define SQNS_TYPE_JOB (sqns_job_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJob, sqns_job, SQNS, JOB, GObject)

/* What changes while a job lives and needs no place on disk. */
typedef struct {
  double progress;     /* 0..1: never ahead of what is on disk */
  guint64 rate;        /* bytes a second */
  gint64 expected_end; /* µs since the epoch, 0 unknown */
  guint queue_position;
  gboolean committed;      /* the point of no return */
  gboolean waits_for_user; /* in the midst of its run */
} SqnsJobFigures;

/* Takes references; @request is copied. @files: by SqnsJobFile. It is queued. */
SqnsJob *sqns_job_new (SqnsDevice *device, SqnsFirmware *const files[SQNS_JOB_N_FILES], const SqnsRequest *request);

const SqnsJobRecord *sqns_job_record (SqnsJob *job); /* its strings are valid until the next change */
const SqnsJobFigures *sqns_job_figures (SqnsJob *job);
SqnsJobState sqns_job_state (SqnsJob *job); /* as people see it: also WAITING while it runs and waits for a user */
const SqnsRequest *sqns_job_request (SqnsJob *job);
SqnsDevice *sqns_job_device (SqnsJob *job);
gboolean sqns_job_is_pending (SqnsJob *job);     /* queued or waiting to begin */
gboolean sqns_job_is_running (SqnsJob *job);     /* running or verifying, or waiting for a person in its midst */
gboolean sqns_job_is_interrupted (SqnsJob *job); /* it ran and is to go on */
gboolean sqns_job_is_finished (SqnsJob *job);    /* none of these */

/* Of a pending or interrupted job: why it does not run yet. @state: QUEUED or WAITING; an interrupted one stays so.
 * TRUE: that is news. */
gboolean sqns_job_set_pending (SqnsJob *job, SqnsJobState state, guint queue_position, const char *message);

/* Claims the device and runs a pending job, or goes on with an interrupted one; nothing is sent before its record was
 * kept. @backend static, @rules must outlive the run. FALSE with BUSY or DEVICE_LOST when the device is not to be
 * had now: the job stays as it is. */
gboolean sqns_job_start (SqnsJob *job, const SqnsBackend *backend, const SqnsRules *rules, GError **error);

/* Ends a pending or interrupted job at once, a running one as soon as its procedure yields. WRONG_STATE past the point
 * of no return and when it is finished. */
gboolean sqns_job_cancel (SqnsJob *job, GError **error);

/* Ends a pending or interrupted job with @error (taken): failed, or cancelled for CANCELLED. */
void sqns_job_abort (SqnsJob *job, GError *error);

/* The daemon ends: a job that has not yet begun to change the modem for good is interrupted, now or at the next phase
 * that allows it, and cancelled where it is not kept; one that is past that is left to its end. */
void sqns_job_stop (SqnsJob *job);

/* The transcript so far as a sealed memfd; -1 with FAILED. */
int sqns_job_open_log (SqnsJob *job, GError **error);
gsize sqns_job_log_size (SqnsJob *job); /* bytes of memory */
GString *sqns_job_log_text (SqnsJob *job);
gboolean sqns_job_log_is_elsewhere (SqnsJob *job); /* it ended before a restart: its transcript is on disk only */

/* Interruptions, and what is kept for them. */

/* So many in a row that brought a job no further, and it fails; a daemon that was stopped in good order does not count.
 */
#define SQNS_JOB_MAX_FRUITLESS 5

/* Gives what stands in @record (taken) another life: what ran is interrupted now. @files: by SqnsJobFile, references
 * are taken; nullable for an ended job. @log nullable. */
SqnsJob *sqns_job_new_from_record (SqnsDevice *device,
                                   SqnsJobRecord *record,
                                   SqnsFirmware *const files[SQNS_JOB_N_FILES],
                                   const char *log);

SqnsFirmware *sqns_job_file (SqnsJob *job, SqnsJobFile file); /* NULL: none, or it has ended */

/* Keeps the record of @job where a restart finds it, and calls @done later, from the main loop, with what went wrong or
 * NULL. */
typedef void (*SqnsJobKept) (SqnsJob *job, const GError *error, gpointer data);
typedef void (*SqnsJobKeep) (gpointer keeper, SqnsJob *job, SqnsJobKept done, gpointer data);
/* Without one nothing is waited for, and the end of the daemon is the job's, too. Keeps a job at once that has not
 * ended. */
void sqns_job_set_keeper (SqnsJob *job, SqnsJobKeep keep, gpointer keeper);

/* An interrupted job goes on as soon as it can, whatever the settings say. */
void sqns_job_resume (SqnsJob *job);
gboolean sqns_job_resume_wanted (SqnsJob *job);
/* A resumable job is queued again; @files as above, its own ones; @log: its transcript, if that was elsewhere. */
void sqns_job_requeue (SqnsJob *job, SqnsFirmware *const files[SQNS_JOB_N_FILES], const char *log);
/* µs since the epoch: an interrupted job is not started before; boards that come back need a moment. */
gint64 sqns_job_not_again_before (SqnsJob *job);
/* Another job has worked on its modem: what this one knew of it no longer holds. TRUE: it had known something. */
gboolean sqns_job_forget_checkpoint (SqnsJob *job);

/* Signals: "changed" (gboolean prompt): prompt when state, phase, safety or error changed, else only figures and words;
 * "finished" (no arguments): after the last "changed", once, and again for a job that was resumed. */
