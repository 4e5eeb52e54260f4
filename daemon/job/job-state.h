/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a job, by name. */
#pragma once

#include <glib.h>

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
#define SQNS_N_JOB_STATES (SQNS_JOB_INTERRUPTED + 1)

const char *sqns_job_state_name (SqnsJobState state); /* "queued", ... */
gboolean sqns_job_state_ended (SqnsJobState state);   /* succeeded, failed or cancelled */
