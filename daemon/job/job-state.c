/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The states of a job, by name. */
#include "job/job-state.h"

static const char *const state_names[] = {
  [SQNS_JOB_QUEUED] = "queued",       [SQNS_JOB_WAITING] = "waiting",         [SQNS_JOB_RUNNING] = "running",
  [SQNS_JOB_VERIFYING] = "verifying", [SQNS_JOB_SUCCEEDED] = "succeeded",     [SQNS_JOB_FAILED] = "failed",
  [SQNS_JOB_CANCELLED] = "cancelled", [SQNS_JOB_INTERRUPTED] = "interrupted",
};
G_STATIC_ASSERT (G_N_ELEMENTS (state_names) == SQNS_N_JOB_STATES);

const char *
sqns_job_state_name (SqnsJobState state)
{
  return state_names[state];
}

gboolean
sqns_job_state_ended (SqnsJobState state)
{
  return state == SQNS_JOB_SUCCEEDED || state == SQNS_JOB_FAILED || state == SQNS_JOB_CANCELLED;
}
