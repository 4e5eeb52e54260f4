/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One upgrade of one board, from the order to its end. */
#pragma once

#include "model/device.h"
#include "model/firmware.h"
#include "model/operations.h"
#include "model/request.h"

#define SQNS_TYPE_JOB (sqns_job_get_type ())
G_DECLARE_FINAL_TYPE (SqnsJob, sqns_job, SQNS, JOB, GObject)

typedef enum {
  SQNS_JOB_QUEUED,
  SQNS_JOB_WAITING,
  SQNS_JOB_RUNNING,
  SQNS_JOB_VERIFYING,
  SQNS_JOB_SUCCEEDED,
  SQNS_JOB_FAILED,
  SQNS_JOB_CANCELLED,
  SQNS_JOB_INTERRUPTED,
} SqnsJobState;
const char *sqns_job_state_name (SqnsJobState state); /* "queued", ... */

/* What can be seen of it; strings are never NULL. Times in µs since the epoch, 0 = none. */
typedef struct {
  const char *uuid;
  const char *device_id;
  SqnsJobState state;
  gboolean started; /* @phase means something */
  SqnsPhase phase;
  const char *message;
  double progress; /* 0..1 */
  guint64 bytes_done;
  guint64 bytes_total;
  guint64 rate; /* bytes a second */
  guint retries;
  gboolean safe;
  gboolean committed; /* the point of no return */
  guint queue_position;
  gint64 created_at;
  gint64 started_at;
  gint64 expected_end;
  gint64 finished_at;
  const char *firmware_name;
  const char *firmware_sha256;
  SqnsVersion version_before;
  SqnsVersion version_after;
  const GError *error; /* NULL without one */
  const char *advice;
} SqnsJobInfo;

/* Takes references; @request is copied. It is queued. */
SqnsJob *sqns_job_new (SqnsDevice *device, SqnsFirmware *firmware, const SqnsRequest *request);

const SqnsJobInfo *sqns_job_info (SqnsJob *job); /* valid until the next change */
const SqnsRequest *sqns_job_request (SqnsJob *job);
SqnsDevice *sqns_job_device (SqnsJob *job);
gboolean sqns_job_is_pending (SqnsJob *job);  /* queued or waiting to begin */
gboolean sqns_job_is_running (SqnsJob *job);  /* running or verifying, or waiting for a person in its midst */
gboolean sqns_job_is_finished (SqnsJob *job); /* none of these */

/* Of a pending job: why it does not run yet. @state: QUEUED or WAITING. */
void sqns_job_set_pending (SqnsJob *job, SqnsJobState state, guint queue_position, const char *message);

/* Claims the device and runs a pending job. @operations static, @rules must outlive the run. FALSE with BUSY or
 * DEVICE_LOST when the device is not to be had now: the job stays pending. */
gboolean sqns_job_start (SqnsJob *job, const SqnsOperations *operations, const SqnsRules *rules, GError **error);

/* Ends a pending job at once, a running one as soon as its procedure yields. WRONG_STATE past the point of no return
 * and when it is finished. */
gboolean sqns_job_cancel (SqnsJob *job, GError **error);

/* Ends a pending job with @error (taken): failed, or cancelled for CANCELLED. */
void sqns_job_give_up (SqnsJob *job, GError *error);

/* The daemon ends: a job that has not yet begun to change the modem for good is cancelled, now or at the next phase
 * that allows it; one that is past that is left to its end. */
void sqns_job_wind_up (SqnsJob *job);

/* The transcript so far as a sealed memfd; -1 with FAILED. */
int sqns_job_open_log (SqnsJob *job, GError **error);
gsize sqns_job_log_size (SqnsJob *job); /* bytes of memory */

/* Signals: "changed" (gboolean prompt): prompt when state, phase, safety or error changed, else only figures and words;
 * "finished" (no arguments): once, after the last "changed". */
