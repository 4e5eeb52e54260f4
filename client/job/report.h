/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job in words: what it does now, and how it ended. */
#pragma once

#include "client/ui/bar.h"
#include "client/core/connection.h"

/* "transfer: sending the firmware", "waiting: press the reset button", "succeeded: 6.0.0.0-37781". Caller frees. */
char *sqns_job_report_text (SqnsDbusJob *job);

/* "ttyUSB0: transfer: sending the firmware", behind the words on the power while that must stay on. Caller frees. */
char *sqns_job_report_line (SqnsDbusJob *job, const char *name, const char *text);

/* @text is borrowed by @bar, as @name is. */
void sqns_job_report_bar (SqnsDbusJob *job, const char *name, const char *text, SqnsBar *bar);

/* How an ended job ended: success on stdout, not with --quiet, and what is then left to do at
 * the board on stderr; anything else on stderr, with the modem's state, whether
 * power may be cut, what to do next, and where the log is. @modem: nullable. */
void sqns_job_report_end (const SqnsCtl *ctl, SqnsDbusJob *job, SqnsDbusModem *modem, const char *name);

/* The same of a job that is interrupted and goes on when a person says so: all of it on stderr. */
void sqns_job_report_interrupted (SqnsDbusJob *job, SqnsDbusModem *modem, const char *name);
