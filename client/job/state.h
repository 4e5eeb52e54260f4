/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a job's state means, also for the exit code. */
#pragma once

#include "client/core/exit-code.h"
#include "common/types.h"
#include "sqns-dbus.h"

SqnsJobState sqns_job_state (SqnsDbusJob *job); /* UNKNOWN for a word of a newer daemon */

/* What a person has to do at the board before the job goes on; NULL: it waits for nobody. */
const char *sqns_job_user_action (SqnsDbusJob *job);

/* It is interrupted, and the daemon says that it does not go on by itself. */
gboolean sqns_job_needs_resume (SqnsDbusJob *job);

/* Of an ended job, by its state and its error. */
SqnsExit sqns_job_state_exit (SqnsDbusJob *job);

/* Whether the power of its board may be cut: SAFE only of a modem that waits or runs by its own word or that nothing
 * was sent to, and that no other job works on (common/power.h). @modem: the job's, nullable. */
SqnsPower sqns_job_power (SqnsDbusJob *job, SqnsDbusModem *modem);
