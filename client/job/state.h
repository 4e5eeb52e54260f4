/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job's state means, also for the exit code. */
#pragma once

#include "client/core/exit-code.h"
#include "common/types.h"
#include "sqns-dbus.h"

/* The beginning of a uuid, as people see it. */
#define SQNS_SHORT_UUID "%.8s"
#define SQNS_SHORT_UUID_LENGTH 8

SqnsJobState sqns_job_state (SqnsDbusJob *job); /* UNKNOWN for a state of a newer daemon */

/* The action at the board that the job waits for; NULL: none. */
const char *sqns_job_user_action (SqnsDbusJob *job);

/* The job is interrupted and does not continue by itself. */
gboolean sqns_job_needs_resume (SqnsDbusJob *job);

/* The exit code of an ended job, by its state and its error. */
SqnsExit sqns_job_state_exit (SqnsDbusJob *job);

/* Whether the board's power may be cut. SAFE only when the modem itself said that it waits or runs, or nothing was sent
 * to it, and no other job works on it (common/power.h). @modem: the job's, nullable. */
SqnsPower sqns_job_power (SqnsDbusJob *job, SqnsDbusModem *modem);
