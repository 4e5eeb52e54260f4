/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job as text: what it does now, and how it ended. */
#pragma once

#include "client/ui/bar.h"
#include "client/core/connection.h"

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
