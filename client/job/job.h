/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job: finding the one that a person names, what its state means also for the exit code, and how it is told. */
#pragma once

#include "client/core/connection.h"
#include "client/ui/bar.h"
#include "common/types.h"

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

/* By its uuid or a unique beginning of it. */
SqnsDbusJob *sqns_job_ref_find (SqnsConnection *conn, const char *ref, GError **error);

/* All of @refs, each once; with @all also every job that has not ended. SqnsDbusJob *, may be empty with @all. */
GPtrArray *sqns_job_ref_resolve (SqnsConnection *conn, char *const *refs, guint n_refs, gboolean all, GError **error);

/* The jobs that a command's arguments name: ID... and --all, which sqns_job_ref_options has. Opens *@conn. NULL with
 * @error, or with *@code after a usage message. */
GPtrArray *
sqns_job_ref_arguments (SqnsCtl *ctl, int argc, char **argv, SqnsConnection **conn, SqnsExit *code, GError **error);
extern const GOptionEntry sqns_job_ref_options[];

/* The shortest length, at least 8, at which the uuids of @jobs differ. */
guint sqns_job_ref_length (GPtrArray *jobs);

/* "transfer: sending the firmware", "waiting: press the reset button", "succeeded: 6.0.0.0-37781". Caller frees. */
char *sqns_job_report_text (SqnsDbusJob *job);

/* "ttyUSB0: transfer: sending the firmware", after SQNS_BAR_KEEP_POWER while the power must stay on. Caller frees. */
char *sqns_job_report_line (SqnsDbusJob *job, const char *name, const char *text);

/* @bar borrows @name and @text. */
void sqns_job_report_bar (SqnsDbusJob *job, const char *name, const char *text, SqnsBar *bar);

/* Prints how a job ended. Success: on stdout unless --quiet, with the steps left for a person on stderr. Else on
 * stderr, with the modem's state, whether power may be cut, the next step and the log. @modem: nullable. */
void sqns_job_report_end (const SqnsCtl *ctl, SqnsDbusJob *job, SqnsDbusModem *modem, const char *name);

/* The same for an interrupted job that a person must resume: all on stderr. */
void sqns_job_report_interrupted (SqnsDbusJob *job, SqnsDbusModem *modem, const char *name);
