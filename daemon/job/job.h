/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board, from the request to its end. */
#pragma once

#include "device/device.h"
#include "job/run.h"
#include "job/store.h"

#define SQNS_TYPE_JOB (sqns_job_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJob, sqns_job, SQNS, JOB, GObject)

/* Takes references; @request is copied. @files: by SqnsJobFile. It is queued. */
SqnsJob *sqns_job_new (SqnsDevice *device, SqnsFirmware *const files[SQNS_JOB_N_FILES], const SqnsRequest *request);
/* A job of an earlier daemon: one that ran is interrupted now. @stored is emptied. */
SqnsJob *sqns_job_restore (SqnsDevice *device, SqnsStoredJob *stored);

const SqnsJobRecord *sqns_job_record (SqnsJob *job); /* its strings are valid until the next change */
const SqnsJobFigures *sqns_job_figures (SqnsJob *job);
SqnsJobState sqns_job_state (SqnsJob *job); /* as people see it: also WAITING while it runs and waits for a user */
SqnsDevice *sqns_job_device (SqnsJob *job);
gboolean sqns_job_is_pending (SqnsJob *job);     /* queued or waiting to begin */
gboolean sqns_job_is_running (SqnsJob *job);     /* running or verifying, or waiting for a user in the midst of it */
gboolean sqns_job_is_interrupted (SqnsJob *job); /* it ran and is to go on */
gboolean sqns_job_is_finished (SqnsJob *job);    /* none of these */

/* Saves the job in @store from now on, at once if it has not ended; NULL: no longer. A job without a store, or whose
 * store is not open, waits for no disk and ends with the daemon. */
void sqns_job_set_store (SqnsJob *job, SqnsJobStore *store);
void sqns_job_forget (SqnsJob *job, gboolean record); /* no longer: see sqns_job_store_forget() */

/* Of a pending or interrupted job: why it does not run yet. @state: QUEUED or WAITING; an interrupted one stays so.
 * TRUE: that is news. */
gboolean sqns_job_set_pending (SqnsJob *job, SqnsJobState state, guint queue_position, const char *message);

/* Claims the device and runs a pending job, or goes on with an interrupted one; nothing is sent before its record is
 * saved. @rules must outlive the run. FALSE with BUSY or DEVICE_LOST when the device is not to be had
 * now: the job stays as it is. */
gboolean sqns_job_start (SqnsJob *job, const SqnsRules *rules, GError **error);

/* Ends a pending or interrupted job at once, a running one as soon as its upgrade yields. WRONG_STATE past the point of
 * no return and when it is finished. */
gboolean sqns_job_cancel (SqnsJob *job, GError **error);

/* Ends a pending or interrupted job with @error (taken): failed, or cancelled for CANCELLED. */
void sqns_job_abort (SqnsJob *job, GError *error);

/* The daemon stops: a job that has not yet begun to change the modem for good is interrupted, now or at the next phase
 * that allows it, and cancelled where it is not saved; one that is past that is left to its end. */
void sqns_job_stop (SqnsJob *job);

/* An interrupted job goes on as soon as it can, whatever the settings say. */
void sqns_job_resume (SqnsJob *job);
/* A resumable job is queued again, with the files of @loaded, and its transcript if that was on disk only. */
void sqns_job_requeue (SqnsJob *job, SqnsStoredJob *loaded);
/* Another job has worked on its modem: what this one knew of it no longer holds. TRUE: it had known something. */
gboolean sqns_job_forget_checkpoint (SqnsJob *job);

/* The transcript so far as a sealed memfd; -1 with FAILED. */
void sqns_job_open_log_async (SqnsJob *job, GAsyncReadyCallback callback, gpointer user_data);
int sqns_job_open_log_finish (SqnsJob *job, GAsyncResult *result, GError **error);
gsize sqns_job_log_size (SqnsJob *job); /* bytes of memory */

/* Signals: "changed" (gboolean prompt): prompt when state, phase, safety or error changed, else only figures and words;
 * "finished" (no arguments): after the last "changed", once, and again for a job that was resumed. */
