/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job's transcript. */
#pragma once

#include "client/core/connection.h"

/* The log so far. NULL with @error. */
GString *sqns_job_log_get (SqnsConnection *conn, SqnsDbusJob *job, GError **error);

/* Prints the log on stdout as it grows, until the job has ended or, with *@interrupted set, on SIGINT or SIGTERM. FALSE
 * with @error, also when the daemon is gone. */
gboolean sqns_job_log_follow (SqnsConnection *conn, SqnsDbusJob *job, gboolean *interrupted, GError **error);
