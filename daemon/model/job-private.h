/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's inside, shared by its object (job.c) and its run (job-run.c). */
#pragma once

#include "model/job.h"
#include "model/progress.h"
#include "model/transcript.h"

struct _SqnsJob {
  GObject parent;
  SqnsDevice *device;
  SqnsFirmware *firmware; /* NULL once finished */
  SqnsRequest *request;
  SqnsTranscript *transcript;
  SqnsProgress progress;
  SqnsMode mode; /* of the modem, as last told in this run */
  char *uuid;
  char *message;
  char *phase_text;   /* what the procedure said of its phase */
  gint64 phase_start; /* monotonic µs */
  gint64 last_bytes;  /* monotonic µs of the last byte taken */
  gint64 run_start;   /* monotonic µs */
  char *firmware_name;
  char *firmware_sha256;
  GError *error;
  const SqnsOperations *operations;
  GCancellable *cancellable;
  guint heartbeat;
  gboolean running; /* also while it waits for a person */
  gboolean winding_up;
  SqnsJobInfo info;
};

void sqns_job_emit_changed (SqnsJob *job, gboolean prompt);
void sqns_job_set_message (SqnsJob *job, const char *message);
void sqns_job_log (SqnsJob *job, GLogLevelFlags level, const char *text);
/* The one way to an end: @error NULL is success, CANCELLED cancelled, others failed. Takes @error. */
void sqns_job_finish (SqnsJob *job, GError *error);
void sqns_job_stop_heartbeat (SqnsJob *job);
