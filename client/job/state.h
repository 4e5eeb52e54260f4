/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's state as an enum, and what it means for the exit code. */
#pragma once

#include "client/core/exit-code.h"
#include "sqns-dbus.h"

typedef enum {
  SQNS_JOB_UNKNOWN, /* a word that this client does not know */
  SQNS_JOB_QUEUED,
  SQNS_JOB_WAITING,
  SQNS_JOB_RUNNING,
  SQNS_JOB_VERIFYING,
  SQNS_JOB_SUCCEEDED,
  SQNS_JOB_FAILED,
  SQNS_JOB_CANCELLED,
  SQNS_JOB_INTERRUPTED,
} SqnsJobState;

SqnsJobState sqns_job_state (SqnsDbusJob *job);

/* succeeded, failed or cancelled */
gboolean sqns_job_state_ended (SqnsJobState state);

/* What a person has to do at the board before the job goes on; NULL: it waits for nobody. */
const char *sqns_job_hand (SqnsDbusJob *job);

/* It is interrupted, and the daemon says that it does not go on by itself. */
gboolean sqns_job_wants_resume (SqnsDbusJob *job);

/* Of an ended job, by its state and its error. */
SqnsExit sqns_job_state_exit (SqnsDbusJob *job);
